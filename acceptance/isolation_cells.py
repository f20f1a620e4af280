"""A cell of the matrix: one identity, one operation, one part of the surface, and what came of it."""

from dataclasses import dataclass, field
from enum import Enum


class Verdict(Enum):
    KEPT = "kept"
    BROKEN = "broken"
    UNPROVED = "not proved"
    LEFT_OUT = "left out"


@dataclass(frozen=True)
class Cell:
    """What one identity came to with one operation on one part of the surface."""

    surface: str
    operation: str
    identity: str
    expected: str
    observed: str
    verdict: Verdict
    evidence: str = ""
    reproduce: str = field(default="", repr=False)
