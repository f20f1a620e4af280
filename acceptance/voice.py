"""Tool calls as the assistant makes them, in both wire dialects, read into one outcome."""

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import httpx

from acceptance.target import Dialect
from acceptance.wording import quoted

TOOLS_PATH = "/api/vapi/tools"


@dataclass(frozen=True)
class ToolCall:
    """One tool call of one phone call; the two ids stay the same when it is delivered again."""

    tool: str
    arguments: Mapping[str, Any]
    call_id: str = field(default_factory=lambda: str(uuid4()))
    tool_call_id: str = field(default_factory=lambda: f"call_{uuid4().hex[:24]}")


@dataclass(frozen=True)
class Outcome:
    """What one tool call came to, the same for both dialects.

    `status` is 200 or the refusal's HTTP status, `code` the refusal's name or "" after a success.
    """

    status: int
    code: str
    said: str
    answer: Mapping[str, Any]
    milliseconds: float
    http_status: int
    server_timing: str = ""

    @property
    def booked(self) -> bool:
        return self.done and bool(self.answer.get("appointment_id"))

    @property
    def done(self) -> bool:
        """Neither refused nor without the word that it succeeded."""
        return self.status == 200 and not self.code and self.answer.get("success") is True

    @property
    def appointment_id(self) -> str:
        return str(self.answer.get("appointment_id", ""))

    def __str__(self) -> str:
        what = f"refused as {self.code or 'nothing named'} ({self.status})"
        if not self.code and self.status == 200:
            what = "accepted" if self.answer.get("success", True) is True else "accepted, though not as a success"
        return (
            f"{what}, saying: {quoted(self.said)}" if self.said and self.said != "None" else f"{what}, without a word"
        )


class Unreadable(Exception):
    """The answer keeps to neither dialect; the message says in what."""


class Wire(ABC):
    """How a tool call is put on the wire and how its answer is read."""

    dialect: Dialect

    @abstractmethod
    def request(self, call: ToolCall) -> tuple[dict[str, Any], dict[str, str]]:
        """The JSON body and the extra headers of one call."""

    @abstractmethod
    def outcome(self, call: ToolCall, answer: httpx.Response, milliseconds: float) -> Outcome:
        """Raises Unreadable when the answer is not in this dialect."""


class FlatWire(Wire):
    """`{"tool", "params"}`; refusals are HTTP statuses with `{"error", "code"}`."""

    dialect: Dialect = "flat"

    def request(self, call: ToolCall) -> tuple[dict[str, Any], dict[str, str]]:
        # The Idempotency-Key header is the IETF's draft standard for what Vapi says with its two ids.
        key = f"{call.call_id}/{call.tool_call_id}"
        return {"tool": call.tool, "params": dict(call.arguments)}, {"Idempotency-Key": key}

    def outcome(self, call: ToolCall, answer: httpx.Response, milliseconds: float) -> Outcome:  # noqa: ARG002
        body = json_object(answer)
        if answer.status_code == 200:
            return Outcome(200, "", json.dumps(body, ensure_ascii=False), body, milliseconds, 200)
        return _refusal(answer.status_code, body, milliseconds)


class ToolCallsWire(Wire):
    """Vapi's own message; every call is answered inside a 200 (contract-facts A2, A3)."""

    dialect: Dialect = "tool-calls"

    def request(self, call: ToolCall) -> tuple[dict[str, Any], dict[str, str]]:
        return tool_calls_message(call.call_id, [tool_call_entry(call)]), {}

    def outcome(self, call: ToolCall, answer: httpx.Response, milliseconds: float) -> Outcome:
        body = json_object(answer)
        if answer.status_code != 200:
            return _refusal(answer.status_code, body, milliseconds)
        results = results_of(body)
        mine = [entry for entry in results if entry.get("toolCallId") == call.tool_call_id]
        if len(results) != 1 or len(mine) != 1:
            ids = [entry.get("toolCallId") for entry in results]
            raise Unreadable(
                f"one call {call.tool_call_id} should get one result, but the answer has results for {ids}"
            )
        return outcome_of_entry(mine[0], body, milliseconds)


def results_of(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The `results` of a tool-calls answer; raises Unreadable when it is no list of objects."""
    results = body.get("results")
    if not isinstance(results, list) or not all(isinstance(entry, dict) for entry in results):
        raise Unreadable(f"`results` should be a list of objects, but the answer's keys are {sorted(body)}")
    return results


def outcome_of_entry(entry: Mapping[str, Any], body: Mapping[str, Any], milliseconds: float) -> Outcome:
    """One entry of `results` as an outcome; raises Unreadable unless it is one string on one line.

    `body` holds the flat fields that the answer to a single call carries beside `results`.
    """
    said = [entry[name] for name in ("result", "error") if name in entry]
    if len(said) != 1 or not isinstance(said[0], str):
        raise Unreadable(f"an entry should hold one string, `result` or `error`; it holds {', '.join(sorted(entry))}")
    if "\n" in said[0] or "\r" in said[0]:
        raise Unreadable("a result should be on one line, as Vapi drops the rest")
    metadata = entry.get("metadata") or {}
    if not isinstance(metadata, Mapping):
        raise Unreadable("`metadata` should be an object")
    if "error" in entry:
        return Outcome(
            int(metadata.get("status", 0)), str(metadata.get("code", "")), said[0], metadata, milliseconds, 200
        )
    return Outcome(200, "", said[0], {**body, **metadata}, milliseconds, 200)


def tool_call_entry(call: ToolCall, *, as_string: bool = False) -> dict[str, Any]:
    """A call in the OpenAI shape that Vapi's real traffic has (contract-facts A2, shape 4)."""
    arguments = json.dumps(call.arguments) if as_string else dict(call.arguments)
    return {"id": call.tool_call_id, "type": "function", "function": {"name": call.tool, "arguments": arguments}}


def tool_calls_message(call_id: str, entries: list[dict[str, Any]], **lists: Any) -> dict[str, Any]:
    """A `tool-calls` server message; `lists` replaces or adds further keys of the message."""
    now = "2026-01-01T00:00:00.000Z"
    message: dict[str, Any] = {
        "type": "tool-calls",
        "timestamp": int(time.time() * 1000),
        "toolCallList": entries,
        "call": {
            "id": call_id,
            "orgId": str(uuid4()),
            "createdAt": now,
            "updatedAt": now,
            "type": "inboundPhoneCall",
            "status": "in-progress",
        },
        "artifact": {"messages": [], "messagesOpenAIFormatted": []},
        **lists,
    }
    return {"message": message}


WIRES: dict[Dialect, Wire] = {"flat": FlatWire(), "tool-calls": ToolCallsWire()}


@dataclass(frozen=True)
class Assistant:
    """The AI receptionist at one clinic's line: a token and a way to speak. Safe to share between threads."""

    http: httpx.Client
    wire: Wire
    authorization: str | None

    def call(self, call: ToolCall) -> Outcome:
        """Make one tool call; raises Unreadable or NoAnswer."""
        body, headers = self.wire.request(call)
        answer, milliseconds = self.post(body, headers)
        outcome = self.wire.outcome(call, answer, milliseconds)
        return replace(outcome, server_timing=answer.headers.get("Server-Timing", ""))

    def post(self, body: Any, headers: Mapping[str, str] | None = None) -> tuple[httpx.Response, float]:
        """Send any body to the tools' address; returns the answer and its milliseconds."""
        sent = dict(headers or {})
        if self.authorization is not None:
            sent["Authorization"] = self.authorization
        started = time.perf_counter()
        answer = self.http.post(TOOLS_PATH, json=body, headers=sent)
        return answer, (time.perf_counter() - started) * 1000


def json_object(answer: httpx.Response) -> dict[str, Any]:
    """The answer's body; raises Unreadable when it is no JSON object."""
    try:
        body = answer.json()
    except ValueError:
        raise Unreadable(f"the answer ({answer.status_code}) is no JSON") from None
    if not isinstance(body, dict):
        raise Unreadable(f"the answer ({answer.status_code}) is no JSON object")
    return body


def _refusal(status: int, body: Mapping[str, Any], milliseconds: float) -> Outcome:
    return Outcome(status, str(body.get("code", "")), str(body.get("error", "")), body, milliseconds, status)
