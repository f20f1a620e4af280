"""Phrases for what a clinic's people try on the API, and for what the audit log remembers of it."""

from collections.abc import Callable, Mapping

from behave import given, then, when
from behave.runner import Context

from acceptance import api_corpus, api_probes, audit
from acceptance.api_probes import Ground, Request
from acceptance.booking import Slot
from acceptance.colleagues import demote, join
from acceptance.doors import READ_SETTINGS
from acceptance.identity import Session
from acceptance.refusals import REFUSALS
from features.tables import column, pairs

A_REQUEST = "a request with {}"


def ground_of(context: Context, clinic: str, asker: Session | None = None) -> Ground:
    """Somebody of a clinic, its owner unless said otherwise, before the API; rows and log are taken note of."""
    ground = api_probes.ground(context.scene, clinic, asker)
    context.ground, context.entries = ground, audit.entries(context.scene)
    context.scene.remember()
    return ground


def try_each(ground: Ground, requests: Mapping[str, Callable[[Ground], Request]], named: str = "{}") -> None:
    """Make each request; in what is told of it, it is called by its row, put into `named`."""
    for row, request in requests.items():
        ground.try_(named.format(row), request(ground))


@given("the owner of {clinic:Name} can change its settings")
def can_change(context: Context, clinic: str) -> None:
    api_probes.must_change_own_settings(ground_of(context, clinic), {"slot_minutes": 20})


@when("the owner of {clinic:Name} tries at {target:Name} each of")
def owner_tries(context: Context, clinic: str, target: str) -> None:
    try_attempts(context, clinic, target, context.scene.clinics.clinic(clinic).owner)


@when("a receptionist of {clinic:Name} tries at {target:Name} each of")
def receptionist_tries(context: Context, clinic: str, target: str) -> None:
    try_attempts(context, clinic, target, join(context.scene, context.scene.clinics.clinic(clinic), "staff"))


@when("an admin of {clinic:Name} who has been made a receptionist tries at {target:Name} each of")
def demoted_tries(context: Context, clinic: str, target: str) -> None:
    admin = join(context.scene, context.scene.clinics.clinic(clinic), "admin")
    demote(context.scene, admin)
    try_attempts(context, clinic, target, admin)


@when("somebody of no clinic tries at {target:Name} each of")
def stranger_tries(context: Context, target: str) -> None:
    context.belongs_to = None
    try_attempts(context, target, target, context.scene.clinics.somebody_of_no_clinic())


def try_attempts(context: Context, clinic: str, target: str, asker: Session) -> None:
    ground, reached = ground_of(context, clinic, asker), context.scene.clinics.clinic(target)
    context.tried = dict(column(context.table, "attempt", api_probes.ATTEMPTS))
    for row, action in context.tried.items():
        ground.try_(row, api_probes.attempt(ground, action, reached))


@then("each attempt at {target:Name} stands once in the audit log, and nothing else new does")
def each_stands(context: Context, target: str) -> None:
    ground, reached = context.ground, context.scene.clinics.clinic(target)
    own = getattr(context, "belongs_to", ground.own)
    audit.each_is_recorded(context.scene, ground.asker, own, reached, list(context.tried.values()), context.entries)


@given("{clinic:Name} has tried to read the settings of {target:Name}")
def has_tried(context: Context, clinic: str, target: str) -> None:
    ground, reached = ground_of(context, clinic), context.scene.clinics.clinic(target)
    ground.try_("the first attempt", api_probes.attempt(ground, READ_SETTINGS, reached))
    audit.each_is_recorded(context.scene, ground.asker, ground.own, reached, [READ_SETTINGS], context.entries)


@when("the audit log of {clinic:Name} is read by each of")
def read_by(context: Context, clinic: str) -> None:
    rows = pairs(context.table, {"reader": audit.READERS, "finds": audit.FINDINGS})
    context.read = [
        (audit.reader(context.scene, context.scene.clinics.clinic(clinic), who), what) for who, what in rows
    ]


@then("each finds what the row says")
def each_finds(context: Context) -> None:
    for visit, finding in context.read:
        audit.must_find(visit, finding)


@when("the audit log of {clinic:Name} is rewritten by each of")
def rewritten_by(context: Context, clinic: str) -> None:
    own, rows = context.scene.clinics.clinic(clinic), column(context.table, "reader", audit.READERS)
    visits = [(who, audit.reader(context.scene, own, who)) for who, _who in rows]
    ground_of(context, clinic)
    entry = audit.first_of(context.scene, own)
    context.rewritings = [audit.rewrite(visit, who, entry) for who, visit in visits]


@then("each is refused for want of permission")
def rewriting_refused(context: Context) -> None:
    for tried in context.rewritings:
        audit.must_be_refused(tried)


@then("the audit log is what it was")
def log_untouched(context: Context) -> None:
    audit.must_be_untouched(context.scene, context.entries)


@when("the owner of {clinic:Name} tries {times:Number} more times")
def tries_more(context: Context, clinic: str, times: int) -> None:
    ground = ground_of(context, clinic)
    for number in range(times):
        ground.try_(f"attempt {number}", api_probes.attempt(ground, READ_SETTINGS, ground.other))


@then("the audit log keeps the first and holds {times:Number} more")
def log_keeps(context: Context, times: int) -> None:
    audit.must_keep(context.scene, context.entries, times)


@when("the owner of {clinic:Name} asks the API, naming")
def asks_naming(context: Context, clinic: str) -> None:
    answers = {**REFUSALS, api_probes.OWN_SETTINGS: None}
    rows = pairs(context.table, {"named": api_corpus.SWAPS, "answered with": answers})
    context.rows, ground = dict(rows), ground_of(context, clinic)
    try_each(ground, {row: api_corpus.SWAPS[row] for row in context.rows}, A_REQUEST)


@then("each is answered as its row says")
def each_answered(context: Context) -> None:
    for row, words in context.rows.items():
        api_probes.must_answer(context.ground, context.scene.of(A_REQUEST.format(row)), words)


@when("the owner of {clinic:Name} asks the API for the settings of")
def asks_for_nameless(context: Context, clinic: str) -> None:
    try_each(
        ground_of(context, clinic),
        dict(column(context.table, "named", api_corpus.NAMELESS)),
        "asking for the settings of {}",
    )


@when("the owner of {clinic:Name} asks the API for the settings behind")
def asks_behind(context: Context, clinic: str) -> None:
    try_each(
        ground_of(context, clinic),
        dict(column(context.table, "named", api_corpus.PATHS)),
        "asking for the settings behind {}",
    )


@when("the owner of {clinic:Name} changes its settings and with them")
def changes_too_much(context: Context, clinic: str) -> None:
    ground = ground_of(context, clinic)
    for row, field in column(context.table, "field", api_corpus.FIELDS):
        ground.try_(f"a change of the settings and of {row}", api_corpus.with_field(ground, field))


@when("the owner of {clinic:Name} sets each of")
def sets_each(context: Context, clinic: str) -> None:
    ground = ground_of(context, clinic)
    for row, change in column(context.table, "setting", api_corpus.IMPOSSIBLE_SETTINGS):
        ground.try_(row, ground.settings(changes=change))


@then("the owner of {clinic:Name} can set each of")
def can_set_each(context: Context, clinic: str) -> None:
    ground = ground_of(context, clinic)
    for _row, change in column(context.table, "setting", api_corpus.OUTERMOST_SETTINGS):
        api_probes.must_change_own_settings(ground, change)


@when("the owner of {clinic:Name} puts commands for the database into")
def puts_commands(context: Context, clinic: str) -> None:
    ground = ground_of(context, clinic)
    for field, _request in column(context.table, "field", api_corpus.INJECTIONS):
        for row, request in api_corpus.injected(ground, field):
            ground.try_(row, request)


@when("the owner of {clinic:Name} names a calendar that is a command for the database")
def names_a_command(context: Context, clinic: str) -> None:
    context.change = {"google_calendar_id": api_corpus.COMMANDS[0]}
    ground_of(context, clinic)


@then("the settings of {clinic:Name} hold the command as text")
def hold_the_command(context: Context, clinic: str) -> None:
    api_probes.must_change_own_settings(ground_of(context, clinic), context.change)


@when("{caller:Name} asks {provider:Name} for {slot:Slot} in a call whose ids are commands")
def ids_are_commands(context: Context, caller: str, provider: str, slot: Slot) -> None:
    wish = context.scene.wish(caller, provider, slot)
    context.scene.remember()
    api_probes.book_under(context.scene, wish, *api_corpus.COMMANDS[1:])


@when("{caller:Name} asks {provider:Name} for {slot:Slot} in a call with the ids of {other:Name}")
def ids_of_another(context: Context, caller: str, provider: str, slot: Slot, other: str) -> None:
    wish, call = context.scene.wish(caller, provider, slot), context.scene.of(other).call
    context.scene.remember()
    api_probes.book_under(context.scene, wish, call.call_id, call.tool_call_id)


@when("the owner of {clinic:Name} sends a megabyte as")
def sends_a_megabyte(context: Context, clinic: str) -> None:
    try_each(ground_of(context, clinic), dict(column(context.table, "sent", api_corpus.LARGE)), "a megabyte as {}")


@when("the owner of {clinic:Name} sends a booking and a change of its settings as")
def sends_as(context: Context, clinic: str) -> None:
    ground = ground_of(context, clinic)
    for row, kind in column(context.table, "kind", api_corpus.KINDS):
        for what, request in api_corpus.good(ground).items():
            ground.try_(f"{what} as {row}", api_corpus.of_kind(request, kind))


@when("the owner of {clinic:Name} sends a booking that is")
def sends_broken(context: Context, clinic: str) -> None:
    try_each(
        ground_of(context, clinic), dict(column(context.table, "broken", api_corpus.BROKEN)), "a booking that is {}"
    )


@when("the owner of {clinic:Name} asks the API by")
def asks_by(context: Context, clinic: str) -> None:
    try_each(ground_of(context, clinic), dict(column(context.table, "way", api_corpus.METHODS)))
