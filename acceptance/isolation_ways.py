"""The ways round: what stands beside the policies, or what they trust though anybody may say it."""

from collections.abc import Iterator, Sequence

from acceptance.isolation_cells import Verdict
from acceptance.isolation_people import Identity, as_role, describing_himself, text, with_headers
from acceptance.isolation_probe import REFUSED
from acceptance.isolation_reading import owner_sees, read_all, seen_before
from acceptance.isolation_routines import look_at_all
from acceptance.isolation_surface import Relation, is_contract, quote
from acceptance.isolation_survey import Survey, unfiltered_is_safe
from acceptance.isolation_values import first_value
from acceptance.isolation_writing import (
    FURTHER,
    add_rows,
    change_rows,
    delete_rows,
    insert,
    insert_all,
    judge_refusal,
    try_on,
)
from acceptance.wording import FOR_WANT_OF_PERMISSION, counted

EMPTY, HANG_ON, RENUMBER, RULE = "empty", "hang a trigger on", "turn back the numbers of", "take over"
COPIES, ORPHANS, BORROWED, WRITE_THROUGH = (
    "find copies in",
    "see what belongs to no clinic in",
    "use a lent role on",
    "write through",
)
# A function of PostgreSQL's own that anybody may hang on a table where he may hang something.
ANY_TRIGGER = "pg_catalog.suppress_redundant_updates_trigger()"
AUDIT_LOG = "audit_log"
CHANGE_LOG, FORGE = "rewrite", "forge an entry of"
SKIPPED = 100
ORPHAN, STIRRED = 9, 11  # serial numbers that no planted row has


def empty_tables(survey: Survey, relations: Sequence[Relation], identities: Sequence[Identity]) -> None:
    """TRUNCATE knows no policies; a trigger acts on everybody's rows; a sequence counts for everybody."""
    for relation in survey.planted(relations, EMPTY):
        look = survey.look(relation, members=True)
        before = survey.prober.ask(look)
        for identity in identities:
            survey.prober.act_as(identity)
            truncate = f"truncate {relation.quoted} cascade"
            _must_be_forbidden(survey, relation.label, EMPTY, identity, truncate, look, str(before[0]))
            trigger = (
                f"create trigger gs_probe after update on {relation.quoted} for each row execute function {ANY_TRIGGER}"
            )
            _must_be_forbidden(survey, relation.label, HANG_ON, identity, trigger)
    tables = {relation.oid for relation in relations}
    for schema, name, _table in (sequence for sequence in survey.surface.sequences if sequence[2] in tables):
        quoted = f"{quote(schema)}.{quote(name)}"
        # setval outlives a rollback, so it is tried forwards, where it leaves a gap and nothing else.
        (last,) = survey.prober.ask(f"select last_value from {quoted}")
        for identity in identities:
            survey.prober.act_as(identity)
            statement = f"select setval({text(quoted)}, {last + SKIPPED})"
            _must_be_forbidden(survey, f"sequence {schema}.{name}", RENUMBER, identity, statement)


def rewrite_the_audit_log(survey: Survey) -> None:
    """Nobody who comes through the API changes, deletes, empties or adds an entry; the service role may only add."""
    audit = [r for r in survey.surface.relations if is_contract(r) and r.name == AUDIT_LOG]
    for relation in survey.planted(audit, CHANGE_LOG):
        service = Identity("the service role", "service_role", {"role": "service_role"}, member=True)
        values = survey.fitting(relation, survey.own, FURTHER)
        for identity in [*survey.strangers, survey.neighbours_owner, service]:
            survey.prober.act_as(identity)
            if identity is not service:
                _must_be_forbidden(survey, relation.label, FORGE, identity, insert(relation, identity, values))
            for verb in ("update {table} set status = 'allowed'", "delete from {table}", "truncate {table}"):
                statement = verb.format(table=relation.quoted)
                _must_be_forbidden(survey, relation.label, CHANGE_LOG, identity, statement)


def trust_a_header(survey: Survey, relations: Sequence[Relation]) -> None:
    """A header is whatever the client writes; those that the policies and functions mention, and the usual ones."""
    words = [w for w in survey.surface.words_near("request.header", "request.cookie") if not w.startswith("request.")]
    posing = [seen for person in survey.strangers for seen in with_headers(person, survey.neighbour, words)]
    _only_by_posing(survey, relations, survey.strangers, posing, "use a header on")


def trust_a_self_description(survey: Survey, relations: Sequence[Relation]) -> None:
    """user_metadata belongs to the user, who writes the neighbour's number into it and signs in again."""
    words = [w for w in survey.surface.words_near("user_meta") if not w.startswith(("request.", "user_metadata"))]
    accounts = survey.scene.run.accounts
    posing = describing_himself(accounts, survey.own_clinic, survey.neighbour_clinic, words)
    _only_by_posing(survey, relations, [survey.owner], posing, "pose as the neighbour at")


def use_lent_roles(survey: Survey, relations: Sequence[Relation]) -> None:
    """Every role that a request's role may turn into, and what an owner of a table could do with it."""
    borrowed = [as_role(survey.owner, role) for role, possible in survey.surface.lent.items() if possible]
    for role in (role for role, possible in survey.surface.lent.items() if not possible):
        survey.add(
            f"role {role}", BORROWED, survey.owner.name, "out of reach", "the suite may not try it", Verdict.UNPROVED
        )
    read_all(survey, relations, borrowed, BORROWED)
    for relation in survey.planted(relations, BORROWED):
        for identity in borrowed:
            delete_rows(survey, relation, identity, BORROWED)
        for identity in [survey.owner, *borrowed, survey.strangers[-1]]:
            survey.prober.act_as(identity)
            _must_not_rule(survey, relation, identity)


def _must_not_rule(survey: Survey, relation: Relation, identity: Identity) -> None:
    """Switching row security off, and what can be read then."""
    theirs = survey.planter.condition(relation, survey.neighbour)
    statement = f"alter table {relation.quoted} disable row level security; select count(*) from {relation.quoted} where {theirs}"
    seen = survey.prober.run(statement)
    verdict = Verdict.KEPT if seen.refused else Verdict.BROKEN
    evidence = (
        f"{counted(seen.rows[0][0], 'row')} of the neighbour's could be read after it" if seen.state is None else ""
    )
    shown = f"{identity.for_psql()} {statement}; rollback;" if verdict is not Verdict.KEPT else ""
    survey.add(
        relation.label, RULE, identity.name, f"refused {FOR_WANT_OF_PERMISSION}", str(seen), verdict, evidence, shown
    )


def see_orphans(survey: Survey, relations: Sequence[Relation]) -> None:
    """Rows that belong to no clinic are nobody's: planted with the neighbour's marks wherever the column allows it."""
    survey.prober.hold()
    orphaned = [relation for relation in relations if _plant_orphan(survey, relation)]
    read_all(survey, orphaned, survey.strangers, ORPHANS)
    for relation in orphaned:
        tenant = relation.column(relation.tenant or "").quoted
        look = f"select count(*), md5(string_agg(t.ctid::text, '')) from {relation.quoted} as t where {tenant} is null"
        before = survey.prober.ask(look)
        for identity in survey.strangers:
            survey.prober.act_as(identity)
            statement = f"delete from {relation.quoted} where {tenant} is null"
            judge_refusal(survey, relation, ORPHANS, identity, statement, look, before, None)


def find_copies(survey: Survey) -> None:
    """What the neighbour writes, changes and deletes sets triggers off; nothing of it may turn up elsewhere."""
    relations = [r for r in survey.surface.relations if r.reachable]
    survey.plant(survey.own)
    survey.plant(survey.neighbour)
    _stir(survey)
    read_all(survey, relations, survey.strangers, COPIES, copies=True)
    unowned = [relation for relation in relations if relation.is_table and not relation.owned]
    read_all(survey, unowned, survey.strangers, COPIES)


def write_through(survey: Survey, relations: Sequence[Relation]) -> None:
    """A view may be written through, and then with whose rights? Judged by all rows of the neighbour, in all tables."""
    if not all(unfiltered_is_safe(survey, table, WRITE_THROUGH) for table in survey.surface.tables()):
        return
    look = look_at_all(survey)
    before = survey.prober.ask(look)
    for relation in (relation for relation in relations if relation.updatable):
        for identity in survey.strangers:
            survey.prober.act_as(identity)
            for statement in _writings(survey, relation):
                seen = survey.prober.run(statement, look)
                changed = seen.state is None and seen.look != before
                verdict = Verdict.BROKEN if changed else Verdict.KEPT
                evidence = "re-read with full rights: the neighbour's rows are not what they were" if changed else ""
                shown = f"{identity.for_psql()} {statement}; rollback;" if changed else ""
                survey.add(
                    relation.label,
                    WRITE_THROUGH,
                    identity.name,
                    "no row of the neighbour's",
                    str(seen),
                    verdict,
                    evidence,
                    shown,
                )


def _writings(survey: Survey, relation: Relation) -> Iterator[str]:
    yield f"delete from {relation.quoted}"
    for column in relation.columns:
        value = first_value(column, survey.own, ORPHAN)
        if value is not None:
            yield f"update {relation.quoted} set {column.quoted} = {value}"
    values = {column.name: first_value(column, survey.neighbour, ORPHAN, relation.oid) for column in relation.columns}
    tenant = {relation.tenant: text(survey.neighbour.org_id)} if relation.tenant else {}
    yield insert_all(relation, {**{name: value for name, value in values.items() if value}, **tenant})


def learn_amounts(survey: Survey, relations: Sequence[Relation], operation: str) -> None:
    """Everything selected before the neighbour had a row and after: rows, and answers that depend on them."""
    survey.plant(survey.own)
    before = seen_before(survey, relations, survey.strangers)
    again = seen_before(survey, relations, survey.strangers)
    stable = {key: digest for key, digest in before.items() if again[key] == digest}
    survey.prober.forget()
    survey.plant(survey.neighbour)
    for relation in relations:
        same = {key: digest for key, digest in stable.items() if key[0] == relation.label}
        comparable = same if len(same) == len(survey.strangers) else None
        read_all(survey, [relation], survey.strangers, operation, before=comparable)
    owner_sees(survey, [relation for relation in relations if relation.is_table], operation)


def _only_by_posing(
    survey: Survey, relations: Sequence[Relation], plain: Sequence[Identity], posing: Sequence[Identity], operation: str
) -> None:
    """What is open to the same people without posing is another promise's; here counts what posing adds to it."""
    _look_and_touch(survey, relations, plain, operation)
    open_anyway = {cell.surface for cell in survey.cells if cell.verdict in (Verdict.BROKEN, Verdict.UNPROVED)}
    survey.cells[:] = [cell for cell in survey.cells if cell.verdict is Verdict.UNPROVED]
    closed = [relation for relation in relations if relation.label not in open_anyway]
    _look_and_touch(survey, closed, posing, operation)


def _look_and_touch(
    survey: Survey, relations: Sequence[Relation], identities: Sequence[Identity], operation: str
) -> None:
    read_all(survey, relations, identities, operation)
    written = [relation for relation in relations if relation.is_table and relation.name != AUDIT_LOG]
    for deed in (add_rows, change_rows, delete_rows):
        try_on(survey, written, operation, deed, identities)


def _must_be_forbidden(
    survey: Survey, surface: str, operation: str, identity: Identity, statement: str, look: str = "", had: str = ""
) -> None:
    """Only a missing right is an answer here: exactly 42501."""
    seen = survey.prober.run(statement, look)
    verdict = Verdict.KEPT if seen.state == REFUSED else Verdict.BROKEN
    evidence = (
        f"re-read with full rights: {counted(had, 'row')} became {seen.look[0]}" if seen.state is None and look else ""
    )
    shown = f"{identity.for_psql()} {statement}; rollback;" if verdict is not Verdict.KEPT else ""
    survey.add(
        surface, operation, identity.name, f"refused {FOR_WANT_OF_PERMISSION}", str(seen), verdict, evidence, shown
    )


def _plant_orphan(survey: Survey, relation: Relation) -> bool:
    if not relation.tenant or relation.column(relation.tenant).required or relation.partition:
        return False
    values = survey.fitting(relation, survey.neighbour, ORPHAN) | {relation.tenant: "null"}
    refusal = survey.write(insert_all(relation, values))
    if refusal is not None:
        survey.add(relation.label, ORPHANS, "everybody", "a row to try it on", str(refusal), Verdict.UNPROVED)
    return refusal is None


def _stir(survey: Survey) -> None:
    """The neighbour's rows change, and a further one comes; what a rule of the product forbids is left."""
    side = survey.neighbour
    for relation in survey.planted([r for r in survey.surface.tables() if r.kind != "f"], COPIES):
        texts = [c for c in relation.columns if c.base == "text" and not c.computed and c.name not in relation.key]
        condition = survey.planter.row(relation, side).condition
        for column in texts[:1]:
            value = text(f"{side.marker}-changed")
            survey.write(f"update {relation.quoted} set {column.quoted} = {value} where {condition}")
        survey.write(insert_all(relation, survey.fitting(relation, side, STIRRED)))
