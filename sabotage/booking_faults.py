"""Faults of the diary: overlaps, races, what is stored, what is offered, and time."""

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from reference.backend import booking, fields
from reference.backend.answers import Answer
from reference.backend.booking import Appointment, BookingRequest
from reference.backend.database import Connection
from sabotage.fault import fault

NO_CONSTRAINT = "move-checks-no-conflict.sql"
STORMS = ("2 callers at the same moment", "10 callers at the same moment")
# One round of fifty is lost to chance now and then: a pool of connections lets few of them in at once.
LARGEST_STORM = "50 callers at the same moment"
OVERLAPPING_STORM = "Ten callers whose slots overlap"


@fault(
    "The slot is looked up, then written, with no lock and nothing in the database behind it.",
    caught_by=[*STORMS, OVERLAPPING_STORM],
    also=[LARGEST_STORM],
    origin=16,
    sql=NO_CONSTRAINT,
)
def check_then_insert() -> None:
    async def no_lock(connection: Connection, provider_id: UUID) -> UUID | None:
        found = "select id from public.profiles where id = %s and role = 'provider'"
        row = await (await connection.execute(found, (provider_id,))).fetchone()
        return row[0] if row else None

    booking.lock_provider = no_lock


@fault(
    "The lock is taken only for callers whose name begins with a rare letter, so for nobody.",
    caught_by=STORMS,
    also=[LARGEST_STORM, OVERLAPPING_STORM],
    origin=17,
    sql=NO_CONSTRAINT,
)
def lock_that_nobody_takes() -> None:
    booking.LOCK_PROVIDER = "select id from public.profiles where id = %s and role = 'provider'"


def _taken_when(condition: str) -> None:
    booking.TAKEN = f"""
        select exists (
          select from public.appointments where org_id = %(clinic_id)s and provider_id = %(provider_id)s
          and status <> 'cancelled' and ({condition}) and %(earliest)s::timestamptz is not null
          and %(ends)s::timestamptz is not null and %(starts)s::timestamptz is not null)"""


@fault(
    "The overlap test looks only for appointments that start inside the new slot.",
    caught_by=["A slot that lies inside", "A slot that starts within", "A slot that shares end with"],
    origin=18,
    sql=NO_CONSTRAINT,
)
def overlap_looks_at_starts() -> None:
    _taken_when("appointment_time >= %(starts)s and appointment_time < %(ends)s")


@fault(
    "The overlap test looks only whether the new slot starts inside a taken one.",
    caught_by=["A slot that runs into", "A slot that lies around"],
    origin=18,
    sql=NO_CONSTRAINT,
)
def overlap_looks_at_the_new_start() -> None:
    _taken_when("appointment_time <= %(starts)s and upper(during) > %(starts)s")


@fault(
    "A slot counts as taken only when another starts at the very same minute.",
    caught_by=[
        "A slot that runs into",
        "A slot that lies inside",
        "A slot that starts within",
        "A slot that lies around",
        "A slot that shares end with",
        OVERLAPPING_STORM,
    ],
    origin=18,
    sql=NO_CONSTRAINT,
)
def only_the_same_start_counts() -> None:
    _taken_when("appointment_time = %(starts)s")


@fault(
    "A slot counts as taken only when start and end are the same.",
    caught_by=[
        "A slot that runs into",
        "A slot that lies inside",
        "A slot that starts within",
        "A slot that lies around",
        "A slot that shares start with",
        "A slot that shares end with",
    ],
    origin=18,
    sql=NO_CONSTRAINT,
)
def only_the_same_slot_counts() -> None:
    _taken_when("appointment_time = %(starts)s and upper(during) = %(ends)s")


@fault(
    "Slots that only touch are refused as overlapping.", caught_by=["A slot that ends as", "A slot that starts as it"]
)
def touching_counts_as_taken() -> None:
    _taken_when("during && tstzrange(%(starts)s, %(ends)s, '[]') or upper(during) = %(starts)s")


@fault(
    "Only confirmed appointments hold their slot, so a held one is given away.",
    caught_by=["An appointment marked as pending", "An appointment marked as completed"],
    origin=19,
    sql=NO_CONSTRAINT,
)
def only_confirmed_holds() -> None:
    booking.TAKEN = booking.TAKEN.replace("status <> 'cancelled'", "status = 'confirmed'")


@fault(
    "A cancelled appointment goes on holding its slot.",
    caught_by=["A cancelled slot can be had again"],
)
def cancelled_still_holds() -> None:
    booking.TAKEN = booking.TAKEN.replace("status <> 'cancelled'", "status is not null")


@fault(
    "A conflict is reported as an inner error.",
    caught_by=["A slot that", "An appointment marked as", *STORMS, LARGEST_STORM, OVERLAPPING_STORM],
)
def conflict_as_error() -> None:
    def crash() -> Any:
        raise RuntimeError("duplicate key value")

    booking.taken = crash


@fault(
    "The caller is told an appointment, and the row is never committed.",
    caught_by=["One caller, one slot", "Callers are not kept waiting"],
    origin=20,
)
def confirmed_without_a_row() -> None:
    real = booking.book

    async def book(connection: Connection, request: BookingRequest, key: str | None) -> Appointment:
        async with connection.transaction(force_rollback=True):
            return await real(connection, request, key)

    booking.book = book


@fault("The patient's name is repeated in the answer and never stored.", caught_by=["One caller, one slot"], origin=47)
def name_never_stored() -> None:
    real_insert, real_answer, names = booking.insert_appointment, booking.answer, {}

    async def insert(connection: Connection, request: BookingRequest, key: str | None) -> UUID:
        made = await real_insert(connection, request.model_copy(update={"patient_name": "Patient"}), key)
        names[made] = request.patient_name
        return made

    def answer(stored: Appointment) -> Answer:
        told = real_answer(stored)
        told.fields["appointment"]["patient_name"] = names.get(stored.id, stored.patient_name)
        return told

    booking.insert_appointment, booking.answer = insert, answer


@fault(
    "Callers without a record of their own share the first caller's.",
    caught_by=["Two callers, two patients"],
    origin=48,
)
def one_patient_for_all() -> None:
    real = booking.insert_appointment
    first: dict[UUID, str] = {}

    async def insert(connection: Connection, request: BookingRequest, key: str | None) -> UUID:
        name = first.setdefault(request.clinic_id, request.patient_name)
        return await real(connection, request.model_copy(update={"patient_name": name}), key)

    booking.insert_appointment = insert


@fault(
    "The first caller of a fresh clinic cannot be booked.",
    caught_by=["One caller, one slot", "Callers are not kept waiting"],
    origin=30,
)
def first_caller_fails() -> None:
    real = booking.insert_appointment

    async def insert(connection: Connection, request: BookingRequest, key: str | None) -> UUID:
        earlier = "select from public.appointments where org_id = %s"
        if (await connection.execute(earlier, (request.clinic_id,))).rowcount == 0:
            raise LookupError("no earlier patient")
        return await real(connection, request, key)

    booking.insert_appointment = insert


@fault("Every booking waits for most of a second.", caught_by=["Callers are not kept waiting"])
def slow_answers() -> None:
    real = booking.book

    async def book(connection: Connection, request: BookingRequest, key: str | None) -> Appointment:
        await asyncio.sleep(0.6)
        return await real(connection, request, key)

    booking.book = book


@fault("A time that has passed is booked.", caught_by=["Days that cannot be booked"])
def past_is_booked() -> None:
    booking.check_time = lambda instant, now: None


@fault(
    "A date that has passed silently becomes next year's.",
    caught_by=["Days that cannot be booked"],
    origin=23,
)
def past_becomes_next_year() -> None:
    def read(arguments: Mapping[str, Any]) -> BookingRequest:
        request = fields.parse(BookingRequest, arguments)
        when = request.appointment_time
        while when < datetime.now(UTC):
            when = when.replace(year=when.year + 1)
        return request.model_copy(update={"appointment_time": when})

    booking.read = read


@fault(
    "A time without an offset is read in the server's zone.",
    caught_by=["Sayings that name no time"],
    origin=32,
)
def naive_time_in_server_zone() -> None:
    class ServerTime(datetime):
        @classmethod
        def fromisoformat(cls, text: str, /) -> Any:
            return datetime.fromisoformat(text).astimezone()

    fields.INSTANT_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")
    fields.LOCAL_INSTANT_FORM = re.compile(r"(?!)")
    fields.datetime = ServerTime


@fault("The caller is told the time in the server's zone.", caught_by=["One caller, one slot"], origin=32)
def server_time_is_told() -> None:
    Appointment.starts = property(lambda stored: stored.appointment_time.astimezone())


@fault("Any words are an address.", caught_by=["Patients who cannot be named"])
def any_words_are_an_address() -> None:
    fields.EMAIL_FORM = re.compile(".+")


@fault("Names are as long as they like.", caught_by=["Patients who cannot be named"])
def names_of_any_length() -> None:
    fields.LONGEST_NAME = 10**6


@fault("Lengths are not checked before the database does.", caught_by=["Lengths that are none"])
def lengths_unchecked() -> None:
    fields.SHORTEST_MINUTES, fields.LONGEST_MINUTES = -(10**6), 10**6


@fault(
    "A call that is delivered again is told that another caller was quicker.",
    caught_by=["The same call again", "The same call ten times"],
    origin=34,
)
def redelivery_is_a_conflict() -> None:
    async def never(*_arguments: Any) -> None:
        return None

    booking.delivered_before = never


@fault(
    "A call that is delivered again books again, beside the first.",
    caught_by=["The same call again", "The same call ten times"],
    origin=34,
    sql=NO_CONSTRAINT,
)
def redelivery_books_again() -> None:
    real = booking.insert_appointment

    async def never(*_arguments: Any) -> Any:
        return None

    async def insert(connection: Connection, request: BookingRequest, _key: str | None) -> UUID:
        return await real(connection, request, str(uuid4()))

    booking.delivered_before, booking.is_taken, booking.insert_appointment = never, never, insert


@fault("Whatever the arguments call the status is stored.", caught_by=["The caller chooses nothing"])
def status_from_the_caller() -> None:
    real_read, asked = booking.read, {}

    def read(arguments: Mapping[str, Any]) -> BookingRequest:
        request = real_read(arguments)
        asked[request.patient_email] = arguments.get("status", "confirmed")
        return request

    real_insert = booking.insert_appointment

    async def insert(connection: Connection, request: BookingRequest, key: str | None) -> UUID:
        made = await real_insert(connection, request, key)
        change = "update public.appointments set status = %s where id = %s"
        await connection.execute(change, (asked[request.patient_email], made))
        return made

    booking.read, booking.insert_appointment = read, insert
