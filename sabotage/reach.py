"""Which scenarios carry out which statements of the backend: only they can notice a change there.

The backend's modules are imported with a note before every statement of a function. What has run before the first
scenario is noted under no name.
"""

import ast
import builtins
import mmap
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sabotage.replacing import BACKEND, replace_modules

START = ""  # the name under which stands what runs before any scenario
LONGEST_NAME = 512  # bytes
NOTE = "__note__"


@dataclass(frozen=True)
class Now:
    """The name of the scenario that is running, in memory that all processes forked later share."""

    memory: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, LONGEST_NAME))

    def tell(self, name: str) -> None:
        self.memory[:] = name.encode().ljust(LONGEST_NAME, b"\0")

    def name(self) -> bytes:
        return self.memory[:].rstrip(b"\0")


@dataclass(frozen=True)
class Reach:
    """By module and the first line of a statement: the names of the scenarios that carry it out."""

    scenarios: Mapping[tuple[str, int], frozenset[str]]

    @classmethod
    def read(cls, notes: Path) -> "Reach":
        found: dict[tuple[str, int], set[str]] = {}
        for note in notes.read_text().splitlines():
            module, line, name = note.split("\t")
            found.setdefault((module, int(line)), set()).add(name)
        return cls({place: frozenset(names) for place, names in found.items()})

    def of(self, module: str, source: str, line: int) -> frozenset[str] | None:
        """Who carries out what stands on this line; None where it also runs before any scenario, so that all may notice."""
        statement = _statement_at(ast.parse(source), line)
        names = self.scenarios.get((module, statement), frozenset()) if statement else None
        return None if names is None or START in names else names


def note_into(notes: Path, now: Now) -> None:
    """Import the backend again, noting in a file what runs; called in the backend's process."""
    with notes.open("ab", buffering=0) as opened:
        descriptor = os.dup(opened.fileno())
    setattr(builtins, NOTE, _note(descriptor, now))
    replace_modules(
        {path.stem: _noting(path.stem, path.read_text()) for path in BACKEND.glob("*.py") if path.stem != "__init__"}
    )


def _note(descriptor: int, now: Now) -> Callable[[str, int], None]:
    seen: set[tuple[str, int, bytes]] = set()

    def note(module: str, line: int) -> None:
        key = (module, line, now.name())
        if key not in seen:
            seen.add(key)
            os.write(descriptor, b"%s\t%d\t%s\n" % (module.encode(), line, key[2]))

    return note


def _noting(module: str, source: str) -> str:
    """The source with a note before every statement of every function."""
    tree = ast.parse(source)
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]:
        for block in _blocks(function):
            noted = [part for statement in block for part in (_call(module, statement), statement)]
            block[:] = noted[1:] if ast.get_docstring(function) and block is function.body else noted
    return ast.unparse(ast.fix_missing_locations(tree))


def _blocks(function: ast.AST) -> Iterator[list[ast.stmt]]:
    """The lists of statements in a function, but not those of functions and classes inside it."""
    for _name, value in ast.iter_fields(function):
        parts: Sequence[object] = value if isinstance(value, list) else []
        if parts and isinstance(parts[0], ast.stmt):
            yield value
        for part in parts:
            if isinstance(part, ast.stmt | ast.ExceptHandler | ast.match_case) and not isinstance(part, _SCOPES):
                yield from _blocks(part)


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _call(module: str, statement: ast.stmt) -> ast.stmt:
    return ast.parse(f"{NOTE}({module!r}, {statement.lineno})").body[0]


def _statement_at(tree: ast.AST, line: int) -> int | None:
    """The first line of the innermost statement of a function on this line; None for what runs at import."""
    found = None
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
        for block in _blocks(function):
            for statement in block:
                if statement.lineno <= line <= (statement.end_lineno or 0):
                    found = max(found or 0, statement.lineno)
    return found
