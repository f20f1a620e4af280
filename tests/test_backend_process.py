"""`python -m reference.backend` as the stack runs it: an inherited socket, a server far from its clinics, a kill."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import httpx
import pytest
import uvicorn

from acceptance.calendar import CalendarFaults, CalendarReader
from reference.backend.config import Config
from reference.doubles.google_calendar import create_app as create_google
from reference.doubles.google_calendar import new_service_account
from reference.errors import CannotStart
from reference.platform.postgres import Postgres
from tests import backend_support as support
from tests.backend_support import KEYS, Observer, wait_for

pytest_plugins = ("tests.backend_support",)

ENVIRONMENT = {"BACKEND_DATABASE_URL": "x", "BACKEND_JWT_ISSUER": "x", "BACKEND_JWT_SECRET": "x"}


@dataclass
class Process:
    """The backend on a socket that outlives it."""

    listener: socket.socket
    environment: Mapping[str, str]

    def __enter__(self) -> "Process":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.kill()
        self.process.wait()

    def start(self) -> None:
        fd = self.listener.fileno()
        environment = {**os.environ, **self.environment, "BACKEND_SOCKET_FD": str(fd), "TZ": "Asia/Tokyo"}
        argv = [sys.executable, "-m", "reference.backend"]
        self.process = subprocess.Popen(argv, env=environment, pass_fds=[fd], cwd=support.ROOT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def google() -> Iterator[tuple[str, dict[str, str]]]:
    # Detached, so that the socket learns its protocol and asyncio may set TCP_NODELAY on it.
    listener = socket.socket(fileno=socket.create_server(("127.0.0.1", 0)).detach())
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    account = new_service_account(f"{url}/token")
    server = support.Server(uvicorn.Config(create_google(account), log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        wait_for(lambda: server.started)
        yield url, account
    finally:
        server.should_exit = True
        thread.join(10)


def test_a_booking_survives_its_backend_and_reaches_google_once(database: Postgres, see: Observer) -> None:
    with contextlib.ExitStack() as parts:
        url, account = parts.enter_context(google())
        listener = parts.enter_context(socket.create_server(("127.0.0.1", 0), backlog=512))
        reader = parts.enter_context(contextlib.closing(CalendarReader(account, f"{url}/calendar/v3/")))
        faults = parts.enter_context(contextlib.closing(CalendarFaults(url)))
        calendar_id = reader.create_calendar("Lagos", "Africa/Lagos")
        clinic = see.clinic("Africa/Lagos", calendar_id)
        environment = {
            "BACKEND_DATABASE_URL": database.dsn("authenticator"),
            "BACKEND_JWT_SECRET": KEYS.jwt_secret,
            "BACKEND_JWT_ISSUER": support.ISSUER,
            "GOOGLE_SERVICE_ACCOUNT": json.dumps(account),
            "GOOGLE_CALENDAR_ENDPOINT": f"{url}/calendar/v3/",
            "CALENDAR_TIMEOUT_SECONDS": "0.4",
            "CALENDAR_RETRY_BASE_SECONDS": "0.05",
        }
        backend = parts.enter_context(Process(listener, environment))
        port = listener.getsockname()[1]
        client = parts.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20))
        wait_for(lambda: client.get("/health").status_code == 200)

        faults.order(calendar_id, "times out")
        headers = {"Authorization": f"Bearer {support.token_for(KEYS, clinic.staff_id, clinic.id)}"}
        began = time.monotonic()
        body = {"tool": "book_appointment", "params": support.booking(clinic)}
        booked = client.post("/api/vapi/tools", json=body, headers=headers).json()
        assert time.monotonic() - began < 0.5
        wait_for(lambda: faults.requests(calendar_id))
        backend.kill()
        faults.heal(calendar_id)
        backend.start()
        event = wait_for(lambda: reader.event(calendar_id, booked["google_calendar_event_id"]))
        assert event.start == datetime.fromisoformat(booked["appointment"]["appointment_time"])
        assert booked["appointment"]["appointment_time"].endswith("+01:00")
        assert (event.time_zone, len(reader.events(calendar_id))) == ("Africa/Lagos", 1)
        status = "select status from public.calendar_events where appointment_id = %s"
        wait_for(lambda: see.value(status, booked["appointment_id"]) == "synced")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"BACKEND_DATABASE_URL": ""}, "BACKEND_DATABASE_URL must be set"),
        ({"BACKEND_JWT_ISSUER": ""}, "BACKEND_JWT_ISSUER must be set"),
        ({"BACKEND_JWT_SECRET": ""}, "BACKEND_JWKS_URL or BACKEND_JWT_SECRET"),
        ({"BACKEND_PORT": "eighty"}, "BACKEND_PORT must be a whole number"),
        ({"CALENDAR_TIMEOUT_SECONDS": "soon"}, "CALENDAR_TIMEOUT_SECONDS must be a number"),
        ({"CALENDAR_TIMEOUT_SECONDS": "-1"}, "CALENDAR_TIMEOUT_SECONDS must be more than zero"),
        ({"CALENDAR_TIMEOUT_SECONDS": "nan"}, "CALENDAR_TIMEOUT_SECONDS must be more than zero"),
        ({"GOOGLE_SERVICE_ACCOUNT": "/nowhere.json"}, "GOOGLE_SERVICE_ACCOUNT is neither"),
        ({"GOOGLE_SERVICE_ACCOUNT": "{"}, "GOOGLE_SERVICE_ACCOUNT is neither"),
        ({"GOOGLE_SERVICE_ACCOUNT": "{}"}, "GOOGLE_SERVICE_ACCOUNT holds no service account"),
    ],
)
def test_a_bad_setting_is_named(change: dict[str, str], sentence: str) -> None:
    with pytest.raises(CannotStart, match=f"^{sentence}"):
        Config.from_environment({**ENVIRONMENT, **change})


def test_a_bad_beginning_is_one_sentence_and_exit_code_2() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BACKEND_")}
    done = subprocess.run(
        [sys.executable, "-m", "reference.backend"],
        cwd=support.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "BACKEND_JWKS_URL or BACKEND_JWT_SECRET must be set to verify tokens with.\n"


def test_no_secret_is_shown() -> None:
    secrets = {"BACKEND_DATABASE_URL": "host=x password=hidden-1", "BACKEND_JWT_SECRET": "hidden-2"}
    account = {"GOOGLE_SERVICE_ACCOUNT": '{"client_email": "a@b", "private_key": "hidden-3"}'}
    assert "hidden" not in repr(Config.from_environment({**ENVIRONMENT, **secrets, **account}))
