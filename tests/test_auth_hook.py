"""The custom access token hook: what it is given, what it may return, how its failures look."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import jwt
import pytest

from tests.auth_support import PASSWORD, Auth, Json, new_address

pytest_plugins = ("tests.auth_support",)

WithHook = Callable[[str], Auth]

ADDS_ORG = "return jsonb_set(event, '{claims,org_id}', '\"org-7\"');"
SHOWS_EVENT = "return jsonb_build_object('claims', event->'claims' || jsonb_build_object('seen', event));"


def _claims(session: Json) -> Json:
    claims: Json = jwt.decode(session["access_token"], options={"verify_signature": False})
    return claims


def _without(claim: str) -> str:
    return f"return event #- '{{claims,{claim}}}';"


def test_a_claim_reaches_the_token_and_only_the_token(hooked: WithHook) -> None:
    """On sign-up, password and refresh; the user object does not know it."""
    auth = hooked(ADDS_ORG)
    email = new_address()
    signed_up = auth.sign_up(email)
    signed_in = auth.sign_in(email)
    refreshed = auth.refresh(signed_in["refresh_token"]).json()
    for session in (signed_up, signed_in, refreshed):
        assert _claims(session)["org_id"] == "org-7"
        assert "org_id" not in str(session["user"])
    assert auth.call("GET", "/user", token=refreshed["access_token"]).status_code == 200


def test_the_event_is_gotrues(hooked: WithHook) -> None:
    """metadata, user_id, claims as they would have been signed, authentication_method."""
    auth = hooked(SHOWS_EVENT)
    email = new_address()
    signed_up = auth.sign_up(email)
    refreshed = auth.refresh(signed_up["refresh_token"]).json()
    for session, method in ((signed_up, "password"), (refreshed, "token_refresh")):
        claims = _claims(session)
        event = claims.pop("seen")
        assert set(event) == {"metadata", "user_id", "claims", "authentication_method"}
        assert event["claims"] == claims
        assert event["user_id"] == session["user"]["id"]
        assert event["authentication_method"] == method
        metadata = event["metadata"]
        assert set(metadata) == {"uuid", "time", "name", "ip_address"}
        assert metadata["name"] == "customize-access-token"
        assert metadata["ip_address"] == "127.0.0.1"
        assert UUID(metadata["uuid"]).version == 4
        assert datetime.fromisoformat(metadata["time"]).tzinfo is not None


def test_the_hook_sees_the_transaction_it_runs_in(hooked: WithHook) -> None:
    """The session that is being made is there, not yet committed."""
    auth = hooked(
        """return jsonb_set(event, '{claims,sessions}', (
             select to_jsonb(count(*)) from auth.sessions
             where id = (event->'claims'->>'session_id')::uuid));"""
    )
    assert _claims(auth.sign_up(new_address()))["sessions"] == 1


FAILURES: dict[str, tuple[str, int, str, str]] = {
    "its own error": (
        """return '{"error": {"http_code": 403, "message": "No clinic"}}';""", 403, "unknown", "No clinic"),
    "its own error without a status": (
        """return '{"error": {"message": "No clinic"}}';""", 500, "unexpected_failure", "No clinic"),
    "no claims": ("return '{}';", 500, "unexpected_failure", "output claims field is missing"),
    "claims null": (
        """return '{"claims": null}';""", 500, "unexpected_failure",
        "output claims do not conform to the expected schema: \n"
        "- (root): Invalid type. Expected: object, given: null\n"),
    "null": (
        "return null;", 500, "unexpected_failure",
        "output claims do not conform to the expected schema: \n"
        "- (root): Invalid type. Expected: object, given: null\n"),
    "no object": ("return '7';", 500, "unexpected_failure", "Error unmarshaling JSON output."),
    "a required claim dropped": (
        _without("session_id"), 500, "unexpected_failure",
        "output claims do not conform to the expected schema: \n- (root): session_id is required\n"),
    "a claim of the wrong type": (
        "return jsonb_set(event, '{claims,role}', '7');", 500, "unexpected_failure",
        "output claims do not conform to the expected schema: \n"
        "- role: Invalid type. Expected: string, given: integer\n"),
    "an exception": (
        "raise exception 'broken';", 500, "unexpected_failure",
        "Error running hook URI: pg-functions://postgres/public/custom_access_token_hook"),
    "longer than two seconds": (
        "perform pg_sleep(30); return event;", 500, "unexpected_failure",
        "Error running hook URI: pg-functions://postgres/public/custom_access_token_hook"),
}  # fmt: skip


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failing_hook_gives_no_session(hooked: WithHook, failure: str) -> None:
    """The sign-in is refused with the hook's status and text, and leaves neither session nor token."""
    body, status, code, text = FAILURES[failure]
    auth = hooked(body)
    email = new_address()
    user_id = auth.create(email)["id"]
    response = auth.call("POST", "/token?grant_type=password", {"email": email, "password": PASSWORD})
    assert response.status_code == status
    assert response.json() == {"code": code, "message": text}
    assert auth.rows("select 1 from auth.sessions where user_id = %s", [user_id]) == []
    assert auth.rows("select 1 from auth.refresh_tokens where user_id = %s", [user_id]) == []


@pytest.mark.parametrize(
    "claim", ["aud", "exp", "iat", "sub", "email", "phone", "role", "aal", "session_id", "is_anonymous"]
)
def test_every_required_claim_is_required(hooked: WithHook, claim: str) -> None:
    """GoTrue's minimum token."""
    auth = hooked(_without(claim))
    email = new_address()
    auth.create(email)
    response = auth.call("POST", "/token?grant_type=password", {"email": email, "password": PASSWORD})
    assert response.status_code == 500
    assert f"- (root): {claim} is required\n" in response.json()["message"]


@pytest.mark.parametrize("claim", ["amr", "app_metadata", "user_metadata", "iss"])
def test_other_claims_may_go(hooked: WithHook, claim: str) -> None:
    """A slimmer token is allowed."""
    auth = hooked(_without(claim))
    assert claim not in _claims(auth.sign_up(new_address()))


def test_a_failing_hook_on_sign_up_leaves_a_user_who_can_sign_in_later(hooked: WithHook) -> None:
    """GoTrue commits the user before it makes the session: the hook's failure costs the session only."""
    auth = hooked("raise exception 'broken';")
    email = new_address()
    refused = auth.call("POST", "/signup", {"email": email, "password": PASSWORD})
    assert refused.status_code == 500
    (user,) = auth.rows("select id, email_confirmed_at, last_sign_in_at from auth.users where email = %s", [email])
    assert user["email_confirmed_at"] is not None
    assert user["last_sign_in_at"] is None
    assert auth.rows("select 1 from auth.sessions where user_id = %s", [user["id"]]) == []
    hooked(ADDS_ORG)
    assert _claims(auth.sign_in(email))["org_id"] == "org-7"


def test_a_failing_hook_does_not_spend_the_refresh_token(hooked: WithHook) -> None:
    """The refresh is undone with its transaction, so the same token works once the hook does."""
    auth = hooked(ADDS_ORG)
    session = auth.sign_up(new_address())
    hooked("""return '{"error": {"http_code": 403, "message": "No clinic"}}';""")
    assert auth.refresh(session["refresh_token"]).status_code == 403
    hooked(ADDS_ORG)
    refreshed = auth.refresh(session["refresh_token"])
    assert refreshed.status_code == 200
    (active,) = _active_tokens(auth, session["user"]["id"])
    assert active["token"] == refreshed.json()["refresh_token"]


def test_the_old_body_shape_names_the_database_error(hooked: WithHook) -> None:
    """Without an API version GoTrue shows what a function raised, with its SQLSTATE."""
    auth = hooked("raise exception 'no clinic' using hint = 'ask the owner';")
    email = new_address()
    auth.create(email)
    response = auth.send("POST", "/token?grant_type=password", {"email": email, "password": PASSWORD}, {})
    assert response.status_code == 500
    assert response.json() == {"code": "P0001", "message": "no clinic", "hint": "ask the owner"}


def _active_tokens(auth: Auth, user_id: str) -> list[dict[str, Any]]:
    return auth.rows("select token from auth.refresh_tokens where user_id = %s and not revoked", [user_id])
