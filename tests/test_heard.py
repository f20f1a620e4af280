"""What a caller hears of days and times, read from the ways in which assistants say them."""

from datetime import date, datetime, time

import pytest

from acceptance.errors import PromiseBroken
from acceptance.heard import must_hear_offers, must_hear_the_day, must_hear_when, names_the_day, times_in

MONDAY = date(2026, 11, 30)
TEN, HALF_PAST = datetime(2026, 11, 30, 10), datetime(2026, 11, 30, 10, 30)


@pytest.mark.parametrize(
    ("said", "times"),
    [
        ("at 14:30, for 30 minutes", [time(14, 30)]),
        ("from 9:00 to 09:45", [time(9), time(9, 45)]),
        ("at 2:30 pm or 2.45 p.m.", [time(14, 30), time(14, 45)]),
        ("at 9 am, 12 pm or 12 AM", [time(9), time(12), time(0)]),
        ("on 30 November 2026, room 12, 15 minutes", []),
        ("at 25:10", []),
    ],
)
def test_times_are_read(said: str, times: list[time]) -> None:
    assert times_in(said) == times


@pytest.mark.parametrize(
    "said",
    [
        "on Monday 30 November 2026",
        "on the 30th of November",
        "November 30th, 2026",
        "on 2026-11-30",
        "Nov 30",
        "30 nov",
    ],
)
def test_the_day_is_named(said: str) -> None:
    assert names_the_day(said, MONDAY)


@pytest.mark.parametrize("said", ["on 3 November", "30 December 2026", "30 November 2025", "130 November", "on Monday"])
def test_another_day_is_not_this_one(said: str) -> None:
    assert not names_the_day(said, MONDAY)


def test_an_appointment_is_read_back() -> None:
    must_hear_when("Ada", "Booked on Monday 30 November 2026 at 10:00, until 10:30.", TEN, HALF_PAST)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("Booked on Monday 30 November 2026 at 15:00.", "should hear 10:00"),
        ("Booked on Monday 30 November 2026 at 10:00, or 11:00.", "should hear 10:00"),
        ("Booked on Monday 30 November 2026.", "should hear 10:00"),
        ("Booked on Tuesday 30 November 2026 at 10:00.", "should hear Monday 30 November 2026"),
        ("Booked at 10:00.", "should hear Monday 30 November 2026"),
    ],
    ids=["another time", "two times", "no time", "another weekday", "no day"],
)
def test_an_appointment_is_not_read_back(said: str, why: str) -> None:
    with pytest.raises(PromiseBroken, match=why):
        must_hear_when("Ada", said, TEN, HALF_PAST)


def test_offers_are_read_out() -> None:
    must_hear_offers("Bea", "Free on Monday 30 November at 10:00 and 10:30.", [TEN, HALF_PAST])
    must_hear_offers("Bea", "Free on Monday 30 November at 10:00, and 1 more.", [TEN, HALF_PAST])


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("Free on Monday 30 November at 10:00 and 11:00.", "11:00 is not"),
        ("Free on Monday 30 November.", "no time is heard"),
        ("Free on 29 November at 10:00.", "should hear Monday 30"),
        ("Free on Monday 30 November at 10:00, and 2 more.", "besides the 1"),
    ],
    ids=["another time", "no time", "another day", "miscounted"],
)
def test_offers_are_not_read_out(said: str, why: str) -> None:
    with pytest.raises(PromiseBroken, match=why):
        must_hear_offers("Bea", said, [TEN, HALF_PAST])


def test_weekdays_of_the_other_days_may_be_heard() -> None:
    must_hear_the_day("Bea", "Monday 30 November and Tuesday 1 December", MONDAY, [date(2026, 12, 1)])
    with pytest.raises(PromiseBroken, match="should hear Monday"):
        must_hear_the_day("Bea", "Monday 30 November and Tuesday 1 December", MONDAY)
