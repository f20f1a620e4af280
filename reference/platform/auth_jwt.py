"""Bearer tokens: reading and checking them (supabase/auth internal/api/auth.go)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
from starlette.requests import Request

from reference.platform.auth_errors import AuthError
from reference.platform.auth_models import User
from reference.platform.auth_sessions import Session, find_session
from reference.platform.auth_settings import AuthService
from reference.platform.auth_users import find_user
from reference.platform.auth_validation import parse_uuid
from reference.platform.keys import ProjectKeys

ALLOWED_ALGORITHMS = frozenset({"HS256", "ES256"})
ADMIN_ROLES = frozenset({"service_role", "supabase_admin"})

_BEARER = re.compile(r"[Bb]earer (\S+)")
# GoTrue checks signature, exp and nbf, without leeway; the audience is looked at later.
_CHECKS = {
    "verify_aud": False,
    "verify_iat": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


@dataclass(frozen=True)
class Caller:
    """The user behind a request; a token without a `session_id` has no session."""

    user: User
    session: Session | None
    audience: str


async def require_user(service: AuthService, request: Request) -> Caller:
    """The user and the session that the bearer token names; raises 401, 403 or 400 as GoTrue does."""
    claims = verified_claims(bearer_token(request), service.settings.keys)
    user_id = _subject(claims)
    session_id = _session_id(claims)
    async with service.pool.connection() as connection:
        user = await find_user(connection, user_id)
        if user is None:
            raise AuthError(403, "user_not_found", "User from sub claim in JWT does not exist")
        if user.is_banned:
            raise AuthError(403, "user_banned", "User is banned")
        session = await find_session(connection, session_id) if session_id else None
    if session_id and session is None:
        raise AuthError(403, "session_not_found", "Session from session_id claim in JWT does not exist")
    return Caller(user=user, session=session, audience=audience_of(claims))


def require_admin(service: AuthService, request: Request) -> str:
    """The audience of a token whose role administers the project; raises 401, or 403 `not_admin`."""
    claims = verified_claims(bearer_token(request), service.settings.keys)
    if claims.get("role") not in ADMIN_ROLES:
        raise AuthError(403, "not_admin", "User not allowed")
    return audience_of(claims)


def bearer_token(request: Request) -> str:
    """The token of the Authorization header; raises 401 `no_authorization`."""
    match = _BEARER.fullmatch(request.headers.get("authorization", ""))
    if match is None:
        raise AuthError(401, "no_authorization", "This endpoint requires a valid Bearer token")
    return match.group(1)


def verified_claims(token: str, keys: ProjectKeys) -> Mapping[str, Any]:
    """The claims of a token of this project; raises 403 `bad_jwt` for any other."""
    try:
        key, algorithm = _key_for(jwt.get_unverified_header(token), keys)
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=[algorithm], options=_CHECKS)  # type: ignore[arg-type]
    except jwt.ExpiredSignatureError:
        raise _bad_jwt("token has invalid claims: token is expired") from None
    except jwt.ImmatureSignatureError:
        raise _bad_jwt("token has invalid claims: token is not valid yet") from None
    except jwt.InvalidSignatureError:
        raise _bad_jwt("token signature is invalid: signature is invalid") from None
    except jwt.InvalidTokenError as error:
        raise _bad_jwt(f"token is malformed: {error}") from None
    return claims


def audience_of(claims: Mapping[str, Any]) -> str:
    """The first audience of a token, or ""."""
    audience = claims.get("aud")
    if isinstance(audience, list):
        audience = audience[0] if audience else ""
    return audience if isinstance(audience, str) else ""


def _key_for(header: Mapping[str, Any], keys: ProjectKeys) -> tuple[Any, str]:
    algorithm = header.get("alg")
    if algorithm not in ALLOWED_ALGORITHMS:
        raise _bad_jwt(f"token signature is invalid: signing method {algorithm} is invalid")
    kid = header.get("kid")
    if kid is None and algorithm == "HS256":
        return keys.jwt_secret, "HS256"
    if kid is None:
        raise _bad_jwt("token is unverifiable: error while executing keyfunc: missing kid")
    # A known `kid` never opens the HS256 door: the public key would become a shared secret.
    if kid != keys.kid or algorithm != "ES256":
        problem = f"unrecognized JWT kid {kid} for algorithm {algorithm}"
        raise _bad_jwt(f"token is unverifiable: error while executing keyfunc: {problem}")
    return keys.signing_key.public_key(), "ES256"


def _subject(claims: Mapping[str, Any]) -> UUID:
    subject = claims.get("sub")
    if not subject:
        raise AuthError(403, "bad_jwt", "invalid claim: missing sub claim")
    user_id = parse_uuid(subject) if isinstance(subject, str) else None
    if user_id is None:
        raise AuthError(400, "bad_jwt", "invalid claim: sub claim must be a UUID")
    return user_id


def _session_id(claims: Mapping[str, Any]) -> UUID | None:
    text = claims.get("session_id")
    if not text:
        return None
    session_id = parse_uuid(text) if isinstance(text, str) else None
    if session_id is None:
        raise AuthError(403, "bad_jwt", "invalid claim: session_id claim must be a UUID")
    return session_id if session_id.int else None


def _bad_jwt(problem: str) -> AuthError:
    return AuthError(403, "bad_jwt", f"invalid JWT: unable to parse or verify signature, {problem}")
