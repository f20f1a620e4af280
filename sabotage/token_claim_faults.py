"""Faults of the backend's verifier: claims that it does not read, or reads wrongly."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import jwt

from reference.backend import tokens
from reference.backend.errors import InvalidToken
from sabotage.fault import fault
from sabotage.token_faults import CLINIC, FROM_WHOM, OF_WHOM, ROLE, WHEN, decode_without


@fault("A token is good for ever.", caught_by=[WHEN], origin=1)
def expiry_not_checked() -> None:
    decode_without(verify_exp=False)


@fault("A token that names no end has none.", caught_by=[WHEN])
def no_expiry_will_do() -> None:
    real = tokens.decode

    def decode(token: str, key: Any, algorithm: str, config: Any) -> dict[str, Any]:
        checks: Any = {"verify_aud": False}
        try:
            claims: dict[str, Any] = jwt.decode(token, key, algorithms=[algorithm], options=checks)
        except (jwt.PyJWTError, ValueError, TypeError):
            raise InvalidToken from None
        return real(token, key, algorithm, config) if "exp" in claims else claims

    tokens.decode = decode


@fault("A token is good before its time.", caught_by=[WHEN])
def not_before_is_not_checked() -> None:
    decode_without(verify_nbf=False)


@fault("A token for another audience is good.", caught_by=[FROM_WHOM])
def audience_not_checked() -> None:
    decode_without(verify_aud=False)


@fault("A token from another issuer is good.", caught_by=[FROM_WHOM])
def issuer_not_checked() -> None:
    decode_without(verify_iss=False)


@fault("A token in any role is good.", caught_by=[ROLE])
def role_not_checked() -> None:
    real = tokens.caller_of
    tokens.caller_of = lambda claims: real({**claims, "role": tokens.ROLE})


@fault("The role is read from what the user may write.", caught_by=[ROLE], origin=6)
def role_from_own_data() -> None:
    real = tokens.caller_of
    tokens.caller_of = lambda claims: real({**claims, "role": claims["user_metadata"].get("role", claims.get("role"))})


@fault("The holder of a token need not be anybody.", caught_by=[OF_WHOM])
def holder_not_checked() -> None:
    decode_without(verify_sub=False)
    real = tokens.caller_of
    somebody = str(UUID(int=0))
    tokens.caller_of = lambda claims: real(
        {**claims, "sub": claims["sub"] if tokens.uuid_of(claims.get("sub")) else somebody}
    )


def _organisation(read: Callable[[Mapping[str, Any]], UUID | None]) -> None:
    tokens.organisation_of = read


@fault("Of a list of clinics the first is taken.", caught_by=[CLINIC])
def first_clinic_of_a_list() -> None:
    def read(claims: Mapping[str, Any]) -> UUID | None:
        value = claims.get("org_id")
        return tokens.uuid_of(value[0] if isinstance(value, list) else value)

    _organisation(read)


@fault("The clinic is read from what the user may write.", caught_by=[CLINIC], origin=6)
def clinic_from_own_data() -> None:
    def read(claims: Mapping[str, Any]) -> UUID | None:
        return tokens.uuid_of(claims.get("org_id") or claims.get("user_metadata", {}).get("org_id"))

    _organisation(read)


@fault("A claim counts in any spelling of its name.", caught_by=[CLINIC])
def any_spelling_of_the_claim() -> None:
    _organisation(lambda claims: tokens.uuid_of({name.lower(): value for name, value in claims.items()}.get("org_id")))


@fault("A clinic is anything that can be read as an id.", caught_by=[CLINIC])
def clinic_in_braces() -> None:
    def read(claims: Mapping[str, Any]) -> UUID | None:
        value = claims.get("org_id")
        try:
            return UUID(value) if isinstance(value, str) else None
        except ValueError:
            return None

    _organisation(read)


@fault("A clinic that is none makes the backend fail.", caught_by=[CLINIC])
def odd_clinic_is_an_error() -> None:
    _organisation(lambda claims: UUID(claims["org_id"]))


@fault("Who names no clinic acts for the clinic that was served last.", caught_by=[CLINIC], origin=10)
def last_clinic_is_the_default() -> None:
    last: dict[str, UUID] = {}

    def read(claims: Mapping[str, Any]) -> UUID | None:
        found = tokens.uuid_of(claims.get("org_id")) or last.get("clinic")
        if found is not None:
            last["clinic"] = found
        return found

    _organisation(read)
