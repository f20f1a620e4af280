"""Phrases of the live booking chain: asking for a slot, and what the caller and the diary then hold."""

from dataclasses import replace
from uuid import uuid4
from zoneinfo import ZoneInfo

from behave import given, then, when
from behave.runner import Context

from acceptance import availability, calls, promises, staff
from acceptance.booking import Slot
from acceptance.refusals import Refusal, must_refuse

LONGEST_NAME = ("Ångström-" * 23)[:200]


@given("{caller:Name} is booked with {provider:Name} for {slot:Slot}")
def is_booked_already(context: Context, caller: str, provider: str, slot: Slot) -> None:
    promises.must_be_booked(context.scene, context.scene.ask(context.scene.wish(caller, provider, slot)))


@when("{caller:Name} asks {provider:Name} for {slot:Slot}")
def ask(context: Context, caller: str, provider: str, slot: Slot) -> None:
    wish = context.scene.wish(caller, provider, slot)
    context.scene.remember()
    context.scene.ask(wish)


@when("a patient with a name of 200 characters asks {provider:Name} for {slot:Slot}")
def ask_with_a_long_name(context: Context, provider: str, slot: Slot) -> None:
    wish = context.scene.wish("the patient", provider, slot, patient_name=LONGEST_NAME)
    context.scene.remember()
    context.scene.ask(wish)


@when("{caller:Name} asks {provider:Name} for {slot:Slot}, saying it in {zone:Zone} time")
def ask_in_a_zone(context: Context, caller: str, provider: str, slot: Slot, zone: ZoneInfo) -> None:
    wish = context.scene.wish(caller, provider, slot).said_in(zone)
    context.scene.remember()
    context.scene.ask(wish)


@when("{caller:Name} asks {stranger:Stranger} for {slot:Slot}")
def ask_a_stranger(context: Context, caller: str, stranger: str, slot: Slot) -> None:
    wish = context.scene.wish(caller, "Dr Smith", slot)
    context.scene.remember()
    calls.with_changed_arguments(context.scene, wish, {"provider_id": staff.strange_id(context.scene, stranger)})


@when("{caller:Name} asks when {stranger:Stranger} is free")
def ask_when_a_stranger_is_free(context: Context, caller: str, stranger: str) -> None:
    stranger_id = staff.strange_id(context.scene, stranger)
    context.scene.remember()
    availability.ask_of_a_stranger(context.scene, caller, "Dr Smith", stranger_id)


@when("{caller:Name} asks {provider:Name} for {slot:Slot} on behalf of no clinic")
def ask_for_no_clinic(context: Context, caller: str, provider: str, slot: Slot) -> None:
    nobody = context.scene.clinics.somebody_of_no_clinic()
    context.scene.remember()
    context.scene.ask(
        context.scene.wish(caller, provider, slot), context.scene.assistant_with(f"Bearer {nobody.access_token}")
    )


@when("{caller:Name} asks {provider:Name} for {slot:Slot}, adding {clinic:Name} as owner and {status:Name} as status")
def ask_for_too_much(context: Context, caller: str, provider: str, slot: Slot, clinic: str, status: str) -> None:
    wish = context.scene.wish(caller, provider, slot)
    added = {"org_id": context.scene.clinics.clinic(clinic).org_id, "status": status, "id": str(uuid4())}
    context.scene.remember()
    calls.with_changed_arguments(context.scene, wish, added)


@when("{caller:Name} rings {clinic:Name} but asks for {provider:Name} of {other:Name} for {slot:Slot}")
def ask_the_wrong_line(context: Context, caller: str, clinic: str, provider: str, other: str, slot: Slot) -> None:
    named = context.scene.clinics.clinic(other)
    wish = replace(context.scene.wish(caller, provider, slot), clinic_id=named.org_id)
    context.scene.remember()
    context.scene.ask(wish, context.scene.assistant(context.scene.clinics.clinic(clinic)))


@when("{caller:Name} rings {clinic:Name} and asks it for {provider:Name} for {slot:Slot}")
def ask_for_a_foreign_provider(context: Context, caller: str, clinic: str, provider: str, slot: Slot) -> None:
    own = context.scene.clinics.clinic(clinic)
    wish = replace(context.scene.wish(caller, provider, slot), clinic_id=own.org_id)
    context.scene.remember()
    context.scene.ask(wish)


@then("{caller:Name} hears exactly what she would hear about somebody who does not exist")
def hears_nothing_of_them(context: Context, caller: str) -> None:
    exchange = context.scene.of(caller)
    nobody = replace(exchange.wish, caller="nobody", provider_id=str(uuid4()))
    promises.must_sound_alike(exchange, context.scene.ask(nobody))


@when("the call of {caller:Name} is delivered again with its key in quotes")
def deliver_again_in_quotes(context: Context, caller: str) -> None:
    context.scene.remember()
    context.earlier = context.scene.of(caller)
    calls.again(context.scene, caller, in_quotes=True)


@when("the call of {caller:Name} is delivered again")
def deliver_again(context: Context, caller: str) -> None:
    context.scene.remember()
    context.earlier = context.scene.of(caller)
    calls.again(context.scene, caller)


@then("{caller:Name} is told the same appointment as before")
def told_the_same(context: Context, caller: str) -> None:
    promises.must_name_the_same(context.earlier, context.scene.of(caller))


@when("{caller:Name} goes on to ask {provider:Name} for {slot:Slot} in the same phone call")
def ask_more(context: Context, caller: str, provider: str, slot: Slot) -> None:
    wish = context.scene.wish(caller, provider, slot)
    context.scene.remember()
    calls.in_the_same_phone_call(context.scene, context.scene.of(caller), wish)


@then("{caller:Name} is booked")
def is_booked(context: Context, caller: str) -> None:
    promises.must_be_booked(context.scene, context.scene.of(caller))


@then("{caller:Name} is refused as {refusal:Refusal}")
def is_refused(context: Context, caller: str, refusal: Refusal) -> None:
    must_refuse(caller, context.scene.of(caller).outcome, refusal)


@then("the diary holds exactly what {caller:Name} said")
def diary_holds(context: Context, caller: str) -> None:
    promises.diary_must_hold_what_was_said(context.scene, context.scene.of(caller))


@then("nothing but the appointment of {caller:Name} was added")
def only_one_added(context: Context, caller: str) -> None:
    promises.only_this_was_added(context.scene, context.scene.of(caller))


@then("the appointment of {caller:Name} is unchanged")
def appointment_unchanged(context: Context, caller: str) -> None:
    promises.appointment_unchanged(context.scene, context.scene.of(caller))


@then("the diary of {clinic:Name} holds no overlap")
def no_overlap(context: Context, clinic: str) -> None:
    promises.no_overlap(context.scene, context.scene.clinics.clinic(clinic))
