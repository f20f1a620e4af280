"""Faults of Auth and of the gateway that the identity handshake meets."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reference.platform import auth, auth_account, auth_signup, gateway
from reference.platform.keys import ProjectKeys
from sabotage.fault import platform_fault


@platform_fault(
    "A sign-up with an address that is taken is accepted.",
    caught_by=["An address that is registered already, again by a sign-up"],
)
@contextmanager
def identity_taken_address_is_accepted() -> Iterator[None]:
    def accepted(_service: Any, asked: Any) -> Response:
        made = {"id": "00000000-0000-0000-0000-000000000000", "email": asked.email, "aud": "authenticated"}
        return JSONResponse({**made, "app_metadata": {}, "user_metadata": {}, "created_at": "2026-01-01T00:00:00Z"})

    with patch.object(auth_signup, "_already_registered", accepted):
        yield


@platform_fault(
    "The published key is another than the one that signs, under the same name.",
    caught_by=[
        "A token from signing up",
        "Joining as staff",
        "A token from signing in again",
        "A token from renewing it",
        "A token from renewing twice",
        "Joining as provider",
        "Joining as admin",
    ],
    origin=1,
)
@contextmanager
def identity_another_key_is_published() -> Iterator[None]:
    other = ProjectKeys.generate().public_jwks()["keys"][0]

    async def jwks(service: Any, request: Request) -> Response:
        return JSONResponse({"keys": [{**other, "kid": service.settings.keys.kid}]})

    with patch.object(auth, "_jwks", jwks):
        yield


@platform_fault(
    "The private key is published with the public one.",
    caught_by=[
        "A token from signing up",
        "A token from signing in again",
        "A token from renewing it",
        "A token from renewing twice",
    ],
)
@contextmanager
def identity_private_key_is_published() -> Iterator[None]:
    async def jwks(service: Any, request: Request) -> Response:
        keys: ProjectKeys = service.settings.keys
        secret = f"{keys.signing_key.private_numbers().private_value:x}"
        return JSONResponse({"keys": [{**keys.public_jwks()["keys"][0], "d": secret}]})

    with patch.object(auth, "_jwks", jwks):
        yield


@platform_fault(
    "Whoever writes a grant into their own account is not refused.",
    caught_by=["Granting oneself a membership"],
    origin=6,
)
@contextmanager
def identity_own_grant_is_accepted() -> Iterator[None]:
    real = auth_account._checked

    def checked(settings: Any, params: Any) -> Any:
        return real(settings, params.model_copy(update={"app_metadata": None}))

    with patch.object(auth_account, "_checked", checked):
        yield


@platform_fault(
    "The gateway takes a request without a key for one with the secret key.",
    caught_by=["Coming to the records with no key", "Coming to the account with no key and no token"],
)
@contextmanager
def identity_no_key_is_the_secret_key() -> Iterator[None]:
    class Trusting(gateway.ApiKeyMiddleware):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http" and "apikey" not in MutableHeaders(scope=scope):
                MutableHeaders(scope=scope)["apikey"] = self.api_keys.keys.secret_key
            await super().__call__(scope, receive, send)

    with patch.object(gateway, "ApiKeyMiddleware", Trusting):
        yield
