"""Bookings over HTTP on a real PostgreSQL with the project's own migrations."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests import backend_support as support
from tests.backend_support import TOOLS, World

pytest_plugins = ("tests.backend_support",)

DIALECTS = ["flat", "tool-calls"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_booking_is_stored_as_said_and_queued_for_the_calendar(world: World, dialect: str) -> None:
    starts = support.soon_at(10)
    status, answer = world.book(
        dialect,
        patient_name="Zoë O'Brien 🦷'); drop table appointments; --",
        appointment_time=starts.astimezone(ZoneInfo("America/New_York")).isoformat(),
        duration_minutes=45,
        status="cancelled",
        org_id=str(world.neighbour.id),
    )
    assert status == 200
    appointment = answer["appointment"]
    row = world.see.rows(
        "select org_id, provider_id, patient_name, patient_email, appointment_time, duration_minutes, status,"
        " created_at"
        " from public.appointments where id = %s",
        answer["appointment_id"],
    )
    assert row == [
        (
            UUID(appointment["clinic_id"]),
            UUID(appointment["provider_id"]),
            appointment["patient_name"],
            appointment["patient_email"],
            datetime.fromisoformat(appointment["appointment_time"]),
            appointment["duration_minutes"],
            appointment["status"],
            datetime.fromisoformat(appointment["created_at"]),
        )
    ]
    assert (row[0][2], row[0][4], row[0][6]) == (
        "Zoë O'Brien 🦷'); drop table appointments; --",
        starts,
        "confirmed",
    )
    event = "select google_event_id, status from public.calendar_events where appointment_id = %s"
    assert world.see.rows(event, answer["appointment_id"]) == [(answer["google_calendar_event_id"], "pending")]
    assert answer["calendar_sync"] == {"status": "pending"}
    assert world.diary(world.neighbour) == []


OVERLAPS = {
    "starts before": (-15, 30),
    "starts inside": (15, 30),
    "the same": (0, 30),
    "within": (5, 20),
    "around": (-30, 90),
    "shares the start": (0, 10),
    "shares the end": (15, 15),
    "eight hours around": (-400, 480),
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("status", ["confirmed", "pending", "completed", "no_show"])
def test_a_taken_slot_is_refused_for_each_way_to_overlap(world: World, dialect: str, status: str) -> None:
    ten = support.soon_at(10)
    assert world.book()[0] == 200
    world.see.rows("update public.appointments set status = %s where org_id = %s", status, world.clinic.id)
    before = world.diary()
    for name, (offset, minutes) in OVERLAPS.items():
        starts = (ten + timedelta(minutes=offset)).isoformat()
        refused, answer = world.book(dialect, appointment_time=starts, duration_minutes=minutes)
        assert (refused, answer.get("code")) == (409, "CONFLICT"), name
    assert world.diary() == before


def test_neighbours_in_time_are_allowed(world: World) -> None:
    ten = support.soon_at(10)
    assert world.book()[0] == 200
    for minutes in (-30, 30):
        assert world.book(appointment_time=(ten + timedelta(minutes=minutes)).isoformat())[0] == 200
    assert world.book(provider_id=str(world.clinic.second_provider_id))[0] == 200
    world.see.rows("update public.appointments set status = 'cancelled' where org_id = %s", world.clinic.id)
    assert world.book()[0] == 200


@pytest.mark.parametrize("dialect", DIALECTS)
def test_another_clinic_is_refused_and_written_down(world: World, dialect: str) -> None:
    target = world.neighbour
    for name, effect in (
        ("book_appointment", "insert:appointments"),
        ("check_availability", "select:appointments"),
    ):
        arguments = support.booking(target, date=str(support.soon_at(0).date()))
        status, answer = world.tool(name, arguments, dialect)
        assert (status, answer["code"]) == (403, "FORBIDDEN")
        user_id, action, target_id, attempted, denied, details = world.audit()[-1]
        assert (user_id, action, target_id) == (world.clinic.staff_id, name, target.id)
        assert (attempted, denied, details["effect"]) == (name, "denied", effect)
        assert details["provider_id"] == str(target.provider_id)
        assert "Ada" not in json.dumps(details)
    assert world.diary() == world.diary(target) == world.audit(target) == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_stranger_to_the_clinic_is_an_unknown_provider(world: World, dialect: str) -> None:
    sentences = set()
    for provider in (world.neighbour.provider_id, uuid4(), world.clinic.staff_id, world.clinic.owner_id):
        status, answer = world.book(dialect, provider_id=str(provider))
        assert (status, answer["code"]) == (404, "NOT_FOUND")
        sentences.add(answer["error"])
        day = str(support.soon_at(0).date())
        arguments = support.booking(world.clinic, provider_id=str(provider), date=day)
        assert world.tool("check_availability", arguments, dialect)[0] == 404
    assert len(sentences) == 1
    assert world.diary() == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_account_without_a_clinic_gets_no_default_one(world: World, dialect: str) -> None:
    token = world.token(org_id=...)
    body: dict[str, Any] = {"tool": "book_appointment", "params": support.booking(world.clinic)}
    if dialect == "tool-calls":
        body = support.tool_calls([("a", "book_appointment", support.booking(world.clinic))])
    answer = world.http.post(TOOLS, json=body, headers=token)
    assert answer.status_code == (403 if dialect == "flat" else 200)
    assert answer.json()["code"] == "FORBIDDEN"
    assert world.diary() == []


@pytest.mark.parametrize("callers", [2, 50])
def test_one_slot_many_callers(world: World, callers: int) -> None:
    gate = threading.Barrier(callers)
    ten = support.soon_at(10)

    def ask(number: int) -> int:
        starts = ten + timedelta(minutes=number % 3 * 10 - 10)
        headers = world.token()
        with httpx.Client(base_url=world.http.base_url, timeout=20) as client:
            client.get("/health")
            body = {
                "tool": "book_appointment",
                "params": support.booking(world.clinic, appointment_time=starts.isoformat()),
            }
            gate.wait()
            return client.post(TOOLS, json=body, headers=headers).status_code

    with ThreadPoolExecutor(callers) as threads:
        statuses = sorted(threads.map(ask, range(callers)))
    assert statuses == [200] + [409] * (callers - 1)
    assert len(world.diary()) == 1


def test_a_redelivered_tool_call_is_the_same_appointment(world: World) -> None:
    message = support.tool_calls([("a", "book_appointment", support.booking(world.clinic))], "phone-call")
    with ThreadPoolExecutor(8) as threads:
        answers = [answer.json() for answer in threads.map(world.call, [message] * 8)]
    assert len({answer["appointment_id"] for answer in answers}) == 1
    assert len(world.diary()) == 1
    events = "select count(*) from public.calendar_events where org_id = %s"
    assert world.see.value(events, world.clinic.id) == 1
    other = support.booking(world.clinic, patient_name="Bea", appointment_time=support.soon_at(15).isoformat())
    answer = world.call(support.tool_calls([("a", "book_appointment", other)], "phone-call")).json()
    assert (answer["code"], answer["error"][:20]) == ("CONFLICT", "This idempotency key")
    world.see.rows("update public.appointments set status = 'cancelled' where org_id = %s", world.clinic.id)
    assert world.call(message).json()["code"] == "CONFLICT"


def test_one_key_for_two_providers_at_once_is_one_booking(world: World) -> None:
    gate = threading.Barrier(2)

    def ask(provider: UUID) -> int:
        body = {
            "tool": "book_appointment",
            "params": support.booking(world.clinic, provider_id=str(provider)),
        }
        gate.wait()
        return world.call(body, **{"Idempotency-Key": '"one"'}).status_code

    with ThreadPoolExecutor(2) as threads:
        statuses = sorted(threads.map(ask, (world.clinic.provider_id, world.clinic.second_provider_id)))
    assert statuses == [200, 409]
    assert len(world.diary()) == 1


def test_the_flat_dialect_has_its_key_in_a_header(world: World) -> None:
    body = {"tool": "book_appointment", "params": support.booking(world.clinic)}
    first, second = (world.call(body, **{"Idempotency-Key": '"k"'}) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert world.call(body).status_code == 409
    assert world.call(body, **{"Idempotency-Key": ""}).status_code == 400


def test_a_key_of_the_neighbours_is_not_ours(world: World) -> None:
    body = {"tool": "book_appointment", "params": support.booking(world.neighbour)}
    headers = {**world.token(world.neighbour), "Idempotency-Key": "k"}
    assert world.http.post(TOOLS, json=body, headers=headers).status_code == 200
    mine = {"tool": "book_appointment", "params": support.booking(world.clinic)}
    assert world.call(mine, **{"Idempotency-Key": "k"}).status_code == 200


def test_calls_of_one_message_are_each_answered_in_order(world: World) -> None:
    later = support.booking(world.clinic, appointment_time=support.soon_at(14).isoformat())
    calls = [
        ("first", "book_appointment", support.booking(world.clinic)),
        ("broken", "book_appointment", '{"clinic_id": "5add'),
        ("unknown", "order_a_pizza", {}),
        ("taken", "book_appointment", support.booking(world.clinic)),
        ("last", "book_appointment", json.dumps(later)),
    ]
    answer = world.call(support.tool_calls(calls))
    assert answer.status_code == 200
    entries = answer.json()["results"]
    assert [entry["toolCallId"] for entry in entries] == [identity for identity, _, _ in calls]
    refusals = [(entry["metadata"]["code"], entry["metadata"]["status"]) for entry in entries[1:4]]
    assert refusals == [("INVALID_REQUEST", 400), ("NOT_FOUND", 404), ("CONFLICT", 409)]
    booked = {entries[0]["metadata"]["appointment_id"], entries[4]["metadata"]["appointment_id"]}
    assert booked == {str(row[0]) for row in world.diary()}
    spoken = [entry.get("result") or entry["error"] for entry in entries]
    assert all(isinstance(text, str) and text and "\n" not in text for text in spoken)


def test_every_offered_slot_can_be_booked_and_no_other(world: World) -> None:
    day = support.soon_at(0, days=3)
    assert world.book(appointment_time=day.replace(hour=11, minute=10).isoformat(), duration_minutes=25)[0] == 200
    arguments = support.booking(world.clinic, date=str(day.date()))
    status, answer = world.tool("check_availability", arguments)
    assert (status, answer["time_zone"]) == (200, "Europe/London")
    starts = [slot["start"] for slot in answer["slots"]]
    assert len(starts) == 14
    assert [world.book(appointment_time=start)[0] for start in starts] == [200] * 14
    assert world.tool("check_availability", arguments)[1]["slots"] == []
