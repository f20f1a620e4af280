"""The endpoints under /admin/users (supabase/auth internal/api/admin.go)."""

import base64
import hashlib
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reference.platform.auth_account import EMAIL_TAKEN, cleared_tokens
from reference.platform.auth_errors import AuthError, database_error, validation_failed
from reference.platform.auth_jwt import require_admin
from reference.platform.auth_models import Json, User, identity_claims, merged, now
from reference.platform.auth_passwords import hash_password, is_bcrypt_hash
from reference.platform.auth_requests import (
    AdminDeleteParams,
    AdminUserParams,
    read_params,
    requested_audience,
)
from reference.platform.auth_sessions import end_all_sessions
from reference.platform.auth_settings import DEFAULT_ROLE, AuthService, Connection
from reference.platform.auth_signup import confirmation
from reference.platform.auth_users import (
    delete_user,
    find_identities,
    find_owner_of_email,
    find_user,
    insert_identity,
    insert_user,
    list_users,
    phone_is_taken,
    update_identity,
    update_user,
)
from reference.platform.auth_validation import (
    MAX_PASSWORD_BYTES,
    ban_length,
    check_password,
    normal_email,
    normal_phone,
    page_headers,
    parse_uuid,
    requested_page,
)


async def show_users(service: AuthService, request: Request) -> Response:
    """GET /admin/users: a page of users, the newest first, without their identities."""
    audience = requested_audience(request, require_admin(service, request))
    page = requested_page(request)
    try:
        async with service.pool.connection() as connection:
            users, total = await list_users(connection, audience, page)
    except psycopg.Error as error:
        raise database_error("Database error finding users", error) from error
    body = {"users": [user.as_json(None) for user in users], "aud": audience}
    return JSONResponse(body, headers=page_headers(request, page, total))


async def show_user(service: AuthService, request: Request) -> Response:
    """GET /admin/users/{user_id}."""
    require_admin(service, request)
    async with service.pool.connection() as connection:
        user = await _addressed(connection, request)
        return JSONResponse(user.as_json(await find_identities(connection, user.id)))


async def create_user(service: AuthService, request: Request) -> Response:
    """POST /admin/users: 200 with the bare user; the password's strength is not looked at."""
    claimed = require_admin(service, request)
    params = await read_params(request, AdminUserParams)
    audience = params.aud or requested_audience(request, claimed)
    if not params.email and not params.phone:
        raise validation_failed("Cannot create a user without either an email or phone")
    params = await _free_addresses(service, params, audience)
    columns = {
        "aud": audience,
        "email": params.email or None,
        "phone": params.phone or None,
        "encrypted_password": await _initial_password_hash(service, params),
    }
    user_id = _chosen_id(params)
    ban = _ban(params)
    try:
        async with service.pool.connection() as connection, connection.transaction():
            user = await _created(connection, user_id, params, columns, ban)
            identities = await find_identities(connection, user.id)
    except psycopg.Error as error:
        raise database_error("Database error creating new user", error) from error
    return JSONResponse(user.as_json(identities))


async def change_user(service: AuthService, request: Request) -> Response:
    """PUT /admin/users/{user_id}: metadata is merged, null deletes a key; a password ends every session."""
    require_admin(service, request)
    async with service.pool.connection() as connection:
        user = await _addressed(connection, request)
    params = await read_params(request, AdminUserParams)
    email = normal_email(params.email) if params.email else ""
    phone = normal_phone(params.phone) if params.phone else ""
    params = params.model_copy(update={"email": email, "phone": phone})
    columns = _ban(params)
    if params.password is not None:
        check_password(service.settings, params.password)
        columns["encrypted_password"] = await hash_password(params.password, service.settings.bcrypt_cost)
        columns |= cleared_tokens()
    try:
        async with service.pool.connection() as connection, connection.transaction():
            user = await _changed(connection, user.id, params, columns)
            if params.password is not None:
                await end_all_sessions(connection, user.id)
            identities = await find_identities(connection, user.id)
    except psycopg.Error as error:
        raise database_error("Error updating user", error) from error
    return JSONResponse(user.as_json(identities))


async def remove_user(service: AuthService, request: Request) -> Response:
    """DELETE /admin/users/{user_id}: the row goes, or with `should_soft_delete` is emptied and kept."""
    require_admin(service, request)
    params = await read_params(request, AdminDeleteParams, may_be_empty=True)
    async with service.pool.connection() as connection:
        user = await _addressed(connection, request)
        failure = "Error soft deleting user" if params.should_soft_delete else "Database error deleting user"
        try:
            async with connection.transaction():
                if not params.should_soft_delete:
                    await delete_user(connection, user.id)
                elif user.deleted_at is None:
                    await _soft_delete(connection, user)
        except psycopg.Error as error:
            raise database_error(failure, error) from error
    return JSONResponse({})


async def _addressed(connection: Connection, request: Request) -> User:
    user_id = parse_uuid(request.path_params["user_id"])
    if user_id is None:
        raise validation_failed("user_id must be an UUID", 404)
    try:
        user = await find_user(connection, user_id)
    except psycopg.Error as error:
        raise database_error("Database error loading user", error) from error
    if user is None:
        raise AuthError(404, "user_not_found", "User not found")
    return user


async def _free_addresses(service: AuthService, params: AdminUserParams, audience: str) -> AdminUserParams:
    """The parameters with normal addresses, which nobody else holds."""
    email = normal_email(params.email) if params.email else ""
    phone = normal_phone(params.phone) if params.phone else ""
    async with service.pool.connection() as connection:
        if email and await find_owner_of_email(connection, email, audience) is not None:
            raise AuthError(422, "email_exists", EMAIL_TAKEN)
        if phone and await phone_is_taken(connection, phone, audience):
            raise AuthError(422, "phone_exists", "Phone number already registered by another user")
    return params.model_copy(update={"email": email, "phone": phone})


async def _initial_password_hash(service: AuthService, params: AdminUserParams) -> str:
    if params.password is not None and params.password_hash:
        raise validation_failed("Only a password or a password hash should be provided")
    if params.password_hash:
        if not is_bcrypt_hash(params.password_hash):
            raise AuthError(500, "unexpected_failure", "Error creating user")
        return params.password_hash
    password = params.password or secrets.token_urlsafe(48)
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise validation_failed("bcrypt: password length exceeds 72 bytes")
    return await hash_password(password, service.settings.bcrypt_cost)


def _chosen_id(params: AdminUserParams) -> UUID:
    if not params.id:
        return uuid4()
    chosen = parse_uuid(params.id)
    if chosen is None:
        raise validation_failed("ID must conform to the uuid v4 format")
    if not chosen.int:
        raise validation_failed("ID cannot be a nil uuid")
    return chosen


def _ban(params: AdminUserParams) -> Json:
    if not params.ban_duration:
        return {}
    length = ban_length(params.ban_duration)
    return {"banned_until": now() + length if length != timedelta(0) else None}


async def _created(connection: Connection, user_id: UUID, params: AdminUserParams, columns: Json, ban: Json) -> User:
    providers = [name for name, address in (("email", params.email), ("phone", params.phone)) if address]
    app_metadata = {"provider": providers[0], "providers": providers}
    metadata = {"raw_app_meta_data": app_metadata, "raw_user_meta_data": params.user_metadata or {}}
    await insert_user(connection, user_id, {**columns, **metadata})
    if params.email:
        await insert_identity(connection, user_id, "email", identity_claims(user_id, email=params.email))
    if params.phone:
        await insert_identity(connection, user_id, "phone", identity_claims(user_id, phone=params.phone))
    user = await update_user(connection, user_id, {"role": params.role.strip() or DEFAULT_ROLE})
    return await update_user(connection, user_id, {**_state(user, params), **ban})


async def _changed(connection: Connection, user_id: UUID, params: AdminUserParams, columns: Json) -> User:
    user = await find_user(connection, user_id, lock=True)
    if user is None:
        raise psycopg.DataError("the user is gone")
    if params.role:
        columns["role"] = params.role.strip()
    if params.email:
        columns["email"] = params.email
        await _set_identity(connection, user_id, "email", params.email, params.email_confirm)
    if params.phone:
        columns["phone"] = params.phone
        await _set_identity(connection, user_id, "phone", params.phone, params.phone_confirm)
    columns |= _state(user, params)
    if params.user_metadata is not None:
        current = columns.get("raw_user_meta_data", user.user_metadata)
        columns["raw_user_meta_data"] = merged(current, params.user_metadata)
    return await update_user(connection, user_id, columns)


def _state(user: User, params: AdminUserParams) -> Json:
    """The columns for app_metadata and for confirmed addresses."""
    columns: dict[str, Any] = {}
    if params.app_metadata is not None:
        columns["raw_app_meta_data"] = merged(user.app_metadata, params.app_metadata)
    if params.email_confirm:
        columns |= confirmation(user.user_metadata)
    if params.phone_confirm:
        columns |= {"confirmation_token": "", "phone_confirmed_at": now()}
    return columns


async def _set_identity(connection: Connection, user_id: UUID, provider: str, address: str, verified: bool) -> None:
    changes = {provider: address, f"{provider}_verified": verified}
    held = [one for one in await find_identities(connection, user_id) if one.provider == provider]
    if held:
        await update_identity(connection, held[0].id, {**held[0].identity_data, **changes})
    else:
        claims = {"sub": str(user_id), "email_verified": False, "phone_verified": False, **changes}
        await insert_identity(connection, user_id, provider, claims)


async def _soft_delete(connection: Connection, user: User) -> None:
    await update_user(
        connection,
        user.id,
        {
            "email": _obfuscated(user.id, user.email or ""),
            "phone": _obfuscated(user.id, user.phone or "")[:15],
            "email_change": _obfuscated(user.id, user.email_change),
            "phone_change": _obfuscated(user.id, user.phone_change)[:15],
            "encrypted_password": None,
            "confirmation_token": "",
            "recovery_token": "",
            "email_change_token_current": "",
            "email_change_token_new": "",
            "phone_change_token": "",
            "deleted_at": now(),
            "raw_user_meta_data": {},
            "raw_app_meta_data": {},
        },
    )
    await end_all_sessions(connection, user.id)
    for identity in await find_identities(connection, user.id):
        provider_id = _obfuscated(user.id, f"{identity.provider}:{identity.provider_id}")
        await update_identity(connection, identity.id, {}, provider_id=provider_id)


def _obfuscated(user_id: UUID, value: str) -> str:
    digest = hashlib.sha256(f"{user_id}{value}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
