"""Whose clinic a request may touch."""

from dataclasses import dataclass
from typing import NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reference.backend import audit
from reference.backend.audit import Attempt
from reference.backend.database import Database
from reference.backend.embedding import Embedder
from reference.backend.errors import Forbidden, Internal
from reference.backend.tokens import Caller

NO_CLINIC = "This account belongs to no clinic."


@dataclass(frozen=True)
class Session:
    """On whose behalf one request acts, over which database, and with which reading of questions."""

    database: Database
    caller: Caller
    request_id: str
    embedder: Embedder


async def require_own_clinic(session: Session, attempt: Attempt) -> None:
    """Raises Forbidden, and leaves an audit entry, unless the clinic is the one the token speaks for."""
    if session.caller.org_id is None:
        await deny(session, attempt, NO_CLINIC)
    if session.caller.org_id != attempt.target_org_id:
        await deny(session, attempt, "This clinic is not yours to act for.")


async def deny(session: Session, attempt: Attempt, reason: str) -> NoReturn:
    """Write the refusal down, then raise Forbidden; it stands also when it cannot be written."""
    await audit.record(session.database, session.caller, attempt, session.request_id)
    raise Forbidden(reason)


def zone_of(name: str) -> ZoneInfo:
    """The clinic's time zone; raises Internal rather than tell a patient the time of another one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Internal("The clinic's time zone is not known here, so nothing was done.") from None
