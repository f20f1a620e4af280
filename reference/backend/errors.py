"""Why a request is refused: one class for each code of the contract."""

import logging
import traceback
from pathlib import Path
from typing import ClassVar

import psycopg

DEEPEST_FRAMES = 4

log = logging.getLogger("reference.backend")


class Refused(Exception):
    """A refusal; the message is one sentence that may be read to a caller."""

    status: ClassVar[int]
    code: ClassVar[str]

    @property
    def http_status(self) -> int:
        return self.status

    @property
    def headers(self) -> dict[str, str]:
        return {}


class InvalidRequest(Refused):
    status = 400
    code = "INVALID_REQUEST"


class Unreadable(InvalidRequest):
    """An invalid request for which HTTP has a status of its own, such as 413 or 415."""

    def __init__(self, message: str, http_status: int) -> None:
        super().__init__(message)
        self._http_status = http_status

    @property
    def http_status(self) -> int:
        return self._http_status


class Unauthorised(Refused):
    """No usable token; RFC 6750, section 3, asks for the challenge."""

    status = 401
    code = "UNAUTHORIZED"

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class InvalidToken(Unauthorised):
    """A token was sent and does not hold."""

    def __init__(self) -> None:
        super().__init__("The access token is not valid.")

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class Forbidden(Refused):
    status = 403
    code = "FORBIDDEN"


class NotFound(Refused):
    status = 404
    code = "NOT_FOUND"


class Conflict(Refused):
    status = 409
    code = "CONFLICT"


class Internal(Refused):
    status = 500
    code = "INTERNAL"


class Unavailable(Refused):
    status = 503
    code = "UNAVAILABLE"


def refusal_for(problem: Exception) -> Refused:
    """The refusal that a caller is told of; what nobody foresaw is logged first."""
    if isinstance(problem, Refused):
        return problem
    log_problem("A request failed", problem)
    # Neither sentence says that nothing was done: a connection may break while it commits.
    if isinstance(problem, psycopg.OperationalError):
        return Unavailable("The diary cannot be reached at the moment.")
    return Internal("Something went wrong here.")


def log_problem(what: str, problem: BaseException) -> None:
    """Log what arose and where, but not its message, which may quote a patient or a token."""
    sqlstate = problem.sqlstate if isinstance(problem, psycopg.Error) else None
    frames = traceback.extract_tb(problem.__traceback__)[-DEEPEST_FRAMES:]
    place = " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    log.error("%s: %s %s at %s", what, type(problem).__name__, sqlstate or "", place)
