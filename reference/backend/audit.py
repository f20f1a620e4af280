"""The audit log: what was refused, to whom, and what they reached for."""

from dataclasses import dataclass
from uuid import UUID

from psycopg.types.json import Jsonb

from reference.backend.database import Database
from reference.backend.errors import log_problem
from reference.backend.tokens import Caller

DENIED = "denied"

INSERT = """
insert into public.audit_log (user_id, org_id, action, target_org_id, attempted_action, status, details)
values (%s, %s, %s, %s, %s, %s, %s)
"""


@dataclass(frozen=True)
class Attempt:
    """What is tried at which clinic: `action` is the tool or end-point, `effect` what it would do."""

    action: str
    effect: str
    target_org_id: UUID | None
    provider_id: UUID | None = None


async def record(database: Database, caller: Caller, attempt: Attempt, request_id: str) -> None:
    """Write a denied attempt down in a transaction of its own; a failure to do so is logged, not raised."""
    try:
        await insert_entry(database, caller, attempt, request_id)
    except Exception as problem:
        log_problem(f"The audit log lacks a denied {attempt.action}, request {request_id}", problem)


async def insert_entry(database: Database, caller: Caller, attempt: Attempt, request_id: str) -> None:
    """No name, address or time of a patient goes into the details, only identifiers."""
    details = {"effect": attempt.effect, "request_id": request_id}
    if attempt.provider_id is not None:
        details["provider_id"] = str(attempt.provider_id)
    async with database.as_service() as connection:
        await connection.execute(
            INSERT,
            (
                caller.user_id,
                caller.org_id,
                attempt.action,
                attempt.target_org_id,
                attempt.action,
                DENIED,
                Jsonb(details),
            ),
        )
