"""The unmodified supabase client against the Auth service."""

import jwt
import pytest
from supabase_auth.errors import AuthApiError, AuthWeakPasswordError

from tests.auth_support import PASSWORD, Auth, new_address

pytest_plugins = ("tests.auth_support",)


def test_sign_up_gives_a_session_and_the_user(plain: Auth) -> None:
    """Autoconfirm, the CLI's default: the answer is a session, the address is lower-cased and confirmed."""
    email = new_address()
    answer = plain.client().auth.sign_up(
        {"email": email.upper(), "password": PASSWORD, "options": {"data": {"clinic": "Harbour"}}}
    )
    assert answer.session is not None
    assert answer.user is not None
    assert answer.user.email == email
    assert answer.user.email_confirmed_at is not None
    assert answer.user.app_metadata == {"provider": "email", "providers": ["email"]}
    assert answer.user.user_metadata["clinic"] == "Harbour"
    assert [identity.provider for identity in answer.user.identities or []] == ["email"]


def test_sign_in_get_user_and_refresh(plain: Auth) -> None:
    """A password sign-in, the user behind the token, and a refresh that changes both tokens."""
    email = new_address()
    created = plain.create(email)
    client = plain.client()
    signed_in = client.auth.sign_in_with_password({"email": email, "password": PASSWORD})
    assert signed_in.session is not None
    shown = client.auth.get_user()
    assert shown is not None
    assert shown.user.id == created["id"]
    refreshed = client.auth.refresh_session()
    assert refreshed.session is not None
    assert refreshed.session.refresh_token != signed_in.session.refresh_token
    again = client.auth.get_user()
    assert again is not None
    assert again.user.id == created["id"]


def test_get_claims_verifies_against_the_published_keys(plain: Auth) -> None:
    """ES256 with a kid: the client checks the signature itself, with the JWKS."""
    client = plain.client()
    answer = client.auth.sign_up({"email": new_address(), "password": PASSWORD})
    assert answer.user is not None
    assert answer.session is not None
    verified = client.auth.get_claims()
    assert verified is not None
    assert verified["claims"]["sub"] == answer.user.id
    assert verified["headers"]["alg"] == "ES256"
    assert verified["headers"]["kid"] == plain.keys.kid


def test_get_claims_refuses_another_key(plain: Auth) -> None:
    """The same kid with another key's signature is not believed."""
    client = plain.client()
    session = client.auth.sign_up({"email": new_address(), "password": PASSWORD}).session
    assert session is not None
    claims = jwt.decode(session.access_token, options={"verify_signature": False})
    stranger = type(plain.keys).generate()
    forged = jwt.encode(claims, stranger.signing_key, algorithm="ES256", headers={"kid": plain.keys.kid})
    with pytest.raises(Exception, match=r"(?i)signature"):
        client.auth.get_claims(forged)


def test_update_user_and_sign_out(plain: Auth) -> None:
    """The user changes metadata and password; after signing out the old token is refused."""
    email = new_address()
    client = plain.client()
    session = client.auth.sign_up({"email": email, "password": PASSWORD}).session
    assert session is not None
    updated = client.auth.update_user({"password": "another horse", "data": {"colour": "teal"}})
    assert updated.user.user_metadata["colour"] == "teal"
    client.auth.sign_out()
    with pytest.raises(AuthApiError) as refused:
        client.auth.get_user(session.access_token)
    assert (refused.value.status, refused.value.code) == (403, "session_not_found")
    client.auth.sign_in_with_password({"email": email, "password": "another horse"})


def test_wrong_password_and_weak_password_reach_the_caller(plain: Auth) -> None:
    """The client raises its own error classes, with status, code and reasons."""
    email = new_address()
    plain.create(email)
    client = plain.client()
    with pytest.raises(AuthApiError) as refused:
        client.auth.sign_in_with_password({"email": email, "password": "wrong horse"})
    assert (refused.value.status, refused.value.code) == (400, "invalid_credentials")
    with pytest.raises(AuthWeakPasswordError) as weak:
        client.auth.sign_up({"email": new_address(), "password": "short"})
    assert weak.value.reasons == ["length"]


def test_admin_creates_reads_changes_and_deletes(plain: Auth) -> None:
    """The admin calls of the client with the service role's key."""
    admin = plain.client(plain.keys.service_jwt).auth.admin
    email = new_address()
    made = admin.create_user(
        {
            "email": email,
            "password": PASSWORD,
            "email_confirm": True,
            "user_metadata": {"name": "Zoë"},
            "app_metadata": {"org_id": "o-1"},
        }
    )
    assert made.user.app_metadata == {"provider": "email", "providers": ["email"], "org_id": "o-1"}
    assert admin.get_user_by_id(made.user.id).user.email == email
    assert made.user.id in [user.id for user in admin.list_users()]
    changed = admin.update_user_by_id(made.user.id, {"app_metadata": {"org_id": None, "plan": "gold"}})
    assert changed.user.app_metadata == {"provider": "email", "providers": ["email"], "plan": "gold"}
    admin.delete_user(made.user.id)
    with pytest.raises(AuthApiError) as gone:
        admin.get_user_by_id(made.user.id)
    assert (gone.value.status, gone.value.code) == (404, "user_not_found")
    assert plain.rows("select 1 from auth.users where id = %s", [made.user.id]) == []


def test_admin_calls_need_the_service_role(plain: Auth) -> None:
    """With the anon key the same client is refused."""
    with pytest.raises(AuthApiError) as refused:
        plain.client().auth.admin.list_users()
    assert (refused.value.status, refused.value.code) == (403, "not_admin")


def test_sign_up_without_autoconfirm_gives_no_session(confirming: Auth) -> None:
    """A bare user: the client reports no session."""
    answer = confirming.client().auth.sign_up({"email": new_address(), "password": PASSWORD})
    assert answer.session is None
    assert answer.user is not None
    assert answer.user.confirmation_sent_at is not None
