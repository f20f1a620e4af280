"""What `/openapi.json` says of bodies that the end-points read by themselves, after the token was checked."""

from typing import Any

from pydantic import BaseModel

from reference.backend.availability import AvailabilityRequest
from reference.backend.booking import BookingRequest
from reference.backend.knowledge import QuestionRequest
from reference.backend.settings import SettingsChange


class RefusedBody(BaseModel):
    """The flat answer of every refusal."""

    error: str
    code: str


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": RefusedBody, "description": "Refused"} for status in statuses}


def _flat(name: str, model: type[BaseModel]) -> dict[str, Any]:
    return {
        "title": name,
        "type": "object",
        "required": ["tool", "params"],
        "properties": {"tool": {"const": name}, "params": model.model_json_schema()},
    }


TOOL_CALL = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "arguments": {"type": ["object", "string"]},
        "function": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "arguments": {"type": ["object", "string"]}},
        },
    },
}

VAPI_MESSAGE = {
    "title": "Vapi server message",
    "type": "object",
    "required": ["message"],
    "properties": {
        "message": {
            "type": "object",
            "required": ["type"],
            "properties": {
                "type": {"type": "string", "examples": ["tool-calls"]},
                "call": {"type": "object", "properties": {"id": {"type": "string"}}},
                "toolCallList": {"type": "array", "items": TOOL_CALL},
                "toolCalls": {"type": "array", "items": TOOL_CALL},
                "toolWithToolCallList": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"toolCall": TOOL_CALL}},
                },
            },
        }
    },
}


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


TOOLS_BODY = _body(
    {
        "oneOf": [
            VAPI_MESSAGE,
            _flat("book_appointment", BookingRequest),
            _flat("check_availability", AvailabilityRequest),
            _flat("answer_question", QuestionRequest),
        ]
    }
)
SETTINGS_BODY = _body(SettingsChange.model_json_schema())
TEXTS = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
EMBEDDINGS_BODY = _body(
    {"type": "object", "required": ["input"], "properties": {"input": TEXTS, "model": {"type": "string"}}}
)
