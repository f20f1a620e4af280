"""Phrases for tokens that are shown at the doors of a clinic: genuine ones, forged ones, and copies with a flaw."""

from behave import given, then, when
from behave.runner import Context

from acceptance import tokens_attempts, tokens_judged
from acceptance.tokens_attempts import Forger
from acceptance.tokens_claimed import CLAIMS
from acceptance.tokens_forged import FORGERIES, ORDERS
from features.steps.token_words import replies
from features.tables import column


@given("the token of {clinic:Name} opens every door")
def genuine_opens(context: Context, clinic: str) -> None:
    tokens_judged.must_open_every_door(tokens_attempts.with_its_own(context.scene, clinic))


@given("a copy of the token of {clinic:Name} opens every door")
def copy_opens(context: Context, clinic: str) -> None:
    tokens_judged.must_open_every_door(Forger.at(context.scene, clinic).with_a_copy(), tokens_attempts.COPY_HINT)


@given("a stranger publishes keys")
def stranger_publishes(context: Context) -> None:
    context.published = tokens_attempts.publish(context.scene, context.add_cleanup)


@when("somebody knocks at every door of {clinic:Name} with each of")
def knock_with_each(context: Context, clinic: str) -> None:
    context.scene.remember()
    forger = Forger.at(context.scene, clinic, getattr(context, "published", None))
    context.knocks = {row: forger.break_in(forge) for row, forge in column(context.table, "a token", FORGERIES)}


@when("somebody looks in at every door of {clinic:Name} with a copy of each kind")
def look_with_each_copy(context: Context, clinic: str) -> None:
    context.scene.remember()
    context.replies, forger = replies(context.table, "a copy", CLAIMS), Forger.at(context.scene, clinic)
    context.knocks = {row: forger.look_with_claims(CLAIMS[row]) for row in context.replies}


@when("somebody looks in at every door of {clinic:Name} with each of these")
def look_with_each(context: Context, clinic: str) -> None:
    context.scene.remember()
    context.replies, forger = replies(context.table, "sent", ORDERS), Forger.at(context.scene, clinic)
    context.knocks = {row: forger.look_in_order(row) for row in context.replies}


@when("the owner of {clinic:Name} shows the API of {other:Name} a copy that is made out to it")
def show_elsewhere(context: Context, clinic: str, other: str) -> None:
    context.scene.remember()
    context.answers = Forger.at(context.scene, clinic).as_a_member_of(other)


@then("every door refuses each as not genuine")
def refuses_each(context: Context) -> None:
    tokens_judged.in_every_row(context.knocks, lambda _row, seen: tokens_judged.must_refuse_everywhere(seen))


@then("every door answers each as its row says")
def answers_as_said(context: Context) -> None:
    said = context.replies
    tokens_judged.in_every_row(context.knocks, lambda row, seen: tokens_judged.must_reply(seen, said[row]))


@then("it reads the settings of {clinic:Name} and may change none")
def reads_and_changes_none(context: Context, clinic: str) -> None:
    tokens_judged.must_only_read_settings(context.answers, context.scene.clinics.clinic(clinic))


@then("nobody came to fetch the stranger's keys")
def nobody_came(context: Context) -> None:
    tokens_attempts.nobody_came(context.published)
