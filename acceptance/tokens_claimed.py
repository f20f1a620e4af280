"""The corpus of claims: tokens whose signature is right and of whose claims one is not.

Only who holds the shared secret can make them, so what is tried is whether each claim is read at all, and rightly.
Each name completes "a copy …" and stands in features/tokens.feature beside what every door must answer.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from acceptance.tokens import Material, organisation_in, with_claim

Change = Callable[[Material], Mapping[str, Any]]

HOUR = 3600


def _with(**claims: Any) -> Change:
    """The victim's claims with these exchanged; `...` leaves one out."""

    def change(material: Material) -> Mapping[str, Any]:
        changed = material.claims
        for name, value in claims.items():
            changed = with_claim(changed, (name,), value)
        return changed

    return change


def _expired(material: Material) -> Mapping[str, Any]:
    now = int(time.time())
    return {**material.claims, "iat": now - 2 * HOUR, "exp": now - HOUR}


def _not_yet_valid(material: Material) -> Mapping[str, Any]:
    now = int(time.time())
    return {**material.claims, "nbf": now + HOUR, "exp": now + 2 * HOUR}


def _clinic(shape: Callable[[str], Any]) -> Change:
    return lambda material: with_claim(material.claims, material.org_claim, shape(material.clinic))


def _clinic_named_in_capitals(material: Material) -> Mapping[str, Any]:
    *place, name = material.org_claim
    without = with_claim(material.claims, material.org_claim, ...)
    return with_claim(without, (*place, name.upper()), material.clinic)


def _clinic_in_the_users_own_data(material: Material) -> Mapping[str, Any]:
    without = with_claim(material.claims, material.org_claim, ...)
    return with_claim(without, ("user_metadata",), {material.org_claim[-1]: material.clinic})


def of_the_neighbour(material: Material) -> Mapping[str, Any]:
    """The victim with the intruder's clinic: whoever the issuer says belongs there, belongs there."""
    clinic = organisation_in(material.intruder.claims, material.org_claim)
    return with_claim(material.claims, material.org_claim, clinic)


CLAIMS: dict[str, Change] = {
    "that expired an hour ago": _expired,
    "that is valid from an hour on": _not_yet_valid,
    "that never expires": _with(exp=...),
    "for another audience": _with(aud="stranger"),
    "for no audience": _with(aud=...),
    "from another issuer": _with(iss="https://stranger.example/auth/v1"),
    "from no issuer": _with(iss=...),
    "without a holder": _with(sub=...),
    "whose holder is no id": _with(sub="admin"),
    "whose holder is a query": _with(sub="' or '1'='1"),
    "without a role": _with(role=...),
    "in the role of anybody": _with(role="anon"),
    "in a role that nobody has": _with(role="stranger"),
    "in the role of the database's owner": _with(role="postgres"),
    "in the role of the service": _with(role="service_role"),
    "with the service's role in the user's own data": _with(user_metadata={"role": "service_role"}),
    "whose clinic is a list": _clinic(lambda clinic: [clinic]),
    "whose clinic is a number": _clinic(lambda _clinic: 7),
    "whose clinic is nothing": _clinic(lambda _clinic: None),
    "whose clinic is missing": _clinic(lambda _clinic: ...),
    "whose clinic is empty": _clinic(lambda _clinic: ""),
    "whose clinic is a pattern": _clinic(lambda _clinic: "%"),
    "whose clinic is a query": _clinic(lambda clinic: f"{clinic}' or '1'='1"),
    "whose clinic is in braces": _clinic(lambda clinic: f"{{{clinic}}}"),
    "whose clinic is an object": _clinic(lambda clinic: {"id": clinic}),
    "whose clinic is in capitals": _clinic(str.upper),
    "whose clinic goes by a name in capitals": _clinic_named_in_capitals,
    "whose clinic stands in the user's own data": _clinic_in_the_users_own_data,
    "for the neighbouring clinic": of_the_neighbour,
}
