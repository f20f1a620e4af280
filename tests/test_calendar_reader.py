"""The suite's calendar reader and the backend's writer, against a Google double that falls ill on order."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from google_auth_httplib2 import AuthorizedHttp  # type: ignore[import-untyped]
from googleapiclient.errors import HttpError

import acceptance.calendar
from acceptance.calendar import CalendarEvent, CalendarFaults, CalendarReader
from reference.backend import google_events
from reference.backend.google_events import CalendarRefused, CalendarUnavailable, GoogleEvents, event_id_for
from reference.doubles.google_calendar_faults import Fault
from reference.doubles.google_calendar_server import RunningDouble, running_double

LONDON = ZoneInfo("Europe/London")
START = datetime(2030, 7, 1, 10, tzinfo=LONDON)
WRITER_TIMEOUT_SECONDS = 0.3
NOWHERE = "c_0@group.calendar.google.com"


@dataclass(frozen=True)
class Clinic:
    """One clinic's calendar and everybody who touches it, with an event id that nobody used yet."""

    double: RunningDouble
    reader: CalendarReader
    writer: GoogleEvents
    faults: CalendarFaults
    calendar: str
    event_id: str

    def put(self, event: dict[str, Any] | None = None, *, by: GoogleEvents | None = None) -> None:
        (by or self.writer).put(self.calendar, self.event_id, event or appointment())

    def remove(self) -> None:
        self.writer.remove(self.calendar, self.event_id)

    def event(self) -> CalendarEvent | None:
        return self.reader.event(self.calendar, self.event_id)

    def ids(self) -> list[str]:
        return [event.id for event in self.reader.events(self.calendar)]

    def methods(self) -> list[str]:
        return [request.method for request in self.faults.requests(self.calendar)]

    def patient_writer(self) -> GoogleEvents:
        return GoogleEvents(self.double.service_account, self.double.api_endpoint, timeout_seconds=20.0)


@pytest.fixture(scope="module")
def double() -> Iterator[RunningDouble]:
    with running_double() as running:
        yield running


@pytest.fixture(scope="module")
def parties(double: RunningDouble) -> Iterator[tuple[CalendarReader, GoogleEvents, CalendarFaults]]:
    account, endpoint = double.service_account, double.api_endpoint
    with (
        closing(CalendarReader(account, endpoint)) as reader,
        closing(GoogleEvents(account, endpoint, WRITER_TIMEOUT_SECONDS)) as writer,
        closing(CalendarFaults(double.root)) as faults,
    ):
        yield reader, writer, faults


@pytest.fixture
def clinic(double: RunningDouble, parties: tuple[CalendarReader, GoogleEvents, CalendarFaults]) -> Iterator[Clinic]:
    reader, writer, faults = parties
    calendar = reader.create_calendar("Harbour Dental", "Europe/London")
    yield Clinic(double, reader, writer, faults, calendar, event_id_for(uuid4()))
    reader.delete_calendar(calendar)


def appointment(start: datetime = START, summary: str = "Ann O'Neill") -> dict[str, Any]:
    def side(moment: datetime) -> dict[str, str]:
        return {"dateTime": moment.astimezone(UTC).isoformat(), "timeZone": "Europe/London"}

    return {
        "summary": summary,
        "description": "45 minutes",
        "start": side(start),
        "end": side(start + timedelta(minutes=45)),
        "extendedProperties": {"private": {"appointment_id": "7"}},
    }


def test_the_event_id_is_the_appointments_id_in_base32hex() -> None:
    assert event_id_for(UUID("00000000-0000-0000-0000-000000000000")) == "0" * 26
    assert event_id_for(UUID("ffffffff-ffff-ffff-ffff-ffffffffffff")) == "v" * 25 + "s"


class TestReader:
    def test_reads_an_event_field_by_field(self, clinic: Clinic) -> None:
        clinic.put()
        assert clinic.event() == CalendarEvent(
            id=clinic.event_id,
            status="confirmed",
            summary="Ann O'Neill",
            description="45 minutes",
            start=START,
            end=START + timedelta(minutes=45),
            time_zone="Europe/London",
            private={"appointment_id": "7"},
        )

    def test_tells_absent_from_cancelled(self, clinic: Clinic) -> None:
        assert clinic.event() is None
        assert clinic.reader.event(NOWHERE, clinic.event_id) is None

        clinic.put()
        clinic.remove()
        seen = clinic.event()
        assert seen is not None
        assert seen.status == "cancelled"
        assert clinic.reader.events(clinic.calendar) == []
        assert clinic.reader.events(clinic.calendar, include_cancelled=True) == [seen]

    def test_lists_every_page(self, clinic: Clinic) -> None:
        expected = {event_id_for(uuid4()) for _ in range(7)}
        for event_id in expected:
            clinic.writer.put(clinic.calendar, event_id, appointment())
        listed = clinic.reader.events(clinic.calendar, page_size=3)
        assert len(listed) == 7
        assert {event.id for event in listed} == expected

    def test_an_all_day_event_is_midnights_in_the_clinics_zone(self, clinic: Clinic) -> None:
        clinic.put({"start": {"date": "2030-07-01"}, "end": {"date": "2030-07-02"}})
        (event,) = clinic.reader.events(clinic.calendar)
        assert event.start == datetime(2030, 6, 30, 23, tzinfo=UTC)
        assert event.end == datetime(2030, 7, 1, 23, tzinfo=UTC)

    def test_deleting_a_calendar_twice_is_no_error(self, clinic: Clinic) -> None:
        calendar = clinic.reader.create_calendar("Hilltop Physio", "Europe/London")
        clinic.reader.delete_calendar(calendar)
        clinic.reader.delete_calendar(calendar)
        with pytest.raises(HttpError, match="404"):
            clinic.reader.events(calendar)

    def test_waits_out_a_rate_limit(self, clinic: Clinic) -> None:
        clinic.faults.order(clinic.calendar, "too many requests", times=1, reads=True)
        assert clinic.ids() == []
        assert [request.status for request in clinic.faults.requests(clinic.calendar)] == [429, 200]

    def test_many_threads_read_at_once(self, clinic: Clinic) -> None:
        clinic.put()
        with ThreadPoolExecutor(8) as threads:
            seen = list(threads.map(lambda _: clinic.event(), range(64)))
        assert all(event is not None and event.id == clinic.event_id for event in seen)


class TestFaults:
    def test_an_unknown_fault_is_an_error_that_names_the_known_ones(self, clinic: Clinic) -> None:
        order = clinic.faults.order
        with pytest.raises(ValueError, match="unknown fault 'on fire'; known: unauthorised, rate limited"):
            order(clinic.calendar, "on fire")
        with pytest.raises(ValueError, match="times"):
            order(clinic.calendar, "slow", times=0)
        with pytest.raises(ValueError, match="seconds"):
            order(clinic.calendar, "slow", seconds=-1)
        clinic.put()

    def test_a_fault_ends_after_its_times_and_strikes_one_calendar(self, clinic: Clinic) -> None:
        neighbour = clinic.reader.create_calendar("Hilltop Physio", "Europe/London")
        clinic.faults.order(clinic.calendar, "unavailable", times=2)
        clinic.writer.put(neighbour, clinic.event_id, appointment())
        for _ in range(2):
            with pytest.raises(CalendarUnavailable):
                clinic.put()
        assert clinic.event() is None
        clinic.put()

        arrived = [(seen.fault, seen.status) for seen in clinic.faults.requests(clinic.calendar)]
        assert arrived == [("unavailable", 503), ("unavailable", 503), (None, 404), (None, 200)]
        assert [seen.fault for seen in clinic.faults.requests(neighbour)] == [None]

    @pytest.mark.parametrize(
        ("fault", "reason", "made", "arrivals"),
        [
            (Fault.UNAUTHORISED, "401 authError", False, 3),
            (Fault.RATE_LIMITED, "403 rateLimitExceeded", False, 1),
            (Fault.TOO_MANY_REQUESTS, "429 rateLimitExceeded", False, 1),
            (Fault.UNAVAILABLE, "503 backendError", False, 1),
            (Fault.TIMES_OUT, "timed out", False, 1),
            (Fault.LOSES_ITS_ANSWER, "503 backendError", True, 1),
            (Fault.MAKES_IT_AND_TIMES_OUT, "timed out", True, 1),
        ],
    )
    def test_whatever_the_fault_one_event_stands_once_google_is_well(
        self, clinic: Clinic, fault: Fault, reason: str, made: bool, arrivals: int
    ) -> None:
        clinic.faults.order(clinic.calendar, fault)
        with pytest.raises(CalendarUnavailable) as caught:
            clinic.put()
        assert str(caught.value) == reason
        assert clinic.methods() == ["insert"] * arrivals
        assert clinic.ids() == [clinic.event_id] * made

        clinic.faults.heal(clinic.calendar)
        clinic.put()
        assert clinic.ids() == [clinic.event_id]

    @pytest.mark.parametrize("fault", ["unavailable", "loses its answer", "makes it and times out"])
    def test_a_removal_meets_the_faults_too(self, clinic: Clinic, fault: str) -> None:
        clinic.put()
        clinic.faults.order(clinic.calendar, fault, times=1)
        with pytest.raises(CalendarUnavailable):
            clinic.remove()
        assert clinic.ids() == ([clinic.event_id] if fault == "unavailable" else [])
        clinic.remove()
        assert clinic.ids() == []

    def test_slow_answers_correctly_and_late(self, clinic: Clinic) -> None:
        clinic.faults.order(clinic.calendar, "slow", seconds=0.2)
        began = time.monotonic()
        with closing(clinic.patient_writer()) as patient:
            clinic.put(by=patient)
        assert time.monotonic() - began >= 0.2
        assert clinic.event() is not None

    @pytest.mark.parametrize(("fault", "made"), [("times out", False), ("makes it and times out", True)])
    def test_healing_frees_a_held_request(self, clinic: Clinic, fault: str, made: bool) -> None:
        clinic.faults.order(clinic.calendar, fault, times=1)
        began = time.monotonic()
        with closing(clinic.patient_writer()) as patient, ThreadPoolExecutor(1) as threads:
            held = threads.submit(clinic.put, by=patient)
            wait_for(lambda: clinic.methods() == ["insert"])
            clinic.faults.heal(clinic.calendar)
            with pytest.raises(CalendarUnavailable, match="503"):
                held.result()
        assert time.monotonic() - began < 5
        assert (clinic.event() is not None) is made

    def test_an_abandoned_request_is_recorded_as_given_up(self, clinic: Clinic) -> None:
        clinic.faults.order(clinic.calendar, "times out", times=1)
        before = datetime.now(UTC)
        with pytest.raises(CalendarUnavailable):
            clinic.put()
        after = datetime.now(UTC)
        wait_for(lambda: clinic.faults.requests(clinic.calendar)[0].given_up)
        assert clinic.event() is None
        clinic.faults.heal(clinic.calendar)

        seen, read = clinic.faults.requests(clinic.calendar)
        assert (seen.method, seen.event, seen.fault, seen.status) == ("insert", clinic.event_id, "times out", None)
        assert not read.given_up
        assert before <= seen.at <= after


class TestWriter:
    def test_putting_twice_changes_nothing(self, clinic: Clinic) -> None:
        clinic.put()
        clinic.put()
        assert clinic.methods() == ["insert", "insert", "get"]

    def test_putting_a_moved_appointment_moves_the_event_and_keeps_what_others_added(self, clinic: Clinic) -> None:
        clinic.put(appointment() | {"location": "Room 1"})
        moved = appointment(START + timedelta(days=1), "Ann Neill")
        clinic.put(moved)
        event = clinic.event()
        assert event is not None
        assert (event.start, event.summary) == (START + timedelta(days=1), "Ann Neill")

        clinic.put(moved | {"location": "Room 1"})
        assert clinic.methods()[-2:] == ["insert", "get"]

    def test_putting_revives_a_cancelled_event(self, clinic: Clinic) -> None:
        clinic.put()
        clinic.remove()
        assert clinic.ids() == []
        clinic.put()
        assert clinic.ids() == [clinic.event_id]

    def test_removing_twice_or_what_never_was_is_no_error(self, clinic: Clinic) -> None:
        clinic.remove()
        clinic.put()
        clinic.remove()
        clinic.remove()
        assert clinic.ids() == []
        assert clinic.methods().count("delete") == 3

    def test_a_change_in_between_is_never_overwritten(self, clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
        clinic.put()
        compare = google_events._holds

        def somebody_is_quicker(existing: Any, wanted: Any) -> bool:
            monkeypatch.setattr(google_events, "_holds", compare)
            clinic.put(appointment(summary="Bea"))
            return compare(existing, wanted)

        monkeypatch.setattr(google_events, "_holds", somebody_is_quicker)
        with pytest.raises(CalendarUnavailable, match="412 conditionNotMet"):
            clinic.put(appointment(summary="Cyd"))
        event = clinic.event()
        assert event is not None
        assert event.summary == "Bea"

    def test_what_google_will_never_do_is_refused(self, clinic: Clinic) -> None:
        with pytest.raises(CalendarRefused, match=r"^404 notFound$"):
            clinic.writer.put(NOWHERE, clinic.event_id, appointment())
        with pytest.raises(CalendarRefused, match=r"^400 invalid$"):
            clinic.writer.put(clinic.calendar, "NOT-AN-ID", appointment())
        with pytest.raises(CalendarRefused, match=r"^403 forbiddenForServiceAccounts$"):
            clinic.put(appointment() | {"attendees": [{"email": "ann@example.com"}]})

    def test_a_key_that_google_does_not_know_is_unavailable(self, clinic: Clinic) -> None:
        stranger = clinic.double.service_account | {"private_key_id": "0" * 40}
        writer = GoogleEvents(stranger, clinic.double.api_endpoint, WRITER_TIMEOUT_SECONDS)
        with pytest.raises(CalendarUnavailable, match=r"^no access token: RefreshError$") as caught:
            clinic.put(by=writer)
        assert caught.value.__suppress_context__

    def test_nobody_listening_is_unavailable(self, clinic: Clinic) -> None:
        with socket.create_server(("127.0.0.1", 0)) as unused:
            root = f"http://127.0.0.1:{unused.getsockname()[1]}"
        account = clinic.double.service_account | {"token_uri": f"{root}/token"}
        writer = GoogleEvents(account, f"{root}/calendar/v3/", WRITER_TIMEOUT_SECONDS)
        with pytest.raises(CalendarUnavailable, match=r"^not reached: ConnectionRefusedError$"):
            clinic.put(by=writer)

    def test_the_call_after_a_time_out_is_answered(self, clinic: Clinic) -> None:
        clinic.faults.order(clinic.calendar, "times out", times=1)
        with pytest.raises(CalendarUnavailable):
            clinic.put()
        clinic.put()
        clinic.remove()
        assert clinic.methods() == ["insert", "insert", "delete"]


def reads(double: RunningDouble) -> tuple[CalendarReader, Callable[[], object]]:
    reader = CalendarReader(double.service_account, double.api_endpoint)
    return reader, lambda: reader.delete_calendar(NOWHERE)


def writes(double: RunningDouble) -> tuple[GoogleEvents, Callable[[], object]]:
    writer = GoogleEvents(double.service_account, double.api_endpoint, WRITER_TIMEOUT_SECONDS)
    return writer, lambda: writer.remove(NOWHERE, "00000")


@pytest.mark.parametrize(("module", "uses"), [(acceptance.calendar, reads), (google_events, writes)])
def test_a_connection_is_reused_until_it_has_idled_too_long(
    module: ModuleType, uses: Callable[..., Any], double: RunningDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []

    def counted(*arguments: Any, **options: Any) -> Any:
        opened.append(AuthorizedHttp(*arguments, **options))
        return opened[-1]

    monkeypatch.setattr(module.google_auth_httplib2, "AuthorizedHttp", counted)
    used, use = uses(double)
    with closing(used):
        for _ in range(3):
            use()
        assert len(opened) == 1
        monkeypatch.setattr(module, "IDLE_SECONDS", 0.0)
        use()
        assert len(opened) == 2


def wait_for(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    tick = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        tick.wait(0.005)
