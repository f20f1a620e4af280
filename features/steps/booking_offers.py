"""Phrases of what is offered, and of what the caller hears of days and times."""

from datetime import time, timedelta

from behave import then, when
from behave.runner import Context

from acceptance import availability, heard, promises
from acceptance.booking import Slot
from acceptance.moments import Moment


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


@when(
    "{caller:Name} asks when {provider:Name} is free for {days:Number} days from {day:Day} at {at:Clock},"
    " for {minutes:Number} minutes"
)
def ask_for_days(context: Context, caller: str, provider: str, days: int, day: str, at: time, minutes: int) -> None:
    availability.ask_for_days(context.scene, caller, provider, Slot(Moment(day, at), minutes), days)
    context.asked, context.days = context.scene.of(caller), days


@then("slots are offered from {opens:Clock} to {closes:Clock} on each of these days")
def offered_on_each_day(context: Context, opens: time, closes: time) -> None:
    offers = availability.offered(context.asked)
    availability.each_day_is_offered(context.scene, offers, opens, closes, context.days, context.asked)


@then("{caller:Name} hears the day and the time of the appointment")
def hears_when(context: Context, caller: str) -> None:
    exchange = context.scene.of(caller)
    row, clinic = promises.must_be_booked(context.scene, exchange), context.scene.clinic_of(exchange.wish)
    starts = promises.wall_clock(row.appointment_time, clinic)
    ends = promises.wall_clock(row.appointment_time + timedelta(minutes=row.duration_minutes), clinic)
    heard.must_hear_when(caller, exchange.outcome.said, starts, ends)


@then("{caller:Name} hears times that are offered, and no others")
def hears_offers(context: Context, caller: str) -> None:
    exchange = context.scene.of(caller)
    clinic, offers = context.scene.clinic_of(exchange.wish), availability.offered(exchange)
    moments = [promises.wall_clock(slot.start, clinic) for slot in offers]
    heard.must_hear_offers(caller, exchange.outcome.said, moments)


@then("{caller:Name} hears which day that is")
def hears_the_day(context: Context, caller: str) -> None:
    exchange = context.scene.of(caller)
    heard.must_hear_the_day(caller, exchange.outcome.said, exchange.wish.starts_at.date())


@then("nothing is offered, and {caller:Name} hears so")
def nothing_offered(context: Context, caller: str) -> None:
    availability.nothing_offered(context.scene.of(caller))


@then("{caller:Name} is offered what is left of {opens:Clock} to {closes:Clock}, and nothing that is over")
def what_is_left(context: Context, caller: str, opens: time, closes: time) -> None:
    availability.what_is_left_is_offered(context.scene, opens, closes, context.scene.of(caller))
