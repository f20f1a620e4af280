"""Dates by rule, never today's accident: each rule gives a day relative to now in the clinic's zone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SATURDAY = 5
AROUND_THE_WORLD = (
    "Pacific/Honolulu", "America/Los_Angeles", "America/New_York", "America/Sao_Paulo", "Europe/London",
    "Asia/Dubai", "Asia/Kolkata", "Asia/Tokyo", "Pacific/Auckland",
)  # fmt: skip


def _next_working_day(today: date, _zone: ZoneInfo) -> date:
    day = today + timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return day


def _following_working_day(today: date, zone: ZoneInfo) -> date:
    return _next_working_day(_next_working_day(today, zone), zone)


def _today(today: date, _zone: ZoneInfo) -> date:
    return today


def _yesterday(today: date, _zone: ZoneInfo) -> date:
    return today - timedelta(days=1)


def _same_day_last_year(today: date, _zone: ZoneInfo) -> date:
    return today - timedelta(days=365)


def _long_gone(_today: date, _zone: ZoneInfo) -> date:
    return date(2019, 3, 4)


def _far_future(today: date, _zone: ZoneInfo) -> date:
    return today + timedelta(days=365 * 40)


def _utc_offset(day: date, zone: ZoneInfo) -> timedelta:
    offset = datetime.combine(day, time(12), zone).utcoffset()
    return offset if offset is not None else timedelta()


def _clock_change(forward: bool) -> Callable[[date, ZoneInfo], date]:
    """The next day whose offset differs from the day before's, so far ahead that the day before is to come too."""

    def rule(today: date, zone: ZoneInfo) -> date:
        for ahead in range(3, 400):
            day = today + timedelta(days=ahead)
            before, after = _utc_offset(day - timedelta(days=1), zone), _utc_offset(day, zone)
            if (after > before) if forward else (after < before):
                return day
        raise ValueError(f"{zone.key} changes no clocks in the year to come, so this scenario needs another zone.")

    return rule


def _day_after(rule: Callable[[date, ZoneInfo], date], days: int) -> Callable[[date, ZoneInfo], date]:
    return lambda today, zone: rule(today, zone) + timedelta(days=days)


FORWARD, BACK = _clock_change(forward=True), _clock_change(forward=False)

DAYS: dict[str, Callable[[date, ZoneInfo], date]] = {
    "the next working day": _next_working_day,
    "the working day after that": _following_working_day,
    "this very day": _today,
    "yesterday": _yesterday,
    "the same day last year": _same_day_last_year,
    "a day in 2019": _long_gone,
    "a day in forty years": _far_future,
    "the day before the clocks go forward": _day_after(FORWARD, -1),
    "the day the clocks go forward": FORWARD,
    "the day after the clocks go forward": _day_after(FORWARD, 1),
    "the day before the clocks go back": _day_after(BACK, -1),
    "the day the clocks go back": BACK,
    "the day after the clocks go back": _day_after(BACK, 1),
}


@dataclass(frozen=True)
class Moment:
    """A day by rule and a time of day, to be read in a clinic's zone."""

    day: str
    time: time

    def at(self, zone: ZoneInfo) -> datetime:
        """The aware datetime in `zone`."""
        today = datetime.now(UTC).astimezone(zone).date()
        return datetime.combine(DAYS[self.day](today, zone), self.time, zone)

    def __str__(self) -> str:
        return f"{self.day} at {self.time:%H:%M}"


def minutes_between(start: time, end: time) -> int:
    """The length of a stretch of one day, in minutes."""
    return (end.hour - start.hour) * 60 + end.minute - start.minute


def zone_where_it_is_noon(now: datetime) -> ZoneInfo:
    """One of zones all around the world in which it is between ten and four o'clock, so that much of today is over and ahead."""
    noon = 12 * 60

    def minutes_from_noon(zone: ZoneInfo) -> int:
        there = now.astimezone(zone)
        return abs(there.hour * 60 + there.minute - noon)

    return min(map(ZoneInfo, AROUND_THE_WORLD), key=minutes_from_noon)
