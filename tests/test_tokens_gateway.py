"""The gateway refuses what PostgREST would hang up on."""

import asyncio
import contextlib
from pathlib import Path

import httpx
from starlette.applications import Starlette

from reference.platform.gateway import LONGEST_HEADER, create_gateway
from reference.platform.keys import ProjectKeys


def test_a_header_that_is_too_large_is_refused() -> None:
    gateway = create_gateway(
        auth=Starlette(),
        postgrest_socket=Path("/nowhere"),
        keys=ProjectKeys.generate(),
        lifespan=contextlib.nullcontext,
    )

    async def scene() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url="http://project") as client:
            return [
                (await client.get(path, headers={"Authorization": "x" * length})).status_code
                for path in ("/rest/v1/appointments", "/auth/v1/user", "/auth/v1/health")
                for length in (LONGEST_HEADER, 100)
            ]

    assert asyncio.run(scene()) == [400, 401, 400, 401, 400, 404]
