"""Access tokens: their shape, and which bearers the service believes."""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from freezegun import freeze_time

from reference.platform.keys import ProjectKeys
from tests.auth_support import Auth, Json, new_address

pytest_plugins = ("tests.auth_support",)


def _claims(auth: Auth, token: str) -> Json:
    claims: Json = jwt.decode(token, auth.keys.signing_key.public_key(), algorithms=["ES256"], audience="authenticated")
    return claims


def test_the_claims_are_exactly_gotrues(plain: Auth) -> None:
    """Every claim, its type and its source; nothing beside them."""
    email = new_address()
    before = int(time.time())
    session = plain.sign_up(email, data={"name": "Zoë"})
    claims = _claims(plain, session["access_token"])
    user = session["user"]
    assert before <= claims["iat"] <= time.time()
    (method,) = claims.pop("amr")
    assert method["method"] == "password"
    assert before <= method["timestamp"] <= time.time()
    assert claims.pop("iat") + 3600 == claims.pop("exp") == session["expires_at"]
    (row,) = plain.rows("select id::text as id, aal::text as aal from auth.sessions where user_id = %s", [user["id"]])
    assert claims == {
        "iss": "http://issuer.test",
        "sub": user["id"],
        "aud": "authenticated",
        "email": email,
        "phone": "",
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": user["user_metadata"],
        "role": "authenticated",
        "aal": row["aal"],
        "session_id": row["id"],
        "is_anonymous": False,
    }
    assert claims["aal"] == "aal1"
    assert user["user_metadata"]["name"] == "Zoë"


def test_the_header_names_the_published_key(plain: Auth) -> None:
    """ES256 and the kid that the JWKS shows, which holds no private part and no secret."""
    token = plain.sign_up(new_address())["access_token"]
    assert jwt.get_unverified_header(token) == {"alg": "ES256", "kid": plain.keys.kid, "typ": "JWT"}
    response = plain.call("GET", "/.well-known/jwks.json")
    (key,) = response.json()["keys"]
    assert (key["kid"], key["kty"], key["crv"], key["alg"]) == (plain.keys.kid, "EC", "P-256", "ES256")
    assert "d" not in key
    assert response.headers["cache-control"] == "public, max-age=600"


def test_the_session_object_and_its_headers(plain: Auth) -> None:
    """Fields of the answer; a password login adds weak_password, null when the password is strong."""
    email = new_address()
    plain.create(email)
    body = {"email": email, "password": "correct horse"}
    response = plain.call("POST", "/token?grant_type=password", body)
    session = response.json()
    fields = {
        "access_token",
        "token_type",
        "expires_in",
        "expires_at",
        "refresh_token",
        "user",
        "weak_password",
    }
    assert set(session) == fields
    assert (session["token_type"], session["expires_in"], session["weak_password"]) == ("bearer", 3600, None)
    assert len(session["refresh_token"]) == 12
    assert response.headers["sb-auth-user-id"] == session["user"]["id"]
    assert response.headers["sb-auth-session-id"] == _claims(plain, session["access_token"])["session_id"]
    assert response.headers["sb-auth-refresh-token-prefix"] == session["refresh_token"][:5]


def test_a_password_that_became_too_weak_still_signs_in(plain: Auth) -> None:
    """Admin creation does not look at strength; the login reports it."""
    email = new_address()
    plain.create(email, password="abc")
    assert plain.sign_in(email, "abc")["weak_password"]["reasons"] == ["length"]


def test_an_hs256_token_of_the_shared_secret_is_believed(plain: Auth) -> None:
    """Self-minted tokens work beside the signed ones; without a session_id no session is looked for."""
    user_id = plain.create(new_address())["id"]
    claims = {"sub": user_id, "aud": "authenticated", "role": "authenticated", "exp": int(time.time()) + 60}
    token = jwt.encode(claims, plain.keys.jwt_secret, algorithm="HS256")
    assert plain.call("GET", "/user", token=token).json()["id"] == user_id


def test_an_admin_token_of_the_signing_key_is_believed(plain: Auth) -> None:
    """The role decides, not the kind of key; no subject is needed."""
    claims = {"role": "supabase_admin", "exp": int(time.time()) + 60}
    token = jwt.encode(claims, plain.keys.signing_key, algorithm="ES256", headers={"kid": plain.keys.kid})
    assert plain.call("GET", "/admin/users?per_page=1", token=token).status_code == 200


def _with(change: Callable[[Json, ProjectKeys], str]) -> Callable[[Json, ProjectKeys], str]:
    return change


def _signed(claims: Json, keys: ProjectKeys, kid: str | None) -> str:
    return jwt.encode(claims, keys.signing_key, algorithm="ES256", headers={"kid": kid} if kid else None)


def _shared_secret_is_the_public_key(claims: Json, keys: ProjectKeys) -> str:
    """Algorithm confusion: an HMAC made with the published key."""
    public = keys.signing_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    unsigned = jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"kid": keys.kid}).rsplit(".", 1)[0]
    signature = jwt.utils.base64url_encode(algorithm.sign(unsigned.encode(), public)).decode()
    return f"{unsigned}.{signature}"


def _edited(claims: Json, keys: ProjectKeys) -> str:
    """The original signature under other claims."""
    header, _, signature = _signed(claims, keys, keys.kid).split(".")
    body = jwt.encode({**claims, "email": "owner@example.com"}, "x" * 32, algorithm="HS256").split(".")[1]
    return f"{header}.{body}.{signature}"


FORGERIES: dict[str, Callable[[Json, ProjectKeys], str]] = {
    "garbage": lambda _claims, _keys: "garbage",
    "three parts of garbage": lambda _claims, _keys: "a.b.c",
    "a new-style key": lambda _claims, keys: keys.secret_key,
    "alg none": lambda claims, _: jwt.encode(claims, "", algorithm="none"),
    "alg none with the kid": lambda claims, keys: jwt.encode(claims, "", algorithm="none", headers={"kid": keys.kid}),
    "HS512 of the secret": lambda claims, keys: jwt.encode(claims, keys.jwt_secret, algorithm="HS512"),
    "another secret": lambda claims, _: jwt.encode(claims, "another secret of thirty-two bytes", algorithm="HS256"),
    "HS256 with a kid": lambda claims, keys: jwt.encode(
        claims, keys.jwt_secret, algorithm="HS256", headers={"kid": keys.kid}
    ),
    "ES256 without kid": lambda claims, keys: _signed(claims, keys, None),
    "ES256 with an unknown kid": lambda claims, keys: _signed(claims, keys, str(uuid4())),
    "another key, same kid": lambda claims, keys: _signed(claims, ProjectKeys.generate(), keys.kid),
    "the public key as a secret": _shared_secret_is_the_public_key,
    "edited claims": _edited,
    "expired a second ago": lambda claims, keys: _signed({**claims, "exp": int(time.time()) - 1}, keys, keys.kid),
    "not valid yet": lambda claims, keys: _signed({**claims, "nbf": int(time.time()) + 60}, keys, keys.kid),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_bearer_is_refused(plain: Auth, forgery: str) -> None:
    """403 bad_jwt at /user and at /admin, after the same claims passed when honestly signed."""
    session = plain.sign_up(new_address())
    claims = _claims(plain, session["access_token"])
    assert plain.call("GET", "/user", token=_signed(claims, plain.keys, plain.keys.kid)).status_code == 200
    for path, role in (("/user", "authenticated"), ("/admin/users", "service_role")):
        token = FORGERIES[forgery]({**claims, "role": role}, plain.keys)
        response = plain.call("GET", path, token=token)
        assert (response.status_code, response.json()["code"]) == (403, "bad_jwt"), path


@pytest.mark.parametrize(
    ("claim", "value", "status", "code"),
    [
        ("sub", "", 403, "bad_jwt"),
        ("sub", "someone", 400, "bad_jwt"),
        ("session_id", "somewhere", 403, "bad_jwt"),
        ("aud", "", 400, "validation_failed"),
    ],
)
def test_an_odd_claim_is_refused(plain: Auth, claim: str, value: Any, status: int, code: str) -> None:
    """A rightly signed token whose claims name nobody."""
    claims = _claims(plain, plain.sign_up(new_address())["access_token"])
    response = plain.call("GET", "/user", token=_signed({**claims, claim: value}, plain.keys, plain.keys.kid))
    assert (response.status_code, response.json()["code"]) == (status, code)


@pytest.mark.parametrize("header", ["", "Bearer", "Token abc", "Basic abc", "bEARER x", "Bearer a b"])
def test_a_malformed_authorization_is_401(plain: Auth, header: str) -> None:
    """Only `Bearer token` or `bearer token` counts."""
    response = plain.call("GET", "/user", Authorization=header)
    assert (response.status_code, response.json()["code"]) == (401, "no_authorization")


def test_a_token_dies_on_the_second(plain: Auth) -> None:
    """No leeway: valid one second before exp, expired at exp."""
    session = plain.sign_up(new_address())
    exp = session["expires_at"]
    with freeze_time() as clock:
        clock.move_to(_moment(exp - 1))
        assert plain.call("GET", "/user", token=session["access_token"]).status_code == 200
        clock.move_to(_moment(exp))
        response = plain.call("GET", "/user", token=session["access_token"])
    assert (response.status_code, response.json()["code"]) == (403, "bad_jwt")
    assert response.json()["message"].endswith("token has invalid claims: token is expired")


def _moment(unix: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(unix))
