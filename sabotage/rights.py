"""A backend that asks the database with full rights, so that only its own checks stand between the clinics."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from reference.backend import booking, tokens
from reference.backend.database import Connection, Database
from reference.backend.tokens import Caller

# The service may not call the function that locks a provider for whoever is signed in.
OWN_PROVIDER = """
    select id from public.profiles where id = %s and org_id = private.org_id() and role = 'provider' for update"""
ANY_PROVIDER = "select id from public.profiles where id = %s and role = 'provider' for update"


@asynccontextmanager
async def with_full_rights(database: Database, caller: Caller) -> AsyncIterator[Connection]:
    """As the service, to whom no policy applies, though the database still hears who calls."""
    async with database.as_service() as connection:
        await connection.execute("select set_config('request.jwt.claims', %s, true)", (tokens.database_claims(caller),))
        yield connection


def take_full_rights() -> None:
    Database.as_caller = with_full_rights
    booking.LOCK_PROVIDER = OWN_PROVIDER
