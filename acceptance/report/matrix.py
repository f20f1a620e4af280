"""The matrix of a run: who tried what on which kind of thing, and how much of it was turned away."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from acceptance.isolation_cells import Cell, Verdict

MARKS = {Verdict.KEPT: "kept", Verdict.BROKEN: "BROKEN", Verdict.UNPROVED: "NOT PROVED", Verdict.LEFT_OUT: "left out"}


@dataclass
class Matrix:
    """All cells of a run, with the statements and the seconds they took."""

    cells: list[Cell] = field(default_factory=list)
    statements: int = 0
    seconds: float = 0.0

    def add(self, cells: Sequence[Cell], statements: int, seconds: float) -> None:
        self.cells += cells
        self.statements += statements
        self.seconds += seconds


def matrix_lines(matrix: Matrix) -> Iterator[str]:
    """A line for each operation with the verdicts counted, and one with the rate; nothing when nothing was probed."""
    if not matrix.cells:
        return
    surfaces = {cell.surface for cell in matrix.cells}
    people = {cell.identity for cell in matrix.cells}
    yield f"Isolation: {len(matrix.cells)} cells on {len(surfaces)} surfaces, for {len(people)} identities"
    for operation in dict.fromkeys(cell.operation for cell in matrix.cells):
        counted = Counter(cell.verdict for cell in matrix.cells if cell.operation == operation)
        told = ", ".join(f"{counted[verdict]} {mark}" for verdict, mark in MARKS.items() if counted[verdict])
        yield f"  {operation:<36} {told}"
    if matrix.seconds:
        rate = matrix.statements / matrix.seconds
        yield f"  {matrix.statements} statements in {matrix.seconds:.2f} s, {rate:.0f} a second"
