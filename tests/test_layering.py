"""Dependencies point one way: features → acceptance → (embedded.py alone) → reference; sabotage → reference."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("features", "acceptance", "reference", "sabotage", "tests", "benchmarks")
MAY_IMPORT = {
    "features": {"features", "acceptance"},
    "acceptance": {"acceptance"},
    "reference": {"reference"},
    "sabotage": {"sabotage", "reference"},
}
THE_ONE_DOOR = (Path("acceptance/embedded.py"), "reference")


def imported_names(path: Path) -> Iterator[str]:
    """The top-level packages that a file imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (name.split(".")[0] for name in names)


def imported_rooms(path: Path) -> Iterator[str]:
    """Those of them that are the project's own."""
    return (name for name in imported_names(path) if name in ROOMS)


def python_files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_point_one_way(room: str) -> None:
    found = {
        (path.relative_to(ROOT), imported)
        for path in python_files(room)
        for imported in imported_rooms(path)
        if imported not in MAY_IMPORT[room]
    }
    assert found - {THE_ONE_DOOR} == set()


def test_the_check_sees_imports() -> None:
    assert "reference" in set(imported_rooms(ROOT / "acceptance/embedded.py"))
    assert "acceptance" in set(imported_rooms(ROOT / "features/environment.py"))


def test_acceptance_knows_no_behave() -> None:
    users = {path for path in python_files("acceptance") if "behave" in set(imported_names(path))}
    assert users == set()


def test_no_room_has_grown_too_large() -> None:
    lines = {
        path.relative_to(ROOT): len(path.read_text().splitlines()) for room in ROOMS for path in python_files(room)
    }
    assert {path: count for path, count in lines.items() if count > 400} == {}
