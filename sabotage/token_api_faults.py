"""Faults of the API itself: whom it serves, and what it takes for an order."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request
from psycopg import sql as query

from reference.backend import app as backend
from reference.backend import booking, fields, settings, tenancy
from reference.backend.answers import Answer
from reference.backend.database import Connection
from reference.backend.errors import InvalidRequest, NotFound
from sabotage.fault import fault
from sabotage.rights import take_full_rights
from sabotage.token_audit_faults import DEMOTED, MANY, NEIGHBOUR, NO_CLINIC, READS, RECEPTIONIST, REWRITES
from sabotage.token_faults import (
    CLINIC,
    EDITED,
    EVERYBODY_CAN_READ,
    FROM_WHOM,
    NOBODY_SIGNED,
    OF_WHOM,
    OWN_KEY,
    ROLE,
    SOMEBODY_ELSE,
    TWO,
    WHEN,
    WHERE_THE_KEY_IS,
)

PLACES = "The neighbour's name in unexpected places"
NAMELESS = "Names that are no clinic's"
NOWHERE = "Addresses that lead nowhere"
FIELDS = "Fields that are nobody's to set"
IMPOSSIBLE = "Settings that cannot be"
LIMITS = "Settings at their limits"
COMMANDS = "Commands for the database where none belong"
TOOL_COMMANDS = "Commands for the database as the name"
TEXT = "Commands for the database that are only text"
COMMAND_IDS = "A call whose ids are commands"
NEIGHBOURS_IDS = "A call that bears the ids of the neighbour's"
MEGABYTE = "A megabyte"
KINDS = "Requests that are declared as something else"
BROKEN = "Requests that cannot be read"
WAYS = "Ways of asking that nobody offers"
LOCAL_SECRET = "A token signed with the secret that every"
MADE_OUT = "A token that the issuer made out"
EVERYTHING = [
    NOBODY_SIGNED, SOMEBODY_ELSE, LOCAL_SECRET, EVERYBODY_CAN_READ, EDITED, OWN_KEY, WHERE_THE_KEY_IS, TWO, WHEN,
    FROM_WHOM, OF_WHOM, ROLE, CLINIC, MADE_OUT, NEIGHBOUR, NO_CLINIC, RECEPTIONIST, DEMOTED, READS, REWRITES, MANY,
    PLACES, NAMELESS, NOWHERE, FIELDS, COMMANDS, TOOL_COMMANDS, TEXT, COMMAND_IDS, NEIGHBOURS_IDS, MEGABYTE, KINDS,
    BROKEN, WAYS, IMPOSSIBLE, LIMITS,
]  # fmt: skip


def _unless_own(unless: Callable[[str], bool]) -> None:
    """No check of whose clinic it is for some actions, and full rights in the database."""
    real = tenancy.require_own_clinic

    async def check(session: Any, attempt: Any) -> None:
        if not unless(attempt.action):
            await real(session, attempt)

    tenancy.require_own_clinic = check
    take_full_rights()


@fault(
    "Whoever is signed in reads any clinic's settings.",
    caught_by=[NEIGHBOUR, NO_CLINIC, READS, REWRITES, MANY, PLACES],
    origin=4,
)
def settings_read_by_everybody() -> None:
    _unless_own(lambda action: action == "read_settings")


@fault(
    "Whoever is signed in changes any clinic's settings.",
    caught_by=[NEIGHBOUR, NO_CLINIC, RECEPTIONIST, DEMOTED, PLACES],
    origin=4,
)
def settings_changed_by_everybody() -> None:
    async def yes(*_arguments: Any) -> bool:
        return True

    settings.is_admin = yes
    _unless_own(lambda action: action == "change_settings")


@fault("A change of nothing is accepted.", caught_by=[IMPOSSIBLE])
def change_of_nothing_is_accepted() -> None:
    real = settings.change_settings

    async def change(session: Any, org_id: str, body: Any) -> Any:
        return await (real(session, org_id, body) if body else settings.read_settings(session, org_id))

    settings.change_settings = change


@fault("The longest and the shortest that may be are refused.", caught_by=[LIMITS, "An appointment of "])
def limits_are_refused() -> None:
    fields.SHORTEST_MINUTES, fields.LONGEST_MINUTES = fields.SHORTEST_MINUTES + 1, fields.LONGEST_MINUTES - 1


@fault("Whoever is signed in asks for any clinic's free times.", caught_by=[NEIGHBOUR, NO_CLINIC], origin=4)
def free_times_for_everybody() -> None:
    _unless_own(lambda action: action == "check_availability")


@fault("A change that names another clinic is made there.", caught_by=[PLACES, FIELDS], origin=4)
def change_where_the_body_says() -> None:
    real = settings.change_settings

    async def change(session: Any, org_id: str, body: Any) -> Any:
        named = body.pop("org_id", None)
        if named is None:
            return await real(session, org_id, body)
        async with session.database.as_service() as connection:
            await settings.update_settings(connection, UUID(named), settings.read_change(body))
            return settings.shown(await settings.settings_of(connection, UUID(named)))

    settings.change_settings = change


@fault("Fields that nobody may set are dropped without a word.", caught_by=[FIELDS, PLACES])
def strange_fields_are_dropped() -> None:
    real = settings.read_change
    known = set(settings.SettingsChange.model_fields)
    settings.read_change = lambda body: real({name: value for name, value in body.items() if name in known})


def _clinic_named_by(named: Callable[[Request], str | None]) -> None:
    """Another place of the request says which clinic is meant, and is served with full rights."""
    real_read, real_add, asked = settings.read_settings, backend.add_routes, {}

    def add_routes(app: FastAPI, *arguments: Any) -> None:
        @app.middleware("http")
        async def remember(request: Request, call_next: Any) -> Any:
            asked["clinic"] = named(request)
            return await call_next(request)

        real_add(app, *arguments)

    async def read(session: Any, org_id: str) -> Any:
        if asked["clinic"] is None:
            return await real_read(session, org_id)
        async with session.database.as_service() as connection:
            return settings.shown(await settings.settings_of(connection, UUID(asked["clinic"])))

    settings.read_settings, backend.add_routes = read, add_routes


@fault("What stands behind the address outweighs the address.", caught_by=[PLACES], origin=4)
def clinic_behind_the_address() -> None:
    _clinic_named_by(lambda request: request.query_params.get("org_id"))


@fault("A header outweighs the token.", caught_by=[PLACES], origin=4)
def clinic_from_a_header() -> None:
    _clinic_named_by(lambda request: request.headers.get("x-org-id"))


@fault("A clinic is looked up by a pattern.", caught_by=[NAMELESS, PLACES], origin=13)
def clinic_by_a_pattern() -> None:
    real = settings.read_settings

    async def read(session: Any, org_id: str) -> Any:
        async with session.database.as_service() as connection:
            found = await connection.execute(
                "select org_id from public.clinic_settings where org_id::text like %s limit 1", (org_id.strip("\0"),)
            )
            row = await found.fetchone()
            if row is None or row[0] == session.caller.org_id:
                return await real(session, org_id)
            return settings.shown(await settings.settings_of(connection, row[0]))

    settings.read_settings = read


@fault("A name that is no clinic's reaches the database as it is.", caught_by=[NAMELESS, COMMANDS])
def malformed_names_reach_the_database() -> None:
    real_read, real_check = settings.clinic_id_of, tenancy.require_own_clinic

    def read(text: str) -> Any:
        with suppress(InvalidRequest):
            return real_read(text)
        return text

    async def check(session: Any, attempt: Any) -> None:
        if isinstance(attempt.target_org_id, UUID):
            await real_check(session, attempt)

    settings.clinic_id_of, tenancy.require_own_clinic = read, check


@fault("An address is tidied up before it is judged.", caught_by=[NOWHERE])
def address_is_tidied_up() -> None:
    before(_tidy_up)


async def _tidy_up(request: Request, call_next: Any) -> Any:
    parts = [part for part in request.scope["path"].split("/") if part]
    if ".." in parts:
        del parts[parts.index("..") - 1 : parts.index("..") + 1]
    request.scope["path"] = "/" + "/".join(parts)
    return await call_next(request)


def before(middleware: Any) -> None:
    real = backend.add_routes

    def add_routes(app: FastAPI, *arguments: Any) -> None:
        app.middleware("http")(middleware)
        real(app, *arguments)

    backend.add_routes = add_routes


@fault("Arguments reach the database as they are.", caught_by=[COMMANDS])
def arguments_are_not_read() -> None:
    real = fields.parse

    def parse(model: Any, arguments: Any) -> Any:
        try:
            return real(model, arguments)
        except InvalidRequest:
            if model is settings.SettingsChange:
                raise
            return model.model_construct(**arguments)

    fields.parse = parse


@fault("A tool that nobody has is said to be done.", caught_by=[TOOL_COMMANDS], origin=20)
def unknown_tool_is_done() -> None:
    real = backend.run

    async def run(*arguments: Any) -> Answer:
        try:
            return await real(*arguments)
        except NotFound:
            return Answer("Done.", {"success": True})

    backend.run = run


@fault("A setting becomes a part of the query.", caught_by=[TEXT, LIMITS])
def setting_in_the_query() -> None:
    async def update(connection: Connection, clinic_id: UUID, change: Any) -> None:
        said = ", ".join(f"{name} = '{value}'" for name, value in change.items())
        await connection.execute(query.SQL(f"update public.clinic_settings set {said} where org_id = '{clinic_id}'"))

    settings.update_settings = update


@fault("The ids of a call become a part of the query.", caught_by=[COMMAND_IDS])
def ids_in_the_query() -> None:
    real = booking.book_appointment

    async def book(session: Any, arguments: Any, key: str | None) -> Answer:
        async with session.database.as_service() as connection:
            await connection.execute(f"select from public.appointments where idempotency_key = '{key}'")
        return await real(session, arguments, key)

    booking.book_appointment = book


@fault("A call is recognised by its ids alone, whosever they are.", caught_by=[NEIGHBOURS_IDS], origin=11)
def ids_of_every_clinic() -> None:
    booking.APPOINTMENT_BY_KEY = booking.APPOINTMENT + "where %s is not null and a.idempotency_key = %s"
    take_full_rights()
