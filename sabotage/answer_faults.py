"""Faults of what the answer to a booking says of it, while the diary is right."""

from typing import Any

from reference.backend import booking
from reference.backend.answers import Answer
from reference.backend.booking import Appointment
from sabotage.fault import fault

FIRST = "One caller, one slot"


@fault("The end that is told is the start.", caught_by=[FIRST])
def told_to_end_as_it_starts() -> None:
    Appointment.ends = property(lambda stored: stored.starts)


def _told(**changes: Any) -> None:
    real = booking.answer

    def answer(stored: Appointment) -> Answer:
        told = real(stored)
        return Answer(told.sentence, {**told.fields, "appointment": {**told.fields["appointment"], **changes}})

    booking.answer = answer


@fault("The appointment is told under another id.", caught_by=[FIRST])
def told_under_another_id() -> None:
    _told(id="00000000-0000-4000-8000-000000000000")


@fault("The zone that is told is the server's.", caught_by=[FIRST], origin=32)
def told_in_the_servers_zone() -> None:
    _told(time_zone="Asia/Tokyo")


@fault("The appointment is told to have been made long ago.", caught_by=[FIRST])
def told_to_be_old() -> None:
    _told(created_at="2020-01-01T00:00:00+00:00")


@fault("A booking is told to have failed.", caught_by=[FIRST, "Callers are not kept waiting"])
def booked_and_told_to_have_failed() -> None:
    real = booking.answer

    def answer(stored: Appointment) -> Answer:
        told = real(stored)
        return Answer(told.sentence, {**told.fields, "success": False})

    booking.answer = answer
