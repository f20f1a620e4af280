"""Calling every function that a request can reach, with the neighbour's ids and words, and with those of nobody."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from acceptance.isolation_cells import Verdict
from acceptance.isolation_people import Identity, Side, text
from acceptance.isolation_probe import Seen
from acceptance.isolation_surface import Relation, Routine, quote
from acceptance.isolation_survey import Survey
from acceptance.isolation_values import VECTORS, direction
from acceptance.wording import FOR_WANT_OF_PERMISSION, INSUFFICIENT_PRIVILEGE

CALL, ASTRAY = "call", "lead astray"
MOST_CALLS = 48
MOST_IDS = 12
NOBODY = "0badc0de-0000-4000-8000-00000badc0de"
NOBODYS_WORD = "gs-nobody-knows-this"
SIMPLE = {
    "integer": ("100",), "bigint": ("100",), "smallint": ("100",), "boolean": ("true", "false"),
    "numeric": ("0",), "real": ("0",), "double precision": ("0", "-1"), "date": ("current_date",),
    "timestamp with time zone": ("now()",), "timestamp without time zone": ("now()",), "time without time zone": ("'10:00'",),
    "interval": ("interval '1000 years'",),
}  # fmt: skip


@dataclass(frozen=True)
class Argument:
    """A value of the neighbour's as SQL, the words in it, and the same with nobody's in their place."""

    sql: str
    said: tuple[str, ...] = ()
    nobodys: str = ""


def call_all(survey: Survey, routines: Sequence[Routine]) -> None:
    """A cell for each function and identity: no word of the neighbour in the answer, none of his rows touched."""
    look = look_at_all(survey)
    before = survey.prober.ask(look)
    for routine in routines:
        if f"{routine.schema}.{routine.name}" in survey.sharing.untouched:
            continue
        for identity in survey.strangers:
            if identity.role in routine.roles:
                survey.prober.act_as(identity)
                _judge(survey, routine, identity, look, before)
            else:
                survey.prober.act_as(identity)
                _must_be_closed(survey, routine, identity)


def lead_astray(survey: Survey, routines: Sequence[Routine]) -> None:
    """Functions with their owner's rights: first an exploit, then, where none is found, the second opinion.

    The exploit is a temporary table in the place of one that the function names without its schema.
    """
    look = look_at_all(survey)
    before = survey.prober.ask(look)
    for routine in (r for r in routines if r.definer and r.roles):
        identity = survey.owner if survey.owner.role in routine.roles else survey.strangers[-1]
        if identity.role not in routine.roles:
            continue
        survey.prober.act_as(identity)
        found = None if routine.settled else _exploit(survey, routine, identity, look, before)
        verdict = Verdict.KEPT if routine.settled else Verdict.BROKEN
        observed = "fixed" if routine.settled else "taken from whoever calls"
        evidence = "" if routine.settled else found or "no exploit found; a second opinion from the catalogue"
        survey.add(
            routine.label, ASTRAY, identity.name, "names looked up where the function says", observed, verdict, evidence
        )


def _judge(survey: Survey, routine: Routine, identity: Identity, look: str, before: tuple[object, ...]) -> None:
    theirs = [survey.neighbour] if identity.member else [survey.neighbour, survey.own]
    states: set[str | None] = set()
    # PostgreSQL lets only a volatile function write.
    look = look if routine.volatility == "v" else ""
    for arguments in islice(combinations(survey, routine), MOST_CALLS):
        call = invocation(routine, [argument.sql for argument in arguments])
        seen = survey.prober.run(call, look)
        states.add(seen.state)
        evidence = _evidence(survey, routine, arguments, seen, theirs, before, look)
        if evidence:
            shown = f"{identity.for_psql()} {call}; rollback;"
            survey.add(
                routine.label,
                CALL,
                identity.name,
                "nothing of the neighbour's",
                str(seen),
                Verdict.BROKEN,
                evidence,
                shown,
            )
            return
    # A function that only ever said that it does not understand has not been tried.
    deaf = bool(states) and all(
        state is not None and state[:2] in ("22", "42") and state != INSUFFICIENT_PRIVILEGE for state in states
    )
    verdict = Verdict.UNPROVED if deaf and routine.definer else Verdict.KEPT
    told = ", ".join(sorted(state or "answered" for state in states))
    survey.add(routine.label, CALL, identity.name, "nothing of the neighbour's", told, verdict)


def _evidence(
    survey: Survey, routine: Routine, arguments: Sequence[Argument], seen: Seen, theirs: Sequence[Side],
    before: tuple[object, ...], look: str,
) -> str:  # fmt: skip
    """What an answer or its effect tells of the neighbour; "" for nothing."""
    said = {word for argument in arguments for word in argument.said}
    answer = str(seen.rows) if seen.state is None else seen.message
    found = re.search(_without(said, theirs), answer)
    if found:
        return f"answered: {answer[max(0, found.start() - 80) : found.end() + 80]}"
    if look and seen.state is None and tuple(seen.look) != tuple(before):
        return "re-read with full rights: the neighbour's rows are not what they were"
    if not said:
        return ""
    nobodys = survey.prober.run(invocation(routine, [argument.nobodys or argument.sql for argument in arguments]))
    if _unnamed(nobodys, {NOBODY, NOBODYS_WORD}) != _unnamed(seen, said):
        return (
            f"it tells the neighbour's from what nobody has: {answer[:120]} against {nobodys} {str(nobodys.rows)[:120]}"
        )
    return ""


def _unnamed(seen: Seen, words: set[str]) -> tuple[str | None, str]:
    """An outcome without the words that the caller brought along."""
    answer = str(seen.rows) if seen.state is None else seen.message
    for word in sorted(words, key=len, reverse=True):
        answer = answer.replace(word, "…")
    return seen.state, answer


def _without(said: set[str], sides: Sequence[Side]) -> str:
    """A pattern of the neighbour's traces, less what the caller has said himself."""
    kept = [re.escape(trace) for side in sides for trace in side.traces if not any(trace in word for word in said)]
    return "|".join(kept) or r"(?!)"


def combinations(survey: Survey, routine: Routine) -> Iterator[list[Argument]]:
    """Arguments to call with, the likeliest first."""
    offered = []
    for place, kind in enumerate(routine.types):
        name = routine.names[place] if place < len(routine.names) else ""
        offered.append(_candidates(survey, name.lower(), kind))
    for chosen in product(*offered):
        yield list(chosen)


def invocation(routine: Routine, arguments: Sequence[str]) -> str:
    listed = ", ".join(f"{sql}::{kind}" for sql, kind in zip(arguments, routine.types, strict=True))
    if routine.kind == "p":
        return f"call {routine.quoted}({listed})"
    return (
        f"select left(string_agg(r::text, ' / '), 4000) from (select * from {routine.quoted}({listed}) limit 200) as r"
    )


def _candidates(survey: Survey, name: str, kind: str) -> list[Argument]:
    side = survey.neighbour
    if kind == "uuid":
        ordered = _ids(survey, name)[:MOST_IDS]
        return [Argument(text(value), (value,), text(NOBODY)) for value in ordered]
    if kind in ("text", "character varying", "citext", "name"):
        known = [
            Argument(text(word), (word,), text(NOBODYS_WORD)) for word in (side.org_id, side.owner.email, side.marker)
        ]
        return [*(known if "org" in name else reversed(known)), Argument("'%'"), Argument("''")]
    if kind in ("json", "jsonb"):
        told = {"org_id": side.org_id, "clinic_id": side.org_id, "user_id": side.users["owner"], "id": side.org_id}
        return [
            Argument(text(_json(told)), tuple(told.values()), text(_json(dict.fromkeys(told, NOBODY)))),
            Argument("'{}'"),
        ]
    if kind.rpartition(".")[2].split("(")[0] in VECTORS:
        return [Argument(text(direction(side, size))) for size in _dimensions(survey)]
    if kind.endswith("[]"):
        return [
            Argument("'{}'"),
            *(
                Argument(f"array[{a.sql}]", a.said, f"array[{a.nobodys or a.sql}]")
                for a in _candidates(survey, name, kind[:-2])
            ),
        ]
    return [Argument(value) for value in SIMPLE.get(kind, ("null",))]


def _ids(survey: Survey, name: str) -> list[str]:
    """The neighbour's organisation, people and rows; first those that the argument's name sounds like."""
    side = survey.neighbour
    hints = {
        side.org_id: ("org", "clinic", "tenant"),
        side.provider: ("provider",),
        side.users["owner"]: ("user", "profile"),
    }
    mine = [row for (_oid, tag), row in survey.planter.rows.items() if tag == side.tag]
    for row in mine:
        keys = (row.values[key] for key in row.relation.key if row.relation.column(key).base == "uuid")
        hints |= {key: (row.relation.name.rstrip("s"),) for key in keys if key and key not in hints}
    return sorted(hints, key=lambda value: not any(word in name for word in hints[value]))


def _dimensions(survey: Survey) -> list[int]:
    columns = [column for relation in survey.surface.relations for column in relation.columns if column.base in VECTORS]
    return sorted({column.modifier for column in columns}) or [3]


def _json(told: Mapping[str, str]) -> str:
    return "{" + ", ".join(f'"{key}": "{value}"' for key, value in told.items()) + "}"


def _must_be_closed(survey: Survey, routine: Routine, identity: Identity) -> None:
    seen = survey.prober.run(invocation(routine, ["null"] * len(routine.types)))
    verdict = Verdict.KEPT if seen.refused else Verdict.UNPROVED
    survey.add(routine.label, CALL, identity.name, f"refused {FOR_WANT_OF_PERMISSION}", str(seen), verdict)


def look_at_all(survey: Survey) -> str:
    """One digest of all the neighbour's rows in all tables."""
    parts = []
    for relation in survey.surface.tables():
        condition = survey.planter.condition(relation, survey.neighbour)
        if condition and relation.label not in survey.planter.trouble:
            parts.append(f"select t.ctid::text || t::text as r from {relation.quoted} as t where {condition}")
    return f"select md5(string_agg(r, '' order by r)) from ({' union all '.join(parts)}) as everything"


def _exploit(survey: Survey, routine: Routine, identity: Identity, look: str, before: tuple[object, ...]) -> str:
    """Call the function after putting a table of one's own in the way of each that it names; what came of it."""
    named = [r for r in survey.surface.tables() if re.search(rf'(?<![.\w"]){re.escape(r.name)}\b', routine.body)]
    for relation in named:
        for arguments in islice(combinations(survey, routine), MOST_CALLS):
            call = invocation(routine, [argument.sql for argument in arguments])
            trap = f"{_impostor(survey, relation, identity)}; {call}"
            seen = survey.prober.run(trap, look)
            said = {word for argument in arguments for word in argument.said}
            found = re.search(_without(said, [survey.neighbour]), str(seen.rows)) if seen.state is None else None
            if found or (seen.state is None and tuple(seen.look) != tuple(before)):
                return f"with a table of one's own named {relation.name} it answered {str(seen.rows)[:200]}"
    return ""


def _impostor(survey: Survey, relation: Relation, identity: Identity) -> str:
    """A temporary table that says the caller belongs to the neighbour."""
    columns = ", ".join(f"{column.quoted} {column.type}" for column in relation.columns)
    values = []
    for column in relation.columns:
        if column.name == relation.tenant and relation.name != "organizations":
            values.append(text(survey.neighbour.org_id))
        elif column.base == "uuid":
            values.append(text(str(identity.claims.get("sub", NOBODY))))
        else:
            values.append("'owner'" if column.base in ("text", "varchar") else "null")
    name = quote(relation.name)
    return f"create temporary table {name} ({columns}); insert into pg_temp.{name} values ({', '.join(values)})"
