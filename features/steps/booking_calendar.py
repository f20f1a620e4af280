"""Phrases of the calendar, of Google's illnesses, and of the backend's own death."""

from behave import given, then, when
from behave.runner import Context

from acceptance import api_probes, calendar_promises, promises

SLOW_SECONDS = 0.13  # longer than a transaction may wait, shorter than the reference backend does


@given("the calendar shows the appointment of {caller:Name} exactly once")
@then("the calendar shows the appointment of {caller:Name} exactly once")
def calendar_shows(context: Context, caller: str) -> None:
    calendar_promises.exactly_one_event(context.scene, context.scene.of(caller))


@then("the calendar no longer shows the appointment of {caller:Name}")
def calendar_forgets(context: Context, caller: str) -> None:
    calendar_promises.calendar_must_not_show(context.scene, context.scene.of(caller))


@given("somebody deletes the event of {caller:Name} from the calendar")
def deleted_by_hand(context: Context, caller: str) -> None:
    calendar_promises.delete_by_hand(context.scene, context.scene.of(caller))


@then("the calendar of {clinic:Name} has nothing left to catch up on")
def nothing_left(context: Context, clinic: str) -> None:
    calendar_promises.nothing_left_to_catch_up(context.scene, context.scene.clinics.clinic(clinic))


@given("Google {illness:Illness} for {clinic:Name}")
def google_is_ill(context: Context, illness: str, clinic: str) -> None:
    seconds = SLOW_SECONDS if illness == "slow" else None
    calendar_id = context.scene.clinics.clinic(clinic).calendar_id
    context.scene.faults().order(calendar_id, illness, seconds=seconds)


@then("Google has made the event of {caller:Name}")
def google_has_made_it(context: Context, caller: str) -> None:
    calendar_promises.event_must_be_made(context.scene, context.scene.of(caller))


@given("{clinic:Name} has no calendar yet")
def no_calendar(context: Context, clinic: str) -> None:
    api_probes.must_change_own_settings(api_probes.ground(context.scene, clinic), {"google_calendar_id": None})


@when("{clinic:Name} names its calendar")
def names_its_calendar(context: Context, clinic: str) -> None:
    ground = api_probes.ground(context.scene, clinic)
    api_probes.must_change_own_settings(ground, {"google_calendar_id": ground.own.calendar_id})


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
