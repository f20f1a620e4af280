"""What the tests of the backend share: PostgreSQL with the schema, clinics, tokens, the running API.

PYTEST_DONT_REWRITE: the test modules import this before pytest registers it as their plugin.
"""

import contextlib
import json
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import psycopg
import pytest
import uvicorn

from reference.backend.app import create_app
from reference.backend.config import Config
from reference.platform.keys import ProjectKeys
from reference.platform.postgres import Postgres

ROOT = Path(__file__).parents[1]
PLATFORM = ROOT / "reference" / "platform"
TOOLS = "/api/vapi/tools"
KEYS = ProjectKeys.generate()
ISSUER = "http://auth.test/auth/v1"
DEADLINE_SECONDS = 5.0
DAY = datetime.now(UTC).date() + timedelta(days=2)


@contextlib.contextmanager
def database_with_schema() -> Iterator[Postgres]:
    # Not pytest's own folder, whose name may be too long for a unix socket's.
    with tempfile.TemporaryDirectory(prefix="backend-") as folder, Postgres.start(Path(folder)) as postgres:
        postgres.run_sql_files([PLATFORM / "platform.sql", PLATFORM / "auth.sql"])
        postgres.run_sql_files(sorted((ROOT / "supabase" / "migrations").glob("*.sql")), user="postgres")
        yield postgres


@dataclass(frozen=True)
class Clinic:
    """A clinic with an owner, a receptionist and two providers."""

    id: UUID
    owner_id: UUID
    staff_id: UUID
    provider_id: UUID
    second_provider_id: UUID


@dataclass(frozen=True)
class Observer:
    """Reads and prepares with full rights, past the backend."""

    connection: psycopg.Connection[tuple[Any, ...]]

    @classmethod
    @contextlib.contextmanager
    def of(cls, postgres: Postgres) -> Iterator["Observer"]:
        with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
            yield cls(connection)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        cursor = self.connection.execute(query.encode(), values)
        return cursor.fetchall() if cursor.description else []

    def value(self, query: str, *values: Any) -> Any:
        return self.rows(query, *values)[0][0]

    def clinic(self, time_zone: str = "Europe/London", calendar_id: str | None = None) -> Clinic:
        owner = self._member({}, {"business_name": "Harbour Dental"})
        clinic_id = self.value("select org_id from public.profiles where id = %s", owner)
        self.rows(
            "update public.clinic_settings set timezone = %s, google_calendar_id = %s where org_id = %s",
            time_zone,
            calendar_id,
            clinic_id,
        )
        members = [
            self._member({"org_id": str(clinic_id), "org_role": role}, {"full_name": name})
            for role, name in (("staff", "Reception"), ("provider", "Dr Smith"), ("provider", "Dr Jones"))
        ]
        return Clinic(clinic_id, owner, *members)

    def _member(self, app_metadata: Mapping[str, str], user_metadata: Mapping[str, str]) -> UUID:
        user_id = uuid4()
        self.rows(
            "insert into auth.users (id, aud, role, email, raw_app_meta_data, raw_user_meta_data)"
            " values (%s, 'authenticated', 'authenticated', %s, %s, %s)",
            user_id,
            f"{user_id}@clinic.test",
            json.dumps(app_metadata),
            json.dumps(user_metadata),
        )
        return user_id


def config_for(dsn: str, keys: ProjectKeys, **changes: Any) -> Config:
    return replace(Config(database_url=dsn, jwt_issuer=ISSUER, jwt_secret=keys.jwt_secret), **changes)


def claims_for(user_id: UUID, org_id: UUID | None, /, **changes: Any) -> dict[str, Any]:
    """The claims of a Supabase access token with the custom access token hook's `org_id`."""
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": str(user_id),
        "aud": "authenticated",
        "exp": now + 3600,
        "iat": now,
        "email": "reception@clinic.test",
        "phone": "",
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": {},
        "role": "authenticated",
        "aal": "aal1",
        "amr": [{"method": "password", "timestamp": now}],
        "session_id": str(uuid4()),
        "is_anonymous": False,
        **({"org_id": str(org_id), "org_role": "staff"} if org_id else {}),
    }
    return {name: value for name, value in {**claims, **changes}.items() if value is not ...}


def token_for(keys: ProjectKeys, user_id: UUID, org_id: UUID | None, /, **changes: Any) -> str:
    return jwt.encode(claims_for(user_id, org_id, **changes), keys.jwt_secret, algorithm="HS256")


class Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def running(config: Config) -> Iterator[httpx.Client]:
    """The app, served until its database answers and then until the context ends."""
    with serving(config) as client:
        wait_for(lambda: client.get("/health").status_code == 200)
        yield client


@contextlib.contextmanager
def serving(config: Config) -> Iterator[httpx.Client]:
    """The app on a free port of the loopback, in a thread of its own."""
    server = Server(uvicorn.Config(create_app(config), port=0, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_for(lambda: server.started or not thread.is_alive())
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(10)


def wait_for(condition: Any, deadline_seconds: float = DEADLINE_SECONDS) -> Any:
    deadline = time.monotonic() + deadline_seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "the deadline passed"
        time.sleep(0.01)
    return found


def soon_at(hour: int, minute: int = 0, days: int = 0) -> datetime:
    """A time that lies ahead, and is the same one for the whole run, also when midnight passes."""
    return datetime(DAY.year, DAY.month, DAY.day, hour, minute, tzinfo=UTC) + timedelta(days=days)


def booking(clinic: Clinic, **changes: Any) -> dict[str, Any]:
    arguments = {
        "clinic_id": str(clinic.id),
        "provider_id": str(clinic.provider_id),
        "patient_name": "Ada O'Brien",
        "patient_email": "ada@example.test",
        "appointment_time": soon_at(10).isoformat(),
        "duration_minutes": 30,
    }
    return {name: value for name, value in {**arguments, **changes}.items() if value is not ...}


def tool_calls(calls: Sequence[tuple[str, str, Any]], call_id: str | None = None) -> dict[str, Any]:
    """A `tool-calls` message as the custom-tools guide shows it."""
    entries = [{"id": identity, "name": name, "arguments": arguments} for identity, name, arguments in calls]
    call = {"id": call_id or str(uuid4()), "orgId": str(uuid4()), "type": "inboundPhoneCall"}
    return {"message": {"type": "tool-calls", "toolCallList": entries, "call": call}}


@dataclass(frozen=True)
class World:
    """Two clinics with their diaries, and the running API."""

    http: httpx.Client
    see: Observer
    clinic: Clinic
    neighbour: Clinic

    def token(self, clinic: Clinic | None = None, user_id: UUID | None = None, **changes: Any) -> dict[str, str]:
        clinic = clinic or self.clinic
        token = token_for(KEYS, user_id or clinic.staff_id, clinic.id, **changes)
        return {"Authorization": f"Bearer {token}"}

    def call(self, body: Any, **headers: str) -> httpx.Response:
        return self.http.post(TOOLS, json=body, headers={**self.token(), **headers})

    def book(self, dialect: str = "flat", **changes: Any) -> tuple[int, dict[str, Any]]:
        """Status and fields of one booking, whichever dialect carried it."""
        return self.tool("book_appointment", booking(self.clinic, **changes), dialect)

    def tool(self, name: str, arguments: Any, dialect: str = "flat") -> tuple[int, dict[str, Any]]:
        if dialect == "flat":
            answer = self.call({"tool": name, "params": arguments})
            return answer.status_code, answer.json()
        answer = self.call(tool_calls([("tool-call", name, arguments)]))
        assert answer.status_code == 200
        (entry,) = answer.json()["results"]
        assert entry["toolCallId"] == "tool-call"
        if "result" in entry:
            return 200, entry["metadata"]
        return entry["metadata"]["status"], {"error": entry["error"], "code": entry["metadata"]["code"]}

    def diary(self, clinic: Clinic | None = None) -> list[tuple[Any, ...]]:
        rows = "select * from public.appointments where org_id = %s order by id"
        return self.see.rows(rows, (clinic or self.clinic).id)

    def audit(self, clinic: Clinic | None = None) -> list[tuple[Any, ...]]:
        return self.see.rows(
            "select user_id, action, target_org_id, attempted_action, status, details from public.audit_log"
            " where org_id = %s order by created_at",
            (clinic or self.clinic).id,
        )


@pytest.fixture(scope="session")
def database() -> Iterator[Postgres]:
    with database_with_schema() as postgres:
        yield postgres


@pytest.fixture(scope="session")
def backend(database: Postgres) -> Iterator[httpx.Client]:
    with running(config_for(database.dsn("authenticator"), KEYS)) as client:
        yield client


@pytest.fixture(scope="session")
def see(database: Postgres) -> Iterator[Observer]:
    with Observer.of(database) as observer:
        yield observer


@pytest.fixture
def world(backend: httpx.Client, see: Observer) -> World:
    return World(backend, see, see.clinic(), see.clinic())
