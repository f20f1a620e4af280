"""Phrases that ask the same thing in each of several ways; a table lists the ways."""

from datetime import time

from behave import then, when
from behave.runner import Context

from acceptance import availability, calls, promises
from acceptance.booking import Slot
from acceptance.moments import DAYS, Moment
from acceptance.refusals import Refusal, must_refuse
from features.steps.parameter_types import AUTHORISATIONS, LENGTHS, PATIENTS, SAYINGS
from features.tables import column


@when("{caller:Name} asks {provider:Name} for {slot:Slot} with each of")
def ask_with_each_authorisation(context: Context, caller: str, provider: str, slot: Slot) -> None:
    context.scene.remember()
    for words, header in column(context.table, "authorisation", AUTHORISATIONS):
        wish = context.scene.wish(f"{caller} with {words}", provider, slot)
        key = context.scene.run.target.publishable_key
        context.scene.ask(wish, context.scene.assistant_with(header and header.format(publishable_key=key)))


@when("{caller:Name} asks {provider:Name} for each of these at {at:Clock}")
def ask_for_each_day(context: Context, caller: str, provider: str, at: time) -> None:
    context.scene.remember()
    for day, _rule in column(context.table, "day", DAYS):
        context.scene.ask(context.scene.wish(f"{caller} for {day}", provider, Slot(Moment(day, at))))


@when("{caller:Name} asks {provider:Name} for {slot:Slot}, saying it as each of")
def ask_saying_each(context: Context, caller: str, provider: str, slot: Slot) -> None:
    context.scene.remember()
    for words, saying in column(context.table, "saying", SAYINGS):
        wish = context.scene.wish(f"{caller} saying {words}", provider, slot)
        calls.with_changed_arguments(context.scene, wish, {"appointment_time": wish.starts_at.strftime(saying)})


@when("{caller:Name} asks {provider:Name} for {slot:Slot} and for each of")
def ask_for_each_length(context: Context, caller: str, provider: str, slot: Slot) -> None:
    context.scene.remember()
    for words, length in column(context.table, "length", LENGTHS):
        wish = context.scene.wish(f"{caller} for {words}", provider, slot)
        calls.with_changed_arguments(context.scene, wish, {"duration_minutes": length})


@when("{caller:Name} asks {provider:Name} for {slot:Slot} for each of")
def ask_for_each_patient(context: Context, caller: str, provider: str, slot: Slot) -> None:
    context.scene.remember()
    for words, said in column(context.table, "patient", PATIENTS):
        wish = context.scene.wish(f"{caller} for {words}", provider, slot)
        calls.with_changed_arguments(context.scene, wish, said)


@when("{caller:Name} asks when {provider:Name} is free, saying it as each of")
def ask_when_free_saying_each(context: Context, caller: str, provider: str) -> None:
    context.scene.remember()
    morning = Slot(Moment("the next working day", time(10)))
    for words, said in column(context.table, "saying", availability.OPEN_QUESTIONS):
        availability.ask_about(context.scene, f"{caller} saying {words}", provider, morning, said)


@then("each is refused as {refusal:Refusal}")
def each_is_refused(context: Context, refusal: Refusal) -> None:
    for exchange in promises.asked_since_remembering(context.scene):
        must_refuse(exchange.wish.caller, exchange.outcome, refusal)
