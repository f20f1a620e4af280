"""What is left of a day, judged at any hour: the feature itself only ever runs at one."""

from datetime import UTC, datetime, time
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from freezegun import freeze_time

from acceptance.availability import what_is_left_is_offered
from acceptance.errors import PromiseBroken

LONDON = ZoneInfo("Europe/London")


def judge(*starts: str, code: str = "") -> None:
    """Opened from 09:00 to 11:00, in slots of half an hour, on a winter day in London."""
    slots = [{"start": f"2026-11-25T{start}:00+00:00"} for start in starts]
    wish = SimpleNamespace(caller="Bea", starts_at=datetime(2026, 11, 25, 12, tzinfo=UTC), minutes=30)
    exchange: Any = SimpleNamespace(wish=wish, outcome=SimpleNamespace(code=code, answer={"slots": slots}))
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


def test_a_refusal_is_no_empty_day() -> None:
    with pytest.raises(PromiseBroken, match="should be told what is free"):
        judge(code="INVALID_REQUEST")
