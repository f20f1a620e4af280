"""HTTP answers: JSON in pure ASCII, so that whatever a caller sent can be given back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from reference.backend.errors import Refused


@dataclass(frozen=True)
class Answer:
    """A success: a sentence to speak, and the fields of the flat answer."""

    sentence: str
    fields: Mapping[str, Any]


class AsciiJSONResponse(Response):
    """Escapes all beyond ASCII: a lone surrogate in a tool call's id must not break the answer to it."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def refused(refusal: Refused) -> Response:
    """The flat answer of a refusal: `{"error", "code"}` under its HTTP status."""
    fields = refusal_fields(refusal)
    return AsciiJSONResponse(fields, status_code=refusal.http_status, headers=refusal.headers)


def refusal_fields(refusal: Refused) -> dict[str, Any]:
    return {"error": one_line(str(refusal)), "code": refusal.code}


def one_line(text: str) -> str:
    """Vapi drops a result that holds a line break (custom-tools-troubleshooting)."""
    return " ".join(text.split())
