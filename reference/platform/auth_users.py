"""Reading and writing auth.users and auth.identities (supabase/auth internal/models/user.go, identity.go)."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from reference.platform.auth_models import Identity, Json, User, now
from reference.platform.auth_settings import Connection
from reference.platform.auth_validation import Page

# GoTrue once served many instances from one schema; every row it sees still carries the nil instance.
INSTANCE = UUID(int=0)

_USER_COLUMNS = sql.SQL(", ").join(sql.Identifier(column.name) for column in fields(User))
_IDENTITY_COLUMNS = sql.SQL(", ").join(sql.Identifier(column.name) for column in fields(Identity))

_USER_BY_ID = "where instance_id = %s and id = %s"
_USER_BY_EMAIL = "where instance_id = %s and lower(email) = %s and aud = %s and is_sso_user = false"
_OWNER_OF_EMAIL = """
    where aud = %s and id is distinct from %s and id in (
      select user_id from auth.identities where email = %s and provider not like 'sso:%%'
      union
      select id from auth.users where instance_id = %s and lower(email) = %s and is_sso_user = false)
    limit 1"""
_USERS_OF_AUDIENCE = "where instance_id = %s and aud = %s order by created_at desc, id limit %s offset %s"
_IDENTITIES = sql.SQL("select {} from auth.identities where user_id = %s order by created_at, id").format(
    _IDENTITY_COLUMNS
)
_NEW_IDENTITY = sql.SQL("""
    insert into auth.identities
      (id, provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
    values (%(id)s, %(provider_id)s, %(user_id)s, %(data)s, %(provider)s, %(now)s, %(now)s, %(now)s)
    returning {}""").format(_IDENTITY_COLUMNS)


async def find_user(connection: Connection, user_id: UUID, *, lock: bool = False) -> User | None:
    """The user with this id; `lock` holds the row until the transaction ends."""
    where = f"{_USER_BY_ID} for no key update" if lock else _USER_BY_ID
    return await _one_user(connection, _selecting(where), [INSTANCE, user_id])


async def find_user_by_email(connection: Connection, email: str, audience: str) -> User | None:
    """The user who signs in with this address."""
    return await _one_user(connection, _selecting(_USER_BY_EMAIL), [INSTANCE, email.lower(), audience])


async def find_owner_of_email(
    connection: Connection, email: str, audience: str, *, other_than: UUID | None = None
) -> User | None:
    """The user who holds this lower-case address, as their own or in one of their identities."""
    parameters = [audience, other_than, email, INSTANCE, email]
    return await _one_user(connection, _selecting(_OWNER_OF_EMAIL), parameters)


async def phone_is_taken(connection: Connection, phone: str, audience: str) -> bool:
    """Whether a user holds this number, which carries no plus sign."""
    found = await connection.execute(
        "select 1 from auth.users where instance_id = %s and phone = %s and aud = %s and is_sso_user = false",
        [INSTANCE, phone, audience],
    )
    return await found.fetchone() is not None


async def list_users(connection: Connection, audience: str, page: Page) -> tuple[list[User], int]:
    """One page of the users, the newest first, and how many there are in all."""
    counted = await connection.execute(
        "select count(*) from auth.users where instance_id = %s and aud = %s", [INSTANCE, audience]
    )
    total = (await counted.fetchone() or (0,))[0]
    async with connection.cursor(row_factory=class_row(User)) as cursor:
        await cursor.execute(_selecting(_USERS_OF_AUDIENCE), [INSTANCE, audience, page.size, page.offset])
        return await cursor.fetchall(), total


async def insert_user(connection: Connection, user_id: UUID, columns: Mapping[str, Any]) -> User:
    """Add a user, whom triggers see as GoTrue makes them: unconfirmed and without a role.

    Raises psycopg.DataError when a trigger swallowed the row.
    """
    moment = now()
    row = {
        "instance_id": INSTANCE,
        "id": user_id,
        "role": "",
        "created_at": moment,
        "updated_at": moment,
        "confirmation_token": "",
        "recovery_token": "",
        "email_change_token_new": "",
        "email_change": "",
        **columns,
    }
    return _present(await _one_user(connection, _inserting(tuple(row)), _parameters(row)))


async def update_user(connection: Connection, user_id: UUID, columns: Mapping[str, Any]) -> User:
    """Change some columns of a user, and `updated_at`; raises psycopg.DataError for a user who is gone."""
    row = {**columns, "updated_at": now()}
    return _present(await _one_user(connection, _updating(tuple(row)), [*_parameters(row), user_id]))


async def delete_user(connection: Connection, user_id: UUID) -> None:
    """Remove a user and all that cascades from them."""
    await connection.execute("delete from auth.users where id = %s", [user_id])


async def find_identities(connection: Connection, user_id: UUID) -> list[Identity]:
    """A user's identities, the oldest first."""
    async with connection.cursor(row_factory=class_row(Identity)) as cursor:
        await cursor.execute(_IDENTITIES, [user_id])
        return await cursor.fetchall()


async def insert_identity(connection: Connection, user_id: UUID, provider: str, data: Json) -> Identity:
    """Give a user an `email` or `phone` identity, whose provider's id is the user's."""
    row = {"id": uuid4(), "provider_id": str(user_id), "user_id": user_id, "data": Jsonb(data)}
    async with connection.cursor(row_factory=class_row(Identity)) as cursor:
        await cursor.execute(_NEW_IDENTITY, {**row, "provider": provider, "now": now()})
        return (await cursor.fetchall())[0]


async def update_identity(
    connection: Connection, identity_id: UUID, data: Json, *, provider_id: str | None = None
) -> None:
    """Replace an identity's data, and its provider's id when one is given."""
    await connection.execute(
        """update auth.identities set identity_data = %s, provider_id = coalesce(%s, provider_id)
           where id = %s""",
        [Jsonb(data), provider_id, identity_id],
    )


@lru_cache
def _selecting(where: str) -> bytes:
    return b"select %b from auth.users %b" % (_USER_COLUMNS.as_bytes(), where.encode())


@lru_cache
def _inserting(columns: tuple[str, ...]) -> bytes:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    values = sql.SQL(", ").join([sql.Placeholder()] * len(columns))
    query = sql.SQL("insert into auth.users ({}) values ({}) returning {}")
    return query.format(names, values, _USER_COLUMNS).as_bytes()


@lru_cache
def _updating(columns: tuple[str, ...]) -> bytes:
    changes = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in columns)
    query = sql.SQL("update auth.users set {} where id = %s returning {}")
    return query.format(changes, _USER_COLUMNS).as_bytes()


def _parameters(row: Mapping[str, Any]) -> list[Any]:
    return [Jsonb(value) if isinstance(value, dict) else value for value in row.values()]


def _present(user: User | None) -> User:
    if user is None:
        raise psycopg.DataError("the statement returned no user")
    return user


async def _one_user(connection: Connection, query: bytes, parameters: Sequence[Any]) -> User | None:
    async with connection.cursor(row_factory=class_row(User)) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchone()
