"""Faults that show only after the answer: what is told is right, and what it leaves behind is not."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import httpx

from reference.backend import booking
from reference.backend.answers import Answer
from reference.backend.booking import BookingRequest
from reference.backend.database import Connection
from reference.backend.errors import Conflict
from reference.backend.tenancy import Session
from reference.platform import auth_admin, auth_signup, gateway
from reference.platform.auth_errors import AuthError
from reference.platform.auth_passwords import hash_password
from reference.platform.auth_users import insert_user, update_user
from sabotage.booking_faults import NO_CONSTRAINT, STORMS
from sabotage.fault import fault, platform_fault, sql_fault

TAKEN_ADDRESS = "An address that is registered already, again by a sign-up"
MANY_AT_ONCE = "20 sign-ups at the same moment"
MOST_AT_ONCE = 8
A_MOMENT_SECONDS = 0.5

sql_fault(
    "identity-own-details-are-not-in-the-token",
    "The token hook leaves out what people write of themselves, so the attack of the scenario never takes place.",
    caught_by=["Writing "],
)
sql_fault(
    "identity-joining-brings-a-present",
    "Who joins a clinic sets off a trigger that also writes into its knowledge base.",
    caught_by=["Joining as staff", "Joining as provider", "Joining as admin"],
)
sql_fault(
    "identity-latest-arrivals-see-each-other",
    "A policy shows every clinic that was founded within the last minute.",
    caught_by=[MANY_AT_ONCE],
)


@fault(
    "A caller who is refused is written over the one who was booked.",
    caught_by=["A slot that ", "An appointment marked as"],
)
def refused_caller_is_written_over_the_booked() -> None:
    real = booking.book_appointment
    rename = "update public.appointments set patient_name = %s where provider_id = %s and during @> %s::timestamptz"

    async def book(session: Session, arguments: Mapping[str, Any], idempotency_key: str | None) -> Answer:
        try:
            return await real(session, arguments, idempotency_key)
        except Conflict:
            said = (arguments["patient_name"], arguments["provider_id"], arguments["appointment_time"])
            async with session.database.as_caller(session.caller) as connection:
                await connection.execute(rename, said)
            raise

    booking.book_appointment = book


@fault(
    "Every booking is written twice.",
    caught_by=[*STORMS, "50 callers at the same moment", "Ten callers whose slots overlap"],
    sql=NO_CONSTRAINT,
)
def booked_twice_over() -> None:
    real = booking.insert_appointment

    async def insert(connection: Connection, request: BookingRequest, idempotency_key: str | None) -> UUID:
        await real(connection, request, None)
        return await real(connection, request, idempotency_key)

    booking.insert_appointment = insert


@platform_fault("A second sign-up is refused, and its password holds from then on.", caught_by=[TAKEN_ADDRESS])
@contextmanager
def identity_second_password_holds() -> Iterator[None]:
    real = auth_signup._existing

    async def existing(connection: Any, asked: Any) -> Any:
        user = await real(connection, asked)
        if user is not None:
            await update_user(connection, user.id, {"encrypted_password": await hash_password(asked.password, 4)})
        return user

    with patch.object(auth_signup, "_existing", existing):
        yield


@platform_fault("Of many sign-ups at one moment some are turned away.", caught_by=[MANY_AT_ONCE])
@contextmanager
def identity_few_at_once() -> Iterator[None]:
    real, under_way = auth_signup._checked, set[object]()

    async def checked(service: Any, request: Any) -> Any:
        if len(under_way) >= MOST_AT_ONCE:
            raise AuthError(429, "over_request_rate_limit", "Request rate limit reached")
        under_way.add(request)
        asyncio.get_running_loop().call_later(A_MOMENT_SECONDS, under_way.discard, request)
        return await real(service, request)

    with patch.object(auth_signup, "_checked", checked):
        yield


@platform_fault("An address whose registration failed stays taken.", caught_by=["An invitation naming"])
@contextmanager
def identity_failed_address_stays_taken() -> Iterator[None]:
    invite, look, invited = auth_admin._free_addresses, auth_signup._existing, set[str]()

    async def free(service: Any, params: Any, audience: str) -> Any:
        found = await invite(service, params, audience)
        invited.add(found.email)
        return found

    async def existing(connection: Any, asked: Any) -> Any:
        user = await look(connection, asked)
        if user is None and asked.email in invited:
            raise AuthError(422, "user_already_exists", "User already registered")
        return user

    with patch.object(auth_admin, "_free_addresses", free), patch.object(auth_signup, "_existing", existing):
        yield


@platform_fault("An invitation that fails leaves an account behind.", caught_by=["An invitation naming"])
@contextmanager
def identity_failed_invitation_leaves_an_account() -> Iterator[None]:
    real, look, asked = auth_admin.create_user, auth_admin._free_addresses, ContextVar[str]("asked")

    async def free(service: Any, params: Any, audience: str) -> Any:
        found = await look(service, params, audience)
        asked.set(found.email)
        return found

    async def create_user(service: Any, request: Any) -> Any:
        try:
            return await real(service, request)
        except AuthError:
            columns = {"aud": "authenticated", "email": asked.get(), "raw_app_meta_data": {}, "raw_user_meta_data": {}}
            async with service.pool.connection() as connection:
                await insert_user(connection, uuid4(), columns)
            raise

    with patch.object(auth_admin, "_free_addresses", free), patch.object(auth_admin, "create_user", create_user):
        yield


@platform_fault(
    "Who may not rewrite the audit log still adds to it by trying.", caught_by=["Nobody rewrites the audit log"]
)
@contextmanager
def trying_to_rewrite_adds_an_entry() -> Iterator[None]:
    class Noting(gateway.ApiKeyMiddleware):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await super().__call__(scope, receive, send)
            if scope["type"] == "http" and scope["method"] == "DELETE" and b"org_id=eq." in scope["query_string"]:
                org_id = scope["query_string"].decode().partition("org_id=eq.")[2].partition("&")[0]
                entry = {"org_id": org_id, "action": "x", "attempted_action": "x", "status": "denied"}
                transport = httpx.ASGITransport(app=super().__call__)
                async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
                    key = {"apikey": self.api_keys.keys.secret_key}
                    await client.post("/rest/v1/audit_log", json=entry, headers=key)

    with patch.object(gateway, "ApiKeyMiddleware", Noting):
        yield
