"""The promises of a clinic's calendar, each judged by what stands in it; Google may be ill meanwhile.

Every function raises PromiseBroken with what was expected and what was seen.
"""

import time
from collections.abc import Callable
from datetime import UTC, timedelta
from functools import partial
from typing import TypeVar

from acceptance.asked import promised
from acceptance.calendar import CalendarEvent
from acceptance.clinics import Clinic
from acceptance.diary import Appointment
from acceptance.errors import PromiseBroken
from acceptance.promises import agree, must_be_booked, wall_clock
from acceptance.scene import Exchange, Scene

Seen = TypeVar("Seen")


def exactly_one_event(scene: Scene, exchange: Exchange) -> None:
    """However often the system tried, the clinic's calendar comes to hold one event for the appointment, as the row has it.

    It is looked at once the system says that it is done, since an attempt that is still due could make another.
    """
    row, deadline = must_be_booked(scene, exchange), _deadline(scene)
    synced = _last_seen(scene, lambda: _is_synced(scene, exchange), bool, deadline)
    seen = _await_event(scene, exchange, row, deadline)
    _must_say_what_the_row_says(scene, exchange, row, next(event for event in seen if event.id == _event_id(exchange)))
    if not synced:
        raise PromiseBroken(_not_synced(scene, exchange))
    found = [event for event in seen if _is_of(event, exchange)]
    if len(found) != 1:
        ids = ", ".join(event.id for event in found)
        raise PromiseBroken(
            f"{exchange.wish.caller}'s appointment should have one event, but the calendar holds {len(found)}: {ids}"
        )


def _must_say_what_the_row_says(scene: Scene, exchange: Exchange, row: Appointment, event: CalendarEvent) -> None:
    """The row's start and end, the clinic's zone, and whom to expect."""
    clinic = scene.clinic_of(exchange.wish)
    ends_at = row.appointment_time + timedelta(minutes=row.duration_minutes)
    agree(
        f"The calendar's event for {exchange.wish.caller}",
        {
            "start": (row.appointment_time.astimezone(UTC), event.start.astimezone(UTC)),
            "end": (ends_at.astimezone(UTC), event.end.astimezone(UTC)),
            "zone": (clinic.zone.key, event.time_zone),
            "start on the clinic's clock": (
                wall_clock(row.appointment_time, clinic),
                event.start.replace(tzinfo=None),
            ),
        },
    )
    if row.patient_name not in f"{event.summary} {event.description}":
        raise PromiseBroken(f"The event should say whom to expect, {row.patient_name}; it says {event.summary!r}.")


def calendar_must_not_show(scene: Scene, exchange: Exchange) -> None:
    """The event was there and is gone, or is going within the deadline."""
    calendar = f"the calendar of {scene.clinic_of(exchange.wish).name}"
    _await(
        scene,
        lambda: _event(scene, exchange),
        lambda event: event is not None and event.status == "cancelled",
        lambda event: (
            f"{exchange.wish.caller}'s event should leave {calendar}, which {'still shows it' if event else 'never had it'}."
        ),
    )


def event_must_be_made(scene: Scene, exchange: Exchange) -> None:
    """The event stands in the calendar, whether or not the system has heard of it."""
    calendar = f"the calendar of {scene.clinic_of(exchange.wish).name}"
    _await(
        scene,
        lambda: _event(scene, exchange),
        lambda event: event is not None and event.status != "cancelled",
        lambda _: (
            f"Google should have made {exchange.wish.caller}'s event {_in_time(scene)}, but {calendar} does not hold it."
        ),
    )


def delete_by_hand(scene: Scene, exchange: Exchange) -> None:
    """Somebody of the clinic deletes the event in Google, where the system does not see it; raises PromiseBroken."""
    with promised(f"The event of {exchange.wish.caller} should be there to be deleted"):
        scene.calendar().delete_event(_calendar_id(scene.clinic_of(exchange.wish)), _event_id(exchange))


def nothing_left_to_catch_up(scene: Scene, clinic: Clinic) -> None:
    """All that was to be done in the clinic's calendar is marked as done, and something was."""

    def unfinished() -> list[str]:
        entries = scene.run.observer.outbox(clinic.org_id)
        return [entry.status for entry in entries if entry.status != "synced"] if entries else ["no order at all"]

    _await(
        scene,
        unfinished,
        lambda seen: not seen,
        lambda seen: (
            f"The calendar of {clinic.name} should have nothing left to catch up on {_in_time(scene)}; "
            f"there is still: {', '.join(seen)}."
        ),
    )


def calendar_has_been_tried(scene: Scene, clinic: Clinic) -> None:
    """The illness was met: a write reached the calendar while it could not be done."""
    _await(
        scene,
        lambda: _illness_was_met(scene, clinic),
        bool,
        lambda _: f"The calendar of {clinic.name} should have been tried, and the failure noticed, {_in_time(scene)}.",
    )


def no_transaction_waits(scene: Scene, exchange: Exchange) -> None:
    """From the booking until the system knows that the slow calendar has the event, no transaction stands open."""

    def synced_and_none_waited() -> bool:
        waiting = scene.run.observer.waiting_transactions()
        if waiting:
            raise PromiseBroken(f"No transaction should wait for Google, but {len(waiting)} did; first: {waiting[0]}.")
        return _is_synced(scene, exchange)

    _await_synced(scene, exchange, synced_and_none_waited)


def _illness_was_met(scene: Scene, clinic: Clinic) -> bool:
    """A write was answered with the illness; one that got no answer counts once the system has given it up."""
    struck = [request for request in scene.faults().requests(_calendar_id(clinic)) if request.fault]
    return len(struck) > 1 or any(request.status is not None or request.given_up for request in struck)


def _is_of(event: CalendarEvent, exchange: Exchange) -> bool:
    """A live event that covers the caller's start or carries the appointment's id."""
    marked = exchange.outcome.appointment_id in event.private.values()
    return event.status != "cancelled" and (marked or event.start <= exchange.wish.starts_at < event.end)


def _is_synced(scene: Scene, exchange: Exchange) -> bool:
    mine = exchange.outcome.appointment_id
    entries = scene.run.observer.outbox(exchange.wish.clinic_id)
    return any(entry.status == "synced" for entry in entries if entry.appointment_id == mine)


def _await_synced(scene: Scene, exchange: Exchange, look: Callable[[], bool]) -> None:
    _await(scene, look, bool, lambda _: _not_synced(scene, exchange))


def _not_synced(scene: Scene, exchange: Exchange) -> str:
    return f"{exchange.wish.caller}'s event should be marked as synced {_in_time(scene)}, and is not."


def _await_event(scene: Scene, exchange: Exchange, row: Appointment, deadline: float) -> list[CalendarEvent]:
    """All events of the clinic's calendar, of which the appointment's is as booked."""
    clinic = scene.clinic_of(exchange.wish)

    def mine(events: list[CalendarEvent]) -> CalendarEvent | None:
        return next((event for event in events if event.id == _event_id(exchange)), None)

    def is_as_booked(events: list[CalendarEvent]) -> bool:
        event = mine(events)
        return event is not None and event.status != "cancelled" and event.start == row.appointment_time

    def broken(events: list[CalendarEvent]) -> str:
        event = mine(events)
        seen = f"shows it at {event.start} ({event.status})" if event else "has no such event"
        return (
            f"{exchange.wish.caller}'s event {_event_id(exchange)} should stand in the calendar of {clinic.name} "
            f"at {row.appointment_time} {_in_time(scene)}; it {seen}."
        )

    calendar_id = _calendar_id(clinic)
    look = partial(scene.calendar().events, calendar_id, include_cancelled=True)
    return _await(scene, look, is_as_booked, broken, deadline)


def _event(scene: Scene, exchange: Exchange) -> CalendarEvent | None:
    return scene.calendar().event(_calendar_id(scene.clinic_of(exchange.wish)), _event_id(exchange))


def _await(
    scene: Scene,
    look: Callable[[], Seen],
    holds: Callable[[Seen], bool],
    broken: Callable[[Seen], str],
    deadline: float | None = None,
) -> Seen:
    """What is seen once it holds; raises PromiseBroken with what was seen last when the calendar's time is over."""
    seen = _last_seen(scene, look, holds, deadline or _deadline(scene))
    if not holds(seen):
        raise PromiseBroken(broken(seen))
    return seen


def _last_seen(scene: Scene, look: Callable[[], Seen], holds: Callable[[Seen], bool], deadline: float) -> Seen:
    """What is seen as soon as it holds, or when the time is over."""
    while not holds(seen := look()) and time.monotonic() <= deadline:
        time.sleep(scene.poll_seconds)
    return seen


def _deadline(scene: Scene) -> float:
    return time.monotonic() + scene.calendar_seconds


def _in_time(scene: Scene) -> str:
    return f"within {scene.calendar_seconds:.0f} s"


def _event_id(exchange: Exchange) -> str:
    event_id = exchange.outcome.answer.get("google_calendar_event_id")
    if not event_id:
        raise PromiseBroken(f"{exchange.wish.caller}'s answer should name the calendar event; it names none.")
    return str(event_id)


def _calendar_id(clinic: Clinic) -> str:
    if clinic.calendar_id is None:
        raise LookupError(f"{clinic.name} has no calendar, though the target offers one.")
    return clinic.calendar_id
