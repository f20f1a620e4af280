"""Adding, changing, giving away and deleting rows, judged by what stands in the table afterwards."""

from collections.abc import Callable, Mapping, Sequence

from acceptance.isolation_cells import Verdict
from acceptance.isolation_people import Identity
from acceptance.isolation_planting import Planted
from acceptance.isolation_probe import REFUSED, Seen
from acceptance.isolation_surface import Column, Relation
from acceptance.isolation_survey import Survey, unfiltered_is_safe
from acceptance.wording import FOR_WANT_OF_PERMISSION, counted

ADD, CHANGE, GIVE, DELETE = "add", "change", "give away", "delete"
FURTHER = 7  # a serial number that no planted row has
TEXTS = ("text", "varchar", "citext")
DELIBERATE = (REFUSED, "P0001")  # a policy or a grant; an exception that a trigger raises on purpose
INTEGRITY = "23"  # the class of unique, foreign key, check, exclusion and not-null violations
TAKEN = ("23505", "23P01")
Deed = Callable[[Survey, Relation, Identity, str], None]


def try_on(
    survey: Survey, relations: Sequence[Relation], operation: str, deed: Deed, identities: Sequence[Identity]
) -> None:
    """One deed by everybody on every relation that holds rows of both clinics."""
    tables = list(survey.planted(relations, operation))
    for identity in identities:
        for relation in tables:
            deed(survey, relation, identity, operation)


def add_rows(survey: Survey, relation: Relation, identity: Identity, operation: str) -> None:
    """First a row of one's own, which proves that the statement is right; then the same for the neighbour, and over it."""
    own = survey.fitting(relation, survey.own, FURTHER)
    theirs = survey.fitting(relation, survey.neighbour, FURTHER)
    look, row = survey.look(relation, members=identity.member), survey.planter.row(relation, survey.neighbour)
    before = survey.prober.ask(look)
    survey.prober.act_as(identity)
    mine = survey.prober.run(insert(relation, identity, own), look)
    judge_refusal(survey, relation, operation, identity, insert(relation, identity, theirs), look, before, mine)
    if relation.key:
        over = upsert(relation, identity, own, row)
        judge_refusal(survey, relation, operation, identity, over, look, before, mine)


def change_rows(survey: Survey, relation: Relation, identity: Identity, operation: str) -> None:
    """By key, by clinic and without a filter: a policy may hold for one and not for the other."""
    column = changeable(relation, identity)
    # A value that stands in one's own row is one that the table's rules allow.
    value = survey.planter.row(relation, survey.own).literal(column.name)
    statement = f"update {relation.quoted} set {column.quoted} = {value}"
    _with_every_filter(survey, relation, identity, operation, statement)


def delete_rows(survey: Survey, relation: Relation, identity: Identity, operation: str) -> None:
    _with_every_filter(survey, relation, identity, operation, f"delete from {relation.quoted}")


def give_rows_away(survey: Survey, relation: Relation, identity: Identity, operation: str) -> None:
    """One's own row moved to the neighbour, by key and without a filter.

    Without one, no column is read, so that the policy for reading does not stand in for the one for writing.
    """
    if not relation.tenant or relation.tenant in relation.key:
        return
    own, theirs = (survey.planter.row(relation, side) for side in (survey.own, survey.neighbour))
    look = survey.look(relation, members=True)
    before = survey.prober.ask(look)
    move = f"update {relation.quoted} set {relation.column(relation.tenant).quoted} = {theirs.literal(relation.tenant)}"
    safe = unfiltered_is_safe(survey, relation, operation)
    survey.prober.act_as(identity)
    for statement in (f"{move} where {own.condition}", *([move] if safe else [])):
        judge_refusal(survey, relation, operation, identity, statement, look, before, None)


def insert(relation: Relation, identity: Identity, values: dict[str, str]) -> str:
    """An insert of those columns that the role may write, or of all where it may write none."""
    allowed = {column.name for column in relation.open_columns(identity.role, "INSERT")} or set(values)
    return insert_all(relation, {name: value for name, value in values.items() if name in allowed})


def insert_all(relation: Relation, values: Mapping[str, str], *, computed: bool = False) -> str:
    """The statement; `computed` gives a key its own value although the table wants to count by itself."""
    overriding = " overriding system value" if computed else ""
    names = ", ".join(relation.column(name).quoted for name in values)
    return f"insert into {relation.quoted} ({names}){overriding} values ({', '.join(values.values())})"


def upsert(relation: Relation, identity: Identity, own: dict[str, str], row: Planted) -> str:
    """A row of one's own that claims the key of the neighbour's."""
    key = ", ".join(relation.column(name).quoted for name in relation.key)
    column = changeable(relation, identity).quoted
    keyed = {name: row.literal(name) for name in relation.key}
    allowed = {c.name for c in relation.open_columns(identity.role, "INSERT")} or set(own)
    chosen = {name: value for name, value in own.items() if name in allowed} | keyed
    counted = any(relation.column(name).computed for name in relation.key)
    return f"{insert_all(relation, chosen, computed=counted)} on conflict ({key}) do update set {column} = excluded.{column}"


def changeable(relation: Relation, identity: Identity) -> Column:
    """The column whose change says most: a text that may be written, else any that may, else the last."""
    ruled = {name for rule in relation.constraints if rule.kind in ("p", "u", "f", "x") for name in rule.columns}
    columns = [c for c in relation.open_columns(identity.role, "UPDATE") if not c.computed]
    columns.sort(key=lambda column: (column.name in ruled, column.base not in TEXTS))
    return next(iter([*columns, *reversed(relation.columns)]))


def judge_refusal(
    survey: Survey, relation: Relation, operation: str, identity: Identity, statement: str, look: str,
    before: Sequence[object], mine: Seen | None,
) -> None:  # fmt: skip
    """What must be refused as 42501 or by the product's own trigger, or touch nothing of the neighbour's.

    An integrity rule that stops it was let through by the policy. `mine` is what came of the same for one's own row:
    what fails there in the same way proves nothing.
    """
    seen = survey.prober.run(statement, look)
    verdict, evidence = Verdict.KEPT, ""
    if seen.state is None and tuple(seen.look) != tuple(before):
        verdict = Verdict.BROKEN
        evidence = (
            f"re-read with full rights: {counted(before[0], 'row')} became {seen.look[0]}, or their content changed"
        )
    elif seen.state is not None and seen.state not in DELIBERATE:
        by_chance = seen.state.startswith(INTEGRITY) and (mine is None or mine.state in (None, *TAKEN))
        verdict = Verdict.BROKEN if by_chance else Verdict.UNPROVED
        evidence = "the policy let it through; another rule of the table stopped it" if by_chance else ""
    shown = f"{identity.for_psql()} {statement}; rollback;" if verdict is not Verdict.KEPT else ""
    survey.add(
        relation.label,
        operation,
        identity.name,
        f"a refusal {FOR_WANT_OF_PERMISSION}, or no row of the neighbour's",
        str(seen),
        verdict,
        evidence,
        shown,
    )


def _with_every_filter(survey: Survey, relation: Relation, identity: Identity, operation: str, statement: str) -> None:
    look = survey.look(relation, members=identity.member)
    before = survey.prober.ask(look)
    filters = [f" where {survey.planter.row(relation, survey.neighbour).condition}"]
    if relation.tenant and relation.tenant not in relation.key:
        filters.append(f" where {survey.planter.condition(relation, survey.neighbour)}")
    safe = unfiltered_is_safe(survey, relation, operation)
    survey.prober.act_as(identity)
    for chosen in filters:
        judge_refusal(survey, relation, operation, identity, statement + chosen, look, before, None)
    if safe:
        judge_refusal(survey, relation, operation, identity, statement, look, before, None)
