"""Phrases for the shapes in which Vapi delivers a tool call."""

from datetime import time

from behave import then, when
from behave.runner import Context

from acceptance import calls, promises
from acceptance.booking import Slot
from acceptance.moments import Moment
from acceptance.refusals import Refusal, must_refuse
from features.steps.parameter_types import MESSAGE_TYPES
from features.tables import column


@when("the assistant names the call of {caller:Name} for {provider:Name} for {slot:Slot} in all three lists")
def in_three_lists(context: Context, caller: str, provider: str, slot: Slot) -> None:
    wish = context.scene.wish(caller, provider, slot)
    context.scene.remember()
    calls.in_three_lists(context.scene, wish)


@when("the assistant gives the arguments of {caller:Name} for {provider:Name} for {slot:Slot} as {shape:Shape}")
def in_shape(context: Context, caller: str, provider: str, slot: Slot, shape: str) -> None:
    wish = context.scene.wish(caller, provider, slot)
    context.scene.remember()
    calls.in_shape(context.scene, wish, shape)


@when(
    "the assistant asks in one message for {first:Name} at {at:Clock} and for {second:Name} at {then_at:Clock}"
    " with {provider:Name} on {day:Day}"
)
def two_calls(context: Context, first: str, at: time, second: str, then_at: time, provider: str, day: str) -> None:
    wishes = [
        context.scene.wish(caller, provider, Slot(Moment(day, clock)))
        for caller, clock in ((first, at), (second, then_at))
    ]
    context.scene.remember()
    calls.two_in_one_message(context.scene, *wishes)


@then("both calls are answered in their order")
def both_answered(context: Context) -> None:
    for exchange in context.scene.exchanges.values():
        promises.must_be_booked(context.scene, exchange)


@when(
    "the assistant asks in one message for {caller:Name} at {at:Clock} with {provider:Name} on {day:Day}"
    " and for something cut off"
)
def one_cut_off(context: Context, caller: str, at: time, provider: str, day: str) -> None:
    good = context.scene.wish(caller, provider, Slot(Moment(day, at)))
    broken = context.scene.wish("the call that was cut off", provider, Slot(Moment(day, time(15))))
    context.scene.remember()
    calls.one_cut_off(context.scene, good, broken)


@then("the call that was cut off is refused as {refusal:Refusal}")
def cut_off_refused(context: Context, refusal: Refusal) -> None:
    caller = "the call that was cut off"
    must_refuse(caller, context.scene.of(caller).outcome, refusal)


@when("the assistant calls the tool {tool:Name} for {caller:Name}")
def unknown_tool(context: Context, tool: str, caller: str) -> None:
    wish = context.scene.wish(caller, "Dr Smith", Slot(Moment("the next working day", time(14))))
    context.scene.remember()
    calls.with_tool(context.scene, wish, tool)


@when("the assistant sends a message of each of these types")
def other_messages(context: Context) -> None:
    context.scene.remember()
    for message_type, _type in column(context.table, "type", MESSAGE_TYPES):
        calls.send(context.scene, calls.other_message(message_type))


@then("every message is accepted")
def messages_accepted(context: Context) -> None:
    promises.must_be_accepted(context.scene.answers)
