"""The two dialects: every shape in which Vapi was seen to send a call, and what it accepts as an answer."""

import json
from typing import Any

import pytest

from reference.backend import tools
from reference.backend.answers import Answer, AsciiJSONResponse
from reference.backend.errors import Conflict, InvalidRequest

ARGUMENTS = {"provider_id": "p", "note": "two\nlines"}
CALL = {"id": "phone-call"}


def openai(identity: str, arguments: Any = None) -> dict[str, Any]:
    function = {"name": "book_appointment", "arguments": ARGUMENTS if arguments is None else arguments}
    return {"id": identity, "type": "function", "function": function}


def around(call: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "name": "book_appointment", "async": False, "toolCall": call}


def flat(identity: str, key: str = "arguments") -> dict[str, Any]:
    return {"id": identity, "name": "book_appointment", key: ARGUMENTS}


SHAPES = {
    "OpenAPI: string arguments": {
        "toolCallList": [openai("a", json.dumps(ARGUMENTS))],
        "toolWithToolCallList": [around(openai("a", json.dumps(ARGUMENTS)))],
    },
    "custom-tools guide": {"toolCallList": [flat("a")]},
    "events page: parameters": {
        "toolCallList": [flat("a", "parameters")],
        "toolWithToolCallList": [{"name": "book_appointment", "toolCall": {"id": "a", "parameters": ARGUMENTS}}],
    },
    "captured traffic: three lists": {
        "toolCalls": [openai("a")],
        "toolCallList": [openai("a", json.dumps(ARGUMENTS))],
        "toolWithToolCallList": [around(openai("a"))],
    },
    "only toolCalls": {"toolCalls": [openai("a")]},
    "only the tools around the calls": {
        "toolWithToolCallList": [{"name": "book_appointment", "toolCall": {"id": "a", "parameters": ARGUMENTS}}]
    },
}


@pytest.mark.parametrize("lists", SHAPES.values(), ids=SHAPES.keys())
def test_each_known_shape_is_the_same_single_call(lists: dict[str, Any]) -> None:
    (call,) = tools.calls_of({"type": "tool-calls", "call": CALL, **lists})
    assert (call.id, tools.name_of(call), tools.arguments_of(call)) == ("a", "book_appointment", ARGUMENTS)
    assert call.idempotency_key == "phone-call/a"


def test_calls_keep_their_order_and_count_once() -> None:
    message = {
        "toolCallList": [flat("b"), flat("a")],
        "toolCalls": [openai("a"), openai("c")],
        "toolWithToolCallList": [around(openai("b")), around(openai("d"))],
    }
    assert [call.id for call in tools.calls_of(message)] == ["b", "a", "c", "d"]


def test_a_call_says_what_its_first_appearance_says() -> None:
    message = {
        "toolCalls": [openai("a", {"said": "second"})],
        "toolCallList": [openai("a", {"said": "first"})],
    }
    (call,) = tools.calls_of(message)
    assert tools.arguments_of(call) == {"said": "first"}


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"toolCallList": []},
        {"toolCallList": {"id": "a"}},
        {"toolCallList": ["a", None, {"name": "book_appointment"}, {"id": 7, "name": "x"}, {"id": ""}]},
        {"toolWithToolCallList": [{"function": "text"}, {"toolCall": "a"}]},
    ],
)
def test_a_message_without_a_call_that_could_be_answered_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="no tool call"):
        tools.calls_of(message)


def test_without_a_phone_call_there_is_no_key() -> None:
    for call in (None, {}, {"id": 5}, "text"):
        assert tools.calls_of({"toolCallList": [flat("a")], "call": call})[0].idempotency_key is None


@pytest.mark.parametrize("arguments", ['{"a": ', "[1]", "7", "null", [1], 7, "NaN", '{"a": NaN}', "\ud800"])
def test_unusable_arguments_are_refused(arguments: Any) -> None:
    call = tools.calls_of({"toolCallList": [{"id": "a", "name": "x", "arguments": arguments}]})[0]
    if arguments == "null":
        assert tools.arguments_of(call) == {}
        return
    with pytest.raises(InvalidRequest, match="arguments"):
        tools.arguments_of(call)


@pytest.mark.parametrize("name", [None, 7, "", "x" * 81, "book\nappointment", ["book_appointment"]])
def test_a_name_that_is_none_is_refused(name: Any) -> None:
    with pytest.raises(InvalidRequest, match="name"):
        tools.name_of(tools.ToolCall("a", {"name": name}))


@pytest.mark.parametrize("identity", ["a" * 400, "a\x00", "a\ud800"])
def test_a_key_that_cannot_be_stored_is_refused(identity: str) -> None:
    call = tools.calls_of({"toolCallList": [flat(identity)], "call": CALL})[0]
    with pytest.raises(InvalidRequest, match="ids"):
        tools.name_of(call)


@pytest.mark.parametrize(
    ("headers", "key"), [([], None), (["k"], "k"), (['"k"'], "k"), ([' "a b" '], "a b"), (['"'], '"')]
)
def test_idempotency_key_header(headers: list[str], key: str | None) -> None:
    assert tools.flat_key(headers) == key


@pytest.mark.parametrize("headers", [[""], ['""'], ["a", "b"], ["x" * 401], ["a\x01"]])
def test_a_bad_idempotency_key_header_is_refused(headers: list[str]) -> None:
    with pytest.raises(InvalidRequest, match="Idempotency-Key"):
        tools.flat_key(headers)


@pytest.mark.parametrize("body", [{}, {"tool": "x", "message": {}}, {"params": {}}, {"results": []}])
def test_a_body_must_speak_one_dialect(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        tools.is_flat(body)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe\xff", b"[" * 100_000, b"1" * 5000, b'{"a": Infinity}'])
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="not valid JSON"):
        tools.parse_json(body)


def test_answers_are_one_line_strings_in_order_with_the_exact_ids() -> None:
    calls = tools.calls_of({"toolCallList": [flat("b"), flat("a\ud800")]})
    answer = tools.tool_calls_answer(
        calls, [Answer("Booked\nfor\u2028Ada.", {"appointment_id": "1"}), Conflict("No.\r\n")]
    )
    assert answer == {
        "results": [
            {
                "toolCallId": "b",
                "name": "book_appointment",
                "result": "Booked for Ada.",
                "metadata": {"appointment_id": "1"},
            },
            {
                "toolCallId": "a\ud800",
                "name": "book_appointment",
                "error": "No.",
                "metadata": {"code": "CONFLICT", "status": 409},
            },
        ]
    }
    assert json.loads(bytes(AsciiJSONResponse(answer).body)) == answer


def test_a_single_call_also_has_the_flat_answer() -> None:
    calls = tools.calls_of({"toolCallList": [flat("a")]})
    booked = tools.tool_calls_answer(calls, [Answer("Booked.", {"success": True, "appointment_id": "1"})])
    assert booked["appointment_id"] == "1"
    refused = tools.tool_calls_answer(calls, [Conflict("Taken.")])
    assert (refused["error"], refused["code"]) == ("Taken.", "CONFLICT")


def test_the_older_function_call_is_answered_its_own_way() -> None:
    call = tools.function_call_of({"functionCall": {"name": "book_appointment", "parameters": ARGUMENTS}})
    assert (tools.name_of(call), tools.arguments_of(call)) == ("book_appointment", ARGUMENTS)
    assert tools.function_call_answer(call, Answer("Booked.", {}))["result"] == "Booked."
    refused = tools.function_call_answer(call, Conflict("Taken."))
    assert refused["error"] == refused["results"][0]["error"] == "Taken."
    assert "result" not in refused
