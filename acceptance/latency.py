"""Answer times as a distribution, judged at a stated percentile."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from acceptance.errors import Inconclusive, PromiseBroken

FEWEST_SAMPLES = 20
METRIC = re.compile(r"([\w-]+)\s*;\s*dur=(\d+(?:\.\d+)?)")


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


def must_tell_their_times(answers: Iterable[tuple[str, str, float]]) -> None:
    """Who was answered, with what Server-Timing, after how many milliseconds; raises Inconclusive for no answer at all."""
    known = list(answers)
    if not known:
        raise Inconclusive("Nobody has been answered yet.")
    for answer in known:
        _must_tell_its_time(*answer)


def _must_tell_its_time(who: str, server_timing: str, waited_ms: float) -> None:
    """Server-Timing (W3C): `db` is a part of `total`, and `total` no more than was waited."""
    told = {name: float(milliseconds) for name, milliseconds in METRIC.findall(server_timing)}
    if "total" not in told or "db" not in told:
        said = f"says {server_timing!r}" if server_timing else "says nothing of it"
        raise PromiseBroken(f"The answer to {who} should say how long it took, in all and in the database; it {said}.")
    if not 0 < told["db"] <= told["total"] <= waited_ms:
        raise PromiseBroken(
            f"The answer to {who} should say how long it really took; it says {told['total']:.2f} ms, "
            f"{told['db']:.2f} ms of them in the database, and {waited_ms:.2f} ms were waited."
        )
