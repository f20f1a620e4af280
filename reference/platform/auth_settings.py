"""How one project's Auth service is set up, and what its handlers work with."""

from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from reference.platform.keys import ProjectKeys

Connection = AsyncConnection[Any]
Pool = AsyncConnectionPool[AsyncConnection[Any]]

DEFAULT_AUDIENCE = "authenticated"
DEFAULT_ROLE = "authenticated"


@dataclass(frozen=True)
class AuthSettings:
    """The project's keys and the `[auth]` settings that matter here; defaults are those of the Supabase CLI.

    `issuer` is the service's own base URL, such as http://127.0.0.1:54321/auth/v1.
    `access_token_hook` is a `schema.function` of the database, or None for no hook.
    """

    issuer: str
    keys: ProjectKeys
    jwt_expiry_seconds: int = 3600
    bcrypt_cost: int = 10
    minimum_password_length: int = 6
    autoconfirm: bool = True
    enable_signup: bool = True
    access_token_hook: str | None = "public.custom_access_token_hook"
    refresh_token_reuse_interval: int = 10
    email_send_interval_seconds: float = 1.0


@dataclass(frozen=True)
class AuthService:
    """What every handler needs; the pool belongs to the caller of `create_auth_app`."""

    settings: AuthSettings
    pool: Pool
