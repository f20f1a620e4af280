"""The embedded stack: everything a voice-booking system needs, started and ended together."""

import asyncio
import contextlib
import itertools
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
from reference.control import Backend, create_control
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
CALENDAR_TIMEOUT_SECONDS = "0.16"
CALENDAR_RETRY_BASE_SECONDS = "0.02"
CALENDAR_RETRY_CAP_SECONDS = "0.5"
TICKS_A_SECOND = 10  # uvicorn writes the Date header anew at every tenth


@dataclass(frozen=True)
class StackOptions:
    """What may differ from the reference: settings of the backend, SQL laid on top of the migrations."""

    backend_environment: Mapping[str, str] = field(default_factory=dict)
    extra_sql: Sequence[Path] = ()
    migrations: Path = MIGRATIONS


@dataclass(frozen=True)
class Premises:
    """What is settled before anything runs: the keys, who listens where, and the account at Google."""

    keys: ProjectKeys
    listeners: Mapping[str, socket.socket] = field(repr=False)
    service_account: Mapping[str, str] = field(repr=False)

    @classmethod
    @contextlib.contextmanager
    def taken(cls, account: Mapping[str, str] | None = None) -> Iterator["Premises"]:
        """Fresh keys and free ports, held until the context ends; the account's key may be one made earlier."""
        with contextlib.ExitStack() as parts:
            listeners = {name: parts.enter_context(_listener()) for name in ("gateway", "google", "backend", "control")}
            token_uri = f"{_url(listeners['google'])}/token"
            made = {**account, "token_uri": token_uri} if account else new_service_account(token_uri)
            yield cls(ProjectKeys.generate(), listeners, made)

    def url(self, name: str) -> str:
        return _url(self.listeners[name])

    @property
    def issuer(self) -> str:
        return f"{self.url('gateway')}/auth/v1"

    def backend_environment(self, database_url: str) -> dict[str, str]:
        """The settings that the backend reads."""
        return {
            "BACKEND_DATABASE_URL": database_url,
            "BACKEND_JWKS_URL": f"{self.issuer}/.well-known/jwks.json",
            "BACKEND_JWT_SECRET": self.keys.jwt_secret,
            "BACKEND_JWT_ISSUER": self.issuer,
            "BACKEND_JWT_AUDIENCE": "authenticated",
            "GOOGLE_SERVICE_ACCOUNT": json.dumps(dict(self.service_account)),
            "GOOGLE_CALENDAR_ENDPOINT": f"{self.url('google')}/calendar/v3/",
            "CALENDAR_TIMEOUT_SECONDS": CALENDAR_TIMEOUT_SECONDS,
            "CALENDAR_RETRY_BASE_SECONDS": CALENDAR_RETRY_BASE_SECONDS,
            "CALENDAR_RETRY_CAP_SECONDS": CALENDAR_RETRY_CAP_SECONDS,
        }


@dataclass
class Stack:
    """A booted stack whose servers answer once `serve` has been entered."""

    premises: Premises
    postgres: Postgres
    postgrest_socket: Path
    backend: Backend
    database: str = "postgres"

    def settings(self) -> dict[str, str]:
        """Everything a client needs, by the names that `acceptance/target.py` reads (prefix ACCEPTANCE_)."""
        keys, google = self.premises.keys, self.premises.url("google")
        return {
            "SUPABASE_URL": self.premises.url("gateway"),
            "PUBLISHABLE_KEY": keys.publishable_key,
            "SECRET_KEY": keys.secret_key,
            "JWT_SECRET": keys.jwt_secret,
            "DATABASE_URL": self.postgres.dsn("postgres", self.database),
            "API_URL": self.premises.url("backend"),
            "CALENDAR_ENDPOINT": f"{google}/calendar/v3/",
            "CALENDAR_SERVICE_ACCOUNT": json.dumps(dict(self.premises.service_account)),
            "CALENDAR_FAULTS_URL": google,
            "BACKEND_CONTROL_URL": self.premises.url("control"),
        }

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        """Answer requests until the context ends."""
        keys, listeners = self.premises.keys, self.premises.listeners
        pool = psycopg_pool.AsyncConnectionPool(
            self.postgres.dsn("supabase_auth_admin", self.database),
            min_size=2,
            max_size=10,
            open=False,
            kwargs={"autocommit": True},
        )
        auth = create_auth_app(AuthSettings(issuer=self.premises.issuer, keys=keys, bcrypt_cost=BCRYPT_COST), pool)

        def opened_pool() -> AbstractAsyncContextManager[None]:
            return _opened(pool)

        gateway = create_gateway(auth=auth, postgrest_socket=self.postgrest_socket, keys=keys, lifespan=opened_pool)
        apps: dict[str, ASGIApp] = {
            "gateway": gateway,
            "google": create_google(self.premises.service_account),
            "control": create_control(self.backend),
        }
        async with _serving({listeners[name]: app for name, app in apps.items()}):
            yield


@contextlib.contextmanager
def booted(options: StackOptions | None = None) -> Iterator[Stack]:
    """Start the processes; removes every trace of them at the end. Raises CannotStart.

    Must run in the main thread: the children end when the thread that started them does.
    """
    options = options or StackOptions()
    postgrest = find_postgrest()
    with run_folder() as folder, Premises.taken() as premises, contextlib.ExitStack() as parts:
        environment = premises.backend_environment(socket_dsn(folder, "authenticator"))
        backend = BackendProcess(
            premises.listeners["backend"],
            {**environment, **options.backend_environment},
            folder / "backend.log",
        )
        parts.callback(backend.close)
        backend.start()  # it imports its libraries while PostgreSQL starts
        # Auth notes errors that a test provokes on purpose; on the terminal they would look like trouble. The backend,
        # forked before this, keeps a log of its own.
        logging.basicConfig(filename=folder / "platform.log", level=logging.WARNING, force=True)
        postgres = parts.enter_context(migrated(folder, options.migrations, options.extra_sql))
        jwks = premises.keys.postgrest_secret()
        rest = start_postgrest(folder, binary=postgrest, dsn=postgres.dsn("authenticator"), jwks=jwks)
        socket_path = parts.enter_context(rest)
        parts.callback(stop_all)  # together, as each takes a moment and none needs the other to end
        yield Stack(premises, postgres, socket_path, backend)


@contextlib.contextmanager
def migrated(folder: Path, migrations: Path = MIGRATIONS, extra_sql: Sequence[Path] = ()) -> Iterator[Postgres]:
    """PostgreSQL with all that a Supabase project has and the migrations on top; raises CannotStart."""
    with Postgres.start(folder) as postgres:
        postgres.run_sql_files([PLATFORM / "platform.sql", PLATFORM / "auth.sql"])
        postgres.run_sql_files([*sorted(migrations.glob("*.sql")), *extra_sql], user="postgres")
        yield postgres


def exit_on_signals() -> None:
    """Turn SIGTERM and SIGINT into an orderly end, also while the stack is still starting."""

    def leave(_signal: int, _frame: FrameType | None) -> None:
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, signal.SIG_IGN)  # the kernel may tell of a parent's death twice; tidying goes on
        sys.exit(130)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)


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
    """Ends as soon as it is told: uvicorn's own end waits twice a tenth of a second, for callers that are gone here."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(uvicorn.Config(app, log_level="error", access_log=False))
        self._told = asyncio.Event()

    def end(self) -> None:
        self.should_exit = True
        self._told.set()

    async def main_loop(self) -> None:
        for second in itertools.count():
            if await self.on_tick(second * TICKS_A_SECOND):
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for taken in sockets or []:
            taken.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self.lifespan.shutdown()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the supervisor decides when servers end


@asynccontextmanager
async def _serving(apps: Mapping[socket.socket, ASGIApp]) -> AsyncIterator[None]:
    """Serve each application on its socket; they start together and end together."""
    servers = {listener: _Server(app) for listener, app in apps.items()}
    tasks = [asyncio.create_task(server.serve(sockets=[listener])) for listener, server in servers.items()]
    while not all(server.started or task.done() for server, task in zip(servers.values(), tasks, strict=True)):
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        for server in servers.values():
            server.end()
        await asyncio.gather(*tasks)
