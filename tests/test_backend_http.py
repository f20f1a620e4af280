"""What the API makes of unusual requests, of settings, and of its own troubles."""

import logging
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from reference.backend import audit, booking, tenancy, tokens
from reference.backend.bodies import LARGEST_BODY
from tests import backend_support as support
from tests.backend_support import KEYS, TOOLS, Clinic, World

pytest_plugins = ("tests.backend_support",)

DIALECTS = ["flat", "tool-calls"]


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": ""}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer x"}]
)
@pytest.mark.parametrize("body", [b"{", b'{"tool": "book_appointment"}', b'{"message": {"type": "tool-calls"}}'])
def test_without_a_token_nothing_is_even_read(world: World, headers: dict[str, str], body: bytes) -> None:
    answer = world.http.post(TOOLS, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHORIZED")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "db;dur=0.00" in answer.headers["server-timing"]


def test_two_authorization_headers_are_refused(world: World) -> None:
    token = world.token()["Authorization"]
    answer = world.http.post(TOOLS, json={}, headers=[("Authorization", token), ("Authorization", token)])
    assert answer.status_code == 401


def test_a_bad_argument_is_refused_before_the_clinic_is_judged(world: World) -> None:
    status, answer = world.book(clinic_id=str(world.neighbour.id), provider_id="malformed")
    assert (status, answer) == (400, {"error": "provider_id must be a UUID.", "code": "INVALID_REQUEST"})
    assert world.audit() == []


@pytest.mark.parametrize("kind", ["status-update", "end-of-call-report", "speech-update", "hang", "brand-new"])
def test_a_message_that_asks_nothing_is_acknowledged(world: World, kind: str) -> None:
    answer = world.call({"message": {"type": kind, "call": {"id": "c"}}})
    assert (answer.status_code, answer.json()) == (200, {})


def test_the_older_function_call_books_too(world: World) -> None:
    call = {"name": "book_appointment", "parameters": support.booking(world.clinic)}
    answer = world.call({"message": {"type": "function-call", "functionCall": call}}).json()
    assert answer["result"].startswith("Booked for Ada")
    assert [str(row[0]) for row in world.diary()] == [answer["appointment_id"]]


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"tool"', "application/json", 400),
        (b"{}", "application/json", 400),
        (b'{"message": "tool-calls"}', "application/json", 400),
        (b'{"message": {"type": 7}}', "application/json", 400),
        (b'{"tool": 7, "params": {}}', "application/json", 400),
        (b'{"tool": "book_appointment", "params": []}', "application/json", 400),
        (b'{"tool": "unheard_of"}', "application/json", 404),
        ('{"tool": "unheard_of"}'.encode("utf-16"), "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
        (b" " * (LARGEST_BODY + 1), "application/json", 413),
        (b'{"tool": "book_appointment"}', "application/json; charset=utf-8", 400),
    ],
)
def test_a_body_that_cannot_be_used_is_refused_as_what_it_is(
    world: World, content: bytes, content_type: str, status: int
) -> None:
    headers = {**world.token(), **({"Content-Type": content_type} if content_type else {})}
    answer = world.http.post(TOOLS, content=content, headers=headers)
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "code"}
    assert answer.json()["code"] == ("NOT_FOUND" if status == 404 else "INVALID_REQUEST")


def test_a_body_without_a_declared_length_is_bounded_too(world: World) -> None:
    chunks = iter([b" " * 65536] * 6)
    headers = {**world.token(), "Content-Type": "application/json"}
    assert world.http.post(TOOLS, content=chunks, headers=headers).status_code == 413


def test_settings_are_the_clinics_own(world: World) -> None:
    path = f"/api/clinics/{world.clinic.id}/settings"
    owner = world.token(user_id=world.clinic.owner_id)
    change = {
        "timezone": "Africa/Lagos",
        "opening_time": "08:30",
        "slot_minutes": 20,
        "google_calendar_id": "c@g",
    }
    assert world.http.patch(path, json=change, headers=owner).status_code == 200
    shown = world.http.get(path, headers=world.token()).json()
    assert {name: shown[name] for name in change} == change
    assert (shown["closing_time"], shown["org_id"]) == ("17:00", str(world.clinic.id))
    assert world.http.patch(path, json={"google_calendar_id": None}, headers=owner).json()["google_calendar_id"] is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"org_id": str(uuid4())},
        {"timezone": "Atlantis/Centre"},
        {"timezone": "../../etc/passwd"},
        {"timezone": ""},
        {"timezone": 7},
        {"opening_time": "18:00"},
        {"opening_time": "17:00"},
        {"opening_time": "09:00+01"},
        {"opening_time": "25:00"},
        {"slot_minutes": 0},
        {"slot_minutes": True},
        {"google_calendar_id": ""},
        {"google_calendar_id": "a\x00"},
        {"updated_at": "1970-01-01", "slot_minutes": 20},
        {"slot_minutes": 20, "un\nknown": 1},
    ],
)
def test_settings_that_cannot_be_are_refused(world: World, body: Any) -> None:
    path, owner = f"/api/clinics/{world.clinic.id}/settings", world.token(user_id=world.clinic.owner_id)
    before = world.http.get(path, headers=owner).json()
    answer = world.http.patch(path, json=body, headers=owner)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")
    assert world.http.get(path, headers=owner).json() == before


def test_settings_of_another_clinic_are_refused_and_written_down(world: World) -> None:
    path, owner = f"/api/clinics/{world.neighbour.id}/settings", world.token(user_id=world.clinic.owner_id)
    assert world.http.get(path, headers=owner).status_code == 403
    assert world.http.patch(path, json={"timezone": "UTC"}, headers=owner).status_code == 403
    entries = [(entry[3], entry[2], entry[5]["effect"]) for entry in world.audit()]
    assert entries == [
        ("read_settings", world.neighbour.id, "select:clinic_settings"),
        ("change_settings", world.neighbour.id, "update:clinic_settings"),
    ]
    assert world.http.get("/api/clinics/harbour/settings", headers=owner).status_code == 400
    assert world.http.get(path).status_code == 401


def test_only_an_admin_changes_settings_whatever_the_token_says(world: World) -> None:
    path = f"/api/clinics/{world.clinic.id}/settings"
    answer = world.http.patch(path, json={"timezone": "UTC"}, headers=world.token(org_role="owner"))
    assert answer.status_code == 403
    assert [(entry[0], entry[1], entry[4]) for entry in world.audit()] == [
        (world.clinic.staff_id, "change_settings", "denied")
    ]
    assert world.http.get(path, headers=world.token()).json()["timezone"] == "Europe/London"


def test_every_answer_says_how_long_it_took(world: World) -> None:
    answers = [
        world.http.get("/health"),
        world.http.get("/openapi.json"),
        world.http.get("/nowhere"),
        world.http.get(TOOLS),
        world.http.post(TOOLS),
        world.call({}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 404, 405, 401, 400]
    for answer in answers:
        assert answer.headers["server-timing"].startswith("total;dur=")
        assert "db;dur=" in answer.headers["server-timing"]
    assert answers[3].headers["allow"] == "POST"
    assert "book_appointment" in answers[1].text


def test_the_policy_refuses_when_the_api_does_not(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def wave_through(*_arguments: Any) -> None:
        return

    monkeypatch.setattr(tenancy, "require_own_clinic", wave_through)
    status, _ = world.tool("book_appointment", support.booking(world.neighbour))
    assert status == 404
    mixed = support.booking(world.neighbour, provider_id=str(world.clinic.provider_id))
    status, answer = world.tool("book_appointment", mixed)
    assert (status, answer["code"], len(world.audit())) == (403, "FORBIDDEN", 1)
    assert world.diary(world.neighbour) == world.diary() == []


def test_the_constraint_refuses_when_the_question_is_not_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def free(*_arguments: Any) -> bool:
        return False

    monkeypatch.setattr(booking, "is_taken", free)
    assert world.book()[0] == 200
    assert world.book()[0] == 409


def test_a_refusal_stands_when_it_cannot_be_written_down(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_arguments: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(audit, "insert_entry", fail)
    with caplog.at_level(logging.ERROR):
        assert world.tool("book_appointment", support.booking(world.neighbour))[0] == 403
    assert "audit log lacks a denied book_appointment" in caplog.text
    assert "secret detail" not in caplog.text


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_nobody_foresaw_is_never_a_success(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, dialect: str
) -> None:
    async def fail(*_arguments: Any) -> Any:
        raise RuntimeError("Ada's number")

    monkeypatch.setattr(booking, "appointment", fail)
    with caplog.at_level(logging.ERROR):
        status, answer = world.book(dialect)
    assert (status, answer["code"]) == (500, "INTERNAL")
    assert "Ada" not in caplog.text + answer["error"]
    assert world.diary() == []


def test_an_error_in_the_verifier_is_no_entrance(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_arguments: Any) -> Any:
        raise RuntimeError

    monkeypatch.setattr(tokens, "verify", fail)
    answer = world.call({"tool": "book_appointment", "params": support.booking(world.clinic)})
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")
    assert "server-timing" in answer.headers


def test_an_unreachable_database_is_said_to_be_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reference.backend.database.POOL_WAIT_SECONDS", 0.2)
    config = support.config_for(f"host={tmp_path} user=authenticator dbname=postgres", KEYS)
    clinic = Clinic(uuid4(), uuid4(), uuid4(), uuid4(), uuid4())
    headers = {"Authorization": f"Bearer {support.token_for(KEYS, clinic.staff_id, clinic.id)}"}
    with support.serving(config) as client:
        assert client.get("/health").status_code == 503
        body = {"tool": "book_appointment", "params": support.booking(clinic)}
        flat = client.post(TOOLS, json=body, headers=headers)
        assert (flat.status_code, flat.json()["code"]) == (503, "UNAVAILABLE")
        message = support.tool_calls([("a", "book_appointment", support.booking(clinic))])
        answer = client.post(TOOLS, json=message, headers=headers)
        assert answer.status_code == 200
        assert answer.json()["results"][0]["metadata"] == {"code": "UNAVAILABLE", "status": 503}
