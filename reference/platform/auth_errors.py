"""Auth's errors and their two body shapes (supabase/auth internal/api/errors.go, apierrors/)."""

import logging
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import uuid4

import psycopg
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

logger = logging.getLogger(__name__)

API_VERSION_HEADER = "X-Supabase-Api-Version"
VERSION_WITH_STRING_CODES = date(2024, 1, 1)
UNHANDLED = "Unexpected failure, please check server logs for more information"

# Violations that a project's own triggers and constraints cause: only the oldest body shape shows them.
_PUBLIC_SQLSTATES = frozenset({"P0001", "23000", "23001", "23502", "23503", "23505", "23514", "23P01"})


class AuthError(Exception):
    """A refusal with an HTTP status, a stable code ("" when Auth itself has none) and a text for people."""

    def __init__(self, status: int, code: str, message: str, *, cause: psycopg.Error | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.cause = cause


class WeakPassword(AuthError):
    """422 `weak_password` with the reasons: length, characters, pwned."""

    def __init__(self, message: str, reasons: list[str]) -> None:
        super().__init__(422, "weak_password", message)
        self.reasons = reasons


class OAuthError(Exception):
    """The RFC 6749 shape, which Auth keeps for a missing refresh token."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


def validation_failed(message: str, status: int = 400) -> AuthError:
    """The caller's input is wrong."""
    return AuthError(status, "validation_failed", message)


def database_error(message: str, cause: psycopg.Error) -> AuthError:
    """The database refused; `message` says what was being done."""
    return AuthError(500, "unexpected_failure", message, cause=cause)


def answer_headers(request: Request) -> dict[str, str]:
    """Headers (`sb-auth-…`) that go with the answer, be it a success or an error."""
    headers: dict[str, str] = request.scope.setdefault("auth.answer_headers", {})
    return headers


async def answer_auth_error(request: Request, error: Exception) -> Response:
    """Render an AuthError in the shape that the request's API version asks for."""
    assert isinstance(error, AuthError)
    if error.status >= 500:
        _log_failure(request, error.message, error.cause)
    return _rendered(request, error)


async def answer_oauth_error(request: Request, error: Exception) -> Response:
    """Render an OAuthError: always 400, the same in every API version."""
    assert isinstance(error, OAuthError)
    body = {"error": error.error, "error_description": error.description}
    return JSONResponse(body, 400, headers=answer_headers(request))


async def answer_database_failure(request: Request, error: Exception) -> Response:
    """A database error that no handler expected. Its text may quote a row, so it is not logged whole."""
    assert isinstance(error, psycopg.Error)
    _log_failure(request, "unhandled database error", error)
    return _rendered(request, AuthError(500, "", UNHANDLED))


async def answer_unhandled(request: Request, error: Exception) -> Response:
    """A defect of this service, in GoTrue's words; Starlette raises it again for the log."""
    del error
    return _rendered(request, AuthError(500, "", UNHANDLED))


async def answer_no_route(request: Request, error: Exception) -> Response:
    """chi's own answers: a plain 404, an empty 405."""
    del request
    assert isinstance(error, HTTPException)
    text = "404 page not found\n" if error.status_code == 404 else ""
    return PlainTextResponse(text, error.status_code, headers=error.headers)


def _rendered(request: Request, error: AuthError) -> Response:
    headers = dict(answer_headers(request))
    if error.code:
        headers["x-sb-error-code"] = error.code
    code = error.code or ("unexpected_failure" if error.status == 500 else "unknown")
    weak = {"weak_password": {"reasons": error.reasons}} if isinstance(error, WeakPassword) else {}
    if _has_string_codes(request):
        headers[API_VERSION_HEADER] = VERSION_WITH_STRING_CODES.isoformat()
        dated_body = {"code": code, "message": error.message, **weak}
        return JSONResponse(dated_body, error.status, headers=headers)
    database_body = _database_body(error.cause)
    if database_body is not None:
        return JSONResponse(database_body, _public_status(database_body["code"]), headers=headers)
    error_id = {"error_id": str(uuid4())} if error.status >= 500 else {}
    body = {"code": error.status, "error_code": code, "msg": error.message, **error_id, **weak}
    return JSONResponse(body, error.status, headers=headers)


def _has_string_codes(request: Request) -> bool:
    try:
        asked = date.fromisoformat(request.headers.get(API_VERSION_HEADER, ""))
    except ValueError:
        return False
    return asked >= VERSION_WITH_STRING_CODES


def _database_body(cause: psycopg.Error | None) -> Mapping[str, Any] | None:
    if cause is None or cause.sqlstate is None or not _public_status(cause.sqlstate):
        return None
    # GoTrue adds the detail too; it can quote a whole row, a password hash included, so it is left out here.
    hint = {"hint": cause.diag.message_hint} if cause.diag.message_hint else {}
    return {"code": cause.sqlstate, "message": cause.diag.message_primary, **hint}


def _public_status(sqlstate: str) -> int:
    if sqlstate in _PUBLIC_SQLSTATES:
        return 500
    if sqlstate.startswith("PT") and sqlstate[2:].isdigit():
        return int(sqlstate[2:])
    return 0


def _log_failure(request: Request, message: str, cause: psycopg.Error | None) -> None:
    reason = ""
    if cause is not None and cause.sqlstate is None:
        reason = f": {cause}"
    elif cause is not None:
        reason = f": {cause.diag.message_primary} (SQLSTATE {cause.sqlstate})"
    logger.warning("%s %s: %s%s", request.method, request.url.path, message, reason)
