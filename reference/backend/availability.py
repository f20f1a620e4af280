"""The tool `check_availability`: free slots on the clinic's grid, in the clinic's own wall-clock time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.rows import class_row
from pydantic import BaseModel, ConfigDict, Field

from reference.backend import fields, tenancy
from reference.backend.answers import Answer
from reference.backend.audit import Attempt
from reference.backend.booking import HORIZON
from reference.backend.database import Connection
from reference.backend.errors import InvalidRequest, NotFound
from reference.backend.speech import spoken_day, spoken_list, spoken_time
from reference.backend.tenancy import Session

TOOL = "check_availability"
LONGEST_WINDOW = timedelta(days=31)
SPOKEN_SLOTS = 8

PROVIDER = "select from public.profiles where org_id = %s and id = %s and role = 'provider'"

HOURS = """
select
  coalesce(s.timezone, 'UTC') as zone, coalesce(s.opening_time, '09:00') as opening,
  coalesce(s.closing_time, '17:00') as closing, coalesce(s.slot_minutes, 30) as slot_minutes
from public.organizations o left join public.clinic_settings s on s.org_id = o.id
where o.id = %s
"""

BUSY = """
select lower(during), upper(during) from public.appointments
where org_id = %(clinic_id)s and provider_id = %(provider_id)s and status <> 'cancelled'
  and appointment_time < %(ends)s and appointment_time > %(earliest)s
  and during && tstzrange(%(starts)s, %(ends)s, '[)')
"""


class AvailabilityRequest(BaseModel):
    """Arguments of `check_availability`: a `date` in the clinic's zone, or `from` and `to`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    clinic_id: fields.Identifier
    provider_id: fields.Identifier
    date: fields.Day | None = None
    starts: fields.Instant | None = Field(default=None, alias="from")
    ends: fields.Instant | None = Field(default=None, alias="to")
    duration_minutes: fields.Minutes | None = None


@dataclass(frozen=True)
class Span:
    """A stretch of time, the end not included."""

    starts: datetime
    ends: datetime

    def overlaps(self, other: "Span") -> bool:
        return self.starts < other.ends and other.starts < self.ends

    def holds(self, other: "Span") -> bool:
        return self.starts <= other.starts and other.ends <= self.ends


@dataclass(frozen=True)
class Hours:
    """When a clinic is open, by its own wall clock."""

    zone: str
    opening: time
    closing: time
    slot_minutes: int


async def check_availability(session: Session, arguments: Mapping[str, Any]) -> Answer:
    """Slots that can be booked; raises InvalidRequest, Forbidden or NotFound."""
    request = read(arguments)
    attempt = Attempt(TOOL, "select:appointments", request.clinic_id, request.provider_id)
    await tenancy.require_own_clinic(session, attempt)
    now = fields.utc_now()
    async with session.database.as_caller(session.caller) as connection:
        hours = await hours_of(connection, request.clinic_id)
        if hours is None or not await is_provider(connection, request.clinic_id, request.provider_id):
            raise NotFound("There is no such provider at this clinic.")
        zone = tenancy.zone_of(hours.zone)
        window = window_of(request, zone, now)
        busy = await busy_spans(connection, request, window)
    duration = timedelta(minutes=request.duration_minutes or hours.slot_minutes)
    return answer(free_slots(hours, duration, window, busy, now), window, zone)


def read(arguments: Mapping[str, Any]) -> AvailabilityRequest:
    request = fields.parse(AvailabilityRequest, arguments)
    if (request.date is None) == (request.starts is None and request.ends is None):
        raise InvalidRequest("Either date, or from and to, must be given.")
    if request.date is None and (request.starts is None or request.ends is None):
        raise InvalidRequest("from and to must be given together.")
    if request.starts is not None and request.ends is not None:
        check_window(Span(request.starts, request.ends))
    return request


def check_window(window: Span) -> None:
    if window.starts >= window.ends:
        raise InvalidRequest("from must be before to.")
    if window.ends - window.starts > LONGEST_WINDOW:
        raise InvalidRequest(f"from and to must be at most {LONGEST_WINDOW.days} days apart.")


def window_of(request: AvailabilityRequest, zone: ZoneInfo, now: datetime) -> Span:
    """The stretch that was asked about, in UTC; raises InvalidRequest when nothing in it could be booked."""
    latest = now + HORIZON
    if request.date is not None:
        if not now.astimezone(zone).date() <= request.date <= latest.astimezone(zone).date():
            tense = "is in the past" if request.date < latest.date() else "is more than two years ahead"
            raise InvalidRequest(f"date {tense}.")
        midnight = datetime.combine(request.date, time.min, zone)
        return Span(midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC))
    assert request.starts is not None
    assert request.ends is not None
    if request.ends <= now:
        raise InvalidRequest("to is in the past.")
    if request.starts > latest:
        raise InvalidRequest("from is more than two years ahead.")
    return Span(request.starts.astimezone(UTC), request.ends.astimezone(UTC))


def free_slots(hours: Hours, duration: timedelta, window: Span, busy: Sequence[Span], now: datetime) -> list[Span]:
    """Slots that lie ahead, within the window, within opening hours and over nobody's appointment."""
    zone = tenancy.zone_of(hours.zone)
    offered = []
    day, last = window.starts.astimezone(zone).date(), window.ends.astimezone(zone).date()
    while day <= last:
        opening, closing = _earliest(day, hours.opening, zone), _earliest(day, hours.closing, zone)
        bookable = Span(max(window.starts, opening), min(window.ends, closing))
        near = [span for span in busy if span.overlaps(bookable)]
        for start in grid(day, hours, zone):
            slot = Span(start, start + duration)
            ahead = now < slot.starts <= now + HORIZON
            if ahead and bookable.holds(slot) and not any(slot.overlaps(span) for span in near):
                offered.append(Span(slot.starts.astimezone(zone), slot.ends.astimezone(zone)))
        day += timedelta(days=1)
    return offered


def grid(day: date, hours: Hours, zone: ZoneInfo) -> list[datetime]:
    """The instants a slot may start at, by the wall clock: none in a skipped hour, two in a repeated one."""
    found: set[datetime] = set()
    local = datetime.combine(day, hours.opening)
    while local < datetime.combine(day, hours.closing):
        found.update(_instants(local, zone))
        local += timedelta(minutes=hours.slot_minutes)
    return sorted(found)


def _instants(local: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    for fold in (0, 1):
        instant = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None, fold=0) == local:
            yield instant


def _earliest(day: date, clock: time, zone: ZoneInfo) -> datetime:
    # A time that a changing clock shows twice, or skips, opens and closes at the earlier of its two readings.
    local = datetime.combine(day, clock)
    return min(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


async def hours_of(connection: Connection, clinic_id: UUID) -> Hours | None:
    async with connection.cursor(row_factory=class_row(Hours)) as cursor:
        await cursor.execute(HOURS, (clinic_id,))
        return await cursor.fetchone()


async def is_provider(connection: Connection, clinic_id: UUID, provider_id: UUID) -> bool:
    cursor = await connection.execute(PROVIDER, (clinic_id, provider_id))
    return cursor.rowcount == 1


async def busy_spans(connection: Connection, request: AvailabilityRequest, window: Span) -> list[Span]:
    """Live appointments of the provider that reach into the window."""
    values = {
        "clinic_id": request.clinic_id,
        "provider_id": request.provider_id,
        "starts": window.starts,
        "ends": window.ends,
        "earliest": window.starts - timedelta(minutes=fields.LONGEST_MINUTES),
    }
    rows = await (await connection.execute(BUSY, values)).fetchall()
    return [Span(starts, ends) for starts, ends in rows]


def answer(slots: Sequence[Span], window: Span, zone: ZoneInfo) -> Answer:
    return Answer(
        sentence(slots, window.starts.astimezone(zone), window.ends.astimezone(zone)),
        {
            "success": True,
            "slots": [{"start": slot.starts.isoformat(), "end": slot.ends.isoformat()} for slot in slots],
            "time_zone": zone.key,
        },
    )


def sentence(slots: Sequence[Span], starts: datetime, ends: datetime) -> str:
    """The first few slots, day by day, as nobody listens to forty."""
    if not slots:
        first, last = spoken_day(starts), spoken_day(ends - timedelta(microseconds=1))
        return f"Nothing is free on {first}." if first == last else f"Nothing is free from {first} to {last}."
    days = groupby(slots[:SPOKEN_SLOTS], key=lambda slot: slot.starts.date())
    parts = [f"on {spoken_day(day)} at {spoken_list([spoken_time(slot.starts) for slot in of])}" for day, of in days]
    more = len(slots) - SPOKEN_SLOTS
    return f"Free {'; '.join(parts)}{f', and {more} more' if more > 0 else ''}."
