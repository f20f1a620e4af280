"""Phrases for what the clinic's own people do with an appointment, as its dashboard would."""

from behave import given, then, when
from behave.runner import Context

from acceptance import staff
from acceptance.booking import Slot


@given("the appointment of {caller:Name} is marked as {mark:Mark}")
def mark(context: Context, caller: str, mark: str) -> None:
    staff.change_appointment(context.scene, context.scene.of(caller), status=mark)


@when("the clinic cancels the appointment of {caller:Name}")
def cancel(context: Context, caller: str) -> None:
    staff.change_appointment(context.scene, context.scene.of(caller), status="cancelled")


@when("the clinic moves the appointment of {caller:Name} to {slot:Slot}")
def move(context: Context, caller: str, slot: Slot) -> None:
    staff.move(context.scene, context.scene.of(caller), slot)


@when("the clinic tries to move the appointment of {caller:Name} to {slot:Slot}")
def try_to_move(context: Context, caller: str, slot: Slot) -> None:
    context.scene.remember()
    context.refused_move = staff.refused_move(context.scene, context.scene.of(caller), slot)


@then("the move is refused as overlapping")
def move_refused(context: Context) -> None:
    staff.must_be_refused_as_overlapping(context.refused_move)
