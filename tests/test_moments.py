"""Dates by rule, on days chosen to mislead them."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from freezegun import freeze_time

from acceptance.moments import DAYS, Moment, zone_where_it_is_noon

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-20 12:00", date(2026, 11, 23)),  # a Friday
        ("2026-11-21 12:00", date(2026, 11, 23)),
        ("2026-11-22 12:00", date(2026, 11, 23)),
        ("2026-11-23 12:00", date(2026, 11, 24)),
    ],
)
def test_the_next_working_day_is_never_today_nor_a_weekend(now: str, expected: date) -> None:
    with freeze_time(now):
        assert Moment("the next working day", time(10)).at(LONDON).date() == expected


def test_today_is_the_clinics_day_not_the_servers() -> None:
    with freeze_time("2026-11-23 23:30"):
        assert Moment("the next working day", time(10)).at(ZoneInfo("Asia/Tokyo")).date() == date(2026, 11, 25)


@pytest.mark.parametrize("now", ["2026-01-01", "2026-03-27", "2026-03-29", "2026-10-24", "2026-10-25 12:00"])
@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Australia/Sydney"])
def test_the_clocks_change_on_the_days_that_say_so(now: str, zone: str) -> None:
    with freeze_time(now):
        for way, hours in (("forward", 1), ("back", -1)):
            before, after = (
                Moment(f"the day {place} the clocks go {way}", time(10)).at(ZoneInfo(zone))
                for place in ("before", "after")
            )
            offsets = (after.utcoffset() or timedelta()) - (before.utcoffset() or timedelta())
            assert offsets == timedelta(hours=hours)
            assert after.date() - before.date() == timedelta(days=2)


def test_a_zone_without_summer_time_says_so() -> None:
    with pytest.raises(ValueError, match="Africa/Lagos changes no clocks"):
        Moment("the day the clocks go back", time(10)).at(ZoneInfo("Africa/Lagos"))


def test_every_rule_gives_a_day() -> None:
    assert all(Moment(day, time(14)).at(LONDON).tzinfo is LONDON for day in DAYS)


@pytest.mark.parametrize("month", [1, 7])
def test_at_any_time_it_is_noon_somewhere(month: int) -> None:
    for hour in range(24):
        now = datetime(2026, month, 15, hour, 30, tzinfo=UTC)
        assert 10 <= now.astimezone(zone_where_it_is_noon(now)).hour < 16
