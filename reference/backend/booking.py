"""The tool `book_appointment`: one short transaction between the question and the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import errors as sql
from psycopg.rows import class_row
from pydantic import BaseModel, ConfigDict

from reference.backend import fields, tenancy
from reference.backend.answers import Answer
from reference.backend.audit import Attempt
from reference.backend.database import Connection
from reference.backend.errors import Conflict, InvalidRequest, NotFound
from reference.backend.speech import spoken_day, spoken_time
from reference.backend.tenancy import Session

TOOL = "book_appointment"
HORIZON = timedelta(days=731)  # two years, whichever of them is a leap year

LOCK_PROVIDER = "select private.lock_provider(%s)"

APPOINTMENT = """
select
  a.id, a.org_id, a.provider_id, a.patient_name, a.patient_email, a.appointment_time, a.duration_minutes,
  a.status, a.created_at, e.google_event_id, coalesce(e.status, 'pending') as calendar_status,
  coalesce(s.timezone, 'UTC') as zone
from public.appointments a
left join public.calendar_events e on e.appointment_id = a.id
left join public.clinic_settings s on s.org_id = a.org_id
"""
APPOINTMENT_BY_ID = APPOINTMENT + "where a.id = %s"
APPOINTMENT_BY_KEY = APPOINTMENT + "where a.org_id = %s and a.idempotency_key = %s"

# The bounds on the start serve the index: row security does not let it serve the range operator.
TAKEN = """
select exists (
  select from public.appointments
  where org_id = %(clinic_id)s and provider_id = %(provider_id)s and status <> 'cancelled'
    and appointment_time < %(ends)s and appointment_time > %(earliest)s
    and during && tstzrange(%(starts)s, %(ends)s, '[)')
)
"""

INSERT = """
insert into public.appointments
  (org_id, provider_id, patient_name, patient_email, appointment_time, duration_minutes, idempotency_key)
values (%s, %s, %s, %s, %s, %s, %s)
returning id
"""


class BookingRequest(BaseModel):
    """Arguments of `book_appointment`; anything else that is sent along has no effect."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    clinic_id: fields.Identifier
    provider_id: fields.Identifier
    patient_name: fields.PersonName
    patient_email: fields.EmailAddress
    appointment_time: fields.Instant
    duration_minutes: fields.Minutes

    @property
    def ends(self) -> datetime:
        return self.appointment_time + timedelta(minutes=self.duration_minutes)


@dataclass(frozen=True)
class Appointment:
    """A stored appointment with the clinic's zone and the state of its calendar event."""

    id: UUID
    org_id: UUID
    provider_id: UUID
    patient_name: str
    patient_email: str
    appointment_time: datetime
    duration_minutes: int
    status: str
    created_at: datetime
    google_event_id: str | None
    calendar_status: str
    zone: str

    @property
    def starts(self) -> datetime:
        """Start in the clinic's own time."""
        return self.appointment_time.astimezone(tenancy.zone_of(self.zone))

    @property
    def ends(self) -> datetime:
        """End in the clinic's own time; counted in instants, as its clock may be put forward meanwhile."""
        ends = self.appointment_time + timedelta(minutes=self.duration_minutes)
        return ends.astimezone(tenancy.zone_of(self.zone))


async def book_appointment(session: Session, arguments: Mapping[str, Any], idempotency_key: str | None) -> Answer:
    """Book a free slot; raises InvalidRequest, Forbidden, NotFound or Conflict, having changed nothing."""
    request = read(arguments)
    attempt = Attempt(TOOL, "insert:appointments", request.clinic_id, request.provider_id)
    await tenancy.require_own_clinic(session, attempt)
    try:
        async with session.database.as_caller(session.caller) as connection:
            return answer(await book(connection, request, idempotency_key))
    except sql.ExclusionViolation:
        raise taken() from None
    except sql.UniqueViolation:
        # Two deliveries of one key for two providers hold different locks; the index decides between them.
        raise key_used() from None
    except sql.InsufficientPrivilege:
        await tenancy.deny(session, attempt, "This clinic is not yours to act for.")


async def book(connection: Connection, request: BookingRequest, idempotency_key: str | None) -> Appointment:
    """The transaction's steps in their order; the lock comes first, so that all else sees its winner."""
    if await lock_provider(connection, request.provider_id) is None:
        raise NotFound("There is no such provider at this clinic.")
    earlier = await delivered_before(connection, request.clinic_id, idempotency_key)
    if earlier is not None:
        return same_booking(earlier, request)
    if await is_taken(connection, request):
        raise taken()
    return await appointment(connection, await insert_appointment(connection, request, idempotency_key))


def read(arguments: Mapping[str, Any]) -> BookingRequest:
    request = fields.parse(BookingRequest, arguments)
    check_time(request.appointment_time, fields.utc_now())
    return request


def check_time(instant: datetime, now: datetime) -> None:
    """Raises InvalidRequest for a time that has passed or is further ahead than two years."""
    if instant < now:
        raise InvalidRequest("appointment_time is in the past.")
    if instant > now + HORIZON:
        raise InvalidRequest("appointment_time is more than two years ahead.")


async def lock_provider(connection: Connection, provider_id: UUID) -> UUID | None:
    """Hold the provider's row until the transaction ends; None unless it belongs to the caller's clinic."""
    row = await (await connection.execute(LOCK_PROVIDER, (provider_id,))).fetchone()
    return row[0] if row else None


async def delivered_before(connection: Connection, clinic_id: UUID, idempotency_key: str | None) -> Appointment | None:
    """The appointment that an earlier delivery of the same call made."""
    if idempotency_key is None:
        return None
    async with connection.cursor(row_factory=class_row(Appointment)) as cursor:
        await cursor.execute(APPOINTMENT_BY_KEY, (clinic_id, idempotency_key))
        return await cursor.fetchone()


def same_booking(earlier: Appointment, request: BookingRequest) -> Appointment:
    """The earlier appointment once more, or Conflict when the key now stands for something else."""
    if earlier.status == "cancelled":
        raise Conflict("The appointment that this idempotency key made has been cancelled since.")
    said = (
        request.provider_id,
        request.patient_name,
        request.patient_email,
        request.appointment_time,
        request.duration_minutes,
    )
    stored = (
        earlier.provider_id,
        earlier.patient_name,
        earlier.patient_email,
        earlier.appointment_time,
        earlier.duration_minutes,
    )
    if said != stored:
        raise key_used()
    return earlier


async def is_taken(connection: Connection, request: BookingRequest) -> bool:
    """Whether a live appointment of the provider overlaps [start, end)."""
    window = {
        "clinic_id": request.clinic_id,
        "provider_id": request.provider_id,
        "starts": request.appointment_time,
        "ends": request.ends,
        "earliest": request.appointment_time - timedelta(minutes=fields.LONGEST_MINUTES),
    }
    row = await (await connection.execute(TAKEN, window)).fetchone()
    return bool(row and row[0])


async def insert_appointment(connection: Connection, request: BookingRequest, idempotency_key: str | None) -> UUID:
    values = (
        request.clinic_id,
        request.provider_id,
        request.patient_name,
        request.patient_email,
        request.appointment_time,
        request.duration_minutes,
        idempotency_key,
    )
    row = await (await connection.execute(INSERT, values)).fetchone()
    assert row is not None  # INSERT … RETURNING without a row would have raised
    return UUID(str(row[0]))


async def appointment(connection: Connection, appointment_id: UUID) -> Appointment:
    """The appointment as the database holds it, which is what the answer repeats."""
    async with connection.cursor(row_factory=class_row(Appointment)) as cursor:
        await cursor.execute(APPOINTMENT_BY_ID, (appointment_id,))
        stored = await cursor.fetchone()
    assert stored is not None  # inserted by this very transaction
    return stored


def taken() -> Conflict:
    return Conflict("The provider is already booked at that time.")


def key_used() -> Conflict:
    return Conflict("This idempotency key was already used for a booking with other details.")


def answer(stored: Appointment) -> Answer:
    """The fields of the flat answer, and the sentence that is spoken."""
    starts, ends = stored.starts, stored.ends
    return Answer(
        f"Booked for {stored.patient_name} on {spoken_day(starts)} at {spoken_time(starts)}, "
        f"for {stored.duration_minutes} minutes.",
        {
            "success": True,
            "appointment_id": str(stored.id),
            "google_calendar_event_id": stored.google_event_id,
            "appointment": {
                "id": str(stored.id),
                "clinic_id": str(stored.org_id),
                "provider_id": str(stored.provider_id),
                "patient_name": stored.patient_name,
                "patient_email": stored.patient_email,
                "appointment_time": starts.isoformat(),
                "end_time": ends.isoformat(),
                "duration_minutes": stored.duration_minutes,
                "status": stored.status,
                "time_zone": stored.zone,
                "created_at": stored.created_at.isoformat(),
            },
            "calendar_sync": {"status": stored.calendar_status},
        },
    )
