"""Who calls: verification of Supabase access tokens (RFC 7519; keys as RFC 7517)."""

import asyncio
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import jwt

from reference.backend.config import Config
from reference.backend.errors import InvalidToken, Unauthorised, Unavailable, log_problem

ASYMMETRIC_ALGORITHMS = frozenset({"ES256", "RS256"})
ROLE = "authenticated"

KEYS_LIFETIME_SECONDS = 600.0  # Auth serves its key set with max-age=600
MINIMUM_REFETCH_SECONDS = 2.0  # so that invented key ids cannot make us hammer Auth
FETCH_TIMEOUT_SECONDS = 5.0

UUID_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class Caller:
    """A verified user; `org_id` is None for one who belongs to no clinic."""

    user_id: UUID
    org_id: UUID | None
    claims: Mapping[str, Any]


def clock() -> float:
    return time.monotonic()


class KeySet:
    """The issuer's public keys, fetched when first needed and again for a key id that is new."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        secure = url.startswith("https:")  # certificates take 80 ms to load
        self._client = httpx.AsyncClient(
            timeout=FETCH_TIMEOUT_SECONDS, trust_env=False, transport=transport, verify=secure
        )
        self._url = url
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def key(self, kid: str) -> jwt.PyJWK:
        """The key of that id; raises InvalidToken, or Unavailable while no key set was ever read."""
        if self._wants(kid):
            async with self._lock:
                if self._wants(kid) and self._may_fetch():
                    await self._fetch()
        if self._fetched_at is None:
            raise Unavailable("Access tokens cannot be verified at the moment.")
        if kid not in self._keys:
            raise InvalidToken
        return self._keys[kid]

    async def close(self) -> None:
        await self._client.aclose()

    def _wants(self, kid: str) -> bool:
        stale = self._fetched_at is None or clock() - self._fetched_at > KEYS_LIFETIME_SECONDS
        return stale or kid not in self._keys

    def _may_fetch(self) -> bool:
        return clock() - self._tried_at >= MINIMUM_REFETCH_SECONDS

    async def _fetch(self) -> None:
        try:
            response = await self._client.get(self._url)
            response.raise_for_status()
            self._keys = verification_keys(response.json())
            self._fetched_at = clock()
        except (httpx.HTTPError, ValueError) as problem:
            log_problem("The issuer's key set cannot be read", problem)
        finally:
            self._tried_at = clock()


def verification_keys(document: Any) -> dict[str, jwt.PyJWK]:
    """Keys of a JWKS document that may verify a token here, by key id; shared secrets are left out."""
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("not a JWKS document")
    keys = {}
    for entry in document["keys"]:
        if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
            continue
        if entry.get("kty") not in ("EC", "RSA") or entry.get("use", "sig") != "sig":
            continue
        try:
            key = jwt.PyJWK.from_dict(entry)
        except jwt.PyJWTError:
            continue
        if key.algorithm_name in ASYMMETRIC_ALGORITHMS:
            keys[entry["kid"]] = key
    return keys


def bearer_token(headers: Sequence[str]) -> str:
    """The token of the request's one Authorization header (RFC 6750, section 2.1); raises Unauthorised."""
    if len(headers) != 1:
        raise Unauthorised("A single Authorization header with a bearer token is required.")
    scheme, _, token = headers[0].strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorised("A bearer token is required.")
    return token.strip()


async def verify(token: str, config: Config, keys: KeySet | None) -> Caller:
    """Check signature, algorithm, exp, aud, iss, role and sub; raises InvalidToken or Unavailable."""
    header = header_of(token)
    key, algorithm = await verification_key(header, config, keys)
    claims = decode(token, key, algorithm, config)
    return caller_of(claims)


def header_of(token: str) -> Mapping[str, Any]:
    """The unverified header, from which only `alg` and `kid` are ever used."""
    try:
        return jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise InvalidToken from None


async def verification_key(
    header: Mapping[str, Any], config: Config, keys: KeySet | None
) -> tuple[jwt.PyJWK | str, str]:
    """The key and the one algorithm it may be used with, so that a public key is never an HMAC secret."""
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm == "HS256" and config.jwt_secret is not None:
        return config.jwt_secret, "HS256"
    if algorithm in ("ES256", "RS256") and isinstance(kid, str) and keys is not None:
        return await keys.key(kid), algorithm
    raise InvalidToken


def decode(token: str, key: jwt.PyJWK | str, algorithm: str, config: Config) -> dict[str, Any]:
    """The verified claims; raises InvalidToken."""
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=config.jwt_audience,
            issuer=config.jwt_issuer,
            options={"require": ["exp", "aud", "iss", "sub"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        raise InvalidToken from None


def caller_of(claims: Mapping[str, Any]) -> Caller:
    """Who verified claims speak of; raises InvalidToken for another role or a subject that is no user."""
    user_id = uuid_of(claims.get("sub"))
    if user_id is None or claims.get("role") != ROLE:
        raise InvalidToken
    return Caller(user_id, organisation_of(claims), claims)


def organisation_of(claims: Mapping[str, Any]) -> UUID | None:
    """The `org_id` claim that the custom access token hook puts at the top level, or None."""
    return uuid_of(claims.get("org_id"))


def uuid_of(value: Any) -> UUID | None:
    return UUID(value) if isinstance(value, str) and UUID_FORM.fullmatch(value) else None


def database_claims(caller: Caller) -> str:
    """The claims as PostgREST hands them to row-level security."""
    return json.dumps(caller.claims)
