"""POST /token: the password and refresh token grants (supabase/auth internal/api/token.go, tokens/)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reference.platform.auth_errors import (
    AuthError,
    OAuthError,
    WeakPassword,
    answer_headers,
    database_error,
    validation_failed,
)
from reference.platform.auth_models import User, now
from reference.platform.auth_passwords import password_matches
from reference.platform.auth_requests import (
    PasswordGrantParams,
    RefreshGrantParams,
    read_params,
    requested_audience,
    requester,
)
from reference.platform.auth_sessions import (
    Grant,
    Session,
    answer_with_tokens,
    find_session,
    insert_refresh_token,
    start_session,
    touch_session,
)
from reference.platform.auth_settings import AuthService, AuthSettings, Connection
from reference.platform.auth_users import find_identities, find_user, find_user_by_email, update_user
from reference.platform.auth_validation import check_password, parse_uuid

LOCK_TIMEOUT_MILLISECONDS = 5000


@dataclass(frozen=True)
class RefreshToken:
    """A row of auth.refresh_tokens."""

    token: str
    user_id: str
    session_id: UUID | None
    revoked: bool
    updated_at: datetime
    parent: str | None


async def token(service: AuthService, request: Request) -> Response:
    """POST /token?grant_type=password|refresh_token."""
    grant_type = request.query_params.get("grant_type")
    if grant_type == "password":
        return await _password_grant(service, request)
    if grant_type == "refresh_token":
        return await _refresh_grant(service, request)
    raise AuthError(400, "invalid_credentials", "unsupported_grant_type")


async def _password_grant(service: AuthService, request: Request) -> Response:
    params = await read_params(request, PasswordGrantParams)
    if params.email and params.phone:
        raise validation_failed("Only an email address or phone number should be provided on login.")
    if params.phone:
        raise AuthError(422, "phone_provider_disabled", "Phone logins are disabled")
    if not params.email:
        raise validation_failed("missing email or phone")
    user = await _user_with_password(service, params, requested_audience(request))
    headers = answer_headers(request)
    async with service.pool.connection() as connection:
        identities = await find_identities(connection, user.id)
        async with connection.transaction():
            session = await start_session(service, connection, user, identities, requester(request), headers)
    weakness = _weakness(service.settings, params.password)
    return JSONResponse({**session, "weak_password": weakness}, headers=headers)


async def _user_with_password(service: AuthService, params: PasswordGrantParams, audience: str) -> User:
    async with service.pool.connection() as connection:
        try:
            user = await find_user_by_email(connection, params.email, audience)
        except psycopg.Error as error:
            raise database_error("Database error querying schema", error) from error
    if user is None or not user.encrypted_password:
        raise AuthError(400, "invalid_credentials", "Invalid login credentials")
    if user.is_banned:
        raise AuthError(400, "user_banned", "User is banned")
    if not await password_matches(params.password, user.encrypted_password):
        raise AuthError(400, "invalid_credentials", "Invalid login credentials")
    if user.email_confirmed_at is None:
        raise AuthError(400, "email_not_confirmed", "Email not confirmed")
    return user


def _weakness(settings: AuthSettings, password: str) -> dict[str, Any] | None:
    try:
        check_password(settings, password)
    except WeakPassword as weak:
        return {"message": weak.message, "reasons": weak.reasons}
    except AuthError:
        return None
    return None


async def _refresh_grant(service: AuthService, request: Request) -> Response:
    params = await read_params(request, RefreshGrantParams)
    if not params.refresh_token:
        raise OAuthError("invalid_request", "refresh_token required")
    headers = answer_headers(request)
    async with service.pool.connection() as connection:
        user, session_id = await _holder(connection, params.refresh_token)
        headers["sb-auth-user-id"] = str(user.id)
        if user.is_banned:
            raise AuthError(400, "user_banned", "Invalid Refresh Token: User Banned")
        if session_id is None:
            raise AuthError(400, "session_not_found", "Invalid Refresh Token: No Valid Session Found")
        headers["sb-auth-session-id"] = str(session_id)
        async with connection.transaction():
            user, session = await _locked(connection, user.id, session_id)
            issued = await _rotated(service.settings, connection, params.refresh_token, session)
            if issued is not None:
                headers["sb-auth-refresh-token-prefix"] = issued[:5]
                grant = Grant(user, await find_identities(connection, user.id), session, issued)
                sender = requester(request)
                answer = await answer_with_tokens(service, connection, grant, "token_refresh", sender)
                await touch_session(connection, session.id, sender)
    if issued is None:
        raise AuthError(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")
    return JSONResponse(answer, headers=headers)


async def _holder(connection: Connection, text: str) -> tuple[User, UUID | None]:
    held = await _find_refresh_token(connection, text)
    user_id = parse_uuid(held.user_id) if held else None
    user = await find_user(connection, user_id) if user_id else None
    if held is None or user is None:
        raise AuthError(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found")
    return user, held.session_id


async def _locked(connection: Connection, user_id: UUID, session_id: UUID) -> tuple[User, Session]:
    """Hold the user and then the session, the order in which a deletion takes them."""
    await connection.execute("select set_config('lock_timeout', %s, true)", [str(LOCK_TIMEOUT_MILLISECONDS)])
    try:
        user = await find_user(connection, user_id, lock=True)
        session = await find_session(connection, session_id, lock=True)
    except psycopg.errors.LockNotAvailable as error:
        text = "Too many concurrent token refresh requests on the same session or refresh token"
        raise AuthError(409, "conflict", text) from error
    if user is None or session is None:
        raise AuthError(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found")
    if session.not_after is not None and now() > session.not_after:
        raise AuthError(400, "session_expired", "Invalid Refresh Token: Session Expired")
    return user, session


async def _rotated(settings: AuthSettings, connection: Connection, text: str, session: Session) -> str | None:
    """The token that stands after a refresh with `text`; None when its reuse ended the whole family."""
    held = await _find_refresh_token(connection, text)
    if held is None:
        raise AuthError(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found")
    if held.revoked:
        active = await _active_refresh_token(connection, session.id)
        # The client may never have received the answer to its last refresh: it gets the same token again.
        if active is not None and active.parent == held.token:
            return active.token
        if now() > held.updated_at + timedelta(seconds=settings.refresh_token_reuse_interval):
            await _revoke_family(connection, session.id)
            return None
    await connection.execute(
        "update auth.refresh_tokens set revoked = true, updated_at = %s where token = %s", [now(), held.token]
    )
    await update_user(connection, session.user_id, {})
    return await insert_refresh_token(connection, session.user_id, session.id, parent=held.token)


async def _find_refresh_token(connection: Connection, text: str) -> RefreshToken | None:
    async with connection.cursor(row_factory=class_row(RefreshToken)) as cursor:
        await cursor.execute(
            """select token, user_id, session_id, revoked, updated_at, parent from auth.refresh_tokens
               where token = %s""",
            [text],
        )
        return await cursor.fetchone()


async def _active_refresh_token(connection: Connection, session_id: UUID) -> RefreshToken | None:
    async with connection.cursor(row_factory=class_row(RefreshToken)) as cursor:
        await cursor.execute(
            """select token, user_id, session_id, revoked, updated_at, parent from auth.refresh_tokens
               where session_id = %s and revoked is false order by id desc limit 1""",
            [session_id],
        )
        return await cursor.fetchone()


async def _revoke_family(connection: Connection, session_id: UUID) -> None:
    await connection.execute(
        """update auth.refresh_tokens set revoked = true, updated_at = %s
           where session_id = %s and revoked = false""",
        [now(), session_id],
    )
