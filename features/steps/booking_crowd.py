"""Phrases for many callers: one after the other, and at the same moment."""

from datetime import time
from functools import partial

from behave import then, when
from behave.runner import Context

from acceptance import promises, storms
from acceptance.booking import BOOK, Slot
from acceptance.knowledge import ANSWER
from acceptance.latency import Distribution, must_tell_their_times
from acceptance.moments import Moment
from acceptance.race import judge_others, judge_winner
from acceptance.refusals import Refusal

WHAT_IS_ASKED = {BOOK: "a booking", ANSWER: "a question"}
SURGERY_HOURS = Slot(Moment("the next working day", time(7)))
ALL_DAY = Slot(Moment("the next working day", time(2)))
LONG_SLOT = Slot(Moment("the next working day", time(2)), minutes=60)


@when("{callers:Number} callers one after the other ask {provider:Name} for free slots")
def one_after_the_other(context: Context, callers: int, provider: str) -> None:
    storms.one_after_the_other(context.scene, callers, provider, SURGERY_HOURS)


@then("every caller is booked")
def every_caller_booked(context: Context) -> None:
    for exchange in context.scene.exchanges.values():
        promises.must_be_booked(context.scene, exchange)


@then("{share:Number} of 100 answers came within {budget:Number} ms")
def answers_in_time(context: Context, share: int, budget: int) -> None:
    samples = [exchange.outcome.milliseconds for exchange in context.scene.exchanges.values()]
    asked = {WHAT_IS_ASKED[exchange.call.tool] for exchange in context.scene.exchanges.values()}
    measured = Distribution(f"{' and '.join(sorted(asked))} ({context.scene.dialect})", samples)
    context.scene.run.measurements.append(measured)
    measured.judge(share, budget)


@then("every answer says how long it took")
def answers_tell_their_time(context: Context) -> None:
    must_tell_their_times(
        (caller, exchange.outcome.server_timing, exchange.outcome.milliseconds)
        for caller, exchange in context.scene.exchanges.items()
    )


@when("{callers:Number} callers ask {provider:Name} for the same slot at the same moment, in {rounds:Number} rounds")
def storm(context: Context, callers: int, provider: str, rounds: int) -> None:
    context.scene.remember()
    storms.storm(context.scene, provider, callers, rounds, ALL_DAY)


@when(
    "{callers:Number} callers ask {provider:Name} for overlapping slots {apart:Number} minutes apart"
    " at the same moment, in {rounds:Number} rounds"
)
def staggered_storm(context: Context, callers: int, provider: str, apart: int, rounds: int) -> None:
    context.scene.remember()
    storms.storm(context.scene, provider, callers, rounds, LONG_SLOT, apart_minutes=apart)


@then("in every round exactly 1 caller is booked")
def one_winner(context: Context) -> None:
    promises.in_every_round(context.scene, judge_winner)


@then("every other caller is refused as {refusal:Refusal}")
def others_refused(context: Context, refusal: Refusal) -> None:
    promises.in_every_round(context.scene, partial(judge_others, refusal=refusal))


@when("the call of {caller:Name} for {provider:Name} for {slot:Slot} arrives {times:Number} times at the same moment")
def many_deliveries(context: Context, caller: str, provider: str, slot: Slot, times: int) -> None:
    wish = context.scene.wish(caller, provider, slot)
    context.scene.remember()
    storms.many_times_at_once(context.scene, wish, times)


@then("every caller is told the same appointment")
def all_told_the_same(context: Context) -> None:
    promises.all_told_the_same(context.scene)
