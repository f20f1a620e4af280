"""Transactions that act in the database as the caller does over PostgREST."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from reference.backend import server_timing
from reference.backend.tokens import Caller, database_claims

Connection = psycopg.AsyncConnection[TupleRow]

POOL_SIZE = 16
POOL_WAIT_SECONDS = 5.0
CONNECT_TIMEOUT_SECONDS = 5
FIRST_RETRY_SECONDS = 0.02
LONGEST_RETRY_SECONDS = 0.1
FRESH_SECONDS = 1.0  # a server that was restarted may cost one request within so short a time

ASSUME = "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)"


class Database:
    """The pool of connections, all of them as `authenticator`, which by itself may do nothing."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            min_size=POOL_SIZE // 2,
            max_size=POOL_SIZE,
            timeout=POOL_WAIT_SECONDS,
            # The statements are few and always the same; planning them anew took half as long as carrying them out.
            kwargs={
                "autocommit": True,
                "connect_timeout": CONNECT_TIMEOUT_SECONDS,
                "prepare_threshold": 0,
                "options": "-c plan_cache_mode=force_generic_plan",
            },
            check=self._check,
            open=False,
        )
        self._opened = asyncio.Event()
        self._used_at: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the pool open; it fills as soon as the server can be reached, which may be later than this."""
        opening = asyncio.create_task(self._open())
        try:
            yield
        finally:
            opening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await opening
            await self._pool.close()

    @asynccontextmanager
    async def as_caller(self, caller: Caller) -> AsyncIterator[Connection]:
        """A transaction as `authenticated` with the caller's claims, so that row-level security judges it."""
        async with self._transaction("authenticated", database_claims(caller)) as connection:
            yield connection

    @asynccontextmanager
    async def as_service(self) -> AsyncIterator[Connection]:
        """A transaction as `service_role`, for the audit log and the calendar outbox."""
        async with self._transaction("service_role", json.dumps({"role": "service_role"})) as connection:
            yield connection

    async def connect(self) -> Connection:
        """A connection outside the pool, in autocommit; raises psycopg.OperationalError."""
        return await psycopg.AsyncConnection.connect(self.url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_SECONDS)

    async def answers(self) -> None:
        """Ask the server for a sign of life; raises psycopg.OperationalError."""
        async with self._connection() as connection:
            await connection.execute("select 1")

    @asynccontextmanager
    async def _transaction(self, role: str, claims: str) -> AsyncIterator[Connection]:
        async with self._connection() as connection, connection.transaction():
            await connection.execute(ASSUME, (role, claims))
            yield connection

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        with server_timing.database():
            try:
                await asyncio.wait_for(self._opened.wait(), POOL_WAIT_SECONDS)
            except TimeoutError:
                raise psycopg.OperationalError("the server was never reached") from None
            async with self._pool.connection() as connection:
                yield connection
                self._used_at[connection] = time.monotonic()

    async def _check(self, connection: Connection) -> None:
        """Ask a connection that has been idle whether it still lives; to ask each time would double the round trips."""
        if time.monotonic() - self._used_at.get(connection, float("-inf")) > FRESH_SECONDS:
            await AsyncConnectionPool.check_connection(connection)

    async def _open(self) -> None:
        # The pool's own first retry comes after a second; a stack whose parts start together is up sooner.
        await (await until_reachable(self.connect)).close()
        await self._pool.open(wait=False)
        self._opened.set()


async def until_reachable(connect: Callable[[], Awaitable[Connection]]) -> Connection:
    """Try to connect until it works, with short pauses that grow."""
    pause = FIRST_RETRY_SECONDS
    while True:
        began = time.monotonic()
        try:
            return await connect()
        except psycopg.OperationalError:
            await asyncio.sleep(max(0.0, pause - (time.monotonic() - began)))
            pause = min(pause * 1.5, LONGEST_RETRY_SECONDS)
