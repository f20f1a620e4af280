"""Minting tokens, rightly and wrongly (RFC 7515, RFC 7519); every one begins with the claims of a real sign-in."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from acceptance.errors import NotOffered
from acceptance.identity import Session

KEY_SET_PATH = "/auth/v1/.well-known/jwks.json"
# The signature that an HMAC has in a token whose forger knows no key at all.
EMPTY_KEY = b""


@dataclass(frozen=True)
class Stranger:
    """Somebody with a key pair and a certificate of their own, and a place to publish them."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    url: str | None = None

    @property
    def public_key(self) -> dict[str, Any]:
        made = jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {**made, "kid": "stranger", "alg": "ES256", "use": "sig"}

    @cached_property
    def certificate(self) -> x509.Certificate:
        """A certificate that the stranger has signed for himself."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stranger")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        return builder.sign(self.key, hashes.SHA256())

    def published_at(self, name: str) -> str:
        """Where the stranger's key set or certificate can be fetched; raises NotOffered without a place for it."""
        if self.url is None:
            raise NotOffered("the target is not on this machine, so it could not fetch a stranger's keys from here")
        return f"{self.url}/{name}"


@dataclass(frozen=True)
class Material:
    """What a forger has: the claims of a victim, a genuine token of their own, and what the issuer publishes."""

    victim: Session
    intruder: Session
    published: Mapping[str, Any] = field(repr=False)
    stranger: Stranger = field(repr=False)
    org_claim: tuple[str, ...] = ("org_id",)
    secret: str | None = field(default=None, repr=False)

    @property
    def claims(self) -> dict[str, Any]:
        """What the victim's own token says."""
        return self.victim.claims

    @property
    def clinic(self) -> str:
        """The victim's organisation, as the victim's own token names it."""
        return organisation_in(self.claims, self.org_claim)

    @property
    def header(self) -> dict[str, Any]:
        """The header of the victim's own token."""
        return dict(jwt.get_unverified_header(self.victim.access_token))

    @property
    def published_key(self) -> Mapping[str, Any]:
        """The issuer's first public key; raises NotOffered when it signs with a shared secret alone."""
        keys = self.published.get("keys") or []
        if not keys:
            raise NotOffered("the issuer publishes no key, as it signs with a shared secret alone")
        first: Mapping[str, Any] = keys[0]
        return first

    def minted(self, claims: Mapping[str, Any]) -> str:
        """A token that the shared secret signs, so that nothing but its claims can be wrong; raises NotOffered."""
        if self.secret is None:
            raise NotOffered("no token can be rightly signed without the shared secret (jwt_secret)")
        return hmac_signed({"alg": "HS256", "typ": "JWT"}, claims, self.secret.encode())


def segment(content: bytes) -> str:
    """One part of a compact token."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def compact(header: Mapping[str, Any], claims: Mapping[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """A token by hand, for headers and keys that no library would put its name to."""
    signing_input = f"{segment(json.dumps(header).encode())}.{segment(json.dumps(claims).encode())}"
    return f"{signing_input}.{segment(sign(signing_input.encode()))}"


def hmac_signed(header: Mapping[str, Any], claims: Mapping[str, Any], key: bytes) -> str:
    """HS256 with any key, also an empty one or a public one."""
    return compact(header, claims, lambda text: hmac.digest(key, text, "sha256"))


def key_signed(claims: Mapping[str, Any], key: ec.EllipticCurvePrivateKey, **header: Any) -> str:
    """ES256 with any key and any further header."""
    return jwt.encode(dict(claims), key, "ES256", header)


def unsigned(algorithm: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """No signature at all; `algorithm` is the header that says so, or does not."""
    return compact({"typ": "JWT", **algorithm}, claims, lambda _text: b"")


def edited(token: str, claims: Mapping[str, Any]) -> str:
    """Other claims between the old header and the old signature."""
    header, _claims, signature = token.split(".")
    return f"{header}.{segment(json.dumps(claims).encode())}.{signature}"


def pem_of(published_key: Mapping[str, Any]) -> bytes:
    """A published key as a file would hold it."""
    key: Any = jwt.PyJWK(dict(published_key)).key
    made: bytes = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return made


def organisation_in(claims: Mapping[str, Any], path: tuple[str, ...]) -> str:
    """The organisation that claims name; raises LookupError when they name none."""
    value: Any = claims
    for level in path:
        value = value[level]
    return str(value)


def with_claim(claims: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The claims with one of them, maybe levels deep, exchanged; `...` leaves it out."""
    name, *deeper = path
    if deeper:
        inner = claims.get(name)
        return {**claims, name: with_claim(inner if isinstance(inner, Mapping) else {}, tuple(deeper), value)}
    kept = {key: old for key, old in claims.items() if key != name}
    return kept if value is ... else {**kept, name: value}
