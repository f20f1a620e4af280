"""Phrases that every feature may use: clinics, people, and what must not have changed."""

from typing import Any
from zoneinfo import ZoneInfo

from behave import given, then
from behave.runner import Context

from acceptance import promises


@given("the clinic {clinic:Name} in {zone:Zone} with provider {provider:Name}")
@given("the neighbouring clinic {clinic:Name} in {zone:Zone} with provider {provider:Name}")
def found_clinic(context: Context, clinic: str, zone: ZoneInfo, provider: str) -> None:
    context.scene.clinics.found(clinic, zone.key, provider)


@given("{clinic:Name} also has provider {provider:Name}")
def another_provider(context: Context, clinic: str, provider: str) -> None:
    context.scene.clinics.hire(clinic, provider, role="provider")


@given("{clinic:Name} employs the receptionist {person:Name}")
def receptionist(context: Context, clinic: str, person: str) -> None:
    context.scene.clinics.hire(clinic, person, role="staff")


@then("nothing changed at {clinic:Name}")
def nothing_changed(context: Context, clinic: str) -> None:
    promises.nothing_changed_at(context.scene, context.scene.clinics.clinic(clinic))


@then("the audit log of {clinic:Name} records the attempt on {target:Name}")
def attempt_recorded(context: Context, clinic: str, target: str) -> None:
    clinics: Any = context.scene.clinics
    promises.attempt_recorded(context.scene, clinics.clinic(clinic), clinics.clinic(target))
