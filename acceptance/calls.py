"""What callers and assistants do beyond one plain call: the same one again, other arguments, Vapi's odd shapes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import httpx

from acceptance.booking import BOOK, Wish
from acceptance.errors import PromiseBroken
from acceptance.scene import Exchange, Scene
from acceptance.voice import (
    Outcome,
    ToolCall,
    Unreadable,
    outcome_of_entry,
    results_of,
    tool_call_entry,
    tool_calls_message,
)


def again(scene: Scene, caller: str, *, in_quotes: bool = False) -> Exchange:
    """Deliver a caller's last tool call once more, with the same two ids.

    In quotes the key of the flat dialect is a string of structured fields, as the IETF's draft of Idempotency-Key has it.
    """
    first = scene.of(caller)
    speaker, call = scene.assistant(scene.clinic_of(first.wish)), first.call
    if in_quotes:
        call = replace(call, call_id=f'"{call.call_id}', tool_call_id=f'{call.tool_call_id}"')
    return scene.exchange(first.wish, call, speaker.call)


def in_the_same_phone_call(scene: Scene, earlier: Exchange, wish: Wish) -> None:
    """A second, different tool call of the phone call that booked before."""
    call = ToolCall(BOOK, wish.arguments(), call_id=earlier.call.call_id)
    speaker = scene.assistant(scene.clinic_of(wish))
    scene.exchange(wish, call, speaker.call)


def with_changed_arguments(scene: Scene, wish: Wish, changes: Mapping[str, Any]) -> None:
    """A booking whose arguments are changed or added to; a change to None leaves the argument out."""
    arguments = {name: value for name, value in {**wish.arguments(), **changes}.items() if value is not None}
    clinic = scene.clinics.clinic(next(iter(scene.clinics.founded)))
    speaker = scene.assistant(clinic)
    scene.exchange(wish, ToolCall(BOOK, arguments), speaker.call)


def with_tool(scene: Scene, wish: Wish, tool: str) -> None:
    """The same arguments, but for another tool."""
    speaker = scene.assistant(scene.clinic_of(wish))
    scene.exchange(wish, ToolCall(tool, wish.arguments()), speaker.call)


def send(scene: Scene, body: Mapping[str, Any]) -> httpx.Response:
    """Send a whole Vapi message for the first clinic and keep the answer, whatever it is."""
    answer, _milliseconds = scene.assistant(next(iter(scene.clinics.founded.values()))).post(body)
    scene.answers.append(answer)
    return answer


def post_message(scene: Scene, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Send a message that asks for something; returns the answer's object, which must come in a 200."""
    answer = send(scene, body)
    if answer.status_code != 200:
        raise PromiseBroken(f"Vapi ignores every answer that is not a 200; this one is a {answer.status_code}.")
    try:
        told = answer.json()
    except ValueError:
        raise PromiseBroken("The answer to Vapi should be JSON, and is none.") from None
    if not isinstance(told, dict):
        raise PromiseBroken("The answer to Vapi should be an object, and is none.")
    return told


def in_three_lists(scene: Scene, wish: Wish) -> None:
    """One call named in `toolCallList`, `toolCalls` and `toolWithToolCallList`, as real traffic has it."""
    call = ToolCall(BOOK, wish.arguments())
    entry = tool_call_entry(call)
    wrapped = {"type": "function", "function": {"name": BOOK, "parameters": {}}, "toolCall": entry}
    text = tool_call_entry(call, as_string=True)
    body = tool_calls_message(call.call_id, [text], toolCalls=[entry], toolWithToolCallList=[wrapped])
    _keep(scene, [(wish, call)], post_message(scene, body))


def _object(call: ToolCall) -> dict[str, Any]:
    return tool_calls_message(call.call_id, [tool_call_entry(call)])


def _text(call: ToolCall) -> dict[str, Any]:
    return tool_calls_message(call.call_id, [tool_call_entry(call, as_string=True)])


def _plain(name: str, call: ToolCall) -> dict[str, Any]:
    entry = {"id": call.tool_call_id, "name": call.tool, name: dict(call.arguments)}
    return tool_calls_message(call.call_id, [entry])


def _function_call(call: ToolCall) -> dict[str, Any]:
    message = tool_calls_message(call.call_id, [])["message"]
    legacy = {"name": call.tool, "parameters": dict(call.arguments)}
    return {"message": {"type": "function-call", "functionCall": legacy, "call": message["call"]}}


SHAPES: dict[str, Callable[[ToolCall], dict[str, Any]]] = {
    "an object": _object,
    "text": _text,
    "plain arguments": partial(_plain, "arguments"),
    "plain parameters": partial(_plain, "parameters"),
    "the older function call": _function_call,
}


def in_shape(scene: Scene, wish: Wish, shape: str) -> None:
    """One booking in one of the shapes that Vapi's sources give (contract-facts A2)."""
    call = ToolCall(BOOK, wish.arguments())
    told = post_message(scene, SHAPES[shape](call))
    if shape == "the older function call":
        # It carries no tool call id, so the answer cannot repeat one.
        said = told.get("result")
        if not isinstance(said, str) or len(said.splitlines()) != 1:
            raise PromiseBroken("The older function call should be answered with a `result` of one line, and is not.")
        scene.keep(Exchange(wish, call, Outcome(200, "", said, told, 0.0, 200)))
    else:
        _keep(scene, [(wish, call)], told)


def two_in_one_message(scene: Scene, first: Wish, second: Wish) -> None:
    """Two tool calls of one phone call in one message."""
    call_id = str(uuid4())
    calls = [(wish, ToolCall(BOOK, wish.arguments(), call_id=call_id)) for wish in (first, second)]
    body = tool_calls_message(call_id, [tool_call_entry(call) for _wish, call in calls])
    _keep(scene, calls, post_message(scene, body))


def one_cut_off(scene: Scene, good: Wish, broken: Wish) -> None:
    """A good call beside one whose arguments were cut off in the middle, as a token limit does."""
    call_id = str(uuid4())
    calls = [(wish, ToolCall(BOOK, wish.arguments(), call_id=call_id)) for wish in (good, broken)]
    entries = [tool_call_entry(call, as_string=True) for _wish, call in calls]
    entries[1]["function"]["arguments"] = entries[1]["function"]["arguments"][:40]
    _keep(scene, calls, post_message(scene, tool_calls_message(call_id, entries)))


def other_message(message_type: str) -> dict[str, Any]:
    """A server message that asks for no tool."""
    return {
        "message": {
            "type": message_type,
            "status": "ended",
            "endedReason": "customer-ended-call",
            "timestamp": int(datetime.now(UTC).timestamp() * 1000),
            "artifact": {"messages": [], "transcript": json.dumps("User: hello\nAI: hello")},
            "analysis": {},
        }
    }


def _keep(scene: Scene, calls: list[tuple[Wish, ToolCall]], told: Mapping[str, Any]) -> None:
    """Match results to calls by position and id; raises PromiseBroken when one is missing, extra or out of order."""
    try:
        results = results_of(told)
        wanted, seen = [call.tool_call_id for _wish, call in calls], [entry.get("toolCallId") for entry in results]
        if wanted != seen:
            raise PromiseBroken(
                f"The calls {', '.join(wanted)} should be answered once each, in this order; "
                f"answered were {', '.join(map(str, seen)) or 'none'}."
            )
        for (wish, call), entry in zip(calls, results, strict=True):
            outcome = outcome_of_entry(entry, told if len(calls) == 1 else {}, 0.0)
            scene.keep(Exchange(wish, call, outcome))
    except Unreadable as problem:
        raise PromiseBroken(f"The assistant should be able to read the answer, but {problem}.") from None
