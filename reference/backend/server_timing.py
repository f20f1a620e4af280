"""What every answer carries: how long it took (Server-Timing, W3C) and the request's own id."""

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference.backend.answers import refused
from reference.backend.errors import refusal_for


@dataclass
class _Spent:
    database: float = 0.0


_spent: ContextVar[_Spent | None] = ContextVar("spent", default=None)


@contextlib.contextmanager
def database() -> Iterator[None]:
    """Count the time inside as the database's."""
    began = time.perf_counter()
    try:
        yield
    finally:
        spent = _spent.get()
        if spent is not None:
            spent.database += time.perf_counter() - began


class ServerTiming:
    """Outermost middleware: nothing leaves without its timing, not even what nobody foresaw."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, spent, request_id = time.perf_counter(), _Spent(), uuid4().hex
        _spent.set(spent)
        scope.setdefault("state", {})["request_id"] = request_id
        answering = False

        async def timed(message: Message) -> None:
            nonlocal answering
            if message["type"] == "http.response.start":
                answering = True
                headers = MutableHeaders(scope=message)
                headers["Server-Timing"] = _timing(time.perf_counter() - began, spent.database)
                headers["X-Request-Id"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, timed)
        except ClientDisconnect:
            return
        except Exception as problem:
            if answering:
                raise
            await refused(refusal_for(problem))(scope, receive, timed)


def _timing(total: float, in_database: float) -> str:
    return f"total;dur={total * 1000:.2f}, db;dur={in_database * 1000:.2f}"
