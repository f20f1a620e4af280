"""Free slots by the clinic's wall clock, on ordinary days and on the two days when clocks change."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from reference.backend import availability
from reference.backend.availability import AvailabilityRequest, Hours, Span
from reference.backend.errors import InvalidRequest

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
IDS = {"clinic_id": str(uuid4()), "provider_id": str(uuid4())}
LONDON = Hours("Europe/London", time(9), time(17), 30)


def request(**window: Any) -> AvailabilityRequest:
    return availability.read({**IDS, **window})


def slots(hours: Hours, minutes: int, day: str, busy: list[Span] | None = None, now: datetime = NOW) -> list[str]:
    zone = ZoneInfo(hours.zone)
    window = availability.window_of(request(date=day), zone, now)
    found = availability.free_slots(hours, timedelta(minutes=minutes), window, busy or [], now)
    return [slot.starts.isoformat() for slot in found]


def clocks(found: list[str]) -> list[str]:
    return [slot[11:16] for slot in found]


def span(start: str, end: str) -> Span:
    return Span(datetime.fromisoformat(start), datetime.fromisoformat(end))


def test_an_empty_day_offers_the_whole_grid() -> None:
    found = clocks(slots(LONDON, 30, "2026-11-24"))
    assert found == [f"{hour:02}:{minute:02}" for hour in range(9, 17) for minute in (0, 30)]


def test_nothing_runs_past_closing() -> None:
    assert clocks(slots(LONDON, 120, "2026-11-24"))[-1] == "15:00"
    assert slots(LONDON, 480, "2026-11-24") == ["2026-11-24T09:00:00+00:00"]


def test_a_taken_minute_is_in_no_slot_and_a_free_one_in_all() -> None:
    busy = [
        span("2026-11-24T08:00:00+00:00", "2026-11-24T09:05:00+00:00"),
        span("2026-11-24T10:10:00+00:00", "2026-11-24T10:20:00+00:00"),
        span("2026-11-24T11:30:00+00:00", "2026-11-24T12:00:00+00:00"),
        span("2026-11-24T16:59:00+00:00", "2026-11-24T17:30:00+00:00"),
    ]
    found = clocks(slots(LONDON, 30, "2026-11-24", busy))
    everything = clocks(slots(LONDON, 30, "2026-11-24"))
    assert [clock for clock in everything if clock not in found] == ["09:00", "10:00", "11:30", "16:30"]


def test_the_past_is_not_offered() -> None:
    now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    assert clocks(slots(LONDON, 30, "2026-11-24", now=now))[0] == "12:30"
    assert slots(LONDON, 30, "2026-11-24", now=now.replace(hour=18)) == []


def test_the_day_is_the_clinics_own() -> None:
    tokyo = Hours("Asia/Tokyo", time(9), time(17), 60)
    assert slots(tokyo, 60, "2026-11-24")[0] == "2026-11-24T09:00:00+09:00"
    auckland = Hours("Pacific/Auckland", time(0), time(23, 30), 30)
    found = slots(auckland, 30, "2026-11-24")
    assert (found[0], found[-1]) == ("2026-11-24T00:00:00+13:00", "2026-11-24T23:00:00+13:00")


@pytest.mark.parametrize("day", ["2027-03-28", "2027-10-31"])
def test_opening_hours_keep_their_clock_when_clocks_change(day: str) -> None:
    assert clocks(slots(LONDON, 30, day)) == clocks(slots(LONDON, 30, "2026-11-24"))


def test_a_skipped_hour_is_not_offered() -> None:
    night = Hours("Europe/London", time(0), time(4), 40)
    assert slots(night, 40, "2027-03-28") == [
        "2027-03-28T00:00:00+00:00",
        "2027-03-28T00:40:00+00:00",
        "2027-03-28T02:00:00+01:00",
        "2027-03-28T02:40:00+01:00",
        "2027-03-28T03:20:00+01:00",
    ]


def test_a_repeated_hour_is_offered_twice() -> None:
    night = Hours("America/New_York", time(0, 30), time(2, 30), 30)
    assert slots(night, 30, "2027-11-07") == [
        "2027-11-07T00:30:00-04:00",
        "2027-11-07T01:00:00-04:00",
        "2027-11-07T01:30:00-04:00",
        "2027-11-07T01:00:00-05:00",
        "2027-11-07T01:30:00-05:00",
        "2027-11-07T02:00:00-05:00",
    ]


def test_a_slot_across_the_change_is_measured_in_real_minutes() -> None:
    night = Hours("Europe/London", time(0), time(3), 60)
    assert clocks(slots(night, 120, "2027-03-28")) == ["00:00"]  # 00:00 to 03:00 by the clock, two hours long
    assert clocks(slots(night, 120, "2027-10-31")) == ["00:00", "01:00", "01:00"]


def test_a_day_that_begins_at_one_o_clock() -> None:
    santiago = Hours("America/Santiago", time(0), time(3), 60)
    assert clocks(slots(santiago, 60, "2027-09-05")) == ["01:00", "02:00"]


def test_a_window_of_instants_holds_its_slots_whole() -> None:
    asked = request(**{"from": "2026-11-24T16:15:00+00:00", "to": "2026-11-25T10:15:00+00:00"})
    window = availability.window_of(asked, ZoneInfo("Europe/London"), NOW)
    found = availability.free_slots(LONDON, timedelta(minutes=30), window, [], NOW)
    assert [slot.starts.isoformat()[5:16] for slot in found] == ["11-24T16:30", "11-25T09:00", "11-25T09:30"]


@pytest.mark.parametrize(
    ("window", "sentence"),
    [
        ({}, "Either date"),
        ({"date": "2026-11-24", "from": "2026-11-24T09:00:00Z", "to": "2026-11-24T10:00:00Z"}, "Either date"),
        ({"from": "2026-11-24T09:00:00Z"}, "from and to"),
        ({"from": "2026-11-24T09:00:00Z", "to": "2026-11-24T09:00:00Z"}, "from must be before to"),
        ({"from": "2026-11-24T10:00:00Z", "to": "2026-11-24T09:00:00Z"}, "from must be before to"),
        (
            {"from": "2026-11-24T10:00:00Z", "to": "2027-02-24T09:00:00Z"},
            "from and to must be at most 31 days apart",
        ),
        ({"from": "2026-11-24T10:00:00", "to": "2026-11-24T11:00:00Z"}, "from must say its offset"),
        ({"from": "2026-11-24T10:00:00Z", "to": "noon"}, "to must be"),
        ({"date": "24/11/2026"}, "date must be"),
        ({"date": "2026-02-30"}, "date is no date"),
        ({"date": "2026-11-24", "duration_minutes": 0}, "duration_minutes"),
    ],
)
def test_an_unclear_window_is_refused(window: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^{sentence}"):
        request(**window)


@pytest.mark.parametrize(
    ("window", "sentence"),
    [
        ({"date": "2026-11-22"}, "date is in the past"),
        ({"date": "2025-11-24"}, "date is in the past"),
        ({"date": "2029-11-24"}, "date is more than two years ahead"),
        ({"from": "2026-11-22T09:00:00Z", "to": "2026-11-22T10:00:00Z"}, "to is in the past"),
        ({"from": "2029-11-22T09:00:00Z", "to": "2029-11-22T10:00:00Z"}, "from is more than two years ahead"),
        ({"date": "9999-12-31"}, "date is more than two years ahead"),
        ({"date": "0001-01-01"}, "date is in the past"),
    ],
)
def test_a_window_in_which_nothing_could_be_booked_is_refused(window: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^{sentence}"):
        availability.window_of(request(**window), ZoneInfo("Europe/London"), NOW)


def test_today_is_the_clinics_today() -> None:
    late = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)  # the 24th already in Tokyo, still the 23rd in New York
    assert availability.window_of(request(date="2026-11-23"), ZoneInfo("America/New_York"), late)
    with pytest.raises(InvalidRequest):
        availability.window_of(request(date="2026-11-23"), ZoneInfo("Asia/Tokyo"), late)


def test_a_full_month_of_short_slots_is_quick_to_judge() -> None:
    hours = Hours("Europe/London", time(0), time(23, 55), 5)
    start = datetime(2026, 12, 1, tzinfo=UTC)
    every_ten_minutes = [start + timedelta(minutes=10 * n) for n in range(4000)]
    busy = [Span(begins, begins + timedelta(minutes=5)) for begins in every_ten_minutes]
    began = datetime.now(UTC)
    found = availability.free_slots(hours, timedelta(minutes=5), Span(start, start + timedelta(days=28)), busy, NOW)
    assert len(found) == 28 * 287 - len(busy)
    assert datetime.now(UTC) - began < timedelta(seconds=2)


def test_the_sentence_names_the_first_few() -> None:
    window = availability.window_of(request(date="2026-11-24"), ZoneInfo("Europe/London"), NOW)
    found = availability.free_slots(LONDON, timedelta(minutes=30), window, [], NOW)
    spoken = availability.answer(found, window, ZoneInfo("Europe/London")).sentence
    assert spoken.startswith("Free on Tuesday 24 November 2026 at 09:00, 09:30, 10:00")
    assert spoken.endswith("12:00 and 12:30, and 8 more.")
    nothing = availability.answer([], window, ZoneInfo("Europe/London")).sentence
    assert nothing == "Nothing is free on Tuesday 24 November 2026."
