"""POST /signup (supabase/auth internal/api/signup.go, mail.go)."""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reference.platform.auth_errors import AuthError, answer_headers, database_error, validation_failed
from reference.platform.auth_models import Identity, Json, User, identity_claims, merged, now, rfc3339
from reference.platform.auth_passwords import hash_password
from reference.platform.auth_requests import SignUpParams, read_params, requested_audience, requester
from reference.platform.auth_sessions import start_session
from reference.platform.auth_settings import DEFAULT_ROLE, AuthService, AuthSettings, Connection
from reference.platform.auth_users import (
    find_identities,
    find_owner_of_email,
    insert_identity,
    insert_user,
    update_user,
)
from reference.platform.auth_validation import (
    check_code_challenge,
    check_email_interval,
    check_password,
    normal_email,
)

PROVIDER: Json = {"provider": "email", "providers": ["email"]}


@dataclass(frozen=True)
class SignUp:
    """A checked request to sign up with an address."""

    email: str
    password: str = field(repr=False)
    data: Json
    audience: str
    with_pkce: bool


async def sign_up(service: AuthService, request: Request) -> Response:
    """Register an address. The user is committed before the session is made, as in GoTrue.

    A failing trigger on auth.users thus leaves nothing; a failing token hook leaves a user without a session.
    """
    asked = await _checked(service, request)
    async with service.pool.connection() as connection:
        existing = await _existing(connection, asked)
    if existing is not None and existing.email_confirmed_at is not None:
        return _already_registered(service, asked)
    password_hash = None if existing else await hash_password(asked.password, service.settings.bcrypt_cost)
    headers = answer_headers(request)
    async with service.pool.connection() as connection:
        async with connection.transaction():
            if existing is None:
                user, identities, changes = await _registered(connection, asked, password_hash)
            else:
                user, identities, changes = existing, await find_identities(connection, existing.id), {}
            user = await _advanced(service.settings, connection, user, changes, asked)
        if user.email_confirmed_at is None:
            return JSONResponse(user.as_json(identities), headers=headers)
        async with connection.transaction():
            session = await start_session(service, connection, user, identities, requester(request), headers)
    return JSONResponse(session, headers=headers)


def confirmation(user_metadata: Json) -> Json:
    """The columns that confirm an address."""
    return {
        "confirmation_token": "",
        "email_confirmed_at": now(),
        "raw_user_meta_data": merged(user_metadata, {"email_verified": True}),
    }


def message_token(address: str, *, with_pkce: bool) -> str:
    """The hash of a one-time code, as the links in Auth's messages carry it; the code itself is forgotten."""
    code = f"{secrets.randbelow(10**6):06d}"
    digest = hashlib.sha224((address + code).encode()).hexdigest()
    return f"pkce_{digest}" if with_pkce else digest


async def _checked(service: AuthService, request: Request) -> SignUp:
    params = await read_params(request, SignUpParams)
    if not params.email and not params.phone:
        raise AuthError(422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled")
    if not service.settings.enable_signup:
        raise AuthError(422, "signup_disabled", "Signups not allowed for this instance")
    if not params.password:
        raise validation_failed("Signup requires a valid password")
    check_password(service.settings, params.password)
    if params.email and params.phone:
        raise validation_failed("Only an email address or phone number should be provided on signup.")
    if params.phone and params.code_challenge:
        raise validation_failed("PKCE not supported for phone signups")
    check_code_challenge(params.code_challenge, params.code_challenge_method)
    if params.phone:
        raise AuthError(400, "phone_provider_disabled", "Phone signups are disabled")
    return SignUp(
        email=normal_email(params.email),
        password=params.password,
        data=params.data,
        audience=requested_audience(request),
        with_pkce=bool(params.code_challenge),
    )


async def _existing(connection: Connection, asked: SignUp) -> User | None:
    try:
        return await find_owner_of_email(connection, asked.email, asked.audience)
    except psycopg.Error as error:
        raise database_error("Database error finding user", error) from error


async def _registered(
    connection: Connection, asked: SignUp, password_hash: str | None
) -> tuple[User, list[Identity], Json]:
    """A new user, their identity, and what the next change of the user has still to write."""
    columns = {
        "aud": asked.audience,
        "email": asked.email,
        "encrypted_password": password_hash,
        "raw_app_meta_data": PROVIDER,
        "raw_user_meta_data": asked.data,
    }
    try:
        user = await insert_user(connection, uuid4(), columns)
    except psycopg.Error as error:
        raise database_error("Database error saving new user", error) from error
    try:
        # This reads back what triggers made of the row.
        user = await update_user(connection, user.id, {"role": DEFAULT_ROLE})
    except psycopg.Error as error:
        raise database_error("Database error updating user", error) from error
    data = {**asked.data, **identity_claims(user.id, email=user.email or "")}
    try:
        identity = await insert_identity(connection, user.id, "email", data)
    except psycopg.Error as error:
        raise database_error("Error creating identity", error) from error
    changes = {"raw_user_meta_data": data, "raw_app_meta_data": merged(user.app_metadata, PROVIDER)}
    return user, [identity], changes


async def _advanced(settings: AuthSettings, connection: Connection, user: User, changes: Json, asked: SignUp) -> User:
    """Confirm the address, or note that its confirmation was asked for."""
    if settings.autoconfirm:
        failure = "Database error updating user"
        step = confirmation(changes.get("raw_user_meta_data", user.user_metadata))
    else:
        failure = "Error sending confirmation email"
        check_email_interval(settings, user.confirmation_sent_at, now())
        token = message_token(user.email or "", with_pkce=asked.with_pkce)
        step = {"confirmation_token": token, "confirmation_sent_at": now()}
    try:
        return await update_user(connection, user.id, {**changes, **step})
    except psycopg.Error as error:
        raise database_error(failure, error) from error


def _already_registered(service: AuthService, asked: SignUp) -> Response:
    """A refusal, or, where addresses are confirmed by mail, an invented user that gives nothing away."""
    if service.settings.autoconfirm:
        raise AuthError(422, "user_already_exists", "User already registered")
    moment = rfc3339(now())
    invented: dict[str, Any] = {
        "id": str(uuid4()),
        "aud": asked.audience,
        "role": "",
        "email": asked.email,
        "phone": "",
        "confirmation_sent_at": moment,
        "app_metadata": PROVIDER,
        "user_metadata": asked.data,
        "identities": [],
        "created_at": moment,
        "updated_at": moment,
        "is_anonymous": False,
    }
    return JSONResponse(invented)
