"""Servers that do nothing of what they are asked, and the doors of the reference system where they take over."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from reference import stack
from reference.platform.gateway import create_gateway
from reference.platform.keys import ProjectKeys
from sabotage.nothing_answers import plausible

Answer = Callable[[Request, bytes], Awaitable[Response]]
Concerns = Callable[[Request, bytes], bool]


async def _says_yes(request: Request, content: bytes) -> Response:
    return JSONResponse(plausible(request, content), headers={"Content-Range": "0-0/1"})


async def _says_nothing(request: Request, _content: bytes) -> Response:
    listed = request.url.path.startswith("/rest/v1")
    return JSONResponse([] if listed else {}, headers={"Content-Range": "*/0"})


async def _is_ill(_request: Request, _content: bytes) -> Response:
    # Each door's own name for a trouble of its own, so that nothing but the sense of it can tell.
    told = {"code": "unexpected_failure", "error_code": "unexpected_failure", "msg": "out of order"}
    return JSONResponse({**told, "message": "out of order", "error": "out of order"}, 500)


async def _turns_away(request: Request, _content: bytes) -> Response:
    code = {"rest": "42501", "auth": "no_authorization"}.get(request.url.path.split("/")[1], "UNAUTHORIZED")
    told = {"code": code, "message": "permission denied", "error": "permission denied", "msg": "permission denied"}
    return JSONResponse(told, 401, {"WWW-Authenticate": "Bearer"})


async def _keeps_silent(request: Request, _content: bytes) -> Response:
    while not await request.is_disconnected():
        await asyncio.sleep(0.02)
    return Response()


KINDS: dict[str, Answer] = {
    "success": _says_yes,
    "empty success": _says_nothing,
    "500": _is_ill,
    "401": _turns_away,
    "silence": _keeps_silent,
}


@dataclass
class Nothing:
    """A server of one kind that notes when it was asked; `concerns` picks the requests that are not left to others."""

    kind: str = "success"
    concerns: Concerns = lambda _request, _content: True
    asked_at: list[float] = field(default_factory=list)
    greeted: bool = False

    def become(self, kind: str, concerns: Concerns) -> None:
        """Begin anew as another kind."""
        self.kind, self.concerns, self.asked_at, self.greeted = kind, concerns, [], False

    async def answer(self, request: Request, content: bytes) -> Response:
        self.asked_at.append(time.monotonic())
        return await KINDS[self.kind](request, content)

    def application(self) -> ASGIApp:
        """By itself: only the run's first look whether anybody is there gets an honest answer."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                return
            request = Request(scope, receive)
            content = await request.body()
            if request.url.path == "/health" and not self.greeted:
                self.greeted = True
                await JSONResponse({"status": "ok"})(scope, receive, send)
                return
            await (await self.answer(request, content))(scope, receive, send)

        return answer

    def before(self, app: ASGIApp) -> ASGIApp:
        """In front of an application, for the requests that it concerns."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            content = await Request(scope, receive).body()
            request = Request(scope, receive)
            if self.concerns(request, content):
                await (await self.answer(request, content))(scope, receive, send)
            else:
                await app(scope, _again(content), send)

        return answer


def _again(content: bytes) -> Receive:
    """What was read already, for whoever reads it next."""
    messages = iter([{"type": "http.request", "body": content, "more_body": False}])

    async def receive() -> Any:
        return next(messages, {"type": "http.disconnect"})

    return receive


@contextmanager
def gateway_behind(nothing: Nothing) -> Iterator[list[ProjectKeys]]:
    """The gateway of the next stack stands behind a server of nothing; gives the project's keys once it is built."""
    built: list[ProjectKeys] = []

    def behind(**parts: Any) -> Starlette:
        built.append(parts["keys"])
        gateway = create_gateway(**parts)
        gateway.user_middleware.insert(0, Middleware(nothing.before))
        return gateway

    with patch.object(stack, "create_gateway", behind):
        yield built


def _behind_the_api(_keys: ProjectKeys) -> Concerns:
    return lambda _request, _content: False  # the suite is sent elsewhere for it


def _behind_the_records(keys: ProjectKeys) -> Concerns:
    """Whatever is asked of PostgREST, but for what the suite does with the project's secret key."""

    def concerns(request: Request, _content: bytes) -> bool:
        return request.url.path.startswith("/rest/v1") and request.headers.get("apikey") != keys.secret_key

    return concerns


def _behind_the_accounts(_keys: ProjectKeys) -> Concerns:
    """Whatever is asked of Auth, but for the accounts of a clinic's founding and for the API's own look at the keys."""

    def concerns(request: Request, content: bytes) -> bool:
        path = request.url.path
        founding = path.endswith(("/signup", "/admin/users")) and b"-person-" not in content
        keys = path.endswith("/jwks.json") and "apikey" not in request.headers
        return path.startswith("/auth/v1") and not founding and not keys

    return concerns


def _behind_everything(_keys: ProjectKeys) -> Concerns:
    return lambda _request, _content: True


DOORS: dict[str, Callable[[ProjectKeys], Concerns]] = {
    "the API": _behind_the_api,
    "the records": _behind_the_records,
    "the accounts": _behind_the_accounts,
    "everything": _behind_everything,
}


@dataclass
class Relay:
    """Hands every byte on to another server, and notes when somebody asked."""

    to: str
    asked_at: list[float] = field(default_factory=list)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """The relay's own URL, until the context ends."""
        server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = urlsplit(self.to).netloc.split(":")
        answers, asks = await asyncio.open_connection(host, int(port))
        await asyncio.gather(self._hand_on(reader, asks, noted=True), self._hand_on(answers, writer))

    async def _hand_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, noted: bool = False) -> None:
        with suppress(ConnectionError):
            while content := await source.read(65536):
                if noted:
                    self.asked_at.append(time.monotonic())
                sink.write(content)
                await sink.drain()
        sink.close()
