"""The corpus of forged tokens: what needs no secret of the project to try. No door may open to any of them.

Each name completes "a token …" and stands in features/tokens.feature.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from cryptography.hazmat.primitives import serialization

from acceptance.errors import NotOffered
from acceptance.tokens import (
    EMPTY_KEY,
    Material,
    compact,
    edited,
    hmac_signed,
    key_signed,
    pem_of,
    segment,
    unsigned,
    with_claim,
)

Forgery = Callable[[Material], str]

# Every installation of the local Supabase CLI has this one, and some of those that were copied from it.
SECRET_OF_THE_LOCAL_CLI = "super-secret-jwt-token-with-at-least-32-characters-long"
SECRET_OF_THE_TUTORIALS = "your-256-bit-secret"
HUNDRED_KILOBYTES = 100_000


def _unsigned(**algorithm: Any) -> Forgery:
    return lambda material: unsigned({**material.header, **algorithm}, material.claims)


def _without_algorithm(material: Material) -> str:
    return unsigned({name: value for name, value in material.header.items() if name != "alg"}, material.claims)


def _unsigned_with_a_genuine_signature(material: Material) -> str:
    signature = material.intruder.access_token.rpartition(".")[2]
    return unsigned({"alg": "none"}, material.claims) + signature


def _hmac(material: Material, key: bytes, **header: Any) -> str:
    return hmac_signed({"alg": "HS256", "typ": "JWT", **header}, material.claims, key)


def _hmac_over_the_public_key(material: Material, text: bytes) -> str:
    # With its name, as a verifier that looks the key up by name would find it.
    return _hmac(material, text, kid=material.published_key.get("kid"))


def _the_key_as_text(material: Material) -> bytes:
    return json.dumps(material.published_key, separators=(",", ":")).encode()


def _well_known_secret(material: Material) -> str:
    if material.secret == SECRET_OF_THE_LOCAL_CLI:
        raise NotOffered("this is the local Supabase CLI, whose secret is the one that everybody knows")
    return _hmac(material, SECRET_OF_THE_LOCAL_CLI.encode())


def _stranger(**header: Any) -> Forgery:
    return lambda material: key_signed(material.claims, material.stranger.key, **header)


def _stranger_as_the_issuer(material: Material, **header: Any) -> str:
    return key_signed(material.claims, material.stranger.key, kid=material.published_key.get("kid"), **header)


def _zeros(material: Material) -> str:
    """A signature of two zeros, which some implementations of ECDSA once took for valid (CVE-2022-21449)."""
    header = {"alg": "ES256", "typ": "JWT", "kid": material.published_key.get("kid")}
    return compact(header, material.claims, lambda _text: bytes(64))


def _cut_off(material: Material) -> str:
    return material.victim.access_token.rpartition(".")[0] + "."


def _cut_short(material: Material) -> str:
    return material.victim.access_token[:-40]


def _two_parts(material: Material) -> str:
    return material.victim.access_token.rpartition(".")[0]


def _of_the_victims_clinic(material: Material) -> str:
    """The intruder's own token, with the victim's clinic written over the intruder's own."""
    claims = with_claim(material.intruder.claims, material.org_claim, material.clinic)
    return edited(material.intruder.access_token, claims)


def _of_the_victim(material: Material) -> str:
    return edited(material.intruder.access_token, material.claims)


def _of_the_service(material: Material) -> str:
    return edited(material.intruder.access_token, {**material.intruder.claims, "role": "service_role"})


def _with_its_own_key(material: Material) -> str:
    return _stranger_as_the_issuer(material, jwk=material.stranger.public_key)


def _with_its_own_certificate(material: Material) -> str:
    der = material.stranger.certificate.public_bytes(serialization.Encoding.DER)
    return _stranger_as_the_issuer(material, x5c=[segment(der)])


def _pointing_to_keys(material: Material) -> str:
    return _stranger(kid="stranger", jku=material.stranger.published_at("keys.json"))(material)


def _pointing_to_a_certificate(material: Material) -> str:
    return _stranger(kid="stranger", x5u=material.stranger.published_at("certificate.pem"))(material)


def _of_a_role(role: str) -> Forgery:
    return lambda material: hmac_signed(
        {"alg": "HS256", "typ": "JWT"}, {**material.claims, "role": role}, SECRET_OF_THE_TUTORIALS.encode()
    )


def _large(material: Material) -> str:
    return key_signed({**material.claims, "padding": "x" * HUNDRED_KILOBYTES}, material.stranger.key)


FORGERIES: dict[str, Forgery] = {
    "whose algorithm is none": _unsigned(alg="none"),
    "whose algorithm is None": _unsigned(alg="None"),
    "whose algorithm is NONE": _unsigned(alg="NONE"),
    "whose algorithm is nOnE": _unsigned(alg="nOnE"),
    "whose algorithm is empty": _unsigned(alg=""),
    "whose algorithm is missing": _without_algorithm,
    "whose algorithm is none under a genuine signature": _unsigned_with_a_genuine_signature,
    "signed with the published key as a file": lambda m: _hmac_over_the_public_key(m, pem_of(m.published_key)),
    "signed with the published key as a file without its last line end": lambda m: _hmac_over_the_public_key(
        m, pem_of(m.published_key).strip()
    ),
    "signed with the published key as text": lambda m: _hmac_over_the_public_key(m, _the_key_as_text(m)),
    "signed with the nameless published key as a file": lambda m: _hmac(m, pem_of(m.published_key)),
    "signed with another key": _stranger(),
    "signed with another key under the issuer's name for its own": _stranger_as_the_issuer,
    "signed with another secret": lambda m: _hmac(m, b"another secret that is long enough to be taken for one"),
    "signed with the secret of the tutorials": lambda m: _hmac(m, SECRET_OF_THE_TUTORIALS.encode()),
    "signed with the secret of every local installation": _well_known_secret,
    "signed with no secret": lambda m: _hmac(m, EMPTY_KEY),
    "whose signature is cut off": _cut_off,
    "whose signature is cut short": _cut_short,
    "whose signature is all zeros": _zeros,
    "of two parts": _two_parts,
    "whose clinic was edited": _of_the_victims_clinic,
    "whose holder was edited": _of_the_victim,
    "whose role was edited": _of_the_service,
    "that claims to be the service": _of_a_role("service_role"),
    "that claims to be the database's owner": _of_a_role("postgres"),
    "whose key name is a path": lambda m: _hmac(m, EMPTY_KEY, kid="../../../../../../dev/null"),
    "whose key name is a query": lambda m: _hmac(m, b"stranger", kid="x' union select 'stranger' -- "),
    "that brings its own key": _with_its_own_key,
    "that brings its own certificate": _with_its_own_certificate,
    "that says where its keys are": _pointing_to_keys,
    "that says where its certificate is": _pointing_to_a_certificate,
}


def _forged(material: Material) -> str:
    return f"Bearer {_stranger_as_the_issuer(material)}"


def _genuine(material: Material) -> str:
    """The forger's own token, which is good for the forger's own clinic."""
    return f"Bearer {material.intruder.access_token}"


# What is sent as Authorization headers, each name completing "… with".
ORDERS: dict[str, Callable[[Material], Sequence[str]]] = {
    "a forged token behind a genuine one": lambda m: [_genuine(m), _forged(m)],
    "a forged token before a genuine one": lambda m: [_forged(m), _genuine(m)],
    "two tokens in one line": lambda m: [f"{_genuine(m)} {_forged(m).removeprefix('Bearer ')}"],
    "two tokens with a comma between them": lambda m: [f"{_genuine(m)}, {_forged(m)}"],
    "a forged token of 100 kB": lambda m: [f"Bearer {_large(m)}"],
}
