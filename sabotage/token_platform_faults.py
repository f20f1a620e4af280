"""Faults of what stands before the database and the accounts: their keys, their claims, their settings."""

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from uuid import UUID

import jwt
from cryptography.hazmat.primitives import serialization

from reference.platform import auth_jwt, gateway, postgrest, processes
from reference.platform.keys import ProjectKeys
from sabotage.fault import platform_fault, sql_fault
from sabotage.token_faults import (
    CLINIC,
    EDITED,
    EVERYBODY_CAN_READ,
    OF_WHOM,
    ROLE,
    SOMEBODY_ELSE,
    TWO,
    WELL_KNOWN,
    WHEN,
)


@contextmanager
def _accounts_without(**options: bool) -> Iterator[None]:
    def claims(token: str, keys: ProjectKeys) -> Mapping[str, Any]:
        key, algorithm = auth_jwt._key_for(jwt.get_unverified_header(token), keys)
        try:
            return jwt.decode(token, key, algorithms=[algorithm], options={**auth_jwt._CHECKS, **options})  # type: ignore[arg-type]
        except jwt.InvalidTokenError as problem:
            raise auth_jwt._bad_jwt(str(problem)) from None

    with patch.object(auth_jwt, "verified_claims", claims):
        yield


@platform_fault(
    "The accounts check no signature.",
    caught_by=[
        SOMEBODY_ELSE,
        EDITED,
        "Tokens that nobody signed",
        "A token signed with the secret that every local installation has",
        EVERYBODY_CAN_READ,
        "Tokens that bring their own key",
        TWO,
    ],
    origin=1,
)
@contextmanager
def accounts_check_no_signature() -> Iterator[None]:
    with _accounts_without(verify_signature=False, verify_exp=True, verify_nbf=True):
        yield


@platform_fault("At the accounts a token is good for ever.", caught_by=[WHEN])
@contextmanager
def accounts_know_no_expiry() -> Iterator[None]:
    with _accounts_without(verify_exp=False):
        yield


@platform_fault("At the accounts a token is good before its time.", caught_by=[WHEN])
@contextmanager
def accounts_know_no_beginning() -> Iterator[None]:
    with _accounts_without(verify_nbf=False):
        yield


@platform_fault("The accounts fail for a holder that is none.", caught_by=[OF_WHOM])
@contextmanager
def accounts_fail_for_nobody() -> Iterator[None]:
    with patch.object(auth_jwt, "_subject", lambda claims: UUID(claims["sub"])):
        yield


@contextmanager
def _database_also_knows(secret_of: Any) -> Iterator[None]:
    real = ProjectKeys.postgrest_jwks

    def keys_of(keys: ProjectKeys) -> dict[str, Any]:
        known = real(keys)
        text = base64.urlsafe_b64encode(secret_of(keys)).rstrip(b"=").decode()
        return {"keys": [*known["keys"], {"kty": "oct", "k": text, "alg": "HS256"}]}

    with patch.object(ProjectKeys, "postgrest_jwks", keys_of):
        yield


@platform_fault("The database takes the published key for a secret.", caught_by=[EVERYBODY_CAN_READ], origin=1)
@contextmanager
def database_trusts_the_published_key() -> Iterator[None]:
    def pem(keys: ProjectKeys) -> bytes:
        public = keys.signing_key.public_key()
        return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    with _database_also_knows(pem):
        yield


@platform_fault(
    "The database still knows the secret of the local installation.",
    caught_by=["A token signed with the secret that every local installation has"],
)
@contextmanager
def database_knows_the_local_secret() -> Iterator[None]:
    with _database_also_knows(lambda _keys: WELL_KNOWN.encode()):
        yield


@contextmanager
def _database_set(**settings: str) -> Iterator[None]:
    real = processes.spawn

    def spawn(argv: Any, *, env: Mapping[str, str], **rest: Any) -> Any:
        return real(argv, env={**env, **settings}, **rest)

    with patch.object(postgrest, "spawn", spawn):
        yield


@platform_fault("Anybody at the database is a signed-in user.", caught_by=[ROLE], origin=57)
@contextmanager
def anybody_is_signed_in() -> Iterator[None]:
    with _database_set(PGRST_DB_ANON_ROLE="authenticated"):
        yield


@platform_fault("A large header makes the gateway fail.", caught_by=[TWO])
@contextmanager
def large_header_is_an_error() -> Iterator[None]:
    with patch.object(gateway, "LONGEST_HEADER", 1_000_000):
        yield


sql_fault("tokens-claim-of-any-shape", "A clinic that is none makes every policy fail.", caught_by=[CLINIC])
sql_fault("tokens-first-clinic-of-a-list", "Of a list of clinics the policies take the first.", caught_by=[CLINIC])
sql_fault("tokens-clinic-from-own-data", "The policies read what the user writes.", caught_by=[CLINIC], origin=6)
sql_fault("tokens-no-clinic-is-every-clinic", "Who names no clinic sees every clinic.", caught_by=[CLINIC], origin=57)
sql_fault(
    "tokens-claim-is-not-asked",
    "The policies ask the profile, not the token.",
    caught_by=[CLINIC, OF_WHOM, "A token that the issuer made out to another clinic"],
)
