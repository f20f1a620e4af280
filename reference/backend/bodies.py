"""Reading a request's body: bounded, and as JSON."""

from typing import Any

from fastapi import Request

from reference.backend import tools
from reference.backend.errors import InvalidRequest, Unreadable

LARGEST_BODY = 256 * 1024


async def json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object; raises InvalidRequest: 413 when too large, 415 when declared otherwise."""
    body = await _bounded(request)
    _require_json(request.headers.get("content-type", ""))
    value = tools.parse_json(body)
    if not isinstance(value, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return value


async def _bounded(request: Request) -> bytes:
    # Also chunk by chunk, since a length need not be declared, or be true.
    declared = request.headers.get("content-length", "0")
    body = bytearray()
    if int(declared) <= LARGEST_BODY:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                break
        else:
            return bytes(body)
    raise Unreadable(f"The body must not be larger than {LARGEST_BODY // 1024} kilobytes.", 413)


def _require_json(content_type: str) -> None:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise Unreadable("The content type must be application/json.", 415)
