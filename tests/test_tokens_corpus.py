"""The corpus of tokens: each forgery would work on a verifier that forgets the one thing it is about."""

import asyncio
import base64
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import freezegun
import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from acceptance import api_corpus, tokens_claimed, tokens_forged
from acceptance.errors import NotOffered
from acceptance.identity import Session
from acceptance.tokens import Material, Stranger, pem_of
from acceptance.tokens_claimed import CLAIMS
from acceptance.tokens_forged import FORGERIES, ORDERS
from reference.backend import tokens
from reference.backend.config import Config
from reference.backend.errors import InvalidToken, Unauthorised
from reference.backend.tokens import Caller, KeySet
from reference.platform.keys import ProjectKeys
from tests.backend_support import ISSUER, claims_for

KEYS = ProjectKeys.generate()
CONFIG = Config("", ISSUER, jwks_url="http://auth.test/jwks", jwt_secret=KEYS.jwt_secret)
FEATURES = Path(__file__).parents[1] / "features"
SAID = "".join((FEATURES / f"{name}.feature").read_text() for name in ("tokens", "attempts"))
HOUR = 3600


def session(**changes: Any) -> Session:
    claims = claims_for(uuid4(), uuid4(), **changes)
    token = jwt.encode(claims, KEYS.signing_key, "ES256", {"kid": KEYS.kid})
    return Session(claims["sub"], "owner@clinic.test", "password", token)


MATERIAL = Material(
    session(), session(), KEYS.public_jwks(), Stranger(url="http://stranger.test"), secret=KEYS.jwt_secret
)


def verify(token: str) -> Caller:
    keys = KeySet(
        "http://auth.test/jwks", httpx.MockTransport(lambda _request: httpx.Response(200, json=KEYS.public_jwks()))
    )
    return asyncio.run(tokens.verify(token, CONFIG, keys))


def header_of(token: str) -> dict[str, Any]:
    return dict(jwt.get_unverified_header(token))


def matches(token: str, key: bytes) -> bool:
    signed, _, signature = token.rpartition(".")
    return base64.urlsafe_b64encode(hmac.digest(key, signed.encode(), "sha256")).rstrip(b"=").decode() == signature


def test_the_genuine_token_and_its_copy_are_good() -> None:
    assert str(verify(MATERIAL.victim.access_token).org_id) == MATERIAL.clinic
    assert verify(MATERIAL.minted(MATERIAL.claims)) == verify(MATERIAL.victim.access_token)


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused_by_a_careful_verifier(name: str) -> None:
    with pytest.raises(InvalidToken):
        verify(FORGERIES[name](MATERIAL))


@pytest.mark.parametrize("name", ORDERS)
def test_what_is_no_single_token_is_refused_by_a_careful_verifier(name: str) -> None:
    with pytest.raises(Unauthorised):
        verify(tokens.bearer_token(ORDERS[name](MATERIAL)))


@pytest.mark.parametrize("name", [name for name in FORGERIES if name.startswith("whose algorithm is")])
def test_an_unsigned_token_claims_to_be_the_victim(name: str) -> None:
    payload = FORGERIES[name](MATERIAL).split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(payload + "==")) == MATERIAL.claims


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("signed with the published key as a file", pem_of(MATERIAL.published_key)),
        ("signed with the nameless published key as a file", pem_of(MATERIAL.published_key)),
        ("signed with no secret", b""),
        ("signed with the secret of the tutorials", b"your-256-bit-secret"),
        ("whose key name is a path", Path("/dev/null").read_bytes()),
        ("whose key name is a query", b"stranger"),
    ],
)
def test_a_shared_secret_that_is_none_would_fit(name: str, key: bytes) -> None:
    assert matches(FORGERIES[name](MATERIAL), key)


def test_a_key_that_the_token_brings_would_fit() -> None:
    by_key, by_certificate = (FORGERIES[f"that brings its own {what}"](MATERIAL) for what in ("key", "certificate"))
    jwt.decode(by_key, jwt.PyJWK(header_of(by_key)["jwk"]), audience="authenticated", algorithms=["ES256"])
    der = base64.urlsafe_b64decode(header_of(by_certificate)["x5c"][0] + "==")
    key = x509.load_der_x509_certificate(der).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    jwt.decode(by_certificate, key, audience="authenticated", algorithms=["ES256"])


@pytest.mark.parametrize("name", ["whose clinic was edited", "whose holder was edited", "whose role was edited"])
def test_an_edited_token_keeps_its_signature(name: str) -> None:
    forged, genuine = FORGERIES[name](MATERIAL).split("."), MATERIAL.intruder.access_token.split(".")
    assert (forged[0], forged[2]) == (genuine[0], genuine[2])
    assert forged[1] != genuine[1]


def test_an_expired_copy_was_good_while_it_lasted() -> None:
    expired = MATERIAL.minted(CLAIMS["that expired an hour ago"](MATERIAL))
    with pytest.raises(InvalidToken):
        verify(expired)
    with freezegun.freeze_time(_ago(HOUR + 60)):
        assert verify(expired).user_id


def test_a_copy_of_tomorrow_will_be_good() -> None:
    early = MATERIAL.minted(CLAIMS["that is valid from an hour on"](MATERIAL))
    with pytest.raises(InvalidToken):
        verify(early)
    with freezegun.freeze_time(_ago(-HOUR - 60)):
        assert verify(early).user_id


def _ago(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() - seconds))


CHANGED = {"that expired an hour ago": {"exp", "iat"}, "that is valid from an hour on": {"exp", "nbf"}}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_copy_differs_in_the_claim_it_is_about(name: str) -> None:
    genuine, changed = MATERIAL.claims, CLAIMS[name](MATERIAL)
    differing = {key for key in genuine.keys() | changed.keys() if genuine.get(key, ...) != changed.get(key, ...)}
    allowed = CHANGED.get(name) or ({"org_id", "ORG_ID", "user_metadata"} if "clinic" in name else differing)
    assert differing
    assert differing <= allowed
    assert name in CHANGED or "clinic" in name or len(differing) == 1


def test_a_clinic_that_stands_deeper_is_found_and_changed() -> None:
    deep = session(org_id=..., app_metadata={"org_id": "a"})
    material = Material(deep, deep, {}, Stranger(), ("app_metadata", "org_id"), KEYS.jwt_secret)
    assert material.clinic == "a"
    assert CLAIMS["whose clinic is a list"](material)["app_metadata"] == {"org_id": ["a"]}
    assert CLAIMS["whose clinic is missing"](material)["app_metadata"] == {}


def test_what_a_target_lacks_is_not_offered() -> None:
    bare = Material(MATERIAL.victim, MATERIAL.intruder, {"keys": []}, Stranger(), secret=None)
    for forge in (
        FORGERIES["signed with the published key as text"],
        FORGERIES["that says where its keys are"],
        lambda material: material.minted(material.claims),
    ):
        with pytest.raises(NotOffered):
            forge(bare)
    local = Material(MATERIAL.victim, MATERIAL.intruder, {}, Stranger(), secret=tokens_forged.SECRET_OF_THE_LOCAL_CLI)
    with pytest.raises(NotOffered):
        FORGERIES["signed with the secret of every local installation"](local)


CORPORA: Mapping[str, Mapping[str, Callable[..., Any] | str]] = {
    "forgeries": FORGERIES,
    "orders": ORDERS,
    "claims": tokens_claimed.CLAIMS,
    "swaps": api_corpus.SWAPS,
    "nameless": api_corpus.NAMELESS,
    "paths": api_corpus.PATHS,
    "fields": api_corpus.FIELDS,
    "injections": api_corpus.INJECTIONS,
    "large": api_corpus.LARGE,
    "kinds": api_corpus.KINDS,
    "broken": api_corpus.BROKEN,
    "methods": api_corpus.METHODS,
}


@pytest.mark.parametrize("corpus", CORPORA)
def test_every_attack_stands_in_a_feature(corpus: str) -> None:
    said = set(re.findall(r"^\s*\| ([^|]+?) +\|", SAID, re.MULTILINE))
    assert set(CORPORA[corpus]) - said == set()
