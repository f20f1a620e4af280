"""Percentiles by nearest rank, and what is too little to judge."""

import pytest

from acceptance.errors import Inconclusive, PromiseBroken
from acceptance.latency import Distribution, must_tell_their_times

HUNDRED = Distribution("an answer", [float(value) for value in range(100, 0, -1)])


@pytest.mark.parametrize(("share", "expected"), [(50, 50), (95, 95), (99, 99), (100, 100)])
def test_percentiles_are_samples(share: int, expected: float) -> None:
    assert HUNDRED.percentile(share) == expected


def test_of_twenty_the_nineteenth_is_judged() -> None:
    slow_one = Distribution("an answer", [10.0] * 19 + [900.0])
    slow_two = Distribution("an answer", [10.0] * 18 + [900.0] * 2)
    slow_one.judge(95, 500)
    with pytest.raises(
        PromiseBroken, match="95 of 100 answers should come within 500 ms, but: an answer: p50 10 ms p95 900"
    ):
        slow_two.judge(95, 500)


def test_nineteen_samples_prove_nothing() -> None:
    with pytest.raises(Inconclusive):
        Distribution("an answer", [1.0] * 19).judge(95, 500)


def test_an_answer_tells_its_time() -> None:
    must_tell_their_times([("Ada", "total;dur=8.10, db;dur=5.20", 9.0)])


@pytest.mark.parametrize(
    "told",
    [
        "",
        "total;dur=8.10",
        "total;dur=0.00, db;dur=0.00",
        "total;dur=8.10, db;dur=8.20",
        "total;dur=9.10, db;dur=5.20",
    ],
)
def test_a_time_that_cannot_be_is_told(told: str) -> None:
    with pytest.raises(PromiseBroken, match="The answer to Ada should say how long it"):
        must_tell_their_times([("Ada", told, 9.0)])


def test_no_answer_tells_no_time() -> None:
    with pytest.raises(Inconclusive):
        must_tell_their_times([])
