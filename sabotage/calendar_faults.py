"""Faults between the diary and Google Calendar."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any
from uuid import UUID

from reference.backend import booking, calendar_outbox, calendar_sync, google_events, tenancy
from reference.backend.calendar_outbox import Claim, Due, Outcome
from reference.backend.calendar_sync import CalendarWorker
from reference.backend.database import Database
from sabotage.fault import fault

LIMITS = "Google limits the rate"
TOO_MANY = "Google gets too many requests"
UNAVAILABLE = "Google is unavailable"
SILENT = "Google does not answer"
MADE_BUT_DENIED = "Google makes the event but says it cannot"
MADE_BUT_SILENT = "Google makes the event but does not answer"
BACKEND_DIES = "The backend dies before the calendars know"


@fault("The event's id is invented and nothing is sent.", caught_by=["One caller, one slot"], origin=21)
def event_invented() -> None:
    calendar_sync.send = lambda *_arguments: Outcome("synced")


@fault(
    "A calendar that was down once is never tried again.",
    caught_by=[LIMITS, TOO_MANY, UNAVAILABLE, SILENT, MADE_BUT_DENIED, MADE_BUT_SILENT, BACKEND_DIES],
    also=["Google refuses the credentials"],  # Google's client asks for new ones by itself, if there is time
    origin=24,
)
def never_tried_again() -> None:
    calendar_sync.later = lambda claim, config, error: Outcome("failed", error)


@fault(
    "An event that is there already is made again under another id.",
    caught_by=[MADE_BUT_DENIED, MADE_BUT_SILENT, BACKEND_DIES],
    also=["Google is slow"],
    origin=25,
)
def no_id_of_our_own() -> None:
    class Anonymous(google_events.GoogleEvents):
        def _corrected(self, calendar_id: str, event_id: str, wanted: Mapping[str, Any]) -> Any:
            self._insert(calendar_id, wanted)
            return super()._corrected(calendar_id, event_id, wanted)

    google_events.GoogleEvents = Anonymous


@fault("The worker gives up on the first refusal of its credentials.", caught_by=["Google refuses the credentials"])
def gives_up_on_401() -> None:
    # Or Google's client asks for new credentials by itself, which a calendar that is well again may then accept.
    library = google_events.google_auth_httplib2
    library.AuthorizedHttp = partial(library.AuthorizedHttp, refresh_status_codes=())
    _refuse_for_good("401")


@fault("A rate limit is taken for a refusal.", caught_by=[LIMITS])
def gives_up_on_403() -> None:
    _refuse_for_good("403")


@fault("Too many requests are taken for a refusal.", caught_by=[TOO_MANY])
def gives_up_on_429() -> None:
    _refuse_for_good("429")


def _refuse_for_good(status: str) -> None:
    real = calendar_sync.later

    def later(claim: Claim, config: Any, error: str) -> Outcome:
        return Outcome("failed", error) if status in error else real(claim, config, error)

    calendar_sync.later = later


@fault(
    "An event is marked as done before it is sent, so a failure or a crash loses it.",
    caught_by=[LIMITS, TOO_MANY, UNAVAILABLE, SILENT, BACKEND_DIES],
    also=["Google refuses the credentials", MADE_BUT_SILENT],
)
def done_before_sent() -> None:
    real = calendar_outbox.claim_due

    async def claim_due(database: Database, *rest: Any) -> Due:
        due = await real(database, *rest)
        async with database.as_service() as connection:
            done = "update public.calendar_events set status = 'synced' where id = any (%s)"
            await connection.execute(done, ([claim.id for claim in due.claims],))
        return due

    async def nothing_to_settle(*_arguments: Any) -> None:
        return None

    calendar_outbox.claim_due, calendar_outbox.settle = claim_due, nothing_to_settle


@fault(
    "A calendar that is named later is not told of what was booked before.", caught_by=["The clinic names its calendar"]
)
def earlier_bookings_are_forgotten() -> None:
    async def forget(*_arguments: Any) -> None:
        return None

    calendar_outbox.calendar_changed = forget


@fault("While one clinic's calendar is down, no other clinic's is written.", caught_by=[BACKEND_DIES])
def one_ill_calendar_holds_up_all() -> None:
    real = calendar_outbox.claim_due
    queue = (
        "select org_id from public.calendar_events where status = 'pending' group by org_id order by min(created_at)"
    )

    async def claim_due(database: Database, limit: int, busy: set[UUID], lease_seconds: float) -> Due:
        async with database.as_service() as connection:
            waiting = [row[0] for row in await (await connection.execute(queue)).fetchall()]
        return await real(database, limit, busy | set(waiting[1:]), lease_seconds)

    calendar_outbox.claim_due = claim_due


@fault("A call that Google never answers is never given up.", caught_by=[SILENT, MADE_BUT_SILENT])
def never_given_up() -> None:
    real = calendar_sync.connect_google
    calendar_sync.connect_google = lambda config: real(replace(config, calendar_timeout_seconds=60.0))


@fault("A transaction stays open while Google is asked.", caught_by=["Google is slow"], origin=55)
def transaction_across_google() -> None:
    real = CalendarWorker._sync

    async def sync(worker: CalendarWorker, claim: Claim, claimed_in: int) -> None:
        async with worker._database.as_service():
            await real(worker, claim, claimed_in)

    CalendarWorker._sync = sync


@fault("The caller waits until Google has the event.", caught_by=["Google "], also=[BACKEND_DIES])
def caller_waits_for_google() -> None:
    real = booking.book_appointment

    async def book(session: Any, arguments: Any, key: Any) -> Any:
        told = await real(session, arguments, key)
        for _attempt in range(14):  # longer than a caller may wait
            async with session.database.as_service() as connection:
                state = "select status from public.calendar_events where appointment_id = %s"
                row = await (await connection.execute(state, (told.fields["appointment_id"],))).fetchone()
            if row and row[0] == "synced":
                break
            await asyncio.sleep(0.05)
        return told

    booking.book_appointment = book


@fault(
    "The event's time is reckoned with today's offset instead of the day's own.",
    caught_by=["Ten o'clock is ten o'clock"],
    origin=32,
)
def todays_offset() -> None:
    real = calendar_sync.event_body

    def body(claim: Claim) -> dict[str, Any]:
        zone = tenancy.zone_of(claim.zone)
        offset = datetime.now(zone).utcoffset() or timedelta()
        made = real(claim)
        for side in ("start", "end"):
            wall = datetime.fromisoformat(made[side]["dateTime"]).replace(tzinfo=timezone(offset))
            made[side]["dateTime"] = wall.isoformat()
        return made

    calendar_sync.event_body = body


@fault(
    "The event carries the server's zone.",
    caught_by=["One caller, one slot", "A clinic far from the server", "Ten o'clock is ten o'clock"],
    origin=32,
)
def event_in_the_servers_zone() -> None:
    real = calendar_sync.event_body

    def body(claim: Claim) -> dict[str, Any]:
        made = real(claim)
        for side in ("start", "end"):
            made[side] = {
                "dateTime": datetime.fromisoformat(made[side]["dateTime"]).astimezone().isoformat(),
                "timeZone": "Asia/Tokyo",
            }
        return made

    calendar_sync.event_body = body


@fault("Every event lasts half an hour.", caught_by=["An appointment of "])
def half_an_hour_for_all() -> None:
    real = calendar_sync.event_body

    def body(claim: Claim) -> dict[str, Any]:
        made = real(claim)
        end = datetime.fromisoformat(made["start"]["dateTime"]) + timedelta(minutes=30)
        return {**made, "end": {**made["end"], "dateTime": end.isoformat()}}

    calendar_sync.event_body = body


@fault("The event does not say whom to expect.", caught_by=["One caller, one slot"])
def event_without_a_name() -> None:
    real = calendar_sync.event_body
    calendar_sync.event_body = lambda claim: {**real(claim), "summary": "Appointment", "description": "Booked"}


@fault("A cancelled appointment's event is never removed.", caught_by=["A cancelled slot can be had again"], origin=38)
def cancelled_event_stays() -> None:
    google_events.GoogleEvents.remove = lambda *_arguments: None


@fault("An event that was deleted by hand is taken for done.", caught_by=["Moved after its event was deleted"])
def deleted_event_is_not_made_again() -> None:
    class Content(google_events.GoogleEvents):
        def _corrected(self, calendar_id: str, event_id: str, wanted: Mapping[str, Any]) -> Any:
            existing = self._execute(self._events.get(calendarId=calendar_id, eventId=event_id))
            return existing if existing["status"] == "cancelled" else super()._corrected(calendar_id, event_id, wanted)

    google_events.GoogleEvents = Content


@fault("An event that is gone already cannot be removed.", caught_by=["Cancelled after its event was deleted"])
def gone_event_cannot_be_removed() -> None:
    class Strict(google_events.GoogleEvents):
        def remove(self, calendar_id: str, event_id: str) -> None:
            with google_events._reasons_only():
                self._execute(self._events.delete(calendarId=calendar_id, eventId=event_id))

    google_events.GoogleEvents = Strict


@fault(
    "The worker's own crash on a lost answer is swallowed and the event is dropped.",
    caught_by=[SILENT, MADE_BUT_SILENT],
    also=[BACKEND_DIES, "Google is slow"],
)
def lost_answer_is_dropped() -> None:
    class Dropping(google_events.GoogleEvents):
        def put(self, calendar_id: str, event_id: str, body: Mapping[str, Any]) -> None:
            try:
                super().put(calendar_id, event_id, body)
            except google_events.CalendarUnavailable as problem:
                if "timed out" not in str(problem):
                    raise
                with suppress(google_events.CalendarUnavailable):
                    super().remove(calendar_id, event_id)

    google_events.GoogleEvents = Dropping
