"""Nobody reaches into a neighbour's clinic: the attempts by name, and the one judgement on all that they came to."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from acceptance import isolation_public as public
from acceptance.clinics import Clinic
from acceptance.errors import Inconclusive, PromiseBroken
from acceptance.isolation_cells import Cell, Verdict
from acceptance.isolation_oracles import learn_from_duplicates, learn_from_references
from acceptance.isolation_people import Identity
from acceptance.isolation_reading import READ, owner_sees, read_all
from acceptance.isolation_routines import call_all, lead_astray
from acceptance.isolation_surface import Relation, is_contract
from acceptance.isolation_survey import Survey, surveying
from acceptance.isolation_ways import (
    empty_tables,
    find_copies,
    learn_amounts,
    rewrite_the_audit_log,
    see_orphans,
    trust_a_header,
    trust_a_self_description,
    use_lent_roles,
    write_through,
)
from acceptance.isolation_writing import (
    ADD,
    CHANGE,
    DELETE,
    GIVE,
    add_rows,
    change_rows,
    delete_rows,
    give_rows_away,
    try_on,
)
from acceptance.scene import Scene

MOST_SHOWN = 5
DEEDS = public.DEEDS
Attempt = Callable[[Survey], None]
Where = Callable[[Survey], list[Relation]]


def known(survey: Survey) -> list[Relation]:
    """The tables that the contract names."""
    return [relation for relation in survey.surface.tables() if is_contract(relation)]


def diary(survey: Survey) -> list[Relation]:
    """Those of them that have no promise of their own: the audit log has."""
    return [relation for relation in known(survey) if relation.name != "audit_log"]


def added(survey: Survey) -> list[Relation]:
    """Tables that hold somebody's rows and that no contract names."""
    return [relation for relation in survey.surface.tables() if not is_contract(relation)]


def views(survey: Survey) -> list[Relation]:
    return [relation for relation in survey.surface.relations if not relation.is_table and relation.reachable]


def _planted(attempt: Attempt, where: Where | None = None) -> Attempt:
    """With a row of both clinics in these tables first, or in all."""

    def planted(survey: Survey) -> None:
        survey.plant(survey.own, survey.neighbour, tables=where(survey) if where else None)
        attempt(survey)

    return planted


def _read(survey: Survey) -> None:
    owner_sees(survey, known(survey))
    read_all(survey, list(survey.planted(known(survey), READ)), survey.strangers)


def _views(survey: Survey) -> None:
    if views(survey):
        learn_amounts(survey, views(survey), READ)
        write_through(survey, views(survey))


def _everything(survey: Survey) -> None:
    """All the deeds on whatever stands beside the contract's tables; reading also before the neighbour has a row."""
    if not added(survey):
        return
    learn_amounts(survey, added(survey), READ)
    for operation, deed in ((ADD, add_rows), (CHANGE, change_rows), (GIVE, give_rows_away), (DELETE, delete_rows)):
        try_on(survey, [r for r in added(survey) if r.kind != "f"], operation, deed, survey.strangers)
    empty_tables(survey, [r for r in added(survey) if r.kind != "f"], _roles(survey))


def _roles(survey: Survey) -> list[Identity]:
    return [survey.owner, survey.strangers[-1]]


ATTEMPTS: Mapping[str, Attempt] = {
    "read every table": _planted(_read, known),
    "write a row into every table": _planted(lambda s: try_on(s, diary(s), ADD, add_rows, s.strangers), diary),
    "change every row": _planted(lambda s: try_on(s, diary(s), CHANGE, change_rows, s.strangers), diary),
    "give rows away": _planted(lambda s: try_on(s, diary(s), GIVE, give_rows_away, s.strangers[:2]), diary),
    "delete every row": _planted(lambda s: try_on(s, diary(s), DELETE, delete_rows, s.strangers), diary),
    "empty every table": _planted(lambda s: empty_tables(s, diary(s), _roles(s)), diary),
    "see what belongs to no clinic": lambda s: see_orphans(s, s.surface.tables()),
    "pose as a neighbour in their own details": _planted(lambda s: trust_a_self_description(s, known(s)), known),
    "pose as a neighbour in a header": _planted(lambda s: trust_a_header(s, known(s)), known),
    "use every role that was lent to them": _planted(lambda s: use_lent_roles(s, known(s)), known),
    "look through every view": _views,
    "call every function": _planted(lambda s: call_all(s, s.surface.routines)),
    "lead every function astray": _planted(lambda s: lead_astray(s, s.surface.routines)),
    "learn something from a duplicate": _planted(lambda s: learn_from_duplicates(s, s.surface.tables())),
    "learn something from a reference": _planted(lambda s: learn_from_references(s, s.surface.tables())),
    "find copies of its rows": find_copies,
    "rewrite the audit log": _planted(rewrite_the_audit_log, known),
    "do anything to what was added since": _everything,
}


def attempt(scene: Scene, neighbour: str, what: str) -> Sequence[Cell]:
    """Everybody who is not the neighbour tries it on the whole surface, over SQL; nothing of it stays."""
    with surveying(scene, *_pair(scene, neighbour)) as survey:
        scene.remember()
        ATTEMPTS[what](survey)
        keep(scene, survey)
        return survey.cells


def attempt_publicly(scene: Scene, neighbour: str, what: str, until: ExitStack) -> Sequence[Cell]:
    """The owner and an anonymous visitor try it through the public interface, on rows that stand there `until` then."""
    survey, doors = until.enter_context(public.open_doors(scene, *_pair(scene, neighbour)))
    public.DEEDS[what](survey, doors)
    keep(scene, survey)
    return survey.cells


def _pair(scene: Scene, neighbour: str) -> tuple[Clinic, Clinic]:
    """The other clinic of the scenario, and the neighbour."""
    named = scene.clinics.clinic(neighbour)
    return next(clinic for clinic in scene.clinics.founded.values() if clinic is not named), named


def keep(scene: Scene, survey: Survey) -> None:
    """For the report at the end of the run; where the catalogue, which is not blind, shows nothing to try, that is said."""
    if not survey.cells and survey.surface.tables():
        survey.add("the catalogue", "look for", "everybody", "whatever is there", "none of the kind", Verdict.KEPT)
    scene.run.matrix.add(survey.cells, len(survey.prober.statements), survey.prober.seconds)


def nothing_was_reached(cells: Sequence[Cell], neighbour: str) -> None:
    """Every cell is kept; raises PromiseBroken for what was seen, Inconclusive for what proved nothing."""
    broken = [cell for cell in cells if cell.verdict is Verdict.BROKEN]
    if broken:
        raise PromiseBroken(f"Nothing of {neighbour} should be reached, but {_told(broken)}")
    unproved = [cell for cell in cells if cell.verdict is Verdict.UNPROVED]
    if unproved or not cells:
        raise Inconclusive(f"This proves nothing, so it does not count as passed: {_told(unproved)}")


def _told(cells: Sequence[Cell]) -> str:
    lines = [f"{len(cells)} attempts were not turned away as they should be:" if cells else "nothing was attempted."]
    for cell in cells[:MOST_SHOWN]:
        lines.append(
            f"  {cell.identity} / {cell.operation} / {cell.surface}: expected {cell.expected}, got {cell.observed}"
        )
        lines += [f"    {text}" for text in (cell.evidence, cell.reproduce and f"to see it: {cell.reproduce}") if text]
    lines += [f"  and {len(cells) - MOST_SHOWN} more"] if len(cells) > MOST_SHOWN else []
    return "\n".join(lines)
