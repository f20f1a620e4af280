"""Faults of who may act for whom."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from reference.backend import audit, booking, tenancy, tokens
from reference.backend.database import Connection, Database
from reference.backend.errors import Forbidden, NotFound
from reference.backend.tokens import Caller
from sabotage.fault import fault
from sabotage.rights import ANY_PROVIDER, with_full_rights


@fault(
    "The clinic is taken from the arguments and written with full rights, whoever calls.",
    caught_by=["A call for one clinic names the neighbour", "Somebody who belongs to no clinic"],
    also=["The neighbour's provider is as unknown as nobody"],
    origin=4,
)
def clinic_from_the_arguments() -> None:
    async def anybody(*_arguments: Any) -> None:
        return None

    tenancy.require_own_clinic = anybody
    Database.as_caller = with_full_rights
    booking.LOCK_PROVIDER = ANY_PROVIDER


@fault(
    "Somebody whose token names no clinic acts for the one that the arguments name.",
    caught_by=["Somebody who belongs to no clinic"],
    origin=10,
)
def no_clinic_is_any_clinic() -> None:
    real_check, real_caller, real_lock = tenancy.require_own_clinic, Database.as_caller, booking.lock_provider

    async def check(session: Any, attempt: Any) -> None:
        if session.caller.org_id is not None:
            await real_check(session, attempt)

    @asynccontextmanager
    async def as_caller(database: Database, caller: Caller) -> AsyncIterator[Connection]:
        rights = database.as_service() if caller.org_id is None else real_caller(database, caller)
        async with rights as connection:
            yield connection

    async def lock(connection: Connection, provider_id: UUID) -> UUID | None:
        who = await (await connection.execute("select current_user")).fetchone()
        if who != ("service_role",):
            return await real_lock(connection, provider_id)
        found = await (await connection.execute(ANY_PROVIDER, (provider_id,))).fetchone()
        return found[0] if found else None

    tenancy.require_own_clinic = check
    Database.as_caller, booking.lock_provider = as_caller, lock


@fault("A refusal for another clinic leaves no trace.", caught_by=["A call for one clinic names the neighbour"])
def nothing_in_the_audit_log() -> None:
    async def forget(*_arguments: Any) -> None:
        return None

    audit.insert_entry = forget


@fault(
    "The refusal stands in the log of the clinic that was reached for.",
    caught_by=["A call for one clinic names the neighbour"],
)
def audit_log_of_the_target() -> None:
    real = audit.insert_entry

    async def insert(database: Database, caller: Caller, attempt: Any, request_id: str) -> None:
        theirs = Caller(caller.user_id, attempt.target_org_id, caller.claims)
        await real(database, theirs, attempt, request_id)

    audit.insert_entry = insert


@fault(
    "A call for another clinic is refused as if it did not exist.",
    caught_by=["A call for one clinic names the neighbour", "Somebody who belongs to no clinic"],
)
def forbidden_as_not_found() -> None:
    Forbidden.status, Forbidden.code = NotFound.status, NotFound.code


@fault(
    "The refusal tells that the provider works at another clinic.",
    caught_by=["The neighbour's provider is as unknown as nobody"],
    origin=11,
)
def neighbours_provider_is_named() -> None:
    real = booking.lock_provider

    async def lock(connection: Connection, provider_id: UUID) -> UUID | None:
        found = await real(connection, provider_id)
        if found is None:
            await connection.execute("select set_config('role', 'service_role', true)")
            somewhere = await connection.execute("select from public.profiles where id = %s", (provider_id,))
            raise NotFound("That provider works at another clinic." if somewhere.rowcount else "Nobody has that id.")
        return found

    booking.lock_provider = lock


def _accept(condition: Any) -> None:
    """Let requests whose Authorization headers meet a condition act for the clinic that calls last."""
    real_bearer, real_verify, last = tokens.bearer_token, tokens.verify, {}

    def bearer(headers: Sequence[str]) -> str:
        return "anybody" if condition(headers) else real_bearer(headers)

    async def verify(token: str, *rest: Any) -> Caller:
        if token != "anybody":
            last["caller"] = await real_verify(token, *rest)
        return last["caller"]

    tokens.bearer_token, tokens.verify = bearer, verify


@fault("A call without any authorisation is served.", caught_by=["Calls that carry no right to call"], origin=4)
def no_authorisation_needed() -> None:
    _accept(lambda headers: not headers)


@fault("An empty authorisation is as good as a full one.", caught_by=["Calls that carry no right to call"])
def empty_authorisation_will_do() -> None:
    _accept(lambda headers: headers and not headers[0].strip())


@fault("Any kind of authorisation is accepted.", caught_by=["Calls that carry no right to call"])
def any_scheme_will_do() -> None:
    _accept(lambda headers: headers and headers[0].startswith("Basic"))


@fault(
    "A token is not looked at.",
    caught_by=["Calls that carry no right to call"],
    origin=1,
)
def tokens_are_not_read() -> None:
    _accept(lambda headers: headers and not headers[0].startswith("Bearer ey"))
