"""A switch for the one process of the stack that a test may kill: the backend."""

import asyncio

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reference.backend_process import BackendProcess


def create_control(backend: BackendProcess) -> Starlette:
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
