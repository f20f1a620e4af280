"""GoTrue's table of errors: situation, status, code, text, in both body shapes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.auth_support import API_VERSION, CLOSED, CONFIRMING, PASSWORD, PLAIN, Auth, new_address

pytest_plugins = ("tests.auth_support",)


@dataclass(frozen=True)
class Attempt:
    """A request that is to be refused."""

    method: str
    path: str
    body: Any = None
    token: str = ""


@dataclass(frozen=True)
class Refusal:
    """What GoTrue answers in a situation; `text` None leaves the wording open."""

    situation: str
    status: int
    code: str
    text: str | None
    attempt: Callable[[Auth], Attempt]
    project: str = PLAIN


def _login(**body: str) -> Attempt:
    return Attempt("POST", "/token?grant_type=password", {"password": PASSWORD, **body})


def _password_grant(email: str, password: str = PASSWORD) -> Attempt:
    return _login(email=email, password=password)


def _created(auth: Auth, **attributes: Any) -> str:
    email = new_address()
    auth.create(email, **attributes)
    return email


def _sign_up(**body: Any) -> Attempt:
    return Attempt("POST", "/signup", {"email": new_address(), "password": PASSWORD, **body})


def _admin(auth: Auth, method: str, path: str = "", body: Any = None) -> Attempt:
    return Attempt(method, f"/admin/users{path}", body, auth.keys.service_jwt)


def _as_user(auth: Auth, method: str, path: str, body: Any = None, **attributes: Any) -> Attempt:
    email = _created(auth, **attributes)
    return Attempt(method, path, body, auth.sign_in(email)["access_token"])


def _after_logout(auth: Auth) -> Attempt:
    token = auth.sign_in(_created(auth))["access_token"]
    assert auth.call("POST", "/logout?scope=local", token=token).status_code == 204
    return Attempt("GET", "/user", token=token)


def _after(auth: Auth, method: str, body: Any = None) -> Attempt:
    session = auth.sign_in(_created(auth))
    assert auth.admin(method, f"/{session['user']['id']}", body).status_code == 200
    return Attempt("GET", "/user", token=session["access_token"])


def _refresh_when_banned(auth: Auth) -> Attempt:
    session = auth.sign_in(_created(auth))
    auth.admin("PUT", f"/{session['user']['id']}", {"ban_duration": "1h"})
    return Attempt("POST", "/token?grant_type=refresh_token", {"refresh_token": session["refresh_token"]})


def _refresh_past_the_end(auth: Auth) -> Attempt:
    session = auth.sign_in(_created(auth))
    ended = "update auth.sessions set not_after = now() - interval '1 s' where user_id = %s"
    auth.execute(ended, [session["user"]["id"]])
    return Attempt("POST", "/token?grant_type=refresh_token", {"refresh_token": session["refresh_token"]})


def _mine_taken(auth: Auth) -> Attempt:
    return _as_user(auth, "PUT", "/user", {"email": _created(auth)})


REFUSALS = [
    Refusal("wrong password", 400, "invalid_credentials", "Invalid login credentials",
            lambda auth: _password_grant(_created(auth), "wrong horse")),
    Refusal("unknown user", 400, "invalid_credentials", "Invalid login credentials",
            lambda _: _password_grant(new_address())),
    Refusal("password too long to hash", 400, "invalid_credentials", "Invalid login credentials",
            lambda auth: _password_grant(_created(auth), "x" * 100)),
    Refusal("email not confirmed", 400, "email_not_confirmed", "Email not confirmed",
            lambda auth: _password_grant(_created(auth, email_confirm=False))),
    Refusal("banned at login", 400, "user_banned", "User is banned",
            lambda auth: _password_grant(_created(auth, ban_duration="24h"))),
    Refusal("unknown grant type", 400, "invalid_credentials", "unsupported_grant_type",
            lambda _: Attempt("POST", "/token?grant_type=magic", {})),
    Refusal("no grant type", 400, "invalid_credentials", "unsupported_grant_type",
            lambda _: Attempt("POST", "/token", {})),
    Refusal("login with neither", 400, "validation_failed", "missing email or phone",
            lambda _: _login()),
    Refusal("login with both", 400, "validation_failed",
            "Only an email address or phone number should be provided on login.",
            lambda _: _login(email="a@b.c", phone="1")),
    Refusal("login by phone", 422, "phone_provider_disabled", "Phone logins are disabled",
            lambda _: _login(phone="15551230000")),
    Refusal("address exists", 422, "user_already_exists", "User already registered",
            lambda auth: _sign_up(email=_created(auth).upper())),
    Refusal("weak password", 422, "weak_password", "Password should be at least 6 characters.",
            lambda _: _sign_up(password="short")),
    Refusal("empty password", 400, "validation_failed", "Signup requires a valid password",
            lambda _: _sign_up(password="")),
    Refusal("password over 72 bytes", 400, "validation_failed",
            "Password cannot be longer than 72 characters",
            lambda _: _sign_up(password="é" * 37)),
    Refusal("sign-up with both", 400, "validation_failed",
            "Only an email address or phone number should be provided on signup.",
            lambda _: _sign_up(phone="15551230000")),
    Refusal("sign-up by phone", 400, "phone_provider_disabled", "Phone signups are disabled",
            lambda _: Attempt("POST", "/signup", {"phone": "15551230000", "password": PASSWORD})),
    Refusal("no address", 422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled",
            lambda _: Attempt("POST", "/signup", {})),
    Refusal("not an address", 400, "validation_failed", "Unable to validate email address: invalid format",
            lambda _: _sign_up(email="no address")),
    Refusal("address over 255 characters", 400, "validation_failed", "An email address is too long",
            lambda _: _sign_up(email="a" * 250 + "@example.com")),
    Refusal("half a PKCE pair", 400, "validation_failed",
            "PKCE flow requires code_challenge_method and code_challenge",
            lambda _: _sign_up(code_challenge="c" * 43)),
    Refusal("short PKCE challenge", 400, "validation_failed",
            "code challenge has to be between 43 and 128 characters",
            lambda _: _sign_up(code_challenge="c", code_challenge_method="s256")),
    Refusal("sign-up disabled", 422, "signup_disabled", "Signups not allowed for this instance",
            lambda _: _sign_up(), CLOSED),
    Refusal("broken JSON", 400, "bad_json", None, lambda _: Attempt("POST", "/signup", b'{"email": ')),
    Refusal("JSON of the wrong type", 400, "bad_json", None, lambda _: _sign_up(email=5)),
    Refusal("no object", 400, "bad_json", None, lambda _: Attempt("POST", "/signup", b"[]")),
    Refusal("body over 1 MB", 413, "request_entity_too_large", None,
            lambda _: Attempt("POST", "/signup", b'{"email": "' + b"a" * 1024 * 1024 + b'"}')),
    Refusal("no token", 401, "no_authorization", "This endpoint requires a valid Bearer token",
            lambda _: Attempt("GET", "/user")),
    Refusal("anon key as the user", 403, "bad_jwt", "invalid claim: missing sub claim",
            lambda auth: Attempt("GET", "/user", token=auth.keys.anon_jwt)),
    Refusal("session logged out", 403, "session_not_found",
            "Session from session_id claim in JWT does not exist",
            _after_logout),
    Refusal("user deleted", 403, "user_not_found", "User from sub claim in JWT does not exist",
            lambda auth: _after(auth, "DELETE")),
    Refusal("user banned", 403, "user_banned", "User is banned",
            lambda auth: _after(auth, "PUT", {"ban_duration": "1h"})),
    Refusal("admin without token", 401, "no_authorization", "This endpoint requires a valid Bearer token",
            lambda _: Attempt("GET", "/admin/users")),
    Refusal("admin as a user", 403, "not_admin", "User not allowed",
            lambda auth: _as_user(auth, "GET", "/admin/users")),
    Refusal("admin as anon", 403, "not_admin", "User not allowed",
            lambda auth: Attempt("POST", "/admin/users", {"email": new_address()}, auth.keys.anon_jwt)),
    Refusal("admin: unknown user", 404, "user_not_found", "User not found",
            lambda auth: _admin(auth, "GET", f"/{uuid4()}")),
    Refusal("admin: no UUID", 404, "validation_failed", "user_id must be an UUID",
            lambda auth: _admin(auth, "DELETE", "/someone")),
    Refusal("admin: duplicate address", 422, "email_exists",
            "A user with this email address has already been registered",
            lambda auth: _admin(auth, "POST", "", {"email": _created(auth)})),
    Refusal("admin: duplicate phone", 422, "phone_exists", "Phone number already registered by another user",
            lambda auth: _admin(auth, "POST", "", {"phone": _phone_taken(auth)})),
    Refusal("admin: no address", 400, "validation_failed",
            "Cannot create a user without either an email or phone",
            lambda auth: _admin(auth, "POST", "", {})),
    Refusal("admin: bad phone", 400, "validation_failed", "Invalid phone number format (E.164 required)",
            lambda auth: _admin(auth, "POST", "", {"phone": "0123"})),
    Refusal("admin: password and hash", 400, "validation_failed",
            "Only a password or a password hash should be provided",
            lambda auth: _admin(auth, "POST", "", {"phone": "1555", "password": "x", "password_hash": "y"})),
    Refusal("admin: password over 72 bytes", 400, "validation_failed",
            "bcrypt: password length exceeds 72 bytes",
            lambda auth: _admin(auth, "POST", "", {"email": new_address(), "password": "x" * 73})),
    Refusal("admin: id no UUID", 400, "validation_failed", "ID must conform to the uuid v4 format",
            lambda auth: _admin(auth, "POST", "", {"email": new_address(), "id": "me"})),
    Refusal("admin: odd ban", 400, "validation_failed",
            'invalid format for ban duration: time: invalid duration "a while"',
            lambda auth: _admin(auth, "POST", "", {"email": new_address(), "ban_duration": "a while"})),
    Refusal("admin: weak password on change", 422, "weak_password",
            "Password should be at least 6 characters.",
            lambda auth: _admin(auth, "PUT", f"/{auth.create(new_address())['id']}", {"password": "short"})),
    Refusal("admin: page size zero", 400, "validation_failed",
            "Bad Pagination Parameters: per_page must be greater than 0",
            lambda auth: _admin(auth, "GET", "?per_page=0")),
    Refusal("refresh token unknown", 400, "refresh_token_not_found",
            "Invalid Refresh Token: Refresh Token Not Found",
            lambda _: Attempt("POST", "/token?grant_type=refresh_token", {"refresh_token": "abcdefghijkl"})),
    Refusal("refresh when banned", 400, "user_banned",
            "Invalid Refresh Token: User Banned", _refresh_when_banned),
    Refusal("session past its end", 400, "session_expired", "Invalid Refresh Token: Session Expired",
            _refresh_past_the_end),
    Refusal("same password", 422, "same_password", "New password should be different from the old password.",
            lambda auth: _as_user(auth, "PUT", "/user", {"password": PASSWORD})),
    Refusal("weak new password", 422, "weak_password", "Password should be at least 6 characters.",
            lambda auth: _as_user(auth, "PUT", "/user", {"password": "short"})),
    Refusal("own app_metadata", 403, "not_admin", "Updating app_metadata requires admin privileges",
            lambda auth: _as_user(auth, "PUT", "/user", {"app_metadata": {"org_id": "theirs"}})),
    Refusal("new address taken", 422, "email_exists",
            "A user with this email address has already been registered",
            _mine_taken),
    Refusal("unknown logout scope", 400, "validation_failed", 'Unsupported logout scope "everyone"',
            lambda auth: _as_user(auth, "POST", "/logout?scope=everyone")),
    Refusal("asked to confirm twice at once", 429, "over_email_send_rate_limit", None,
            lambda auth: _sign_up(email=auth.sign_up(new_address())["email"]), CONFIRMING),
]  # fmt: skip


def _phone_taken(auth: Auth) -> str:
    number = f"1555{uuid4().int % 10_000_000:07d}"
    assert auth.admin("POST", "", {"phone": f"+{number}"}).status_code == 200
    return number


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.situation)
def test_refusal_in_both_shapes(refusal: Refusal, auth_projects: Mapping[str, Auth]) -> None:
    """Status, code and text, with and without X-Supabase-Api-Version."""
    auth = auth_projects[refusal.project]
    attempt = refusal.attempt(auth)
    bearer = {"Authorization": f"Bearer {attempt.token}"} if attempt.token else {}

    dated = auth.send(attempt.method, attempt.path, attempt.body, {**bearer, **API_VERSION})
    body = dated.json()
    assert (dated.status_code, body.pop("code")) == (refusal.status, refusal.code)
    _assert_rest(refusal, body, text_field="message")
    assert dated.headers["x-supabase-api-version"] == "2024-01-01"
    assert dated.headers["x-sb-error-code"] == refusal.code

    plain = auth.send(attempt.method, attempt.path, attempt.body, bearer)
    body = plain.json()
    assert (plain.status_code, body.pop("code")) == (refusal.status, refusal.status)
    assert body.pop("error_code") == refusal.code
    assert bool(body.pop("error_id", None)) == (refusal.status >= 500)
    _assert_rest(refusal, body, text_field="msg")
    assert "x-supabase-api-version" not in plain.headers
    assert plain.headers["x-sb-error-code"] == refusal.code


def _assert_rest(refusal: Refusal, body: dict[str, Any], *, text_field: str) -> None:
    text = body.pop(text_field)
    assert text == refusal.text if refusal.text else text
    assert body.pop("weak_password", None) == ({"reasons": ["length"]} if refusal.code == "weak_password" else None)
    assert body == {}


def test_a_missing_refresh_token_keeps_the_oauth_shape(plain: Auth) -> None:
    """RFC 6749's shape, whatever the API version."""
    for headers in ({}, API_VERSION):
        response = plain.send("POST", "/token?grant_type=refresh_token", {}, headers)
        assert response.status_code == 400
        expected = {"error": "invalid_request", "error_description": "refresh_token required"}
        assert response.json() == expected


@pytest.mark.parametrize("version", ["2023-12-31", "yesterday", ""])
def test_an_older_or_odd_version_gets_the_first_shape(plain: Auth, version: str) -> None:
    """Only versions from 2024-01-01 on change the shape, and only those are echoed."""
    response = plain.send("GET", "/user", None, {"X-Supabase-Api-Version": version})
    assert response.json()["error_code"] == "no_authorization"
    assert "x-supabase-api-version" not in response.headers


def test_broken_json_is_refused_without_quoting_it(plain: Auth) -> None:
    """The body may hold a password, so no part of it comes back."""
    response = plain.call("POST", "/signup", {"email": new_address(), "password": ["hunter2hunter2"]})
    assert response.status_code == 400
    assert "hunter2" not in response.text


def test_unknown_paths_and_methods(plain: Auth) -> None:
    """chi's own answers."""
    assert plain.call("GET", "/nowhere").status_code == 404
    assert plain.call("PATCH", "/user").status_code == 405
