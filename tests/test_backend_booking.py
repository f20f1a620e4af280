"""What a booking's arguments must look like, and what a repeated delivery may be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from reference.backend import booking, fields
from reference.backend.booking import Appointment, BookingRequest
from reference.backend.errors import Conflict, Internal, InvalidRequest

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
GOOD = {
    "clinic_id": "5add5386-c15c-4fba-bc54-76de42b203e9",
    "provider_id": "5BF0ED8B-4D57-4DB0-A556-59EF79DAF80B",
    "patient_name": "Ada",
    "patient_email": "ada@example.test",
    "appointment_time": "2026-11-24T10:00:00+00:00",
    "duration_minutes": 30,
}


@pytest.fixture(autouse=True)
def _fixed_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "utc_now", lambda: NOW)


REFUSED: list[tuple[str, Any]] = [
    *[("clinic_id", value) for value in (None, "", "harbour", 7, "5add5386c15c4fbabc5476de42b203e9", "%", ["a"])],
    *[("provider_id", value) for value in ("{5add5386-c15c-4fba-bc54-76de42b203e9}", "5add5386-", {"id": 1})],
    *[("patient_name", value) for value in (None, "", "   ", "\u00a0", 7, True, ["Ada"], "x" * 201)],
    *[("patient_name", value) for value in ("A\x00da", "A\nda", "A\u2028da", "A\ud800da", "A\x1b[2Jda", "A\x85da")],
    *[("patient_email", value) for value in (None, "", "ada", "ada@", "@example.test", "a b@example.test", 7)],
    *[("patient_email", value) for value in ("ada@example", "ada@exa mple.test", "a@b@example.test", "a@.test")],
    *[("patient_email", value) for value in ("a\x00@example.test", "a\ud800@example.test", "a@" + "x" * 250 + ".test")],
    *[("appointment_time", value) for value in (None, "", "tomorrow at ten", 1795514400, "2026-11-24", True)],
    *[("appointment_time", value) for value in ("2026-11-24T10:00:00", "2026-11-24T10:00", "2026-11-24 10:00:00")],
    *[("appointment_time", value) for value in ("2026-02-30T10:00:00Z", "2026-11-24T25:00:00Z", "2026-11-24T10:61Z")],
    *[("appointment_time", value) for value in ("2026-11-24T10:00:00+99:00", "2026-W48-2T10:00:00Z", "20261124T1000Z")],
    *[("appointment_time", value) for value in ("٢٠٢٦-11-24T10:00:00Z", "2026-11-24T10:00:00 Europe/London")],
    *[
        ("appointment_time", value)
        for value in ("2026-11-23T02:59:59Z", "2025-11-24T10:00:00Z", "0001-01-01T00:00:00+14:00")
    ],
    *[
        ("appointment_time", value)
        for value in ("2028-11-24T10:00:00Z", "9999-12-31T23:59:59-14:00", "2026-11-23T11:59:59+09:00")
    ],
    *[("duration_minutes", value) for value in (None, 0, -30, 4, 481, 10**400, 30.5, True, "30", "half an hour", [30])],
    *[("duration_minutes", value) for value in (float("inf"), float("-inf"), float("nan"), 1e300)],
]


@pytest.mark.parametrize(("field", "value"), REFUSED)
def test_a_bad_argument_is_refused_in_one_sentence_that_names_it(field: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        booking.read({**GOOD, field: value})
    sentence = str(refusal.value)
    assert sentence.startswith(f"{field} ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 120


@pytest.mark.parametrize("field", list(GOOD))
def test_a_missing_argument_is_named(field: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^{field} is required.$"):
        booking.read({name: value for name, value in GOOD.items() if name != field})


@pytest.mark.parametrize(
    ("field", "said", "understood"),
    [
        ("patient_name", "  Zoë O'Brien-Łukasz 🦷 ", "Zoë O'Brien-Łukasz 🦷"),
        ("patient_name", "'; drop table appointments; --", "'; drop table appointments; --"),
        ("patient_name", "x" * 200, "x" * 200),
        ("patient_name", "👩‍⚕️ van der Berg", "👩‍⚕️ van der Berg"),
        ("patient_email", " Ada.O'Brien+clinic@Example.TEST ", "Ada.O'Brien+clinic@Example.TEST"),
        ("patient_email", "jürgen@münchen.test", "jürgen@münchen.test"),
        ("duration_minutes", 5, 5),
        ("duration_minutes", 480, 480),
        ("duration_minutes", 45.0, 45),
        ("appointment_time", "2026-11-24t10:00z", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        (
            "appointment_time",
            "2026-11-24T19:00:00.5+0900",
            datetime(2026, 11, 24, 10, 0, 0, 500_000, tzinfo=UTC),
        ),
        ("appointment_time", "2026-11-23T12:00:00+09:00", NOW),
        ("appointment_time", "2028-11-23T03:00:00Z", datetime(2028, 11, 23, 3, tzinfo=UTC)),
    ],
)
def test_a_good_argument_is_kept_as_said(field: str, said: Any, understood: Any) -> None:
    assert getattr(booking.read({**GOOD, field: said}), field) == understood


def test_what_nobody_asked_for_has_no_effect() -> None:
    extra = {"id": str(uuid4()), "org_id": str(uuid4()), "status": "cancelled", "created_at": "1970-01-01"}
    assert booking.read({**GOOD, **extra}) == booking.read(GOOD)


def stored(request: BookingRequest, **changes: Any) -> Appointment:
    appointment = Appointment(
        id=uuid4(),
        org_id=request.clinic_id,
        provider_id=request.provider_id,
        patient_name=request.patient_name,
        patient_email=request.patient_email,
        appointment_time=request.appointment_time,
        duration_minutes=request.duration_minutes,
        status="confirmed",
        created_at=NOW,
        google_event_id="a",
        calendar_status="pending",
        zone="Europe/London",
    )
    return replace(appointment, **changes)


def test_a_redelivery_is_the_same_appointment() -> None:
    request = booking.read({**GOOD, "appointment_time": "2026-11-24T19:00:00+09:00"})
    earlier = stored(booking.read(GOOD))
    assert booking.same_booking(earlier, request) is earlier


@pytest.mark.parametrize(
    "change",
    [
        {"provider_id": uuid4()},
        {"patient_name": "Bea"},
        {"patient_email": "bea@example.test"},
        {"appointment_time": NOW + timedelta(days=3)},
        {"duration_minutes": 45},
        {"status": "cancelled"},
    ],
)
def test_a_key_that_stands_for_something_else_is_a_conflict(change: dict[str, Any]) -> None:
    request = booking.read(GOOD)
    with pytest.raises(Conflict, match="idempotency key"):
        booking.same_booking(stored(request, **change), request)


@pytest.mark.parametrize(
    ("instant", "starts", "ends", "sentence"),
    [
        # Spring: clocks in London go from 01:00 to 02:00 on 28 March 2027.
        (
            "2027-03-28T00:30:00Z",
            "2027-03-28T00:30:00+00:00",
            "2027-03-28T02:15:00+01:00",
            "28 March 2027 at 00:30",
        ),
        (
            "2027-03-28T01:30:00Z",
            "2027-03-28T02:30:00+01:00",
            "2027-03-28T03:15:00+01:00",
            "28 March 2027 at 02:30",
        ),
        # Autumn: clocks go from 02:00 back to 01:00 on 31 October 2027.
        (
            "2027-10-31T00:30:00Z",
            "2027-10-31T01:30:00+01:00",
            "2027-10-31T01:15:00+00:00",
            "31 October 2027 at 01:30",
        ),
    ],
)
def test_the_answer_speaks_the_clinics_time(instant: str, starts: str, ends: str, sentence: str) -> None:
    answer = booking.answer(stored(booking.read({**GOOD, "appointment_time": instant, "duration_minutes": 45})))
    appointment = answer.fields["appointment"]
    assert (appointment["appointment_time"], appointment["end_time"]) == (starts, ends)
    assert sentence in answer.sentence


def test_an_unknown_zone_is_not_replaced_by_another() -> None:
    with pytest.raises(Internal, match="time zone"):
        booking.answer(stored(booking.read(GOOD), zone="Atlantis/Centre"))
