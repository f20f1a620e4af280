"""A switch for the one process of the stack that a test may kill: the backend."""

import asyncio
from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class Backend(Protocol):
    """What a switch needs of the process behind it."""

    def kill(self) -> None: ...
    def start(self) -> None: ...
    def wait_until_healthy(self) -> None: ...


def create_control(backend: Backend) -> Starlette:
    """`POST /backend/kill` ends it at once; `POST /backend/start` answers 204 when it is healthy again."""

    async def kill(_request: Request) -> Response:
        backend.kill()
        return Response(status_code=204)

    async def start(_request: Request) -> Response:
        backend.start()  # in this thread, which lives as long as the stack
        await asyncio.to_thread(backend.wait_until_healthy)
        return Response(status_code=204)

    return Starlette(
        routes=[Route("/backend/kill", kill, methods=["POST"]), Route("/backend/start", start, methods=["POST"])]
    )
