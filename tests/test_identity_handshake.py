"""The judgement of a token: each way in which one can be false, or not in the issuer's shape, is told."""

import time
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from acceptance.errors import NotOffered, PromiseBroken
from acceptance.handshake import must_have_the_issuers_shape, published_keys, standing, verified_claims
from acceptance.identity import Session

PROJECT = "http://project.example"
USER = str(uuid4())
KID = "the-key"
KEY = ec.generate_private_key(ec.SECP256R1())
PUBLISHED = [{**jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": KID, "alg": "ES256"}]


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    shaped = {
        "iss": f"{PROJECT}/auth/v1", "sub": USER, "aud": "authenticated", "role": "authenticated", "iat": now,
        "exp": now + 3600, "email": "ada@example.com", "phone": "", "app_metadata": {}, "user_metadata": {},
        "aal": "aal1", "amr": [{"method": "password", "timestamp": now}], "session_id": str(uuid4()),
        "is_anonymous": False,
    }  # fmt: skip
    return {name: value for name, value in {**shaped, **changes}.items() if value is not None}


def token(key: Any = KEY, algorithm: str = "ES256", kid: str | None = KID, **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def session(expires_at: int, access_token: str = "") -> Session:
    return Session(USER, "ada@example.com", "secret", access_token, expires_at=expires_at)


def served(answer: httpx.Response) -> httpx.Client:
    return httpx.Client(base_url=PROJECT, transport=httpx.MockTransport(lambda _request: answer))


def test_a_genuine_token_is_verified() -> None:
    assert verified_claims(token(), PUBLISHED)["sub"] == USER


@pytest.mark.parametrize(
    "false",
    [
        pytest.param(token(ec.generate_private_key(ec.SECP256R1())), id="another key"),
        pytest.param(token("a shared secret of more than thirty bytes", "HS256"), id="a shared secret"),
        pytest.param(token(kid="unknown"), id="an unknown key id"),
        pytest.param(token(kid=None), id="no key id"),
        pytest.param(token(None, "none"), id="no signature"),
        pytest.param(".".join((token().split(".")[0], token(sub="x").split(".")[1], token().split(".")[2])), id="edited"),
    ],
)  # fmt: skip
def test_a_false_token_is_told(false: str) -> None:
    with pytest.raises(PromiseBroken):
        verified_claims(false, PUBLISHED)


@pytest.mark.parametrize("part", ["d", "p", "k"])
def test_a_published_secret_is_told(part: str) -> None:
    answer = httpx.Response(200, json={"keys": [{**PUBLISHED[0], part: "secret"}]})
    with pytest.raises(PromiseBroken, match="should be public"):
        published_keys(served(answer), "key")


def test_a_project_without_public_keys_is_skipped() -> None:
    with pytest.raises(NotOffered):
        published_keys(served(httpx.Response(200, json={"keys": []})), "key")


def test_keys_that_cannot_be_had_are_told() -> None:
    with pytest.raises(PromiseBroken, match="answered 500"):
        published_keys(served(httpx.Response(500)), "key")


def test_the_issuers_shape_is_accepted() -> None:
    said = claims()
    must_have_the_issuers_shape(session(said["exp"]), said, PROJECT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iss", "http://elsewhere.example/auth/v1"), ("iss", None), ("aud", "anon"), ("aud", ["authenticated"]),
        ("role", "service_role"), ("sub", str(uuid4())), ("sub", None), ("email", "eve@example.com"), ("phone", None),
        ("iat", 0), ("exp", 4_000_000_000), ("exp", 1), ("session_id", "x"), ("session_id", None), ("aal", "aal2"),
        ("amr", []), ("app_metadata", None), ("user_metadata", "x"), ("is_anonymous", True),
    ],
)  # fmt: skip
def test_each_claim_is_looked_at(name: str, value: Any) -> None:
    said = claims(**{name: value})
    with pytest.raises(PromiseBroken, match=rf"but .*{name} is"):
        must_have_the_issuers_shape(session(said["exp"]), said, PROJECT)


def test_an_answer_that_promises_another_end_is_told() -> None:
    said = claims()
    with pytest.raises(PromiseBroken, match="exp as the answer says"):
        must_have_the_issuers_shape(session(said["exp"] + 60), said, PROJECT)


def test_standing_leaves_out_what_changes_from_token_to_token() -> None:
    first = standing(session(0, token(org_id="here")))
    second = standing(session(0, token(org_id="here", session_id=str(uuid4()), user_metadata={"role": "owner"})))
    assert first == second
    assert first["org_id"] == "here"
