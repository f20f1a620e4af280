"""Phrases of the calendar, of Google's illnesses, and of the backend's own death."""

from datetime import time

from behave import given, then, when
from behave.runner import Context

from acceptance import availability, calendar_promises, promises
from acceptance.booking import Slot
from acceptance.moments import Moment

SLOW_SECONDS = 0.16  # longer than a transaction may wait, shorter than the reference backend does


@given("the calendar shows the appointment of {caller:Name} exactly once")
@then("the calendar shows the appointment of {caller:Name} exactly once")
def calendar_shows(context: Context, caller: str) -> None:
    calendar_promises.exactly_one_event(context.scene, context.scene.of(caller))


@then("the calendar no longer shows the appointment of {caller:Name}")
def calendar_forgets(context: Context, caller: str) -> None:
    calendar_promises.calendar_must_not_show(context.scene, context.scene.of(caller))


@given("Google {illness:Illness} for {clinic:Name}")
def google_is_ill(context: Context, illness: str, clinic: str) -> None:
    seconds = SLOW_SECONDS if illness == "slow" else None
    calendar_id = context.scene.clinics.clinic(clinic).calendar_id
    context.scene.faults().order(calendar_id, illness, seconds=seconds)


@when("Google is well again for {clinic:Name}")
def google_is_well(context: Context, clinic: str) -> None:
    context.scene.faults().heal(context.scene.clinics.clinic(clinic).calendar_id)


@then("the calendar has been tried for {clinic:Name}")
def calendar_tried(context: Context, clinic: str) -> None:
    calendar_promises.calendar_has_been_tried(context.scene, context.scene.clinics.clinic(clinic))


@then("the answer to {caller:Name} came within {budget:Number} ms")
def answer_in_time(context: Context, caller: str, budget: int) -> None:
    promises.must_answer_within(context.scene.of(caller), budget)


@then("no transaction waits for Google while it is slow")
def no_transaction_waits(context: Context) -> None:
    calendar_promises.no_transaction_waits(context.scene, next(iter(context.scene.exchanges.values())))


@when("the backend is {fate:Fate}")
def backend_fate(context: Context, fate: str) -> None:
    context.scene.control_backend(fate)


@when("{caller:Name} asks when {provider:Name} is free on {day:Day} for {minutes:Number} minutes")
def ask_when_free(context: Context, caller: str, provider: str, day: str, minutes: int) -> None:
    noon = Slot(Moment(day, time(12)), minutes)
    availability.ask_when_free(context.scene, caller, provider, noon)
    context.asked = context.scene.of(caller)


@when(
    "{caller:Name} asks when {provider:Name} is free between {begins:Clock} and {ends:Clock} on {day:Day}"
    " for {minutes:Number} minutes"
)
def ask_between(context: Context, caller: str, provider: str, begins: time, ends: time, day: str, minutes: int) -> None:
    availability.ask_between(context.scene, caller, provider, Slot(Moment(day, begins), minutes), ends)
    context.asked = context.scene.of(caller)


@then("no offered slot touches the appointment of {caller:Name}")
def none_touches(context: Context, caller: str) -> None:
    availability.none_touches(availability.offered(context.asked), context.scene.of(caller))


@then("slots are offered from {opens:Clock} to {closes:Clock} except around the appointment of {caller:Name}")
def all_free_time(context: Context, opens: time, closes: time, caller: str) -> None:
    taken = context.scene.of(caller)
    offers = availability.offered(context.asked)
    availability.all_free_time_is_offered(context.scene, offers, opens, closes, taken, context.asked)


@then("every offered slot can be booked")
def every_offer_holds(context: Context) -> None:
    availability.all_can_be_booked(context.scene, availability.offered(context.asked), context.asked.wish)


@then("nothing is offered, and {caller:Name} hears so")
def nothing_offered(context: Context, caller: str) -> None:
    availability.nothing_offered(context.scene.of(caller))


@then("{caller:Name} is offered what is left of {opens:Clock} to {closes:Clock}, and nothing that is over")
def what_is_left(context: Context, caller: str, opens: time, closes: time) -> None:
    availability.what_is_left_is_offered(context.scene, opens, closes, context.scene.of(caller))
