"""What is left of a day, judged at any hour: the feature itself only ever runs at one."""

from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from freezegun import freeze_time

from acceptance.availability import Offered, each_day_is_offered, what_is_left_is_offered
from acceptance.errors import PromiseBroken
from acceptance.voice import Outcome

LONDON = ZoneInfo("Europe/London")


def judge(*starts: str, code: str = "", success: bool = True) -> None:
    """Opened from 09:00 to 11:00, in slots of half an hour, on a winter day in London."""
    slots = [{"start": f"2026-11-25T{start}:00+00:00"} for start in starts]
    wish = SimpleNamespace(caller="Bea", starts_at=datetime(2026, 11, 25, 12, tzinfo=UTC), minutes=30)
    outcome = Outcome(400 if code else 200, code, "", {"success": success, "slots": slots}, 1.0, 200)
    exchange: Any = SimpleNamespace(wish=wish, outcome=outcome)
    scene: Any = SimpleNamespace(clinic_of=lambda _wish: SimpleNamespace(zone=LONDON))
    what_is_left_is_offered(scene, time(9), time(11), exchange)


@pytest.mark.parametrize(
    ("now", "offered"),
    [
        ("2026-11-25 07:00", ["09:00", "09:30", "10:00", "10:30"]),
        ("2026-11-25 09:40", ["10:00", "10:30"]),
        ("2026-11-25 10:00:20", ["10:00", "10:30"]),
        ("2026-11-25 10:00:20", ["10:30"]),
        ("2026-11-25 20:00", []),
    ],
    ids=["before opening", "in between", "just begun and offered", "just begun and not offered", "after closing"],
)
def test_what_lies_ahead_is_what_is_offered(now: str, offered: list[str]) -> None:
    with freeze_time(now):
        judge(*offered)


@pytest.mark.parametrize(
    ("now", "offered", "told"),
    [
        ("2026-11-25 07:00", [], "missing: 09:00, 09:30, 10:00, 10:30; over: none"),
        ("2026-11-25 09:40", ["10:30"], "missing: 10:00; over: none"),
        ("2026-11-25 09:40", ["09:30", "10:00", "10:30"], "missing: none; over: 09:30"),
        ("2026-11-25 20:00", ["10:30"], "missing: none; over: 10:30"),
    ],
    ids=["nothing at all", "one withheld", "one that is over", "after closing"],
)
def test_a_slot_that_is_withheld_or_over_is_named(now: str, offered: list[str], told: str) -> None:
    with freeze_time(now), pytest.raises(PromiseBroken, match=told):
        judge(*offered)


@pytest.mark.parametrize("refusal", [{"code": "INVALID_REQUEST"}, {"success": False}], ids=["refused", "no success"])
def test_a_refusal_is_no_empty_day(refusal: dict[str, Any]) -> None:
    with pytest.raises(PromiseBroken, match="should be told what is free"):
        judge(**refusal)


def offered_on(*moments: str) -> None:
    """One day from 10:30 on 25 November on, at a clinic that opens from 09:00 to 11:00, in slots of half an hour."""
    wish = SimpleNamespace(caller="Bea", starts_at=datetime(2026, 11, 25, 10, 30, tzinfo=LONDON), minutes=30)
    scene: Any = SimpleNamespace(clinic_of=lambda _wish: SimpleNamespace(zone=LONDON))
    starts = [datetime.fromisoformat(f"2026-11-{moment}:00+00:00") for moment in moments]
    offers = [Offered(start, start + timedelta(minutes=30)) for start in starts]
    exchange: Any = SimpleNamespace(wish=wish)
    each_day_is_offered(scene, offers, time(9), time(11), 1, exchange)


def test_each_day_is_offered() -> None:
    offered_on("25T10:30", "26T09:00", "26T09:30", "26T10:00")


@pytest.mark.parametrize(
    ("moments", "told"),
    [
        (["25T10:30"], "Missing: 26 November 09:00, 26 November 09:30, 26 November 10:00; too many: none"),
        (["25T10:30", "26T09:00", "26T09:30", "26T10:00", "26T10:30"], "too many: 26 November 10:30"),
        (["26T09:00", "25T10:30", "26T09:30", "26T10:00"], "once each and in order"),
        (["25T10:30", "25T10:30", "26T09:00", "26T09:30", "26T10:00"], "offered were 5"),
    ],
    ids=["a day left out", "beyond the end", "out of order", "twice"],
)
def test_a_day_that_is_not_offered_as_it_should_be(moments: list[str], told: str) -> None:
    with pytest.raises(PromiseBroken, match=told):
        offered_on(*moments)
