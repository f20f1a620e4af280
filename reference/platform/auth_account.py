"""GET and PUT /user, POST /logout (supabase/auth internal/api/user.go, logout.go)."""

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reference.platform.auth_errors import AuthError, database_error, validation_failed
from reference.platform.auth_jwt import Caller, require_user
from reference.platform.auth_models import Json, User, merged, now
from reference.platform.auth_passwords import hash_password, password_matches
from reference.platform.auth_requests import UserUpdateParams, read_params, requested_audience
from reference.platform.auth_sessions import end_all_sessions, end_session
from reference.platform.auth_settings import AuthService, AuthSettings, Connection
from reference.platform.auth_signup import message_token
from reference.platform.auth_users import (
    find_identities,
    find_owner_of_email,
    find_user,
    phone_is_taken,
    update_user,
)
from reference.platform.auth_validation import (
    check_email_interval,
    check_password,
    normal_email,
    normal_phone,
)

EMAIL_TAKEN = "A user with this email address has already been registered"
PHONE_TAKEN = "A user with this phone number has already been registered"


async def show_user(service: AuthService, request: Request) -> Response:
    """GET /user."""
    caller = await require_user(service, request)
    if not caller.audience or requested_audience(request, caller.audience) != caller.audience:
        raise validation_failed("Token audience doesn't match request audience")
    async with service.pool.connection() as connection:
        identities = await find_identities(connection, caller.user.id)
    return JSONResponse(caller.user.as_json(identities))


async def change_user(service: AuthService, request: Request) -> Response:
    """PUT /user: the user's own metadata, password or address; never app_metadata.

    A new address waits for its confirmation even under autoconfirm, which covers sign-up only.
    """
    caller = await require_user(service, request)
    params = _checked(service.settings, await read_params(request, UserUpdateParams))
    user = caller.user
    if params.app_metadata is not None:
        raise AuthError(403, "not_admin", "Updating app_metadata requires admin privileges")
    await _check_addresses(service, user, params, requested_audience(request, caller.audience))
    password_hash = await _new_password_hash(service.settings, user, params.password)
    async with service.pool.connection() as connection:
        async with connection.transaction():
            user = await _changed(service.settings, connection, caller, params, password_hash)
        return JSONResponse(user.as_json(await find_identities(connection, user.id)))


async def log_out(service: AuthService, request: Request) -> Response:
    """POST /logout?scope=global|local|others: 204, also for a token without a session."""
    caller = await require_user(service, request)
    scope = request.query_params.get("scope") or "global"
    if scope not in {"global", "local", "others"}:
        raise validation_failed(f'Unsupported logout scope "{scope}"')
    async with service.pool.connection() as connection:
        if caller.session is not None and scope == "local":
            await end_session(connection, caller.session.id)
        elif caller.session is not None and scope == "others":
            await end_all_sessions(connection, caller.user.id, but=caller.session.id)
        else:
            await end_all_sessions(connection, caller.user.id)
    return Response(status_code=204)


def cleared_tokens() -> Json:
    """The columns that a change of password resets: what the old password asked for is no longer trusted."""
    tokens = ("confirmation", "recovery", "email_change", "phone_change", "reauthentication")
    plain = ("confirmation_token", "recovery_token", "email_change_token_current", "email_change_token_new")
    return {
        **{f"{name}_sent_at": None for name in tokens},
        **dict.fromkeys((*plain, "phone_change_token", "reauthentication_token"), ""),
    }


def _checked(settings: AuthSettings, params: UserUpdateParams) -> UserUpdateParams:
    email = normal_email(params.email) if params.email else ""
    phone = normal_phone(params.phone) if params.phone else ""
    if params.password is not None:
        check_password(settings, params.password)
    return params.model_copy(update={"email": email, "phone": phone})


async def _check_addresses(service: AuthService, user: User, params: UserUpdateParams, audience: str) -> None:
    async with service.pool.connection() as connection:
        if params.email and params.email != user.email:
            try:
                owner = await find_owner_of_email(connection, params.email, audience, other_than=user.id)
            except psycopg.Error as error:
                raise database_error("Database error checking email", error) from error
            if owner is not None:
                raise AuthError(422, "email_exists", EMAIL_TAKEN)
        if params.phone and params.phone != user.phone:
            if await phone_is_taken(connection, params.phone, audience):
                raise AuthError(422, "phone_exists", PHONE_TAKEN)
            raise AuthError(500, "unexpected_failure", "Unable to get SMS provider")


async def _new_password_hash(settings: AuthSettings, user: User, password: str | None) -> str | None:
    if password is None:
        return None
    if await password_matches(password, user.encrypted_password):
        raise AuthError(422, "same_password", "New password should be different from the old password.")
    return await hash_password(password, settings.bcrypt_cost)


async def _changed(
    settings: AuthSettings,
    connection: Connection,
    caller: Caller,
    params: UserUpdateParams,
    password_hash: str | None,
) -> User:
    user = await find_user(connection, caller.user.id, lock=True) or caller.user
    columns: Json = {}
    if password_hash is not None:
        columns |= {"encrypted_password": password_hash, **cleared_tokens()}
    if params.data is not None:
        columns["raw_user_meta_data"] = merged(user.user_metadata, params.data)
    if params.email and params.email != user.email:
        columns |= _email_change(settings, user, params)
    try:
        user = await update_user(connection, user.id, columns)
        if password_hash is not None:
            await end_all_sessions(connection, user.id, but=caller.session.id if caller.session else None)
    except psycopg.Error as error:
        raise database_error("Error updating user", error) from error
    return user


def _email_change(settings: AuthSettings, user: User, params: UserUpdateParams) -> Json:
    check_email_interval(settings, user.email_change_sent_at, now())
    with_pkce = bool(params.code_challenge)
    return {
        "email_change": params.email,
        "email_change_token_new": message_token(params.email, with_pkce=with_pkce),
        "email_change_token_current": message_token(user.email, with_pkce=with_pkce) if user.email else "",
        "email_change_sent_at": now(),
        "email_change_confirm_status": 0,
    }
