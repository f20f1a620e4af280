"""The embedded stack: everything a voice-booking system needs, started and ended together."""

import asyncio
import contextlib
import json
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg_pool
import uvicorn
from starlette.types import ASGIApp

from reference.backend_process import BackendProcess
from reference.control import create_control
from reference.doubles.google_calendar import create_app as create_google
from reference.doubles.google_calendar import new_service_account
from reference.platform.auth import AuthSettings, create_auth_app
from reference.platform.gateway import create_gateway
from reference.platform.keys import ProjectKeys
from reference.platform.postgres import Postgres, socket_dsn
from reference.platform.postgrest import find_postgrest, start_postgrest
from reference.platform.processes import stop_all
from reference.run_folder import run_folder

PLATFORM = Path(__file__).parent / "platform"
MIGRATIONS = Path(__file__).parents[1] / "supabase" / "migrations"

# GoTrue's own tests use bcrypt's cheapest cost for the same reason: these passwords guard nothing.
BCRYPT_COST = 4
CALENDAR_TIMEOUT_SECONDS = "0.4"
CALENDAR_RETRY_BASE_SECONDS = "0.05"
CALENDAR_RETRY_CAP_SECONDS = "1"


@dataclass(frozen=True)
class StackOptions:
    """What may differ from the reference: another backend module, SQL laid on top of the migrations."""

    backend_module: str = "reference.backend"
    backend_environment: Mapping[str, str] = field(default_factory=dict)
    extra_sql: Sequence[Path] = ()
    migrations: Path = MIGRATIONS


@dataclass
class Stack:
    """A booted stack whose servers answer once `serve` has been entered."""

    run_dir: Path
    keys: ProjectKeys
    postgres: Postgres
    postgrest_socket: Path
    backend: BackendProcess
    service_account: dict[str, str]
    listeners: dict[str, socket.socket] = field(repr=False)

    def settings(self) -> dict[str, str]:
        """Everything a client needs, by the names that `acceptance/target.py` reads (prefix ACCEPTANCE_)."""
        google = _url(self.listeners["google"])
        return {
            "SUPABASE_URL": _url(self.listeners["gateway"]),
            "PUBLISHABLE_KEY": self.keys.publishable_key,
            "SECRET_KEY": self.keys.secret_key,
            "JWT_SECRET": self.keys.jwt_secret,
            "DATABASE_URL": self.postgres.dsn("postgres"),
            "API_URL": self.backend.url,
            "CALENDAR_ENDPOINT": f"{google}/calendar/v3/",
            "CALENDAR_SERVICE_ACCOUNT": json.dumps(self.service_account),
            "CALENDAR_FAULTS_URL": google,
            "BACKEND_CONTROL_URL": _url(self.listeners["control"]),
        }

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        """Answer requests until the context ends."""
        pool = psycopg_pool.AsyncConnectionPool(
            self.postgres.dsn("supabase_auth_admin"), min_size=2, max_size=10, open=False, kwargs={"autocommit": True}
        )
        issuer = f"{_url(self.listeners['gateway'])}/auth/v1"
        auth = create_auth_app(AuthSettings(issuer=issuer, keys=self.keys, bcrypt_cost=BCRYPT_COST), pool)

        def opened_pool() -> AbstractAsyncContextManager[None]:
            return _opened(pool)

        gateway = create_gateway(
            auth=auth, postgrest_socket=self.postgrest_socket, keys=self.keys, lifespan=opened_pool
        )
        apps: dict[str, ASGIApp] = {
            "gateway": gateway,
            "google": create_google(self.service_account),
            "control": create_control(self.backend),
        }
        async with _serving({self.listeners[name]: app for name, app in apps.items()}):
            yield


@contextlib.contextmanager
def booted(options: StackOptions | None = None) -> Iterator[Stack]:
    """Start the processes; removes every trace of them at the end. Raises CannotStart.

    Must run in the main thread: the children end when the thread that started them does.
    """
    options = options or StackOptions()
    postgrest = find_postgrest()
    keys = ProjectKeys.generate()
    with run_folder() as folder, contextlib.ExitStack() as parts:
        # Auth notes errors that a test provokes on purpose; on the terminal they would look like trouble.
        logging.basicConfig(filename=folder / "platform.log", level=logging.WARNING, force=True)
        listeners = {name: parts.enter_context(_listener()) for name in ("gateway", "google", "backend", "control")}
        account = new_service_account(f"{_url(listeners['google'])}/token")
        backend = BackendProcess(
            listeners["backend"],
            {
                **_backend_environment(listeners, keys, account, socket_dsn(folder, "authenticator")),
                **options.backend_environment,
            },
            folder / "backend.log",
            options.backend_module,
        )
        backend.start()  # it imports its libraries while PostgreSQL starts
        postgres = parts.enter_context(Postgres.start(folder))
        postgres.run_sql_files([PLATFORM / "platform.sql", PLATFORM / "auth.sql"])
        postgres.run_sql_files([*sorted(options.migrations.glob("*.sql")), *options.extra_sql], user="postgres")
        dsn = postgres.dsn("authenticator")
        rest = parts.enter_context(start_postgrest(folder, binary=postgrest, dsn=dsn, jwks=keys.postgrest_secret()))
        parts.callback(stop_all)  # together, as each takes a moment and none needs the other to end
        yield Stack(folder, keys, postgres, rest, backend, account, listeners)


def exit_on_signals() -> None:
    """Turn SIGTERM and SIGINT into an orderly end, also while the stack is still starting."""

    def leave(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(130)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)


def _backend_environment(
    listeners: dict[str, socket.socket], keys: ProjectKeys, account: dict[str, str], database_url: str
) -> dict[str, str]:
    issuer = f"{_url(listeners['gateway'])}/auth/v1"
    return {
        "BACKEND_DATABASE_URL": database_url,
        "BACKEND_JWKS_URL": f"{issuer}/.well-known/jwks.json",
        "BACKEND_JWT_SECRET": keys.jwt_secret,
        "BACKEND_JWT_ISSUER": issuer,
        "BACKEND_JWT_AUDIENCE": "authenticated",
        "GOOGLE_SERVICE_ACCOUNT": json.dumps(account),
        "GOOGLE_CALENDAR_ENDPOINT": f"{_url(listeners['google'])}/calendar/v3/",
        "CALENDAR_TIMEOUT_SECONDS": CALENDAR_TIMEOUT_SECONDS,
        "CALENDAR_RETRY_BASE_SECONDS": CALENDAR_RETRY_BASE_SECONDS,
        "CALENDAR_RETRY_CAP_SECONDS": CALENDAR_RETRY_CAP_SECONDS,
    }


def _listener() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    # asyncio sets this only on sockets it made itself; without it a small answer can wait 44 ms for an ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _url(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@asynccontextmanager
async def _opened(pool: "psycopg_pool.AsyncConnectionPool[Any]") -> AsyncIterator[None]:
    async with pool:
        yield


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the supervisor decides when servers end


@asynccontextmanager
async def _serving(apps: Mapping[socket.socket, ASGIApp]) -> AsyncIterator[None]:
    """Serve each application on its socket; they start together and end together."""
    servers = {
        listener: _Server(uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=1))
        for listener, app in apps.items()
    }
    tasks = [asyncio.create_task(server.serve(sockets=[listener])) for listener, server in servers.items()]
    while not all(server.started or task.done() for server, task in zip(servers.values(), tasks, strict=True)):
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        for server in servers.values():
            server.should_exit = True
        await asyncio.gather(*tasks)
