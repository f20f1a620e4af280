"""Faults in how a tool call is read and answered."""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from reference.backend import app, booking, server_timing, tools
from reference.backend.answers import Answer
from reference.backend.errors import InvalidRequest
from reference.backend.tools import ToolCall
from sabotage.fault import fault

ONE_CALLER = "One caller, one slot"
NOT_KEPT_WAITING = "Callers are not kept waiting"
OLDER = "Arguments given as the older function call"
THREE_LISTS = "One call that is named in three lists"
TWO_CALLS = "Two calls in one message"
BROKEN_CALL = "One broken call among good ones"


@fault(
    "Of two calls in one message only the first is done.",
    caught_by=[TWO_CALLS, BROKEN_CALL],
    origin=49,
)
def one_of_two_calls() -> None:
    real = tools.calls_of
    tools.calls_of = lambda message: real(message)[:1]


@fault(
    "Calls are answered in another order than they were made.",
    caught_by=[TWO_CALLS, BROKEN_CALL],
)
def answers_out_of_order() -> None:
    real = tools.calls_of
    tools.calls_of = lambda message: real(message)[::-1]


@fault("A call that is named in three lists is done three times.", caught_by=[THREE_LISTS])
def every_list_counts() -> None:
    def calls_of(message: Mapping[str, Any]) -> list[ToolCall]:
        entries = list(tools._entries(message))
        return [ToolCall(entry["id"], entry.get("function", entry), str(uuid4())) for entry in entries]

    tools.calls_of = calls_of


@fault(
    "Calls are told apart by the phone call alone, so its second booking is lost.",
    caught_by=["Another booking in the same phone call"],
    origin=35,
)
def one_booking_a_phone_call() -> None:
    real_flat = tools.flat_key
    tools.tool_call_key = lambda message, _id: message.get("call", {}).get("id")
    tools.flat_key = lambda headers: (real_flat(headers) or "").split("/")[0] or None


@fault(
    "Arguments are read only when they are an object.",
    caught_by=["Arguments given as text", THREE_LISTS, BROKEN_CALL],
)
def only_objects_are_read() -> None:
    tools.arguments_of = lambda call: call.spec.get("arguments", call.spec.get("parameters"))


@fault(
    "Arguments under the name of parameters are overlooked.", caught_by=["Arguments given as plain parameters", OLDER]
)
def parameters_are_overlooked() -> None:
    real = tools.arguments_of

    def arguments_of(call: ToolCall) -> Mapping[str, Any]:
        return real(ToolCall(call.id, {**call.spec, "parameters": None}, call.idempotency_key))

    tools.arguments_of = arguments_of


@fault(
    "Only the top level of a call is read, not its function.",
    caught_by=[
        "Arguments given as an object",
        "Arguments given as text",
        "Arguments given as plain",
        THREE_LISTS,
        TWO_CALLS,
        BROKEN_CALL,
        "A tool that nobody has",
        "Messages that ask for nothing",
    ],
    origin=21,
)
def function_is_overlooked() -> None:
    real = tools.calls_of
    tools.calls_of = lambda message: [ToolCall(call.id, {"name": booking.TOOL}, None) for call in real(message)]


@fault("The older function call is ignored.", caught_by=[OLDER])
def function_call_is_ignored() -> None:
    tools.FUNCTION_CALL = "nothing-of-the-kind"


@fault("Arguments that were cut off end the whole message.", caught_by=[BROKEN_CALL])
def one_broken_call_breaks_all() -> None:
    async def outcome_of(session: Any, call: ToolCall) -> Any:
        return await app.run(session, call)

    app.outcome_of = outcome_of


@fault("Arguments that were cut off are an inner error.", caught_by=[BROKEN_CALL])
def cut_off_is_an_error() -> None:
    real = tools.arguments_of

    def arguments_of(call: ToolCall) -> Mapping[str, Any]:
        try:
            return real(call)
        except InvalidRequest as problem:
            raise ValueError from problem

    tools.arguments_of = arguments_of


@fault(
    "An answer has two lines, of which Vapi reads none.",
    caught_by=[ONE_CALLER, NOT_KEPT_WAITING],
    origin=20,
)
def answers_on_two_lines() -> None:
    tools.one_line = lambda text: f"Thank you.\n{text}"


@fault(
    "The result is an object, which Vapi takes for no result.",
    caught_by=[ONE_CALLER, NOT_KEPT_WAITING],
    origin=20,
)
def result_is_an_object() -> None:
    real = tools.result_entry

    def entry(call: ToolCall, outcome: Any) -> dict[str, Any]:
        made = real(call, outcome)
        return {**made, "result": made["metadata"]} if "result" in made else made

    tools.result_entry = entry


@fault("The answer's id is not the call's.", caught_by=[ONE_CALLER, NOT_KEPT_WAITING], origin=20)
def another_tool_call_id() -> None:
    real = tools.result_entry
    tools.result_entry = lambda call, outcome: {**real(call, outcome), "toolCallId": "call_1"}


@fault("A tool that nobody has is taken for a booking.", caught_by=["A tool that nobody has"])
def every_tool_books() -> None:
    tools.name_of = lambda call: booking.TOOL


@fault("A type of message that is not known is refused.", caught_by=["Messages that ask for nothing"])
def unknown_messages_are_refused() -> None:
    real = app.answer_message

    async def answer(session: Any, message: Any) -> dict[str, Any]:
        if message["type"] not in {"tool-calls", "function-call", "status-update", "end-of-call-report"}:
            raise InvalidRequest("This type of message is not known.")
        return await real(session, message)

    app.answer_message = answer


@fault(
    "Every message is taken for a request, also one that asks for nothing.",
    caught_by=["Messages that ask for nothing", OLDER],
)
def every_message_is_a_request() -> None:
    async def answer(session: Any, message: Any) -> dict[str, Any]:
        calls: Sequence[ToolCall] = tools.calls_of(message)
        return tools.tool_calls_answer(calls, [await app.outcome_of(session, call) for call in calls])

    app.answer_message = answer


@fault(
    "A refusal is told as a success.",
    caught_by=[
        "A slot that",
        "An appointment marked as",
        "Days that cannot be booked",
        "Sayings that name no time",
        "Lengths that are none",
    ],
    origin=50,
)
def refusals_sound_like_success() -> None:
    real = app.run

    async def run(session: Any, call: ToolCall) -> Answer:
        try:
            return await real(session, call)
        except Exception:
            return Answer("All done.", {"success": True})

    app.run = run


@fault("The older function call is answered in the newer form alone.", caught_by=[OLDER])
def older_call_without_its_result() -> None:
    real = tools.function_call_answer

    def answer(call: ToolCall, outcome: Any) -> dict[str, Any]:
        return {name: value for name, value in real(call, outcome).items() if name != "result"}

    tools.function_call_answer = answer


@fault("A key in quotes is another key.", caught_by=["The same call again, with its key in quotes"])
def quotes_belong_to_the_key() -> None:
    tools.flat_key = lambda headers: headers[0].strip() if headers else None


@fault("No answer says how long it took.", caught_by=[NOT_KEPT_WAITING])
def answers_without_their_time() -> None:
    server_timing._timing = lambda _total, _in_database: ""


@fault("An answer tells the time since the server was started, not since it was asked.", caught_by=[NOT_KEPT_WAITING])
def time_since_the_start() -> None:
    real, started = server_timing._timing, time.perf_counter()
    server_timing._timing = lambda _total, in_database: real(time.perf_counter() - started, in_database)
