"""The two dialects of `POST /api/vapi/tools`: reading calls, answering them. Pure, without I/O."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reference.backend.answers import Answer, one_line, refusal_fields
from reference.backend.errors import InvalidRequest, Refused
from reference.backend.fields import unspeakable

TOOL_CALLS = "tool-calls"
FUNCTION_CALL = "function-call"
LONGEST_KEY = 400  # appointments.idempotency_key

Outcome = Answer | Refused


@dataclass(frozen=True)
class ToolCall:
    """One call as it arrived; `spec` is where its name and arguments stand."""

    id: str
    spec: Mapping[str, Any]
    idempotency_key: str | None = None


def parse_json(body: bytes) -> Any:
    """Strict JSON (RFC 8259), in UTF-8 alone; raises InvalidRequest."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise InvalidRequest("The body is not valid JSON.") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def is_flat(body: Mapping[str, Any]) -> bool:
    """Which dialect a body speaks; raises InvalidRequest when it is neither, or both."""
    if ("tool" in body) == ("message" in body):
        raise InvalidRequest("The body must hold either a tool with its params, or a Vapi message.")
    return "tool" in body


def flat_call(body: Mapping[str, Any], key_headers: Sequence[str]) -> ToolCall:
    """The one call of the flat dialect, with the key of its Idempotency-Key header."""
    return ToolCall("", {"name": body["tool"], "arguments": body.get("params", {})}, flat_key(key_headers))


def flat_key(headers: Sequence[str]) -> str | None:
    """Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a quoted string; a bare one will do."""
    if not headers:
        return None
    key = headers[0].strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if len(headers) > 1 or not _usable_key(key):
        raise InvalidRequest(f"Idempotency-Key must be one string of 1 to {LONGEST_KEY} characters.")
    return key


def message_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    message = body["message"]
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise InvalidRequest("message must be an object with a type.")
    return message


def calls_of(message: Mapping[str, Any]) -> list[ToolCall]:
    """The calls of a `tool-calls` message, each id once, in the order of first appearance.

    Vapi names a call in up to three lists at once (ServerMessageToolCalls; captured traffic).
    """
    calls: dict[str, ToolCall] = {}
    for entry in _entries(message):
        identity = entry.get("id")
        if isinstance(identity, str) and identity and identity not in calls:
            function = entry.get("function")
            spec = function if isinstance(function, dict) else entry
            calls[identity] = ToolCall(identity, spec, tool_call_key(message, identity))
    if not calls:
        raise InvalidRequest("The message names no tool call with an id.")
    return list(calls.values())


def function_call_of(message: Mapping[str, Any]) -> ToolCall:
    """The call of the older `function-call` message, which has no id to recognise a redelivery by."""
    spec = message.get("functionCall")
    if not isinstance(spec, dict):
        raise InvalidRequest("message.functionCall must be an object.")
    identity = spec.get("id")
    return ToolCall(identity if isinstance(identity, str) else FUNCTION_CALL, spec)


def _entries(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name in ("toolCallList", "toolCalls"):
        yield from _objects(message.get(name))
    for entry in _objects(message.get("toolWithToolCallList")):
        call = entry.get("toolCall")
        if isinstance(call, dict):
            # In one documented shape only the tool around the call says its name.
            yield call if "function" in call else {"name": entry.get("name"), **call}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def tool_call_key(message: Mapping[str, Any], tool_call_id: str) -> str | None:
    """What a redelivery has in common with the delivery: the phone call's id and the tool call's."""
    call = message.get("call")
    call_id = call.get("id") if isinstance(call, dict) else None
    return f"{call_id}/{tool_call_id}" if isinstance(call_id, str) and call_id else None


def _usable_key(key: str) -> bool:
    return 1 <= len(key) <= LONGEST_KEY and not unspeakable(key)


def name_of(call: ToolCall) -> str:
    """The tool's name; raises InvalidRequest. Also refuses a key that could not be stored."""
    name = call.spec.get("name")
    if not isinstance(name, str) or not name or len(name) > 80 or unspeakable(name):
        raise InvalidRequest("The tool's name is missing or malformed.")
    if call.idempotency_key is not None and not _usable_key(call.idempotency_key):
        raise InvalidRequest("The ids of the call and the tool call are too long or malformed.")
    return name


def arguments_of(call: ToolCall) -> Mapping[str, Any]:
    """Arguments as an object, whether sent as one or as a JSON string; raises InvalidRequest.

    A model that runs out of tokens leaves the string unfinished (custom-tools-troubleshooting).
    """
    arguments = call.spec.get("arguments", call.spec.get("parameters"))
    if isinstance(arguments, str):
        try:
            arguments = parse_json(arguments.encode("utf-8", "surrogatepass"))
        except InvalidRequest:
            raise InvalidRequest("The arguments are not valid JSON.") from None
    if arguments is None:
        return {}
    if not isinstance(arguments, dict):
        raise InvalidRequest("The arguments must be a JSON object.")
    return arguments


def tool_calls_answer(calls: Sequence[ToolCall], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """One entry a call, in order; a single call's flat answer stands at the top as well."""
    entries = [result_entry(call, outcome) for call, outcome in zip(calls, outcomes, strict=True)]
    alone = flat_fields(outcomes[0]) if len(outcomes) == 1 else {}
    return {"results": entries, **alone}


def function_call_answer(call: ToolCall, outcome: Outcome) -> dict[str, Any]:
    """`{"result"}` or `{"error"}` as the older message wants it, beside the newer form."""
    spoken = {"result": one_line(outcome.sentence)} if isinstance(outcome, Answer) else {}
    return {**tool_calls_answer([call], [outcome]), **spoken}


def result_entry(call: ToolCall, outcome: Outcome) -> dict[str, Any]:
    """ToolCallResult: strings on one line, the exact id, and the name, which the OpenAPI schema requires."""
    name = call.spec.get("name")
    entry = {"toolCallId": call.id, "name": name if isinstance(name, str) else ""}
    if isinstance(outcome, Answer):
        return {**entry, "result": one_line(outcome.sentence), "metadata": dict(outcome.fields)}
    metadata = {"code": outcome.code, "status": outcome.status}
    return {**entry, "error": one_line(str(outcome)), "metadata": metadata}


def flat_fields(outcome: Outcome) -> dict[str, Any]:
    return dict(outcome.fields) if isinstance(outcome, Answer) else refusal_fields(outcome)
