"""The token of a sign-in, verified as a stranger would: by the published keys and the issuer's documented shape.

Source of the shape: supabase/auth internal/tokens (contract-facts B3).
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import jwt
from jwt import PyJWK
from jwt.types import Options

from acceptance.errors import NotOffered, PromiseBroken
from acceptance.http import json_of
from acceptance.identity import Session

ISSUER_PATH = "/auth/v1"
KEYS_PATH = f"{ISSUER_PATH}/.well-known/jwks.json"
ASYMMETRIC = {"ES256", "RS256", "EdDSA"}
PRIVATE_PARTS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}  # RFC 7518, section 6
CLOCK_TOLERANCE_SECONDS = 30
LONGEST_LIFETIME_SECONDS = 604_800  # the most that Supabase lets a project set
OF_ONE_TOKEN = {"iat", "exp", "nbf", "jti", "session_id", "amr", "user_metadata"}


def published_keys(http: httpx.Client, publishable_key: str) -> list[dict[str, Any]]:
    """The issuer's key set; raises PromiseBroken when it cannot be had or gives a secret away.

    Raises NotOffered where there are no public keys, because the project signs with a shared secret.
    """
    answer = http.get(KEYS_PATH, headers={"apikey": publishable_key})
    if answer.status_code != 200:
        raise PromiseBroken(f"The issuer should publish its keys, but answered {answer.status_code}.")
    told = json_of(answer)
    keys = told.get("keys") if isinstance(told, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise PromiseBroken("The issuer should publish a set of keys, but the answer holds none.")
    if not keys:
        raise NotOffered("the project publishes no keys: it signs with a shared secret")
    for key in keys:
        if key.get("kty") == "oct" or PRIVATE_PARTS & set(key):
            raise PromiseBroken(f"The published key {key.get('kid')} should be public, but holds a secret part.")
    return keys


def verified_claims(token: str, keys: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The claims of a token that one of the published keys, the one it names, has signed; else PromiseBroken."""
    header = jwt.get_unverified_header(token)
    if header.get("alg") not in ASYMMETRIC:
        raise PromiseBroken(f"The token should be signed with a published key, but is signed by {header.get('alg')}.")
    named = [key for key in keys if key.get("kid") == header.get("kid")]
    if len(named) != 1 or header.get("kid") is None:
        raise PromiseBroken(f"The token should name one published key, but names {header.get('kid')}.")
    key = PyJWK(dict(named[0]), header["alg"])
    # The times and the audience are judged with the shape, by name.
    options: Options = {"verify_aud": False, "verify_iat": False, "verify_exp": False, "verify_nbf": False}
    try:
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=[header["alg"]], options=options)
    except jwt.PyJWTError as problem:
        raise PromiseBroken(f"The token should verify against the published keys, but: {problem}.") from None
    return claims


def must_have_the_issuers_shape(session: Session, claims: Mapping[str, Any], supabase_url: str) -> None:
    """Every claim that Auth documents, with the value it must have for this session; raises PromiseBroken."""
    now = time.time()
    issued, expires = claims.get("iat"), claims.get("exp")
    methods = claims.get("amr")
    right = {
        "iss": claims.get("iss") == f"{supabase_url}{ISSUER_PATH}",
        "aud": claims.get("aud") == "authenticated",
        "role": claims.get("role") == "authenticated",
        "sub": claims.get("sub") == session.user_id,
        "email": claims.get("email") == session.email,
        "phone": claims.get("phone") == "",
        "iat": isinstance(issued, int) and abs(now - issued) <= CLOCK_TOLERANCE_SECONDS,
        "exp": isinstance(expires, int) and now < expires <= now + LONGEST_LIFETIME_SECONDS,
        "exp as the answer says": expires == session.expires_at,
        "session_id": _is_uuid(claims.get("session_id")),
        "aal": claims.get("aal") == "aal1",
        "amr": isinstance(methods, list) and [method.get("method") for method in methods] == ["password"],
        "app_metadata": isinstance(claims.get("app_metadata"), dict),
        "user_metadata": isinstance(claims.get("user_metadata"), dict),
        "is_anonymous": claims.get("is_anonymous") is False,
    }
    wrong = [f"{name} is {_told(claims, name.split()[0])}" for name, holds in right.items() if not holds]
    if wrong:
        raise PromiseBroken(
            f"The token of {session} should have the issuer's shape, but {'; '.join(wrong)}; it is now {_moment(now)}."
        )


def standing(session: Session) -> dict[str, Any]:
    """What a token says of its holder, without what differs from token to token and what the holder wrote."""
    return {name: value for name, value in session.claims.items() if name not in OF_ONE_TOKEN}


def _told(claims: Mapping[str, Any], name: str) -> str:
    """A claim in words: a time as a date, a missing one as nothing."""
    value = claims.get(name)
    if name in ("iat", "exp") and type(value) is int:
        return _moment(value)
    return "missing" if name not in claims else repr(value)


def _moment(seconds: float) -> str:
    """Seconds since 1970 as RFC 3339 writes them; as they are where no calendar reaches."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def _is_uuid(value: Any) -> bool:
    try:
        return bool(str(UUID(value)) == value)
    except (ValueError, TypeError, AttributeError):
        return False
