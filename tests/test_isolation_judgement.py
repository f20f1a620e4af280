"""The judgement on cells, the declaration of what is shared, and the values that are planted; without any database."""

from pathlib import Path

import pytest

from acceptance.errors import CannotRun, Inconclusive, PromiseBroken
from acceptance.identity import Session
from acceptance.isolation import nothing_was_reached
from acceptance.isolation_cells import Cell, Verdict
from acceptance.isolation_people import Identity, Side, text
from acceptance.isolation_sharing import DECLARATION, Sharing
from acceptance.isolation_surface import Column
from acceptance.isolation_values import direction, first_value, other_values, tagged_uuid
from acceptance.report.matrix import Matrix, matrix_lines

SIDE = Side("Hilltop", "0" * 8, Session("u", "o@example.com", "", ""), {"owner": "u"}, "a1b2c3d4", "gs-a1b2c3d4")


def cell(verdict: Verdict, surface: str = "table public.rooms") -> Cell:
    return Cell(surface, "read", "the owner", "nothing", "1 rows", verdict, "seen: Ada", "select 1")


def column(base: str, **told: object) -> Column:
    plain = {"required": True, "default": False, "computed": False, "rights": frozenset()}
    return Column(**{"name": "c", "type": base, "base": base, **plain, **told})  # type: ignore[arg-type]


def test_kept_cells_are_silent() -> None:
    nothing_was_reached([cell(Verdict.KEPT), cell(Verdict.LEFT_OUT)], "Hilltop")


def test_a_broken_cell_is_a_broken_promise_that_says_who_what_and_how() -> None:
    with pytest.raises(PromiseBroken) as broken:
        nothing_was_reached([cell(Verdict.KEPT), cell(Verdict.BROKEN), cell(Verdict.UNPROVED)], "Hilltop")
    for word in ("Hilltop", "the owner", "table public.rooms", "seen: Ada", "to see it: select 1"):
        assert word in str(broken.value)


@pytest.mark.parametrize("cells", [[], [cell(Verdict.KEPT), cell(Verdict.UNPROVED)]])
def test_what_proves_nothing_is_inconclusive(cells: list[Cell]) -> None:
    with pytest.raises(Inconclusive):
        nothing_was_reached(cells, "Hilltop")


def test_the_matrix_counts_verdicts_by_operation() -> None:
    matrix = Matrix()
    assert list(matrix_lines(matrix)) == []
    matrix.add([cell(Verdict.KEPT), cell(Verdict.BROKEN), cell(Verdict.UNPROVED)], 30, 0.01)
    lines = "\n".join(matrix_lines(matrix))
    assert "1 kept, 1 BROKEN, 1 NOT PROVED" in lines
    assert "3000 a second" in lines


def test_nothing_is_shared_by_default() -> None:
    assert Sharing.declared(DECLARATION) == Sharing((), ())


def test_what_is_shared_is_shared_for_its_reason_only(tmp_path: Path) -> None:
    path = tmp_path / "sharing.toml"
    path.write_text('[[shared]]\nsurface = "table public.c*"\noperations = ["read"]\nreason = "Maps are public."\n')
    sharing = Sharing.declared(path)
    assert sharing.reason("table public.countries", "read") == "Maps are public."
    assert sharing.reason("table public.countries", "delete") is None
    assert sharing.reason("table public.rooms", "read") is None


@pytest.mark.parametrize(
    "told", ['[[shared]]\nsurface="t"\noperations=["read"]\n', '[[untouched]]\nfunction="f"\n', "[[shared]]\n", "["]
)
def test_a_declaration_without_reason_is_refused(tmp_path: Path, told: str) -> None:
    path = tmp_path / "sharing.toml"
    path.write_text(told)
    with pytest.raises(CannotRun):
        Sharing.declared(path)


def test_planted_values_carry_the_clinics_tag() -> None:
    assert SIDE.tag in str(first_value(column("text"), SIDE, 0))
    assert SIDE.tag in str(first_value(column("uuid"), SIDE, 3))
    assert first_value(column("varchar", length=5), SIDE, 0) == "'2c3d4'".replace("2", "2")
    assert first_value(column("a_type_of_the_future"), SIDE, 0) is None
    assert tagged_uuid(SIDE, 1, 2) != tagged_uuid(SIDE, 2, 2)
    assert direction(SIDE, 3).count("1") == 1


def test_a_checks_own_words_and_numbers_are_tried() -> None:
    words = list(other_values(column("text"), "CHECK ((state = ANY (ARRAY['open'::text, 'it''s'::text])))", SIDE))
    assert {"'open'", "'it''s'"} <= set(words)
    assert SIDE.tag in words[0]
    assert "480" in list(other_values(column("int4"), "CHECK ((n >= 5) AND (n <= 480))", SIDE))


def test_quotes_in_a_literal_are_doubled() -> None:
    assert text("it's") == "'it''s'"


def test_a_probe_is_told_without_the_session() -> None:
    identity = Identity("x", "authenticated", {"sub": "s", "session_id": "secret", "email": "o@example.com"})
    assert "secret" not in identity.for_psql()
