"""Sessions, refresh tokens, access tokens (supabase/auth internal/tokens/service.go, internal/models)."""

import base64
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID, uuid4

import jwt
import psycopg
from psycopg.rows import class_row

from reference.platform.auth_errors import database_error
from reference.platform.auth_hook import customised_claims
from reference.platform.auth_models import Identity, Json, User, now
from reference.platform.auth_requests import Requester
from reference.platform.auth_settings import AuthService, Connection
from reference.platform.auth_users import INSTANCE, update_user

Method = Literal["password", "token_refresh"]


@dataclass(frozen=True)
class Session:
    """A row of auth.sessions: one sign-in and all its refreshes."""

    id: UUID
    user_id: UUID
    created_at: datetime
    not_after: datetime | None
    aal: str


@dataclass(frozen=True)
class Grant:
    """What is signed in: the user with their identities, the session, its current refresh token."""

    user: User
    identities: list[Identity]
    session: Session
    refresh_token: str


async def start_session(
    service: AuthService,
    connection: Connection,
    user: User,
    identities: list[Identity],
    sender: Requester,
    headers: dict[str, str],
) -> Json:
    """Sign a user in, inside a transaction: a session, its first refresh token, an access token."""
    headers["sb-auth-user-id"] = str(user.id)
    try:
        session = await _insert_session(connection, user.id, sender)
        token = await insert_refresh_token(connection, user.id, session.id)
        user = await update_user(connection, user.id, {"last_sign_in_at": now()})
    except psycopg.Error as error:
        raise database_error("Database error granting user", error) from error
    headers["sb-auth-session-id"] = str(session.id)
    headers["sb-auth-refresh-token-prefix"] = token[:5]
    return await answer_with_tokens(service, connection, Grant(user, identities, session, token), "password", sender)


async def answer_with_tokens(
    service: AuthService, connection: Connection, grant: Grant, method: Method, sender: Requester
) -> Json:
    """The session object of the wire, with a freshly signed access token."""
    settings = service.settings
    issued_at = int(time.time())
    claims = access_token_claims(service, grant.user, grant.session, issued_at)
    if settings.access_token_hook is not None:
        claims = await customised_claims(
            connection,
            settings.access_token_hook,
            claims,
            user_id=grant.user.id,
            method=method,
            sender=sender,
        )
    keys = settings.keys
    return {
        "access_token": jwt.encode(claims, keys.signing_key, algorithm="ES256", headers={"kid": keys.kid}),
        "token_type": "bearer",
        "expires_in": settings.jwt_expiry_seconds,
        "expires_at": issued_at + settings.jwt_expiry_seconds,
        "refresh_token": grant.refresh_token,
        "user": grant.user.as_json(grant.identities),
    }


def access_token_claims(service: AuthService, user: User, session: Session, issued_at: int) -> Json:
    """The claims before any hook (tokens/service.go, AccessTokenClaims)."""
    settings = service.settings
    return {
        "iss": settings.issuer,
        "sub": str(user.id),
        "aud": user.aud,
        "exp": issued_at + settings.jwt_expiry_seconds,
        "iat": issued_at,
        "email": user.email or "",
        "phone": user.phone or "",
        "app_metadata": user.app_metadata,
        "user_metadata": user.user_metadata,
        "role": user.role,
        "aal": session.aal,
        # Every session here begins with a password, so its beginning is the time of that method.
        "amr": [{"method": "password", "timestamp": int(session.created_at.timestamp())}],
        "session_id": str(session.id),
        "is_anonymous": user.is_anonymous,
    }


async def find_session(connection: Connection, session_id: UUID, *, lock: bool = False) -> Session | None:
    """The session with this id; `lock` holds the row until the transaction ends."""
    columns = "id, user_id, created_at, not_after, coalesce(aal, 'aal1') as aal"
    query = f"select {columns} from auth.sessions where id = %s"
    async with connection.cursor(row_factory=class_row(Session)) as cursor:
        await cursor.execute(f"{query} for update" if lock else query, [session_id])
        return await cursor.fetchone()


async def insert_refresh_token(
    connection: Connection, user_id: UUID, session_id: UUID, *, parent: str | None = None
) -> str:
    """A new refresh token of twelve characters; `parent` is the one it replaces."""
    token = base64.b32encode(secrets.token_bytes(8)).decode().lower()[:12]
    moment = now()
    await connection.execute(
        """insert into auth.refresh_tokens
             (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id)
           values (%s, %s, %s, false, %s, %s, %s, %s)""",
        [INSTANCE, token, str(user_id), moment, moment, parent, session_id],
    )
    return token


async def touch_session(connection: Connection, session_id: UUID, sender: Requester) -> None:
    """Note when and from where a session was refreshed; the column has no zone and holds UTC."""
    refreshed_at = datetime.now(UTC).replace(tzinfo=None)
    await connection.execute(
        "update auth.sessions set refreshed_at = %s, user_agent = %s, ip = %s, updated_at = %s where id = %s",
        [refreshed_at, sender.user_agent, sender.ip, now(), session_id],
    )


async def end_all_sessions(connection: Connection, user_id: UUID, *, but: UUID | None = None) -> None:
    """Delete a user's sessions, with their refresh tokens, save the one named."""
    await connection.execute("delete from auth.sessions where user_id = %s and id is distinct from %s", [user_id, but])


async def end_session(connection: Connection, session_id: UUID) -> None:
    """Delete one session with its refresh tokens."""
    await connection.execute("delete from auth.sessions where id = %s", [session_id])


async def _insert_session(connection: Connection, user_id: UUID, sender: Requester) -> Session:
    session = Session(id=uuid4(), user_id=user_id, created_at=now(), not_after=None, aal="aal1")
    await connection.execute(
        """insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent, ip)
           values (%s, %s, %s, %s, %s, %s, %s)""",
        [
            session.id,
            user_id,
            session.created_at,
            session.created_at,
            session.aal,
            sender.user_agent,
            sender.ip,
        ],
    )
    return session
