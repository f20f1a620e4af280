"""Many callers at the same moment: record first, judge afterwards.

`run_at_once` only records; the judges are pure and read the history (after Jepsen's checkers).
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from acceptance.refusals import Refusal
from acceptance.voice import Outcome, Unreadable


@dataclass(frozen=True)
class Attempt:
    """One caller's request: seconds on one monotonic clock, and what came back (None: no answer was read)."""

    caller: str
    started: float
    ended: float
    outcome: Outcome | None
    trouble: str = ""


class Verdict(Enum):
    """What a history proves."""

    PROVED = "proved"
    BROKEN = "broken"
    INCONCLUSIVE = "inconclusive"
    UNCONTESTED = "uncontested"


@dataclass(frozen=True)
class Finding:
    """A verdict with its reason in one sentence."""

    verdict: Verdict
    reason: str


def run_at_once(requests: Sequence[tuple[str, Callable[[], Outcome]]]) -> list[Attempt]:
    """Start every request from one barrier, in a thread each; returns when all have ended."""
    barrier = threading.Barrier(len(requests))
    history: list[Attempt] = []

    def call(caller: str, request: Callable[[], Outcome]) -> None:
        barrier.wait()
        started = time.monotonic()
        outcome, trouble = None, ""
        try:
            outcome = request()
        except Unreadable as problem:  # it did answer, but with nothing that the contract knows
            outcome = Outcome(0, "UNREADABLE", str(problem), {}, 0.0, 0)
        except Exception as problem:  # judged afterwards: a lost answer must not look like a refusal
            trouble = f"{type(problem).__name__}: {problem}"
        history.append(Attempt(caller, started, time.monotonic(), outcome, trouble))

    threads = [threading.Thread(target=call, args=request) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return history


class Timed(Protocol):
    """Anything that began and ended, in seconds on one monotonic clock."""

    @property
    def started(self) -> float: ...
    @property
    def ended(self) -> float: ...


def most_at_once(history: Sequence[Timed]) -> int:
    """How many requests were under way at the fullest moment."""
    changes = [(attempt.started, 1) for attempt in history] + [(attempt.ended, -1) for attempt in history]
    under_way = fullest = 0
    for _moment, change in sorted(changes):
        under_way += change
        fullest = max(fullest, under_way)
    return fullest


def judge_winner(history: Sequence[Attempt]) -> Finding:
    """Exactly one winner out of a real crowd; anything less is not proved."""
    winners = [attempt.caller for attempt in history if attempt.outcome is not None and attempt.outcome.booked]
    lost = [attempt for attempt in history if attempt.outcome is None]
    if len(winners) > 1:
        return Finding(Verdict.BROKEN, f"{_names(winners)} were all booked; only one of {len(history)} may be.")
    if lost:
        return Finding(Verdict.INCONCLUSIVE, f"{len(lost)} of {len(history)} got no answer; first: {lost[0].trouble}.")
    if not winners:
        return Finding(Verdict.INCONCLUSIVE, f"None of {len(history)} callers was booked, so nothing was contested.")
    if len(history) < 2:
        return Finding(Verdict.INCONCLUSIVE, "One caller alone contests nothing.")
    crowd = most_at_once(history)
    if crowd < 2:
        return Finding(Verdict.UNCONTESTED, "The requests came one after the other, so nothing was contested.")
    return Finding(Verdict.PROVED, f"1 of {len(history)} was booked, {crowd} were under way at once.")


def judge_others(history: Sequence[Attempt], refusal: Refusal) -> Finding:
    """Everybody who answered and was not booked was refused by exactly this name and status."""
    others = [
        (attempt.caller, attempt.outcome)
        for attempt in history
        if attempt.outcome is not None and not attempt.outcome.booked
    ]
    strays = [pair for pair in others if (pair[1].code, pair[1].status) != (refusal.code, refusal.status)]
    if strays:
        caller, outcome = strays[0]
        return Finding(
            Verdict.BROKEN,
            f"{len(strays)} of {len(history)} should be refused as {refusal.words}; {caller} was {outcome}",
        )
    if not others:
        return Finding(Verdict.INCONCLUSIVE, f"None of {len(history)} callers was refused, so nothing was contested.")
    return Finding(Verdict.PROVED, f"{len(others)} were refused as {refusal.words}.")


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
