"""The same attempts through the public interface, with the unmodified Supabase client and real rows of both clinics."""

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, product
from typing import Any

import psycopg
from postgrest.exceptions import APIError

from acceptance.clinics import Clinic
from acceptance.isolation_cells import Verdict
from acceptance.isolation_people import Identity
from acceptance.isolation_probe import REFUSED
from acceptance.isolation_reading import traces
from acceptance.isolation_routines import Argument, combinations
from acceptance.isolation_surface import Relation, Routine, is_contract
from acceptance.isolation_survey import Survey, surveying
from acceptance.isolation_writing import FURTHER, changeable
from acceptance.scene import Scene
from acceptance.wording import FOR_WANT_OF_PERMISSION, counted, quoted

EXPOSED = "public"
UNKNOWN_FUNCTION = "PGRST202"  # PostgREST does not name a function that the role may not call, or not by these names
# Rows that a sign-up made; they go when the clinic goes.
FOUNDED = ("organizations", "profiles", "clinic_settings")
MOST_CALLS = 12
Table = Any
Request = Callable[[Table], Any]


@dataclass(frozen=True)
class Door:
    """The public interface as one identity uses it."""

    identity: Identity
    client: Any


@contextlib.contextmanager
def open_doors(scene: Scene, own: Clinic, neighbour: Clinic) -> Iterator[tuple[Survey, list[Door]]]:
    """A survey whose rows really stand in the tables, until the context ends."""
    with surveying(scene, own, neighbour) as survey:
        survey.plant(survey.own, survey.neighbour, tables=_offered(survey))
        connection = survey.planter.connection
        connection.execute("commit; begin")
        survey.standing = True
        survey.prober.hold()
        try:
            _rightful_user_first(survey)
            scene.remember()
            accounts = scene.run.accounts
            yield (
                survey,
                [Door(survey.owner, accounts.as_user(own.owner)), Door(survey.strangers[-1], accounts.client())],
            )
        finally:
            connection.execute("rollback")
            _clear(survey, connection)
            connection.execute("begin")


def _clear(survey: Survey, connection: "psycopg.Connection[Any]") -> None:
    """Remove what was planted, the latest table first; what a sign-up made goes with its clinic."""
    tables = list(dict.fromkeys(row.relation.oid for row in survey.planter.rows.values()))
    relations = [survey.surface.by_oid(oid) for oid in reversed(tables)]
    with connection.transaction():
        for relation in (r for r in relations if r and r.owned and r.name not in FOUNDED):
            for side in (survey.own, survey.neighbour):
                connection.execute(
                    f"delete from {relation.quoted} where {survey.planter.condition(relation, side)}".encode()
                )


def read(survey: Survey, doors: Sequence[Door]) -> None:
    """By id, by clinic, without a filter, counted, and embedded in what one may see; the owner first."""
    for relation in _exposed(survey):
        _owner_first(survey, relation)
        row = survey.planter.row(relation, survey.neighbour)
        for door in doors:
            columns = relation.open_columns(door.identity.role, "SELECT") or relation.columns
            shown = ",".join(column.name for column in columns)
            for name in filter(None, (relation.tenant, *relation.key)):
                _must_see_nothing(survey, relation, door, _selected(shown, name, row.values[name]))
            for embedded in ("", *(f",{other}" for other in _related(survey, relation))):
                _must_see_nothing(survey, relation, door, _selected(f"{shown}{embedded}"), whole=True)


def add(survey: Survey, doors: Sequence[Door]) -> None:
    """A row for the neighbour, and a row of one's own that claims the neighbour's key."""
    for relation in _writable(survey):
        theirs = _as_json(survey, survey.fitting(relation, survey.neighbour, FURTHER), relation)
        own = _as_json(survey, survey.fitting(relation, survey.own, FURTHER), relation)
        row = survey.planter.row(relation, survey.neighbour)
        over = {**own, **{name: row.values[name] for name in relation.key}}
        for door in doors:
            allowed = {c.name for c in relation.open_columns(door.identity.role, "INSERT")} or set(theirs)
            body = {name: value for name, value in theirs.items() if name in allowed}
            _must_change_nothing(survey, relation, door, _inserted(body))
            _must_change_nothing(survey, relation, door, _upserted(over))


def change(survey: Survey, doors: Sequence[Door]) -> None:
    _by_key_and_by_clinic(survey, doors, "UPDATE", _updated)


def delete(survey: Survey, doors: Sequence[Door]) -> None:
    _by_key_and_by_clinic(survey, doors, "DELETE", _deleted)


def give(survey: Survey, doors: Sequence[Door]) -> None:
    """One's own row moved to the neighbour."""
    for relation in (r for r in _writable(survey) if r.tenant and r.tenant not in r.key):
        own = survey.planter.row(relation, survey.own)
        body = {relation.tenant or "": survey.neighbour.org_id}
        for name, door in product(relation.key[:1], doors):
            _must_change_nothing(survey, relation, door, _updated(body, name, own.values[name]))


def call(survey: Survey, doors: Sequence[Door]) -> None:
    """Every function of the public schema with the neighbour's ids and words."""
    for routine, door in product((r for r in survey.surface.routines if r.schema == EXPOSED), doors):
        if f"{routine.schema}.{routine.name}" in survey.sharing.untouched:
            continue
        for arguments in islice(combinations(survey, routine), MOST_CALLS):
            _must_tell_nothing(survey, routine, door, arguments)


def _must_tell_nothing(survey: Survey, routine: Routine, door: Door, arguments: Sequence[Argument]) -> None:
    names = routine.names or [""] * len(arguments)
    called = zip(names, arguments, routine.types, strict=False)
    body = _evaluated(survey, {name: f"{argument.sql}::{kind}" for name, argument, kind in called})
    said = {word for argument in arguments for word in argument.said}
    code, data, _count = _answer(lambda: door.client.rpc(routine.name, body))
    kept = [trace for trace in survey.neighbour.traces if not any(trace in word for word in said)]
    told = any(trace in json.dumps(data) for trace in kept)
    survey.add(
        routine.label, "call publicly", door.identity.name, "nothing of the neighbour's",
        f"refused ({code})" if code else "answered", Verdict.BROKEN if told else Verdict.KEPT,
        f"answered: {quoted(json.dumps(data))}" if told else "",
    )  # fmt: skip


def _by_key_and_by_clinic(
    survey: Survey, doors: Sequence[Door], right: str, deed: Callable[[dict[str, Any], str, Any], Request]
) -> None:
    for relation, door in product(_writable(survey), doors):
        row = survey.planter.row(relation, survey.neighbour)
        column = changeable(relation, door.identity) if right == "UPDATE" else relation.columns[-1]
        body = {column.name: survey.planter.row(relation, survey.own).values[column.name]}
        for name in dict.fromkeys(filter(None, (*relation.key, relation.tenant))):
            _must_change_nothing(survey, relation, door, deed(body, name, row.values[name]))


def _selected(shown: str, name: str = "", value: Any = None) -> Request:
    def select(table: Table) -> Any:
        return table.select(shown, count="exact").eq(name, value) if name else table.select(shown)

    return select


def _inserted(body: dict[str, Any]) -> Request:
    return lambda table: table.insert(body, returning="minimal")


def _upserted(body: dict[str, Any]) -> Request:
    return lambda table: table.upsert(body, returning="minimal")


def _updated(body: dict[str, Any], name: str, value: Any) -> Request:
    return lambda table: table.update(body, returning="minimal").eq(name, value)


def _deleted(_body: dict[str, Any], name: str, value: Any) -> Request:
    return lambda table: table.delete(returning="minimal").eq(name, value)


def _owner_first(survey: Survey, relation: Relation) -> None:
    """The neighbour's owner is shown the row by the same request that will be answered with nothing to others."""
    identity = survey.neighbours_owner
    if not relation.readable or not relation.allows(identity.role, "SELECT"):
        return
    row = survey.planter.row(relation, survey.neighbour)
    name = next(iter(relation.key or filter(None, [relation.tenant])))
    client = survey.scene.run.accounts.as_user(survey.neighbour_clinic.owner)
    shown = ",".join(column.name for column in relation.open_columns(identity.role, "SELECT"))
    code, data, _count = _answer(lambda: client.table(relation.name).select(shown).eq(name, row.values[name]))
    verdict = Verdict.KEPT if len(data) == 1 else Verdict.UNPROVED
    observed = f"refused ({code})" if code else counted(len(data), "row")
    survey.add(relation.label, "read publicly", identity.name, "their own row", observed, verdict)


def _rightful_user_first(survey: Survey) -> None:
    """An owner renames the clinic and names it back, and both are stored: an interface that does nothing for anybody
    would turn everybody away."""
    client, name = survey.scene.run.accounts.as_user(survey.own.owner), _stored_name(survey)
    for wanted in (f"{name} again", name):
        rename = _updated({"name": wanted}, "id", survey.own.org_id)
        code, _data, _count = _answer(partial(rename, client.table("organizations")))
        stored = _stored_name(survey)
        survey.add(
            "public.organizations", "write publicly", survey.owner.name, f"their own clinic, named {wanted}",
            f"refused ({code})" if code else f"it is named {stored}",
            Verdict.KEPT if code is None and stored == wanted else Verdict.UNPROVED,
        )  # fmt: skip


def _stored_name(survey: Survey) -> str | None:
    """What the prober's own clinic is called, with full rights; None where no such clinic is stored."""
    query = "select name from public.organizations where id = %s"
    row = survey.planter.connection.execute(query, [survey.own.org_id]).fetchone()
    return str(row[0]) if row else None


def _must_see_nothing(survey: Survey, relation: Relation, door: Door, request: Request, *, whole: bool = False) -> None:
    code, data, count = _answer(lambda: request(door.client.table(relation.name)))
    stranger = [survey.neighbour] if door.identity.member else [survey.neighbour, survey.own]
    pattern = traces(*stranger).strip("'").replace("[.]", r"\.").replace("[+]", r"\+")
    shown = [row for row in data if re.search(pattern, json.dumps(row))]
    if code is not None:
        verdict = Verdict.KEPT if code == REFUSED else Verdict.UNPROVED
    else:
        verdict = Verdict.BROKEN if shown or (count and not whole) else Verdict.KEPT
    observed = f"refused ({code})" if code else f"{len(shown)} of {counted(len(data), 'row')}, count {count}"
    evidence = f"seen: {quoted(json.dumps(shown))}" if shown else ""
    survey.add(
        relation.label,
        "read publicly",
        door.identity.name,
        f"nothing of the neighbour's, or a refusal {FOR_WANT_OF_PERMISSION}",
        observed,
        verdict,
        evidence,
    )


def _must_change_nothing(survey: Survey, relation: Relation, door: Door, request: Request) -> None:
    """Refused as 42501, or done to no row of the neighbour's: re-read with full rights."""
    connection, look = survey.planter.connection, survey.look(relation, members=door.identity.member).encode()
    before = connection.execute(look).fetchone()
    code, _data, _count = _answer(lambda: request(door.client.table(relation.name)))
    after = connection.execute(look).fetchone()
    verdict = Verdict.KEPT if code in (None, REFUSED) and before == after else Verdict.BROKEN
    evidence = f"re-read with full rights: {counted((before or [0])[0], 'row')} became {(after or [0])[0]}, or their content changed"
    survey.add(
        relation.label, "write publicly", door.identity.name, f"a refusal {FOR_WANT_OF_PERMISSION}, or no row of the neighbour's",
        f"refused ({code})" if code else "answered as done", verdict, evidence if before != after else "",
    )  # fmt: skip


def _answer(build: Callable[[], Any]) -> tuple[str | None, list[Any], int | None]:
    """The code of a refusal or None, the rows, and the exact count."""
    try:
        answer = build().execute()
    except APIError as refusal:
        return refusal.code or "no code", [], None
    data = answer.data
    return (
        None,
        data if isinstance(data, list) else [data] if data not in (None, "") else [],
        getattr(answer, "count", None),
    )


def _offered(survey: Survey) -> list[Relation]:
    """The tables that the contract names; what was added since is tried over SQL, where nothing has to stand."""
    return [relation for relation in survey.surface.tables() if is_contract(relation)]


def _exposed(survey: Survey) -> Iterator[Relation]:
    yield from survey.planted(_offered(survey), "read publicly")


def _writable(survey: Survey) -> list[Relation]:
    return [relation for relation in _exposed(survey) if relation.name != "audit_log"]


def _related(survey: Survey, relation: Relation) -> list[str]:
    """What PostgREST can embed: every table that refers to this one, and every one it refers to, by its constraint."""
    here = {r.oid: r.name for r in _offered(survey)}
    rules = [(r, rule) for r in survey.surface.tables() if r.oid in here for rule in r.constraints if rule.kind == "f"]
    inward = [f"{r.name}!{rule.name}(*)" for r, rule in rules if rule.target_oid == relation.oid]
    outward = [
        f"{here[rule.target_oid]}!{rule.name}(*)" for r, rule in rules if r is relation and rule.target_oid in here
    ]
    return [*inward, *outward]


def _as_json(survey: Survey, values: dict[str, str], relation: Relation) -> dict[str, Any]:
    return _evaluated(survey, {name: f"({value})::{relation.column(name).type}" for name, value in values.items()})


def _evaluated(survey: Survey, expressions: dict[str, str]) -> dict[str, Any]:
    if not expressions:
        return {}
    listed = ", ".join(f'{sql} as "{name}"' for name, sql in expressions.items())
    row = survey.planter.connection.execute(f"select to_jsonb(r) from (select {listed}) as r".encode()).fetchone()
    return dict(row[0]) if row else {}


DEEDS: dict[str, Callable[[Survey, Sequence[Door]], None]] = {
    "read the rows": read, "add to the rows": add, "change the rows": change, "give rows to the clinic": give,
    "delete the rows": delete, "call functions on the rows": call,
}  # fmt: skip
