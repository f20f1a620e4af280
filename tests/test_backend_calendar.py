"""The outbox worker on a real PostgreSQL, with a calendar that a test can make ill."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from reference.backend import calendar_outbox, calendar_sync
from reference.backend.calendar_outbox import Claim, Due, Outcome
from reference.backend.config import Config
from reference.backend.database import Database
from reference.backend.google_events import CalendarRefused, CalendarUnavailable, event_id_for
from reference.platform.postgres import Postgres
from tests import backend_support as support
from tests.backend_support import KEYS, Clinic, Observer, wait_for

pytest_plugins = ("tests.backend_support",)

CONFIG = Config("", "issuer", calendar_retry_base_seconds=0.05, calendar_retry_cap_seconds=0.2)
EVENT = (
    "select e.status, e.attempts, e.last_error, e.leased_until, e.revision from public.calendar_events e"
    " where e.appointment_id = %s"
)


@dataclass
class FakeCalendar:
    """Holds events by calendar and id; `before` is called first, and may wait or raise."""

    events: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    before: Callable[[str], None] = lambda _calendar_id: None

    def put(self, calendar_id: str, event_id: str, body: Mapping[str, Any]) -> None:
        self.calls.append(("put", calendar_id, event_id))
        self.before(calendar_id)
        self.events[calendar_id, event_id] = body

    def remove(self, calendar_id: str, event_id: str) -> None:
        self.calls.append(("remove", calendar_id, event_id))
        self.before(calendar_id)
        self.events.pop((calendar_id, event_id), None)


@dataclass(frozen=True)
class Desk:
    """Clinics with calendars of their own, and the running API."""

    http: httpx.Client
    see: Observer
    calendar: FakeCalendar

    def clinic(self, calendar_id: str | None = "", time_zone: str = "Europe/London") -> tuple[Clinic, str]:
        """A clinic whose calendar has a name of its own, unless it is to have none."""
        name = f"{uuid4()}@calendar" if calendar_id == "" else calendar_id
        return self.see.clinic(time_zone, name), name or ""

    def book(self, clinic: Clinic, **changes: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {support.token_for(KEYS, clinic.staff_id, clinic.id)}"}
        body = {"tool": "book_appointment", "params": support.booking(clinic, **changes)}
        answer = self.http.post("/api/vapi/tools", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        booked: dict[str, Any] = answer.json()
        return booked

    def name_calendar(self, clinic: Clinic, calendar_id: str) -> None:
        headers = {"Authorization": f"Bearer {support.token_for(KEYS, clinic.owner_id, clinic.id)}"}
        path = f"/api/clinics/{clinic.id}/settings"
        assert self.http.patch(path, json={"google_calendar_id": calendar_id}, headers=headers).status_code == 200

    def change(self, booked: dict[str, Any], assignment: str, *values: Any) -> None:
        self.see.rows(f"update public.appointments set {assignment} where id = %s", *values, booked["appointment_id"])

    def until(self, booked: dict[str, Any], status: str) -> tuple[Any, ...]:
        def settled() -> tuple[Any, ...] | None:
            row = self.see.rows(EVENT, booked["appointment_id"])[0]
            return row if row[0] == status and row[3] is None else None

        found: tuple[Any, ...] = wait_for(settled)
        return found


@pytest.fixture
def desk(database: Postgres, see: Observer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    calendar = FakeCalendar()
    monkeypatch.setattr(calendar_sync, "connect_google", lambda _config: calendar)
    monkeypatch.setattr(calendar_sync, "LONGEST_IDLE_SECONDS", 3600.0)
    see.rows("delete from public.calendar_events")
    with support.running(backend_config(database)) as http:
        yield Desk(http, see, calendar)


def backend_config(database: Postgres, **changes: Any) -> Config:
    return support.config_for(
        database.dsn("authenticator"),
        KEYS,
        google_service_account={"client_email": "a@b"},
        calendar_timeout_seconds=0.2,
        calendar_retry_base_seconds=0.05,
        calendar_retry_cap_seconds=0.2,
        **changes,
    )


def test_a_booking_reaches_the_calendar_in_the_clinics_time(desk: Desk) -> None:
    clinic, calendar_id = desk.clinic(time_zone="America/New_York")
    booked = desk.book(clinic, duration_minutes=45)
    desk.until(booked, "synced")
    event_id = booked["google_calendar_event_id"]
    assert event_id == event_id_for(UUID(booked["appointment_id"]))
    event = desk.calendar.events[calendar_id, event_id]
    assert event["start"] == {
        "dateTime": booked["appointment"]["appointment_time"],
        "timeZone": "America/New_York",
    }
    assert event["end"] == {"dateTime": booked["appointment"]["end_time"], "timeZone": "America/New_York"}
    assert event["summary"] == "Appointment: Ada O'Brien"
    assert event["extendedProperties"]["private"] == {
        "appointment_id": booked["appointment_id"],
        "org_id": str(clinic.id),
    }


def test_a_move_and_a_cancellation_reach_the_calendar(desk: Desk) -> None:
    clinic, calendar_id = desk.clinic()
    booked = desk.book(clinic)
    desk.until(booked, "synced")
    later = support.soon_at(16)
    desk.change(booked, "appointment_time = %s", later)
    desk.until(booked, "synced")
    key = (calendar_id, booked["google_calendar_event_id"])
    assert datetime.fromisoformat(desk.calendar.events[key]["start"]["dateTime"]) == later
    desk.change(booked, "status = 'cancelled'")
    desk.until(booked, "synced")
    assert key not in desk.calendar.events


def test_an_ill_calendar_is_asked_again_until_it_is_well(desk: Desk) -> None:
    clinic, _ = desk.clinic()
    patience = iter(range(3))

    def ill(_calendar_id: str) -> None:
        if next(patience, None) is not None:
            raise CalendarUnavailable("503\nbackendError")

    desk.calendar.before = ill
    booked = desk.book(clinic)
    status, attempts, error, _, _ = desk.until(booked, "synced")
    assert (status, attempts, error) == ("synced", 0, None)
    assert len(desk.calendar.calls) == 4
    assert len(desk.calendar.events) == 1


def test_the_reason_is_kept_while_it_waits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_sync, "backoff", lambda *_: 3600.0)
    clinic, _ = desk.clinic()

    def ill(_calendar_id: str) -> None:
        raise CalendarUnavailable("503\nbackendError")

    desk.calendar.before = ill
    booked = desk.book(clinic)
    wait_for(lambda: desk.calendar.calls)
    assert desk.until(booked, "pending")[1:3] == (1, "503 backendError")


def test_what_google_refuses_for_good_waits_for_another_calendar(desk: Desk) -> None:
    clinic, _ = desk.clinic()

    def ill(calendar_id: str) -> None:
        if calendar_id != "right@calendar":
            raise CalendarRefused("404 notFound")

    desk.calendar.before = ill
    booked = desk.book(clinic)
    assert desk.until(booked, "failed")[2] == "404 notFound"
    desk.name_calendar(clinic, "right@calendar")
    desk.until(booked, "synced")
    assert ("right@calendar", booked["google_calendar_event_id"]) in desk.calendar.events


def test_a_clinic_without_a_calendar_waits_until_it_names_one(desk: Desk) -> None:
    clinic, _ = desk.clinic(calendar_id=None)
    booked = desk.book(clinic)
    bystander, _ = desk.clinic()
    desk.until(desk.book(bystander), "synced")
    assert desk.see.rows(EVENT, booked["appointment_id"])[0][:2] == ("pending", 0)
    desk.name_calendar(clinic, "new@calendar")
    desk.until(booked, "synced")


def test_what_changes_during_a_call_is_sent_again(desk: Desk) -> None:
    clinic, calendar_id = desk.clinic()
    called, go_on = threading.Event(), threading.Event()

    def slow(_calendar_id: str) -> None:
        called.set()
        assert go_on.wait(5)

    desk.calendar.before = slow
    booked = desk.book(clinic)
    assert called.wait(5)
    later = support.soon_at(16)
    desk.change(booked, "appointment_time = %s", later)
    go_on.set()
    desk.until(booked, "synced")
    event = desk.calendar.events[calendar_id, booked["google_calendar_event_id"]]
    assert datetime.fromisoformat(event["start"]["dateTime"]) == later
    assert len(desk.calendar.calls) == 2


def test_no_transaction_is_open_during_a_call_and_other_clinics_go_on(desk: Desk) -> None:
    ill, calendar_id = desk.clinic()
    called, go_on = threading.Event(), threading.Event()

    def slow(called_calendar: str) -> None:
        if called_calendar == calendar_id:
            called.set()
            assert go_on.wait(5)

    desk.calendar.before = slow
    stuck = [desk.book(ill, appointment_time=support.soon_at(hour).isoformat()) for hour in range(9, 17)]
    assert called.wait(5)
    during_the_call = desk.see.value("select clock_timestamp()")
    healthy, _ = desk.clinic()
    desk.until(desk.book(healthy), "synced")
    older = "select count(*) from pg_stat_activity where usename = 'authenticator' and xact_start < %s"
    assert desk.see.value(older, during_the_call) == 0
    assert len([call for call in desk.calendar.calls if call[1] == calendar_id]) == 1
    go_on.set()
    for booked in stuck:
        desk.until(booked, "synced")


def test_what_is_booked_while_a_call_is_being_settled_is_sent(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its notification leads to a round that passes the clinic over, as it is still busy."""
    clinic, _ = desk.clinic()
    settled, go_on = threading.Event(), threading.Event()
    real_settle, real_claim, passed_over = calendar_outbox.settle, calendar_outbox.claim_due, list[UUID]()

    async def settle_slowly(*arguments: Any) -> bool:
        more = await real_settle(*arguments)
        settled.set()
        await asyncio.to_thread(go_on.wait, 5)
        return more

    async def claim_and_note(opened: Database, limit: int, busy: set[UUID], lease: float) -> Due:
        due = await real_claim(opened, limit, busy, lease)
        passed_over.extend(busy)
        return due

    monkeypatch.setattr(calendar_outbox, "settle", settle_slowly)
    monkeypatch.setattr(calendar_outbox, "claim_due", claim_and_note)
    desk.book(clinic)
    assert settled.wait(5)
    later = desk.book(clinic, appointment_time=support.soon_at(16).isoformat())
    wait_for(lambda: clinic.id in passed_over)
    go_on.set()
    desk.until(later, "synced")


def test_more_clinics_than_calls_at_once_are_all_served(database: Postgres, desk: Desk, see: Observer) -> None:
    """They had to wait for a backend; each has more than one event, so every call leaves something to do."""
    with support.running(replace(backend_config(database), google_service_account=None)) as http:
        idle = replace(desk, http=http)
        see.rows("update public.clinic_settings set google_calendar_id = null")
        clinics = [see.clinic() for _ in range(2 * calendar_sync.CALLS_AT_ONCE + 1)]
        hours = [support.soon_at(hour).isoformat() for hour in (9, 10)]
        booked = [idle.book(clinic, appointment_time=hour) for clinic in clinics for hour in hours]
    see.rows("update public.clinic_settings set google_calendar_id = org_id::text || '@calendar'")
    desk.name_calendar(clinics[0], "first@calendar")  # which wakes the worker
    for one in booked:
        desk.until(one, "synced")


def test_the_worker_hears_again_after_its_connection_was_cut(desk: Desk) -> None:
    clinic, _ = desk.clinic()
    listening = "from pg_stat_activity where usename = 'authenticator' and query = 'listen calendar_events'"
    wait_for(lambda: desk.see.value(f"select count(*) {listening}") == 1)
    cut = desk.see.value(f"select min(pid) {listening}")
    assert desk.see.rows(f"select pg_terminate_backend(pid) {listening}") == [(True,)]
    wait_for(lambda: desk.see.rows(f"select pid {listening}") not in ([], [(cut,)]))
    desk.until(desk.book(clinic), "synced")


def test_a_crashed_backends_work_is_taken_up_when_its_lease_runs_out(
    database: Postgres, see: Observer, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar = FakeCalendar()
    monkeypatch.setattr(calendar_sync, "connect_google", lambda _config: calendar)
    see.rows("delete from public.calendar_events")
    clinic = see.clinic(calendar_id="crash@calendar")
    with support.running(replace(backend_config(database), google_service_account=None)) as http:
        booked = Desk(http, see, calendar).book(clinic)
    (claim,) = claims(database, lease_seconds=0.8)
    with support.running(backend_config(database)) as http:
        Desk(http, see, calendar).until(booked, "synced")
    assert see.value("select synced_at from public.calendar_events") >= claim.leased_until
    assert len(calendar.calls) == 1


def test_a_call_that_outlived_its_lease_has_its_event_sent_again(database: Postgres, see: Observer) -> None:
    see.rows("delete from public.calendar_events")
    clinic = see.clinic(calendar_id="late@calendar")
    with support.running(replace(backend_config(database), google_service_account=None)) as http:
        booked = Desk(http, see, FakeCalendar()).book(clinic)
    (first,) = claims(database, lease_seconds=0.0)
    (second,) = claims(database, lease_seconds=60.0)
    assert claims(database, lease_seconds=60.0) == []
    settle(database, second, Outcome("synced"))
    assert see.rows(EVENT, booked["appointment_id"])[0][0] == "synced"
    settle(database, first, Outcome("synced"))  # its older event may have come last
    assert see.rows(EVENT, booked["appointment_id"])[0][0] == "pending"
    (third,) = claims(database, lease_seconds=60.0)
    settle(database, third, Outcome("synced"))
    assert see.rows(EVENT, booked["appointment_id"])[0][0] == "synced"


def claims(database: Postgres, lease_seconds: float) -> list[Claim]:
    due: Due = in_database(database, lambda opened: calendar_outbox.claim_due(opened, 8, set(), lease_seconds))
    return due.claims


def settle(database: Postgres, claim: Claim, outcome: Outcome) -> None:
    in_database(database, lambda opened: calendar_outbox.settle(opened, claim, outcome))


def in_database(database: Postgres, work: Callable[[Database], Any]) -> Any:
    async def session() -> Any:
        opened = Database(database.dsn("authenticator"))
        async with opened.running():
            return await work(opened)

    return asyncio.run(session())


@pytest.mark.parametrize(
    ("failures", "longest"),
    [(0, 1.0), (1, 2.0), (2, 4.0), (5, 32.0), (8, 256.0), (9, 300.0), (10_000, 300.0)],
)
def test_backoff_doubles_up_to_its_cap_less_a_random_half(failures: int, longest: float) -> None:
    delays = [calendar_sync.backoff(failures, 1.0, 300.0) for _ in range(200)]
    assert longest / 2 <= min(delays) < max(delays) <= longest
    assert len(set(delays)) > 100


def claim(**changes: Any) -> Claim:
    now = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)
    made = Claim(
        id=uuid4(),
        org_id=uuid4(),
        revision=1,
        attempts=1,
        leased_until=now,
        google_event_id="abc",
        calendar_id="c",
        appointment_id=uuid4(),
        patient_name="Zoë",
        patient_email="zoe@example.test",
        starts=now,
        ends=now + timedelta(minutes=60),
        cancelled=False,
        zone="Europe/London",
        provider_name="",
    )
    return replace(made, **changes)


def test_an_event_across_the_change_of_clocks_keeps_its_instants() -> None:
    body = calendar_sync.event_body(claim())
    assert body["start"]["dateTime"] == "2027-03-28T00:30:00+00:00"
    assert body["end"]["dateTime"] == "2027-03-28T02:30:00+01:00"


@pytest.mark.parametrize(
    ("problem", "status", "error"),
    [
        (CalendarRefused("403 forbidden"), "failed", "403 forbidden"),
        (CalendarUnavailable("429 rateLimitExceeded"), "pending", "429 rateLimitExceeded"),
        (CalendarUnavailable("x" * 1000), "pending", "x" * 300),
        (RuntimeError("a token"), "pending", "RuntimeError"),
    ],
)
def test_whatever_goes_wrong_is_an_outcome(problem: Exception, status: str, error: str) -> None:
    def ill(_calendar_id: str) -> None:
        raise problem

    outcome = calendar_sync.send(FakeCalendar(before=ill), claim(), CONFIG)
    assert (outcome.status, outcome.error) == (status, error)
    assert (0.025 <= outcome.delay <= 0.05) == (status == "pending")
