"""Answer times as a distribution, judged at a stated percentile."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from acceptance.errors import Inconclusive, PromiseBroken

FEWEST_SAMPLES = 20


@dataclass(frozen=True)
class Distribution:
    """Milliseconds of every answer, in the order they came."""

    what: str
    samples: Sequence[float]

    def percentile(self, share: int) -> float:
        """The nearest-rank percentile: the smallest sample that `share` per cent do not exceed."""
        ranked = sorted(self.samples)
        return ranked[max(0, math.ceil(share / 100 * len(ranked)) - 1)]

    def __str__(self) -> str:
        figures = " ".join(f"p{share} {self.percentile(share):.0f} ms" for share in (50, 95, 99))
        return f"{self.what}: {figures} max {max(self.samples):.0f} ms of {len(self.samples)}"

    def judge(self, share: int, budget_ms: float) -> None:
        """Raises PromiseBroken over the budget, Inconclusive with too few samples."""
        if len(self.samples) < FEWEST_SAMPLES:
            raise Inconclusive(
                f"{len(self.samples)} answers are too few to judge a percentile; {FEWEST_SAMPLES} are needed."
            )
        if self.percentile(share) > budget_ms:
            raise PromiseBroken(f"{share} of 100 answers should come within {budget_ms:.0f} ms, but: {self}.")
