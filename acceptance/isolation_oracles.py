"""What an answer gives away by being different: a duplicate, an overlap or a reference that only hidden rows explain."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from acceptance.isolation_cells import Verdict
from acceptance.isolation_people import Identity
from acceptance.isolation_planting import Planted
from acceptance.isolation_surface import Constraint, Relation
from acceptance.isolation_survey import Survey
from acceptance.isolation_values import tagged_uuid
from acceptance.isolation_writing import FURTHER, insert

DUPLICATE, REFERENCE = "learn from a duplicate in", "learn from a reference in"
GUESSED = 23


def learn_from_duplicates(survey: Survey, relations: Sequence[Relation]) -> None:
    """The same row with the neighbour's values under a rule of uniqueness, and with values that nobody has.

    Ids stay the neighbour's in both, so that a reference answers alike; what can be guessed is what differs.
    A rule on random ids alone is left out: who can name 122 random bits has learnt them elsewhere.
    """
    for relation in survey.planted(relations, DUPLICATE):
        theirs = survey.planter.row(relation, survey.neighbour)
        for rule in relation.constraints:
            columns = [relation.column(name) for name in rule.columns]
            guessable = [c for c in columns if c.base != "uuid" and theirs.values.get(c.name) is not None]
            if rule.kind in ("p", "u", "x") and guessable:
                taken = {c.name: theirs.literal(c.name) for c in columns if not c.computed}
                taken |= _sources(relation, theirs, rule)
                theirs_of = {name: value for name, value in taken.items() if name != relation.tenant}
                ids = {name for name in theirs_of if relation.column(name).base == "uuid"}
                _compare(survey, relation, DUPLICATE, theirs_of, rule, kept=ids)


def learn_from_references(survey: Survey, relations: Sequence[Relation]) -> None:
    """One's own row that refers to the neighbour's, and one that refers to nothing: both are refused alike."""
    for relation in survey.planted(relations, REFERENCE):
        for rule in (r for r in relation.constraints if r.kind == "f"):
            target = survey.surface.by_oid(rule.target_oid)
            if target is None or not target.owned or survey.planter.trouble.get(target.label):
                continue
            row = survey.planter.row(target, survey.neighbour)
            pairs = zip(rule.columns, rule.target_columns, strict=True)
            theirs = {name: row.literal(to) for name, to in pairs if name != relation.tenant}
            if theirs:
                _compare(survey, relation, REFERENCE, theirs, rule)


def _compare(
    survey: Survey, relation: Relation, operation: str, theirs: Mapping[str, str], rule: Constraint,
    kept: Collection[str] = (),
) -> None:  # fmt: skip
    """By adding a row and by changing one, each with the neighbour's values and with nobody's."""
    own = survey.fitting(relation, survey.own, FURTHER)
    nobodys = survey.fitting(relation, survey.own, GUESSED)
    unknown = {n: value if n in kept else _nobodys(survey, relation, n, nobodys) for n, value in theirs.items()}
    mine = survey.planter.row(relation, survey.own)
    for identity in survey.strangers[:2]:
        survey.prober.act_as(identity)
        for first, second in _pairs(relation, identity, own, mine, theirs, unknown):
            known, guessed = survey.prober.run(first), survey.prober.run(second)
            told = known.state != guessed.state
            verdict = Verdict.BROKEN if told else Verdict.KEPT
            observed = f"{known} against {guessed}" if told else f"{known.state or 'done'} for both"
            evidence = f"{rule.name} tells what the neighbour has from what nobody has" if told else ""
            shown = f"{identity.for_psql()} {first}; rollback; -- against: {second}" if told else ""
            survey.add(relation.label, operation, identity.name, "the same answer", observed, verdict, evidence, shown)


def _pairs(
    relation: Relation, identity: Identity, own: Mapping[str, str], mine: Planted,
    theirs: Mapping[str, str], unknown: Mapping[str, str],
) -> Iterator[tuple[str, str]]:  # fmt: skip
    immediate = "set constraints all immediate; "
    yield (
        immediate + insert(relation, identity, {**own, **theirs}),
        immediate + insert(relation, identity, {**own, **unknown}),
    )
    first, second = (
        ", ".join(f"{relation.column(name).quoted} = {value}" for name, value in values.items())
        for values in (theirs, unknown)
    )
    start = f"{immediate}update {relation.quoted} set"
    yield f"{start} {first} where {mine.condition}", f"{start} {second} where {mine.condition}"


def _nobodys(survey: Survey, relation: Relation, name: str, drafted: Mapping[str, str]) -> str:
    column = relation.column(name)
    if column.base == "uuid":
        return f"'{tagged_uuid(survey.own, GUESSED, GUESSED)}'"
    return drafted.get(name) or "null"


def _sources(relation: Relation, theirs: Planted, rule: Constraint) -> dict[str, str]:
    """For a computed column under a rule: every column that it may be computed from."""
    if not any(relation.column(name).computed for name in rule.columns):
        return {}
    kinds = ("timestamptz", "timestamp", "date", "time", "int4", "int8")
    return {
        column.name: theirs.literal(column.name)
        for column in relation.columns
        if column.base in kinds and column.required and not column.default and not column.computed
    }
