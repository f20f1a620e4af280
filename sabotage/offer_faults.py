"""Faults in what is offered as free."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from reference.backend import availability, booking
from reference.backend.booking import BookingRequest
from reference.backend.database import Connection
from reference.backend.errors import InvalidRequest, NotFound
from sabotage.fault import fault

A_DAY = "Free slots on the "
WITHIN_A_STRETCH = "Free slots within a stretch of time"
NOTHING_FREE = "A stretch in which nothing is free"
TODAY = "What is left of today"
LEAVING_OPEN = "Questions that leave open when"


@fault("The offered slots take no notice of the diary.", caught_by=[A_DAY, WITHIN_A_STRETCH], origin=33)
def taken_slots_offered() -> None:
    async def nobody(*_arguments: Any) -> list[Any]:
        return []

    availability.busy_spans = nobody


@fault(
    "Every second free slot is withheld.",
    caught_by=[A_DAY, WITHIN_A_STRETCH],
    also=[TODAY],  # in the evening nothing is left to withhold
    origin=33,
)
def free_slots_withheld() -> None:
    real = availability.grid
    availability.grid = lambda *arguments: real(*arguments)[::2]


@fault("Every slot is offered twice.", caught_by=[A_DAY, WITHIN_A_STRETCH], origin=37)
def same_slot_twice() -> None:
    real = availability.free_slots
    availability.free_slots = lambda *arguments: [slot for slot in real(*arguments) for _twice in range(2)]


@fault(
    "Slots are reckoned with the offset of the day's midnight, so they are an hour off when the clocks change.",
    caught_by=["Free slots on the day the clocks go"],
    origin=16,
)
def midnight_offset() -> None:
    real = availability.grid

    def grid(day: Any, hours: Any, zone: Any) -> list[datetime]:
        midnight = offset(datetime(day.year, day.month, day.day, tzinfo=zone))
        return [start + (offset(start.astimezone(zone)) - midnight) for start in real(day, hours, zone)]

    def offset(moment: datetime) -> timedelta:
        return moment.utcoffset() or timedelta()

    availability.grid = grid


@fault("A slot that begins at half past is offered and cannot be had.", caught_by=[A_DAY, WITHIN_A_STRETCH])
def half_past_cannot_be_had() -> None:
    real = booking.is_taken

    async def is_taken(connection: Connection, request: BookingRequest) -> bool:
        return request.appointment_time.minute == 30 or await real(connection, request)

    booking.is_taken = is_taken


@fault("Who asks about a stretch of time is offered the whole day.", caught_by=[WITHIN_A_STRETCH, NOTHING_FREE])
def stretch_is_widened() -> None:
    real = availability.window_of

    def whole_day(request: Any, zone: Any, now: datetime) -> availability.Span:
        window = real(request, zone, now)
        midnight = window.starts.astimezone(zone).replace(hour=0, minute=0)
        return availability.Span(midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC))

    availability.window_of = whole_day


@fault("Who does not say when is told of today.", caught_by=[LEAVING_OPEN])
def silence_means_today() -> None:
    _filled_in(lambda said: {} if {"date", "from", "to"} & said.keys() else {"date": f"{datetime.now(UTC).date()}"})


@fault("A stretch of which one end is not said lasts a day.", caught_by=[LEAVING_OPEN])
def half_a_stretch_is_enough() -> None:
    def other_end(said: Mapping[str, Any]) -> dict[str, str]:
        if ("from" in said) == ("to" in said):
            return {}
        known, missing, days = ("from", "to", 1) if "from" in said else ("to", "from", -1)
        return {missing: (datetime.fromisoformat(said[known]) + timedelta(days=days)).isoformat()}

    _filled_in(other_end)


@fault("A stretch of any length is searched.", caught_by=[LEAVING_OPEN])
def stretch_of_any_length() -> None:
    availability.LONGEST_WINDOW = timedelta(days=10**6)


@fault("Any day may be asked for, however long it is over or ahead.", caught_by=[LEAVING_OPEN])
def any_day_may_be_asked_for() -> None:
    real, ages = availability.window_of, timedelta(days=36_500)
    availability.HORIZON = 2 * ages
    availability.window_of = lambda request, zone, now: real(request, zone, now - ages)


@fault("A stretch that ends before it begins holds no slot, and nobody is told why.", caught_by=[LEAVING_OPEN])
def backward_stretch_is_empty() -> None:
    real = availability.check_window
    availability.check_window = lambda window: None if window.starts >= window.ends else real(window)


@fault("A slot that begins as an appointment ends is withheld.", caught_by=[WITHIN_A_STRETCH])
def touching_slot_is_withheld() -> None:
    real = availability.Span.overlaps
    availability.Span.overlaps = lambda slot, busy: slot.starts == busy.ends or real(slot, busy)


@fault("Anybody's free times can be asked for, also those of who is no provider.", caught_by=["Asking when "])
def anybody_is_free() -> None:
    async def is_provider(*_arguments: Any) -> bool:
        return True

    availability.is_provider = is_provider


@fault("Where nothing is free, nothing is said.", caught_by=[NOTHING_FREE])
def silence_where_nothing_is_free() -> None:
    real = availability.sentence
    availability.sentence = lambda slots, *window: real(slots, *window) if slots else ""


@fault(
    "A day without a free slot is refused as not found.",
    caught_by=[NOTHING_FREE],
    also=[TODAY],  # in the evening nothing is left of it
)
def nothing_free_is_not_found() -> None:
    real = availability.answer

    def answer(slots: Any, *window: Any) -> Any:
        if not slots:
            raise NotFound("Nothing is free.")
        return real(slots, *window)

    availability.answer = answer


@fault("An offer is told to have failed.", caught_by=[A_DAY, WITHIN_A_STRETCH, NOTHING_FREE, TODAY])
def offered_and_told_to_have_failed() -> None:
    real = availability.answer

    def answer(*found: Any) -> Any:
        told = real(*found)
        return replace(told, fields={**told.fields, "success": False})

    availability.answer = answer


@fault("Today is refused as over.", caught_by=[TODAY])
def today_is_over() -> None:
    real = availability.window_of

    def window_of(request: Any, zone: Any, now: datetime) -> availability.Span:
        if request.date == now.astimezone(zone).date():
            raise InvalidRequest("date is in the past.")
        return real(request, zone, now)

    availability.window_of = window_of


@fault("Slots that are over are offered.", caught_by=[TODAY])
def slots_that_are_over() -> None:
    real: Any = availability.free_slots
    availability.free_slots = lambda *said: real(*said[:-1], said[-1] - timedelta(days=1))


def _filled_in(more: Any) -> None:
    real = availability.read
    availability.read = lambda said: real({**said, **more(said)})
