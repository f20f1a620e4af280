"""Faults of the backend's verifier: each forgets one thing that a token must be held against."""

import base64
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import utils

from reference.backend import tokens
from reference.backend.errors import InvalidToken
from reference.backend.tokens import Caller
from sabotage.fault import fault

NOBODY_SIGNED = "Tokens that nobody signed"
SOMEBODY_ELSE = "Tokens that somebody else signed"
EVERYBODY_CAN_READ = "Tokens signed with what everybody can read"
OWN_KEY = "Tokens that bring their own key"
WHERE_THE_KEY_IS = "Tokens that say where their key is"
EDITED = "Tokens that were edited"
TWO = "More than one token"
WHEN = "When a token holds"
FROM_WHOM = "From whom and for whom"
OF_WHOM = "Of whom a token speaks"
ROLE = "In which role"
CLINIC = "For which clinic"
WELL_KNOWN = "super-secret-jwt-token-with-at-least-32-characters-long"


def decode_without(**options: bool) -> None:
    """Decode as the backend does, but without these checks."""

    def decode(token: str, key: Any, algorithm: str, config: Any) -> dict[str, Any]:
        required = [claim for claim in ("exp", "aud", "iss", "sub") if options.get(f"verify_{claim}", True)]
        checks: Any = {"require": required, **options}
        try:
            return jwt.decode(
                token, key, algorithms=[algorithm], audience=config.jwt_audience, issuer=config.jwt_issuer,
                options=checks,
            )  # fmt: skip
        except (jwt.PyJWTError, ValueError, TypeError):
            raise InvalidToken from None

    tokens.decode = decode


def _trusting(trusts: Callable[[str, Mapping[str, Any]], bool]) -> None:
    """A verifier that asks for no signature where this is true."""
    real = tokens.verify

    async def verify(token: str, config: Any, keys: Any) -> Caller:
        header = tokens.header_of(token) if token.count(".") == 2 else {}
        if not trusts(token, header):
            return await real(token, config, keys)
        return tokens.caller_of(_claims_of(token))

    tokens.verify = verify


def _claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def _verifies(token: str, key: Any, algorithm: str) -> bool:
    """Whether a key, of whatever origin, has signed the token."""
    try:
        jwt.decode(token, key, algorithms=[algorithm], options={"verify_aud": False})
    except (jwt.PyJWTError, ValueError, TypeError):
        return False
    return True


def _hmac_matches(token: str, key: bytes) -> bool:
    """The same by hand, as the library refuses to take a public key for a secret."""
    import hmac

    signed, _, signature = token.rpartition(".")
    made = base64.urlsafe_b64encode(hmac.digest(key, signed.encode(), "sha256")).rstrip(b"=").decode()
    return made == signature


@fault(
    "Signatures are not checked.",
    caught_by=[
        SOMEBODY_ELSE,
        EDITED,
        NOBODY_SIGNED,
        "A token signed with the secret that every local installation has",
        EVERYBODY_CAN_READ,
        OWN_KEY,
    ],
    origin=1,
)
def signature_not_checked() -> None:
    decode_without(verify_signature=False, verify_exp=True, verify_nbf=True, verify_aud=True, verify_iss=True)


def _unsigned_if(condition: Callable[[Any], bool]) -> None:
    _trusting(lambda _token, header: condition(header.get("alg", ...)))


@fault("A token that says it is unsigned is believed.", caught_by=[NOBODY_SIGNED], origin=1)
def unsigned_is_believed() -> None:
    _unsigned_if(lambda algorithm: algorithm == "none")


@fault("The word none is refused, and its other spellings are not.", caught_by=[NOBODY_SIGNED], origin=1)
def none_in_other_spellings() -> None:
    _unsigned_if(lambda algorithm: str(algorithm).lower() == "none" and algorithm != "none")


@fault("A token that names no algorithm needs no signature.", caught_by=[NOBODY_SIGNED, TWO], origin=1)
def no_algorithm_no_signature() -> None:
    _unsigned_if(lambda algorithm: algorithm is ...)


@fault("A signature that is not there is not checked.", caught_by=[NOBODY_SIGNED], origin=1)
def missing_signature_is_not_missed() -> None:
    _trusting(lambda token, _header: token.endswith("."))


@fault("A token of two parts is taken for a short way to write one.", caught_by=[NOBODY_SIGNED], origin=1)
def two_parts_will_do() -> None:
    _trusting(lambda token, _header: token.count(".") == 1)


@fault("A signature of zeros fits every key (CVE-2022-21449).", caught_by=[SOMEBODY_ELSE])
def zeros_fit_every_key() -> None:
    def zeros(token: str) -> bool:
        signature = base64.urlsafe_b64decode(token.rpartition(".")[2] + "==")
        return (
            len(signature) == 64
            and utils.decode_dss_signature(utils.encode_dss_signature(0, 0)) == (0, 0)
            and not any(signature)
        )

    _trusting(lambda token, header: header.get("alg") == "ES256" and zeros(token))


@fault("A secret that was never set is an empty one.", caught_by=[SOMEBODY_ELSE], origin=1)
def empty_secret_will_do() -> None:
    _trusting(lambda token, header: header.get("alg") == "HS256" and "kid" not in header and _hmac_matches(token, b""))


@fault(
    "The secret is the one that stands in every local installation.",
    caught_by=["A token signed with the secret that every local installation has"],
)
def well_known_secret() -> None:
    _trusting(lambda token, _header: _hmac_matches(token, WELL_KNOWN.encode()))


def _public_key_as_secret(text_of: Callable[[jwt.PyJWK], bytes]) -> None:
    real = tokens.verify

    async def verify(token: str, config: Any, keys: Any) -> Caller:
        header = tokens.header_of(token)
        if header.get("alg") == "HS256":
            await keys.key(header.get("kid", "")) if header.get("kid") else None
            if any(_hmac_matches(token, text_of(key)) for key in keys._keys.values()):
                return tokens.caller_of(_claims_of(token))
        return await real(token, config, keys)

    tokens.verify = verify


def _pem(key: jwt.PyJWK) -> bytes:
    made: bytes = key.key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return made


@fault("The published key, as a file, is also a secret to sign with.", caught_by=[EVERYBODY_CAN_READ], origin=1)
def public_file_is_a_secret() -> None:
    _public_key_as_secret(_pem)


@fault("The published key, as text, is also a secret to sign with.", caught_by=[EVERYBODY_CAN_READ], origin=1)
def public_text_is_a_secret() -> None:
    def text(key: jwt.PyJWK) -> bytes:
        return json.dumps(key._jwk_data, separators=(",", ":")).encode()

    _public_key_as_secret(text)


@fault(
    "A refusal does not say that a token is asked for.",
    caught_by=[
        NOBODY_SIGNED,
        SOMEBODY_ELSE,
        "A token signed with the secret that every local installation has",
        EVERYBODY_CAN_READ,
        EDITED,
        OWN_KEY,
        WHERE_THE_KEY_IS,
    ],
)
def refusal_without_a_challenge() -> None:
    InvalidToken.headers = property(lambda _self: {})


@fault("The key is read from the file that the token names.", caught_by=[OWN_KEY])
def key_name_is_a_path() -> None:
    def trusts(token: str, header: Mapping[str, Any]) -> bool:
        file = Path(__file__).parent / str(header.get("kid", "missing"))
        return file.exists() and _hmac_matches(token, file.read_bytes())

    _trusting(trusts)


@fault("The key is looked up with the token's own words in the query.", caught_by=[OWN_KEY])
def key_name_is_a_query() -> None:
    store = sqlite3.connect(":memory:", check_same_thread=False)
    store.execute("create table keys (name text, key text)")

    def trusts(token: str, header: Mapping[str, Any]) -> bool:
        found = store.execute(f"select key from keys where name = '{header.get('kid')}'").fetchone()
        return found is not None and _hmac_matches(token, str(found[0]).encode())

    _trusting(trusts)


@fault("The key that stands in the token itself is trusted.", caught_by=[OWN_KEY])
def key_in_the_token() -> None:
    _trusting(lambda token, header: "jwk" in header and _verifies(token, jwt.PyJWK(header["jwk"]).key, "ES256"))


@fault("The certificate that stands in the token itself is trusted.", caught_by=[OWN_KEY])
def certificate_in_the_token() -> None:
    def trusts(token: str, header: Mapping[str, Any]) -> bool:
        if "x5c" not in header:
            return False
        der = base64.urlsafe_b64decode(header["x5c"][0] + "==")
        return _verifies(token, x509.load_der_x509_certificate(der).public_key(), "ES256")

    _trusting(trusts)


@fault("The keys are fetched from where the token says.", caught_by=[WHERE_THE_KEY_IS])
def keys_from_anywhere() -> None:
    def trusts(token: str, header: Mapping[str, Any]) -> bool:
        if "jku" not in header:
            return False
        (key,) = httpx.get(header["jku"], trust_env=False).json()["keys"]
        return _verifies(token, jwt.PyJWK(key).key, "ES256")

    _trusting(trusts)


@fault("The certificate is fetched from where the token says.", caught_by=[WHERE_THE_KEY_IS])
def certificate_from_anywhere() -> None:
    def trusts(token: str, header: Mapping[str, Any]) -> bool:
        if "x5u" not in header:
            return False
        pem = httpx.get(header["x5u"], trust_env=False).content
        return _verifies(token, x509.load_pem_x509_certificate(pem).public_key(), "ES256")

    _trusting(trusts)


@fault("The place that a token names is asked for keys, though they are not used.", caught_by=[WHERE_THE_KEY_IS])
def strangers_are_asked() -> None:
    def trusts(_token: str, header: Mapping[str, Any]) -> bool:
        if "jku" in header:
            httpx.get(header["jku"], trust_env=False)
        return False

    _trusting(trusts)


def _reading(headers_to_token: Callable[[Sequence[str]], str]) -> None:
    tokens.bearer_token = headers_to_token


@fault("Of two tokens the first counts, and whoever put a second behind it is not noticed.", caught_by=[TWO])
def first_token_counts() -> None:
    real = tokens.bearer_token
    _reading(lambda headers: real(headers[:1]))


@fault("The last word of the header is the token.", caught_by=[TWO])
def last_word_counts() -> None:
    real = tokens.bearer_token
    _reading(
        lambda headers: real([f"Bearer {headers[0].replace(',', ' ').split()[1]}"] if len(headers) == 1 else headers)
    )


@fault("A large token makes the verifier fail.", caught_by=[TWO])
def large_token_is_an_error() -> None:
    real = tokens.header_of

    def header_of(token: str) -> Mapping[str, Any]:
        if len(token) > 65_536:
            raise MemoryError
        return real(token)

    tokens.header_of = header_of
