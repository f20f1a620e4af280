"""Faults of the audit log: what it does not remember, who reads it, and who rewrites it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from reference.backend import audit, settings, tenancy
from reference.backend.audit import Attempt
from reference.backend.database import Database
from reference.backend.errors import Forbidden
from reference.backend.tokens import Caller
from sabotage.fault import fault, sql_fault
from sabotage.rights import take_full_rights

NEIGHBOUR = "All that can be tried on a neighbour"
NO_CLINIC = "All that somebody of no clinic can try"
RECEPTIONIST = "A receptionist changes the settings"
DEMOTED = "An admin who is one no more"
READS = "Who reads the audit log"
REWRITES = "Nobody rewrites the audit log"
MANY = "Many attempts do not push out the first"


def _forgetting(forgets: Callable[[Caller, Attempt], bool]) -> None:
    real = audit.insert_entry

    async def insert(database: Database, caller: Caller, attempt: Attempt, request_id: str) -> None:
        if not forgets(caller, attempt):
            await real(database, caller, attempt, request_id)

    audit.insert_entry = insert


@fault(
    "Reaching for a neighbour's settings leaves no trace.",
    caught_by=[NEIGHBOUR, READS, NO_CLINIC, REWRITES, MANY],
    origin=50,
)
def no_trace_of_reading() -> None:
    _forgetting(lambda _caller, attempt: attempt.action == "read_settings")


@fault(
    "Reaching to change a neighbour's settings leaves no trace.",
    caught_by=[NEIGHBOUR, NO_CLINIC, RECEPTIONIST, DEMOTED],
    origin=50,
)
def no_trace_of_changing() -> None:
    _forgetting(lambda _caller, attempt: attempt.action == "change_settings")


@fault("Asking for a neighbour's free times leaves no trace.", caught_by=[NEIGHBOUR, NO_CLINIC], origin=50)
def no_trace_of_asking() -> None:
    _forgetting(lambda _caller, attempt: attempt.action == "check_availability")


@fault("What somebody of no clinic tries leaves no trace.", caught_by=[NO_CLINIC], origin=50)
def no_trace_of_strangers() -> None:
    _forgetting(lambda caller, _attempt: caller.org_id is None)


@fault("What a clinic's own people are refused leaves no trace.", caught_by=[RECEPTIONIST, DEMOTED], origin=50)
def no_trace_of_colleagues() -> None:
    _forgetting(lambda caller, attempt: caller.org_id == attempt.target_org_id)


@fault("An attempt is remembered the first time only.", caught_by=[MANY])
def only_the_first_time() -> None:
    seen = set()

    def known(caller: Caller, attempt: Attempt) -> bool:
        key = (caller.user_id, attempt.action, attempt.target_org_id)
        known_already = key in seen
        seen.add(key)
        return known_already

    _forgetting(known)


def _rewritten(change: Callable[[Caller, Attempt], tuple[Caller, Attempt]]) -> None:
    real = audit.insert_entry

    async def insert(database: Database, caller: Caller, attempt: Attempt, request_id: str) -> None:
        await real(database, *change(caller, attempt), request_id)

    audit.insert_entry = insert


@fault(
    "An entry does not say whom somebody reached for.",
    caught_by=[NEIGHBOUR, NO_CLINIC, RECEPTIONIST, DEMOTED, READS, REWRITES, MANY],
)
def entry_without_a_target() -> None:
    nobody: Any = None
    _rewritten(lambda caller, attempt: (caller, replace(attempt, target_org_id=nobody)))


@fault(
    "An entry does not say who it was.", caught_by=[NEIGHBOUR, NO_CLINIC, RECEPTIONIST, DEMOTED, READS, REWRITES, MANY]
)
def entry_without_a_user() -> None:
    nobody: Any = None
    _rewritten(lambda caller, attempt: (Caller(nobody, caller.org_id, caller.claims), attempt))


@fault(
    "An entry does not say what was tried.",
    caught_by=[NEIGHBOUR, NO_CLINIC, RECEPTIONIST, DEMOTED, READS, REWRITES, MANY],
)
def entry_without_an_action() -> None:
    _rewritten(lambda caller, attempt: (caller, replace(attempt, action="refused")))


@fault(
    "An entry is dated by a clock that stands.",
    caught_by=[NEIGHBOUR, NO_CLINIC, RECEPTIONIST, DEMOTED, READS, REWRITES, MANY],
)
def entry_of_another_day() -> None:
    audit.INSERT = audit.INSERT.replace("details)", "details, created_at)").replace("%s)", "%s, '2020-01-01')")


@fault(
    "Every attempt is written down twice.",
    caught_by=[NEIGHBOUR, NO_CLINIC, RECEPTIONIST, DEMOTED, READS, REWRITES, MANY],
)
def entry_twice() -> None:
    real = audit.insert_entry

    async def insert(*arguments: Any) -> None:
        await real(*arguments)
        await real(*arguments)

    audit.insert_entry = insert


@fault("Anybody of a clinic changes its settings.", caught_by=[RECEPTIONIST, DEMOTED], origin=15)
def anybody_changes_settings() -> None:
    async def yes(*_arguments: Any) -> bool:
        return True

    settings.is_admin = yes
    take_full_rights()


@fault("Who was an admin when the token was made is one for as long as it lasts.", caught_by=[DEMOTED])
def admin_by_the_token() -> None:
    real_change, role = settings.change_settings, {}

    async def change(session: Any, *arguments: Any) -> Any:
        role["is"] = session.caller.claims.get("org_role")
        return await real_change(session, *arguments)

    async def by_token(*_arguments: Any) -> bool:
        return role["is"] in ("owner", "admin")

    settings.change_settings, settings.is_admin = change, by_token
    take_full_rights()


@fault(
    "The refusal comes without its entry, as both happen in one transaction that is undone.",
    caught_by=[NEIGHBOUR, NO_CLINIC, RECEPTIONIST, DEMOTED, READS, REWRITES, MANY],
)
def entry_undone_with_the_refusal() -> None:
    async def deny(session: Any, attempt: Attempt, reason: str) -> Any:
        async with session.database.as_service() as connection:
            await connection.execute(
                audit.INSERT,
                (session.caller.user_id, session.caller.org_id, attempt.action, attempt.target_org_id,
                 attempt.action, audit.DENIED, None),
            )  # fmt: skip
            raise Forbidden(reason)

    tenancy.deny = deny


@fault("A change is refused after it was made.", caught_by=[NEIGHBOUR, RECEPTIONIST, NO_CLINIC, DEMOTED], origin=50)
def refused_after_it_was_done() -> None:
    real = settings.change_settings

    async def change(session: Any, org_id: str, body: Any) -> Any:
        try:
            return await real(session, org_id, body)
        except Forbidden:
            async with session.database.as_service() as connection:
                await settings.update_settings(connection, UUID(org_id), settings.read_change(body))
            raise

    settings.change_settings = change


@fault("A refusal tells whom the neighbour expects.", caught_by=["For which clinic"], origin=11)
def refusal_tells_of_patients() -> None:
    real = tenancy.deny

    async def deny(session: Any, attempt: Attempt, _reason: str) -> Any:
        async with session.database.as_service() as connection:
            theirs = "select coalesce(min(patient_email), '') from public.appointments where org_id = %s"
            row = await (await connection.execute(theirs, (attempt.target_org_id,))).fetchone()
        await real(session, attempt, f"The clinic of {row and row[0]} is not yours.")

    tenancy.deny = deny


sql_fault("tokens-log-read-by-colleagues", "Everybody of a clinic reads its audit log.", caught_by=[READS])
sql_fault("tokens-log-read-by-the-target", "The clinic that was reached for reads who reached.", caught_by=[READS])
sql_fault("tokens-log-read-by-everybody", "The audit log is open to everybody.", caught_by=[READS], origin=7)
sql_fault(
    "tokens-log-read-by-nobody", "The policy of the audit log locks its admins out.", caught_by=[READS], origin=28
)
sql_fault("tokens-log-can-be-changed", "Admins correct their own audit log.", caught_by=[REWRITES])
sql_fault("tokens-log-can-be-deleted", "Admins tidy up their own audit log.", caught_by=[REWRITES])
sql_fault("tokens-log-can-be-forged", "Everybody may write into the audit log.", caught_by=[REWRITES])
sql_fault("tokens-log-is-the-services", "The service may rewrite the audit log.", caught_by=[REWRITES])
sql_fault("tokens-log-is-a-ring", "The audit log keeps the last twenty entries of a clinic.", caught_by=[MANY])
