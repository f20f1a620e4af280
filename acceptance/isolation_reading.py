"""Reading whatever can be selected from, and judging by the rows that were seen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from acceptance.isolation_cells import Verdict
from acceptance.isolation_people import Identity, Side, text
from acceptance.isolation_probe import Seen
from acceptance.isolation_surface import Column, Relation
from acceptance.isolation_survey import Survey
from acceptance.wording import FOR_WANT_OF_PERMISSION, counted, quoted

READ = "read"
NOTHING = "nothing of the neighbour's"


@dataclass(frozen=True)
class Glance:
    """What one identity saw in one relation; `digest` stands for all of it."""

    seen: Seen
    total: int = 0
    strange: int = 0
    copied: int = 0
    own: int = 0
    sample: str = ""
    digest: str = ""


def traces(*sides: Side) -> str:
    """A pattern that finds anything of these clinics in a text."""
    return text("|".join(trace.replace(".", "[.]").replace("+", "[+]") for side in sides for trace in side.traces))


def glance(survey: Survey, relation: Relation, identity: Identity, mine: Side, *theirs: Side) -> Glance:
    """Everything that `identity`, who is already acting, can select from a relation, searched for traces."""
    columns = relation.open_columns(identity.role, "SELECT") or relation.columns[:1]
    row = f"concat_ws(' | ', {', '.join(f'{column.quoted}::text' for column in columns)})"
    own = f"(r ~ {traces(mine)}{_untraced(survey, relation, columns, theirs[0], [mine])})"
    strange = f"(r ~ {traces(*theirs)}{_untraced(survey, relation, columns, mine, theirs)})"
    seen = survey.prober.run(
        f"select count(*), count(*) filter (where {strange}), count(*) filter (where {strange} and {own}),"
        f" count(*) filter (where {own}), left(string_agg(left(r, 160), ' / ') filter (where {strange}), 400),"
        f" md5(string_agg(r, '' order by r)) from (select {row} as r from {relation.quoted}) as s"
    )
    if seen.state is not None:
        return Glance(seen)
    total, found, copied, kept, sample, digest = seen.rows[0]
    return Glance(seen, total, found, copied, kept, sample or "", f"{total} {digest}")


def _untraced(survey: Survey, relation: Relation, columns: Sequence[Column], mine: Side, theirs: Sequence[Side]) -> str:
    """For rows whose columns have no room for a trace: the whole planted row, unless one's own looks the same."""

    def whole(side: Side) -> str | None:
        planted = survey.planter.rows.get((relation.oid, side.tag))
        shown = (planted.values[column.name] for column in columns) if planted else ()
        return " | ".join(value for value in shown if value is not None) or None

    rows = {whole(side) for side in theirs} - {None if mine in theirs else whole(mine), None}
    return f" or r in ({', '.join(text(row) for row in rows if row)})" if rows else ""


def statement(relation: Relation, identity: Identity) -> str:
    """What somebody would type to see it."""
    columns = relation.open_columns(identity.role, "SELECT") or relation.columns[:1]
    shown = ", ".join(column.quoted for column in columns)
    return f"{identity.for_psql()} select {shown} from {relation.quoted}; rollback;"


def read_all(
    survey: Survey, relations: Sequence[Relation], identities: Sequence[Identity], operation: str = READ,
    *, copies: bool = False, before: dict[tuple[str, str], str] | None = None,
) -> None:  # fmt: skip
    """A cell for each relation and identity. `copies` judges rows that name both clinics, else those are left out.

    `before` holds what was seen when the neighbour had nothing yet: whatever differs now tells of the neighbour.
    """
    for identity in identities:
        survey.prober.act_as(identity)
        theirs = [survey.neighbour] if identity.member else [survey.neighbour, survey.own]
        for relation in relations:
            found = glance(survey, relation, identity, survey.own, *theirs)
            _judge(survey, relation, identity, found, operation, copies, before)


def _judge(
    survey: Survey, relation: Relation, identity: Identity, found: Glance, operation: str, copies: bool,
    before: dict[tuple[str, str], str] | None,
) -> None:  # fmt: skip
    copied = found.copied if identity.member else 0
    guilty = copied if copies else found.strange - copied
    observed, verdict, evidence = f"{guilty} of {counted(found.total, 'row')}", Verdict.KEPT, ""
    if found.seen.state is not None:
        observed = str(found.seen)
        verdict = Verdict.KEPT if found.seen.refused else Verdict.UNPROVED
    elif guilty:
        verdict, evidence = Verdict.BROKEN, f"seen: {quoted(found.sample)}"
    elif before is not None and not found.strange and before.get((relation.label, identity.name)) != found.digest:
        verdict, observed = Verdict.BROKEN, "another answer than before the neighbour had rows"
        evidence = f"it says how much the neighbour has: {counted(found.total, 'row')}, and their content differs"
    shown = statement(relation, identity) if verdict is not Verdict.KEPT else ""
    expected = f"{NOTHING}, or a refusal {FOR_WANT_OF_PERMISSION}"
    survey.add(relation.label, operation, identity.name, expected, observed, verdict, evidence, shown)


def seen_before(
    survey: Survey, relations: Sequence[Relation], identities: Sequence[Identity]
) -> dict[tuple[str, str], str]:
    """What everybody sees while the neighbour has nothing; what differs between two looks by itself is left out."""
    digests: dict[tuple[str, str], str] = {}
    for identity in identities:
        survey.prober.act_as(identity)
        for relation in relations:
            digests[relation.label, identity.name] = glance(
                survey, relation, identity, survey.own, survey.neighbour
            ).digest
    return digests


def owner_sees(survey: Survey, relations: Sequence[Relation], operation: str = READ) -> None:
    """The neighbour's own people see the planted row wherever a policy opens the table to them at all."""
    owner = survey.neighbours_owner
    for relation in relations:
        if not relation.readable or not relation.allows(owner.role, "SELECT"):
            continue
        found = _first_to_see(survey, relation)
        verdict = Verdict.KEPT if found.own else Verdict.UNPROVED
        observed = str(found.seen) if found.seen.state else f"{found.own} of {counted(found.total, 'row')}"
        reproduce = "" if found.own else statement(relation, owner)
        survey.add(relation.label, operation, owner.name, "their own row", observed, verdict, reproduce=reproduce)


def _first_to_see(survey: Survey, relation: Relation) -> Glance:
    """The owner's glance; where a policy shows a row only to the person it concerns, that person's."""
    owner = survey.neighbours_owner
    others = [replace(owner, claims={**owner.claims, "sub": user}) for user in survey.neighbour.users.values()]
    for identity in (owner, *others):
        survey.prober.act_as(identity)
        found = glance(survey, relation, identity, survey.neighbour, survey.own)
        if found.own or found.seen.state:
            break
    return found
