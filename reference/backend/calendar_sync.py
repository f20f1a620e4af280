"""The worker that brings appointments to Google Calendar, beside the requests and never inside one."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol
from uuid import UUID

import psycopg

from reference.backend import calendar_outbox, tenancy
from reference.backend.answers import one_line
from reference.backend.calendar_outbox import Claim, Outcome
from reference.backend.config import Config
from reference.backend.database import Database, until_reachable
from reference.backend.errors import log_problem

CALLS_AT_ONCE = 8
# Nothing announces a calendar id that was set in the database, or a notification lost with its connection.
LONGEST_IDLE_SECONDS = 30.0
PAUSE_BEFORE_LOCKED_SECONDS = 0.05  # an event that is due may be locked by whoever is changing it
PAUSE_AFTER_TROUBLE_SECONDS = 0.5
FAREWELL_SECONDS = 1.0
LONGEST_REASON = 300


class Calendar(Protocol):
    """What the worker needs of Google, in any thread: both calls may block, and may be repeated."""

    def put(self, calendar_id: str, event_id: str, body: Mapping[str, Any]) -> None: ...

    def remove(self, calendar_id: str, event_id: str) -> None: ...


class CalendarWorker:
    """Claims due events and calls Google in threads, with no transaction open meanwhile."""

    def __init__(self, config: Config, database: Database) -> None:
        self._config = config
        self._database = database
        self._wake = asyncio.Event()
        self._busy: dict[UUID, asyncio.Task[None]] = {}
        self._rounds = 0
        self._threads = ThreadPoolExecutor(CALLS_AT_ONCE, "google-calendar")
        # Importing Google's client takes a while, so begin before the first appointment needs it.
        self._calendar = self._threads.submit(connect_google, config)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work until the context ends; calls still under way get a moment, then their lease runs out."""
        loops = [asyncio.create_task(self._listen()), asyncio.create_task(self._dispatch())]
        try:
            yield
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            if self._busy:
                await asyncio.wait(self._busy.values(), timeout=FAREWELL_SECONDS)
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(psycopg.Error):
                async with await until_reachable(self._database.connect) as connection:
                    await connection.execute(f"listen {calendar_outbox.CHANNEL}")
                    self._wake.set()  # for what was announced while nobody listened
                    async for _ in connection.notifies():
                        self._wake.set()

    async def _dispatch(self) -> None:
        while True:
            self._wake.clear()
            try:
                idle = await self._start_due()
            except Exception as problem:  # the worker outlives whatever befalls one round
                log_problem("The calendar outbox cannot be read", problem)
                idle = PAUSE_AFTER_TROUBLE_SECONDS
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), idle)

    async def _start_due(self) -> float:
        """Start what is due; the seconds until there may be more."""
        self._rounds += 1
        free = CALLS_AT_ONCE - len(self._busy)
        if free == 0:
            return LONGEST_IDLE_SECONDS
        lease = lease_seconds(self._config.calendar_timeout_seconds)
        due = await calendar_outbox.claim_due(self._database, free, set(self._busy), lease)
        for claim in due.claims:
            self._busy[claim.org_id] = asyncio.create_task(self._sync(claim, self._rounds))
        if due.next_in is None:
            return LONGEST_IDLE_SECONDS
        return min(due.next_in, LONGEST_IDLE_SECONDS) if due.next_in > 0 else PAUSE_BEFORE_LOCKED_SECONDS

    async def _sync(self, claim: Claim, claimed_in: int) -> None:
        """Bring one event to Google; another round follows if the clinic has more to do, or was passed over meanwhile."""
        more = True
        try:
            outcome = await asyncio.get_running_loop().run_in_executor(self._threads, self._send, claim)
            more = await calendar_outbox.settle(self._database, claim, outcome)
        except Exception as problem:  # the lease runs out, and the event is claimed again
            log_problem("A calendar event could not be settled", problem)
        finally:
            del self._busy[claim.org_id]
            if more or self._rounds != claimed_in:
                self._wake.set()

    def _send(self, claim: Claim) -> Outcome:
        return send(self._calendar.result(), claim, self._config)


def connect_google(config: Config) -> Calendar:
    """A client of Google Calendar; imported here, as a backend should not wait for it before it answers."""
    from reference.backend.google_events import GoogleEvents

    assert config.google_service_account is not None  # without one no worker is started
    return GoogleEvents(config.google_service_account, config.google_calendar_endpoint, config.calendar_timeout_seconds)


def send(calendar: Calendar, claim: Claim, config: Config) -> Outcome:
    """Bring one event to Google, in a worker thread; whatever goes wrong is an outcome."""
    from reference.backend.google_events import CalendarRefused, CalendarUnavailable

    try:
        if claim.cancelled:
            calendar.remove(claim.calendar_id, claim.google_event_id)
        else:
            calendar.put(claim.calendar_id, claim.google_event_id, event_body(claim))
        return Outcome("synced")
    except CalendarRefused as problem:
        return Outcome("failed", reason(problem))
    except CalendarUnavailable as problem:
        return later(claim, config, reason(problem))
    except Exception as problem:
        log_problem("A calendar event could not be sent", problem)
        return later(claim, config, type(problem).__name__)


def later(claim: Claim, config: Config, error: str) -> Outcome:
    base, cap = config.calendar_retry_base_seconds, config.calendar_retry_cap_seconds
    return Outcome("pending", error, backoff(claim.attempts - 1, base, cap))


def backoff(failures_before: int, base: float, cap: float) -> float:
    """Seconds to wait: `base` doubled for every earlier failure, up to `cap`, less a random half of it."""
    return min(cap, base * 2.0 ** min(failures_before, 60)) * random.uniform(0.5, 1.0)


def lease_seconds(timeout_seconds: float) -> float:
    """Long enough for a write and its correction; what takes longer all the same is asked for again."""
    return 2.5 * timeout_seconds


def reason(problem: Exception) -> str:
    return one_line(str(problem))[:LONGEST_REASON] or type(problem).__name__


def event_body(claim: Claim) -> dict[str, Any]:
    """The event as Google Calendar API v3 takes it (Events: insert), in the clinic's own zone."""
    zone = tenancy.zone_of(claim.zone)
    with_whom = f" with {claim.provider_name}" if claim.provider_name else ""
    return {
        "summary": f"Appointment: {claim.patient_name}",
        "description": f"{claim.patient_name} ({claim.patient_email}){with_whom}.",
        "start": {"dateTime": claim.starts.astimezone(zone).isoformat(), "timeZone": claim.zone},
        "end": {"dateTime": claim.ends.astimezone(zone).isoformat(), "timeZone": claim.zone},
        "extendedProperties": {"private": {"appointment_id": str(claim.appointment_id), "org_id": str(claim.org_id)}},
    }
