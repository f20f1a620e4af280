"""The token verifier against every forgery known to have passed somewhere."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from reference.backend import tokens
from reference.backend.config import Config
from reference.backend.errors import InvalidToken, Unauthorised, Unavailable
from reference.backend.tokens import Caller, KeySet
from reference.platform.keys import ProjectKeys
from tests.backend_support import ISSUER, claims_for

KEYS = ProjectKeys.generate()
OTHER = ProjectKeys.generate()
USER, ORGANISATION = uuid4(), uuid4()
CONFIG = Config("", ISSUER, jwks_url="http://auth.test/jwks", jwt_secret=KEYS.jwt_secret)


class Issuer:
    """Serves a key set and counts how often it was asked."""

    def __init__(self, document: Any, status: int = 200) -> None:
        self.document, self.status, self.asked = document, status, 0

    def key_set(self) -> KeySet:
        return KeySet("http://auth.test/jwks", httpx.MockTransport(self._answer))

    def _answer(self, _request: httpx.Request) -> httpx.Response:
        self.asked += 1
        return httpx.Response(self.status, json=self.document)


def verify(token: str, issuer: Issuer | None = None, config: Config = CONFIG) -> Caller:
    return asyncio.run(tokens.verify(token, config, (issuer or Issuer(KEYS.public_jwks())).key_set()))


def claims(**changes: Any) -> dict[str, Any]:
    return claims_for(USER, ORGANISATION, **changes)


def es256(keys: ProjectKeys = KEYS, headers: dict[str, Any] | None = None, **changes: Any) -> str:
    return jwt.encode(claims(**changes), keys.signing_key, "ES256", {"kid": KEYS.kid, **(headers or {})})


def hs256(secret: str | bytes = KEYS.jwt_secret, **changes: Any) -> str:
    return jwt.encode(claims(**changes), secret, "HS256")


def by_hand(header: dict[str, Any], payload: dict[str, Any], signature: bytes = b"") -> str:
    parts = (json.dumps(header).encode(), json.dumps(payload).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def with_other_payload(token: str, **changes: Any) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{by_hand({}, claims(**changes)).split('.')[1]}.{signature}"


def signed_with_the_public_key() -> str:
    """Algorithm confusion by hand, since PyJWT refuses to sign with a PEM."""
    public = KEYS.signing_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hmac_by_hand(public)


def hmac_by_hand(key: bytes) -> str:
    header = {"alg": "HS256", "typ": "JWT", "kid": KEYS.kid}
    payload = claims()
    signing_input = by_hand(header, payload).rpartition(".")[0].encode()
    return by_hand(header, payload, hmac.digest(key, signing_input, "sha256"))


def embedded_key() -> dict[str, Any]:
    return {
        "jwk": OTHER.public_jwks()["keys"][0],
        "jku": "http://evil.test/jwks",
        "x5u": "http://evil.test/x",
    }


def by_hand_with_the_real_secret() -> str:
    return hmac_by_hand(KEYS.jwt_secret.encode())


@pytest.mark.parametrize("mint", [es256, hs256, by_hand_with_the_real_secret])
def test_a_real_token_is_accepted(mint: Callable[[], str]) -> None:
    caller = verify(mint())
    assert (caller.user_id, caller.org_id) == (USER, ORGANISATION)


def test_rs256_is_accepted_by_its_key_id() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    issuer = Issuer({"keys": [{**public, "kid": "r", "alg": "RS256", "use": "sig"}]})
    assert verify(jwt.encode(claims(), key, "RS256", {"kid": "r"}), issuer).user_id == USER


FORGERIES: dict[str, Callable[[], str]] = {
    "signed by another key under our key id": lambda: es256(OTHER),
    "signed with another secret": lambda: hs256(OTHER.jwt_secret),
    "signed with an empty secret": lambda: hmac_by_hand(b""),
    "unsigned": lambda: by_hand({"alg": "none", "typ": "JWT"}, claims()),
    "unsigned in capitals": lambda: by_hand({"alg": "NONE", "typ": "JWT"}, claims()),
    "without a signature": lambda: es256().rpartition(".")[0] + ".",
    "payload exchanged under the old signature": lambda: with_other_payload(es256(), org_id=str(uuid4())),
    "payload exchanged under the old HMAC": lambda: with_other_payload(hs256(), org_id=str(uuid4())),
    "HMAC over the public key": signed_with_the_public_key,
    "the key in the token itself": lambda: es256(OTHER, headers=embedded_key()),
    "an unknown key id": lambda: es256(headers={"kid": "unknown"}),
    "no key id": lambda: jwt.encode(claims(), KEYS.signing_key, "ES256"),
    "a key id that is a path": lambda: es256(headers={"kid": "../../dev/null"}),
    "HS512": lambda: jwt.encode(claims(), KEYS.jwt_secret * 2, "HS512"),
    "ES384": lambda: jwt.encode(claims(), ec.generate_private_key(ec.SECP384R1()), "ES384", {"kid": KEYS.kid}),
    "an algorithm that is a list": lambda: by_hand({"alg": ["ES256"], "kid": KEYS.kid}, claims()),
    "a critical extension": lambda: es256(headers={"crit": ["exp2"], "exp2": 1}),
    "expired by a second": lambda: es256(exp=int(time.time()) - 1),
    "expired long ago": lambda: hs256(exp=1),
    "no expiry": lambda: es256(exp=...),
    "an expiry that is text": lambda: es256(exp="tomorrow"),
    "an endless expiry": lambda: es256(exp=float("inf")),
    "not valid yet": lambda: es256(nbf=int(time.time()) + 60),
    "another audience": lambda: es256(aud="anon"),
    "no audience": lambda: es256(aud=...),
    "another issuer": lambda: es256(iss="http://evil.test/auth/v1"),
    "no issuer": lambda: hs256(iss=...),
    "no subject": lambda: es256(sub=...),
    "a subject that is no user": lambda: es256(sub="admin"),
    "a subject that is a number": lambda: es256(sub=7),
    "role anon": lambda: es256(role="anon"),
    "role service_role": lambda: hs256(role="service_role"),
    "no role": lambda: es256(role=...),
    "the anon key": lambda: KEYS.anon_jwt,
    "the service key": lambda: KEYS.service_jwt,
    "the secret key": lambda: KEYS.secret_key,
    "garbage": lambda: "garbage",
    "dots": lambda: "..",
    "five parts": lambda: "a.b.c.d.e",
    "not ASCII": lambda: "é.é.é",
    "a header that is a list": lambda: "W10.e30.e30",
    "a deep header": lambda: base64.urlsafe_b64encode(b"[" * 9000).rstrip(b"=").decode() + ".e30.e30",
    "long": lambda: "a" * 20_000,
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forgery_is_refused(forge: Callable[[], str]) -> None:
    with pytest.raises(InvalidToken):
        verify(forge())


def test_the_shared_secret_counts_only_when_it_is_configured() -> None:
    with pytest.raises(InvalidToken):
        verify(hs256(), config=Config("", ISSUER, jwks_url="http://auth.test/jwks"))


def test_a_published_secret_never_verifies() -> None:
    secret = base64.urlsafe_b64encode(b"k" * 32).rstrip(b"=").decode()
    issuer = Issuer({"keys": [{"kty": "oct", "k": secret, "kid": "s", "alg": "HS256"}]})
    with pytest.raises(InvalidToken):
        verify(jwt.encode(claims(), b"k" * 32, "HS256", {"kid": "s"}), issuer, Config("", ISSUER, jwks_url="x"))


@pytest.mark.parametrize(
    "org_id", [..., None, "", 7, "harbour", f"{{{uuid4()}}}", uuid4().hex, [str(uuid4())], f"{uuid4()}\n"]
)
def test_an_organisation_that_is_none_is_no_organisation(org_id: Any) -> None:
    assert verify(es256(org_id=org_id)).org_id is None


def test_organisation_in_user_metadata_counts_for_nothing() -> None:
    token = es256(org_id=..., user_metadata={"org_id": str(uuid4())}, app_metadata={"org_id": str(uuid4())})
    assert verify(token).org_id is None


@pytest.mark.parametrize(
    "headers",
    [[], [""], ["Bearer"], ["Bearer "], ["Basic dXNlcjpwYXNz"], ["token"], ["Bearer a", "Bearer b"]],
)
def test_a_request_without_one_bearer_token_is_refused(headers: list[str]) -> None:
    with pytest.raises(Unauthorised):
        tokens.bearer_token(headers)


@pytest.mark.parametrize("header", ["Bearer abc", "bearer abc", "  BEARER   abc "])
def test_the_scheme_is_read_in_any_case(header: str) -> None:
    assert tokens.bearer_token([header]) == "abc"


def test_keys_are_fetched_once_and_again_for_a_new_key_id(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(tokens, "clock", lambda: now)
    issuer = Issuer(OTHER.public_jwks())

    async def scene() -> None:
        nonlocal now
        keys = issuer.key_set()
        for _ in range(3):
            await asyncio.gather(*(keys.key(OTHER.kid) for _ in range(5)))
        assert issuer.asked == 1
        for _ in range(20):  # invented key ids
            with pytest.raises(InvalidToken):
                await keys.key(str(uuid4()))
        assert issuer.asked == 1
        issuer.document = KEYS.public_jwks()
        now += tokens.MINIMUM_REFETCH_SECONDS
        assert (await keys.key(KEYS.kid)).key_id == KEYS.kid
        with pytest.raises(InvalidToken):  # rotated out
            await keys.key(OTHER.kid)
        now += tokens.KEYS_LIFETIME_SECONDS + 1
        await keys.key(KEYS.kid)
        assert issuer.asked == 3

    asyncio.run(scene())


def test_without_any_key_set_nobody_is_judged() -> None:
    for issuer in (Issuer({}, 500), Issuer("nonsense"), Issuer({"keys": "none"})):
        with pytest.raises(Unavailable):
            verify(es256(), issuer)


def test_an_issuer_that_fails_later_does_not_lock_everybody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(tokens, "clock", lambda: now)
    issuer = Issuer(KEYS.public_jwks())

    async def scene() -> None:
        nonlocal now
        keys = issuer.key_set()
        await keys.key(KEYS.kid)
        issuer.status, now = 503, now + tokens.KEYS_LIFETIME_SECONDS + 1
        assert (await keys.key(KEYS.kid)).key_id == KEYS.kid

    asyncio.run(scene())


def test_claims_reach_the_database_as_they_were_signed() -> None:
    caller = verify(es256())
    assert json.loads(tokens.database_claims(caller))["org_id"] == str(ORGANISATION)
    assert UUID(json.loads(tokens.database_claims(caller))["sub"]) == USER
