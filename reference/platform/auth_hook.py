"""The custom access token hook as a database function (supabase/auth internal/hooks/, hookspgfunc)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from reference.platform.auth_errors import AuthError, database_error
from reference.platform.auth_models import Json, now, rfc3339
from reference.platform.auth_requests import Requester
from reference.platform.auth_settings import Connection

TIMEOUT_MILLISECONDS = 2000

# GoTrue's MinimumViableTokenSchema (internal/hooks/v0hooks/v0hooks.go), with the type names of JSON Schema.
_REQUIRED = ("aud", "exp", "iat", "sub", "email", "phone", "role", "aal", "session_id", "is_anonymous")
_TYPES: Mapping[str, tuple[str, ...]] = {
    "aud": ("string", "array"),
    "exp": ("integer",),
    "jti": ("string",),
    "iat": ("integer",),
    "iss": ("string",),
    "nbf": ("integer",),
    "sub": ("string",),
    "email": ("string",),
    "phone": ("string",),
    "app_metadata": ("object",),
    "user_metadata": ("object",),
    "role": ("string",),
    "aal": ("string",),
    "amr": ("array",),
    "session_id": ("string",),
    "client_id": ("string",),
}


async def customised_claims(
    connection: Connection, hook: str, claims: Json, *, user_id: UUID, method: str, sender: Requester
) -> Json:
    """The claims that `hook` (`schema.function`) makes of `claims`, inside the connection's transaction.

    `method` is `password` or `token_refresh`. Raises the hook's own error with its `http_code` (500 by
    default), and 500 when it fails, takes over two seconds, or answers without a claim that is required.
    """
    metadata = {"uuid": str(uuid4()), "time": rfc3339(now()), "name": "customize-access-token"}
    event = {
        "metadata": {**metadata, "ip_address": sender.ip or ""},
        "user_id": str(user_id),
        "claims": claims,
        "authentication_method": method,
    }
    answer = await _run(connection, hook, event)
    _raise_hook_error(answer)
    return _valid_claims(answer)


async def _run(connection: Connection, hook: str, event: Json) -> Any:
    schema, function = hook.split(".", 1)
    query = sql.SQL("select {}(%s)::jsonb").format(sql.Identifier(schema, function))
    try:
        await connection.execute("select set_config('statement_timeout', %s, true)", [str(TIMEOUT_MILLISECONDS)])
        answered = await connection.execute(query, [Jsonb(event)])
        await connection.execute("set local statement_timeout to default")
    except psycopg.Error as error:
        uri = f"pg-functions://postgres/{schema}/{function}"
        raise database_error(f"Error running hook URI: {uri}", error) from error
    row = await answered.fetchone()
    return row[0] if row else None


def _raise_hook_error(answer: Any) -> None:
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict) and error.get("message"):
        status = error.get("http_code")
        raise AuthError(status if isinstance(status, int) and status else 500, "", str(error["message"]))


def _valid_claims(answer: Any) -> Json:
    claims: Any = None
    if answer is not None:
        if not isinstance(answer, dict):
            raise AuthError(500, "unexpected_failure", "Error unmarshaling JSON output.")
        if "claims" not in answer:
            raise AuthError(500, "", "output claims field is missing")
        claims = answer["claims"]
    problems = list(_schema_problems(claims))
    if problems:
        listed = "".join(f"- {problem}\n" for problem in problems)
        raise AuthError(500, "", f"output claims do not conform to the expected schema: \n{listed}")
    valid: Json = claims
    return valid


def _schema_problems(claims: Any) -> list[str]:
    if not isinstance(claims, dict):
        return [f"(root): Invalid type. Expected: object, given: {_type_name(claims)}"]
    missing = [f"(root): {name} is required" for name in _REQUIRED if name not in claims]
    mistyped = [
        f"{name}: Invalid type. Expected: {'/'.join(expected)}, given: {_type_name(claims[name])}"
        for name, expected in _TYPES.items()
        if name in claims and _type_name(claims[name]) not in expected
    ]
    methods = claims.get("amr")
    odd = [
        f"amr.{place}: Must validate at least one schema (anyOf)"
        for place, entry in enumerate(methods if isinstance(methods, list) else [])
        if _type_name(entry) not in {"string", "object"}
    ]
    return missing + mistyped + odd


def _type_name(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if float(value).is_integer() else "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
