"""The outbox to Google Calendar in the database: claiming what is due, and settling what was done.

An event is claimed for a lease, in a transaction that ends before Google is called. A backend that dies
leaves a lease that runs out, and the next one takes the event up. `revision` counts what the appointment went
through: only the revision that was sent is marked as synced.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from reference.backend.database import Connection, Database

CHANNEL = "calendar_events"

# One event for each clinic that is not busy, so that an ill calendar holds up one call and no other clinic.
CLAIM = """
with due as (
  select distinct on (event.org_id) event.id
  from public.calendar_events event join public.clinic_settings using (org_id)
  where event.status = 'pending' and event.next_attempt_at <= now()
    and (event.leased_until is null or event.leased_until <= now())
    and clinic_settings.google_calendar_id is not null and event.org_id <> all (%(busy)s::uuid[])
  order by event.org_id, event.next_attempt_at
), free as (
  select id from public.calendar_events
  where id in (select id from due) and status = 'pending' and (leased_until is null or leased_until <= now())
  order by next_attempt_at limit %(limit)s
  for update skip locked
)
update public.calendar_events event
set leased_until = now() + make_interval(secs => %(lease)s), attempts = event.attempts + 1
from free where event.id = free.id
returning event.id
"""

# A second statement, whose snapshot is no older than the revision it reads together with the appointment.
CLAIMED = """
select
  e.id, e.org_id, e.revision, e.attempts, e.leased_until, e.google_event_id,
  s.google_calendar_id as calendar_id, a.id as appointment_id, a.patient_name, a.patient_email,
  a.appointment_time as starts, upper(a.during) as ends, a.status = 'cancelled' as cancelled,
  s.timezone as zone, p.full_name as provider_name
from public.calendar_events e
join public.appointments a on a.id = e.appointment_id
join public.clinic_settings s on s.org_id = e.org_id
join public.profiles p on p.id = a.provider_id
where e.id = any (%s) and s.google_calendar_id is not null
"""

UNTIL_DUE = """
select extract(epoch from min(greatest(event.next_attempt_at, event.leased_until)) - now())::float8
from public.calendar_events event join public.clinic_settings using (org_id)
where event.status = 'pending' and clinic_settings.google_calendar_id is not null
  and event.org_id <> all (%s::uuid[])
"""

MARK = """
update public.calendar_events event
set status = %(status)s, leased_until = null, last_error = %(error)s,
  synced_at = case when %(status)s = 'synced' then now() else synced_at end,
  next_attempt_at = now() + make_interval(secs => %(delay)s),
  attempts = case when %(status)s = 'synced' then 0 else attempts end
where id = %(id)s and revision = %(revision)s and leased_until = %(lease)s
returning event.status = 'pending' or exists (
  select from public.calendar_events other
  where other.org_id = event.org_id and other.status = 'pending' and other.id <> event.id
)
"""

# Either the appointment changed meanwhile, or the call outlived its lease and may have undone another's work.
ASK_AGAIN = """
update public.calendar_events
set status = 'pending', revision = revision + 1, next_attempt_at = now(),
  leased_until = nullif(leased_until, %(lease)s)
where id = %(id)s
"""

REQUEUE_FAILED = """
update public.calendar_events
set status = 'pending', revision = revision + 1, attempts = 0, next_attempt_at = now(), last_error = null
where org_id = %s and status = 'failed'
"""


@dataclass(frozen=True)
class Claim:
    """One event to be brought to Google, and the lease under which this backend does so."""

    id: UUID
    org_id: UUID
    revision: int
    attempts: int
    leased_until: datetime
    google_event_id: str
    calendar_id: str
    appointment_id: UUID
    patient_name: str
    patient_email: str
    starts: datetime
    ends: datetime
    cancelled: bool
    zone: str
    provider_name: str


@dataclass(frozen=True)
class Due:
    """What was claimed, and the seconds until more of the clinics at rest may be; None when none waits."""

    claims: list[Claim]
    next_in: float | None


@dataclass(frozen=True)
class Outcome:
    """`synced`, `pending` (try again after `delay` seconds) or `failed`, with the reason on one line."""

    status: str
    error: str | None = None
    delay: float = 0.0


async def claim_due(database: Database, limit: int, busy: set[UUID], lease_seconds: float) -> Due:
    """Lease up to `limit` due events, one a clinic, of clinics that have a calendar and are not `busy`."""
    values = {"limit": limit, "busy": list(busy), "lease": lease_seconds}
    async with database.as_service() as connection:
        ids = [row[0] for row in await (await connection.execute(CLAIM, values)).fetchall()]
        claims = await _claimed(connection, ids) if ids else []
        occupied = [*busy, *(claim.org_id for claim in claims)]
        row = await (await connection.execute(UNTIL_DUE, (occupied,))).fetchone()
    return Due(claims, row[0] if row else None)


async def _claimed(connection: Connection, ids: list[UUID]) -> list[Claim]:
    async with connection.cursor(row_factory=class_row(Claim)) as cursor:
        await cursor.execute(CLAIMED, (ids,))
        return await cursor.fetchall()


async def settle(database: Database, claim: Claim, outcome: Outcome) -> bool:
    """Record what became of a claim, or ask for the event again when the claim is out of date.

    True when the clinic has more to do; what is asked for later comes with a notification.
    """
    values = {
        "id": claim.id,
        "revision": claim.revision,
        "lease": claim.leased_until,
        "status": outcome.status,
        "error": outcome.error,
        "delay": outcome.delay,
    }
    async with database.as_service() as connection:
        marked = await (await connection.execute(MARK, values)).fetchone()
        if marked is None:
            await connection.execute(ASK_AGAIN, values)
        return marked is None or bool(marked[0])


async def calendar_changed(database: Database, clinic_id: UUID) -> None:
    """A clinic named another calendar: what the old one refused for good is due again."""
    async with database.as_service() as connection:
        await connection.execute(REQUEUE_FAILED, (clinic_id,))
        await connection.execute("select pg_notify(%s, '')", (CHANNEL,))
