"""One system for each fault: a copy of the migrated database, and servers forked from what is imported already."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import psycopg
import uvloop

from reference.backend import __main__ as backend
from reference.backend_forks import import_all
from reference.backend_process import SERVER_TIME_ZONE, BackendProcess
from reference.doubles.google_calendar import new_service_account
from reference.platform import postgrest
from reference.platform.forking import end, forked, pipe
from reference.platform.postgres import Postgres
from reference.run_folder import run_folder
from reference.stack import Premises, Stack, migrated
from sabotage.fault import Fault

TEMPLATE = "postgres"


@dataclass(frozen=True)
class Ground:
    """What the systems of all faults are built on."""

    folder: Path
    postgres: Postgres
    postgrest: Path
    account: Mapping[str, str] = field(default_factory=partial(new_service_account, ""), repr=False)
    _spare: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    @classmethod
    @contextlib.contextmanager
    def cleared(cls) -> Iterator["Ground"]:
        """A migrated database that nobody connects to, so that it can be copied; raises CannotStart."""
        binary = postgrest.find_postgrest()
        import_all()
        with run_folder() as folder, migrated(folder) as postgres:
            yield cls(folder, postgres, binary)

    def take_database(self) -> str:
        """A copy that nobody else uses; one that was given back if there is any."""
        if self._spare:
            return self._spare.pop()
        name = f"copy_{next(self._numbers)}"
        self._execute(f"create database {name} template {TEMPLATE} strategy file_copy")
        self._execute(f"grant create on database {name} to postgres")  # belongs to no copy
        return name

    def give_back(self, database: str, *, as_it_was: bool) -> None:
        if as_it_was:
            self._spare.append(database)
        else:
            self._execute(f"drop database {database} with (force)")

    @contextlib.contextmanager
    def planted(self, fault: Fault, database: str, folder: Path) -> Iterator[tuple[Postgres, str]]:
        """Where the fault's SQL is in effect: the database, or a cluster of its own where it would spoil this one."""
        sql = [fault.sql] if fault.sql else []
        if fault.makes_roles:
            with migrated(folder, extra_sql=sql) as postgres:
                yield postgres, TEMPLATE
        else:
            if sql:
                self.postgres.run_sql_files(sql, user="postgres", dbname=database)
            yield self.postgres, database

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.postgres.dsn(dbname="template1"), autocommit=True) as connection:
            connection.execute(statement.encode())


@dataclass
class ForkedBackend(BackendProcess):
    """The backend as a fork, with the fault in it."""

    plant: Callable[[], None] | None = None
    _child: BaseProcess | None = None

    def start(self) -> None:
        environment = {**self.environment, "BACKEND_SOCKET_FD": str(self.listener.fileno()), "TZ": SERVER_TIME_ZONE}
        self._child = forked(_be_the_backend, environment, self.plant, log=self.log)

    def kill(self) -> None:
        if self._child is not None:
            end(self._child)

    def become(self, plant: Callable[[], None] | None) -> None:
        """End it and start it with another fault, or none; raises CannotStart."""
        self.kill()
        self.plant = plant
        self.start()
        self.wait_until_healthy()

    @property
    def lives(self) -> bool:
        return self._child is not None and self._child.is_alive()


@dataclass(frozen=True)
class Switch:
    """The backend as the servers see it: they run an event loop, so another process forks it for them."""

    orders: Connection

    def kill(self) -> None:
        self._give("kill")

    def start(self) -> None:
        self._give("start")

    def wait_until_healthy(self) -> None:
        self._give("wait_until_healthy")

    def _give(self, order: str) -> None:
        self.orders.send(order)
        self.orders.recv()


@dataclass(frozen=True)
class System:
    """A running system: what a client needs of it, and the orders that its servers pass on."""

    settings: Mapping[str, str]
    backend: ForkedBackend
    orders: Connection

    def follow_an_order(self) -> None:
        order = self.orders.recv()
        {"kill": self.backend.kill, "start": self.backend.start, "wait_until_healthy": self.backend.wait_until_healthy}[
            order
        ]()
        self.orders.send("done")


@contextlib.contextmanager
def system_with(fault: Fault, ground: Ground, database: str, folder: Path) -> Iterator[System]:
    """The whole system with one fault in it; raises CannotStart."""
    with contextlib.ExitStack() as parts:
        premises = parts.enter_context(Premises.taken(ground.account))
        if fault.platform:
            parts.enter_context(fault.platform())
        postgres, database = parts.enter_context(ground.planted(fault, database, folder))
        authenticator = postgres.dsn("authenticator", database)
        backend = ForkedBackend(
            premises.listeners["backend"],
            premises.backend_environment(authenticator),
            folder / "backend.log",
            plant=fault.plant,
        )
        backend.start()
        parts.callback(backend.kill)
        rest = postgrest.start_postgrest(
            folder, binary=ground.postgrest, dsn=authenticator, jwks=premises.keys.postgrest_secret()
        )
        stack = Stack(premises, postgres, parts.enter_context(rest), backend, database)
        ours, theirs = pipe()
        servers = forked(_be_the_servers, replace(stack, backend=Switch(theirs)), log=folder / "platform.log")
        parts.callback(end, servers)
        backend.wait_until_healthy()
        yield System(stack.settings(), backend, ours)


def _be_the_backend(environment: Mapping[str, str], plant: Callable[[], None] | None) -> None:
    os.environ.update(environment)
    time.tzset()
    if plant is not None:
        plant()
    sys.exit(backend.main())


def _be_the_servers(stack: Stack) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve_for_ever(stack))


async def _serve_for_ever(stack: Stack) -> None:
    async with stack.serve():
        await asyncio.Event().wait()
