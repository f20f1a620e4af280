"""Phrases of the security aggressor: everybody else tries, and nothing is reached."""

from contextlib import ExitStack

from behave import register_type, then, when
from behave.runner import Context
from parse import with_pattern

from acceptance import isolation
from features.steps.parameter_types import one_of


@with_pattern(one_of(isolation.ATTEMPTS))
def read_attempt(text: str) -> str:
    return text


@with_pattern(one_of(isolation.DEEDS))
def read_deed(text: str) -> str:
    return text


register_type(Attempt=read_attempt, Deed=read_deed)


@when("everybody but {clinic:Name} tries to {attempt:Attempt}")
def everybody_tries(context: Context, clinic: str, attempt: str) -> None:
    context.cells = isolation.attempt(context.scene, clinic, attempt)


@when("strangers try to {deed:Deed} of {clinic:Name} through the public interface")
def strangers_try(context: Context, deed: str, clinic: str) -> None:
    until = ExitStack()
    context.add_cleanup(until.close)
    context.cells = isolation.attempt_publicly(context.scene, clinic, deed, until)


@then("nothing of {clinic:Name} was reached")
def nothing_reached(context: Context, clinic: str) -> None:
    isolation.nothing_was_reached(context.cells, clinic)
