"""Sign-up: what it writes, what a failing trigger leaves, the wait for a confirmation, many at once."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jwt

from tests.auth_support import PASSWORD, Auth, new_address

pytest_plugins = ("tests.auth_support",)

WithTrigger = Callable[[str, str], None]


def test_sign_up_writes_user_identity_session_and_token(plain: Auth) -> None:
    """The rows behind one sign-up, in GoTrue's form."""
    email = new_address()
    session = plain.sign_up(email.upper(), data={"name": "Zoë", "email_verified": "forged", "sub": "forged"})
    user_id = session["user"]["id"]
    (user,) = plain.rows("select * from auth.users where email = %s", [email])
    assert str(user["id"]) == user_id
    assert (user["aud"], user["role"], user["is_super_admin"]) == ("authenticated", "authenticated", None)
    assert user["encrypted_password"].startswith("$2a$04$")
    assert user["confirmed_at"] == user["email_confirmed_at"]
    claims = {"sub": user_id, "email": email, "phone_verified": False, "name": "Zoë"}
    assert user["raw_user_meta_data"] == {**claims, "email_verified": True}
    (identity,) = plain.rows("select * from auth.identities where user_id = %s", [user_id])
    assert (identity["provider"], identity["provider_id"], identity["email"]) == ("email", user_id, email)
    assert identity["identity_data"] == {**claims, "email_verified": False}
    (held,) = plain.rows("select * from auth.sessions where user_id = %s", [user_id])
    assert (held["aal"], str(held["ip"])) == ("aal1", "127.0.0.1")
    (token,) = plain.rows("select * from auth.refresh_tokens where session_id = %s", [held["id"]])
    assert (token["token"], token["revoked"], token["user_id"]) == (session["refresh_token"], False, user_id)


def test_a_trigger_sees_the_new_row_and_may_change_it(plain: Auth, user_trigger: WithTrigger) -> None:
    """What a project's trigger writes to app_metadata is in the first token."""
    user_trigger(
        "after insert",
        """update auth.users set raw_app_meta_data = raw_app_meta_data
             || jsonb_build_object('org_name', new.raw_user_meta_data->>'org_name',
                                   'confirmed', new.email_confirmed_at is not null) where id = new.id;
           return new;""",
    )
    session = plain.sign_up(new_address(), data={"org_name": "Harbour Dental"})
    expected = {"provider": "email", "providers": ["email"], "org_name": "Harbour Dental", "confirmed": False}
    assert session["user"]["app_metadata"] == expected
    claims = jwt.decode(session["access_token"], options={"verify_signature": False})
    assert claims["app_metadata"] == expected


def test_a_trigger_on_confirmation_fires_on_sign_up(plain: Auth, user_trigger: WithTrigger) -> None:
    """The row is inserted unconfirmed and then updated, so `after update` sees the confirmation."""
    user_trigger(
        "after update of email_confirmed_at",
        """if old.confirmed_at is null and new.confirmed_at is not null then
             update auth.users set raw_app_meta_data = raw_app_meta_data || '{"welcomed": true}'
             where id = new.id;
           end if; return new;""",
    )
    user_id = plain.sign_up(new_address())["user"]["id"]
    assert plain.admin("GET", f"/{user_id}").json()["app_metadata"]["welcomed"] is True


def test_a_failing_trigger_leaves_nothing(plain: Auth, user_trigger: WithTrigger) -> None:
    """500 with GoTrue's text, and not a row in any of the four tables."""
    user_trigger("after insert", "raise exception 'no clinic for you';")
    email = new_address()
    tables = ["users", "identities", "sessions", "refresh_tokens"]
    before = [plain.rows(f"select count(*) from auth.{table}") for table in tables]
    response = plain.call("POST", "/signup", {"email": email, "password": PASSWORD})
    assert response.status_code == 500
    assert response.json() == {"code": "unexpected_failure", "message": "Database error saving new user"}
    assert [plain.rows(f"select count(*) from auth.{table}") for table in tables] == before


def test_a_trigger_that_fails_late_leaves_nothing(plain: Auth, user_trigger: WithTrigger) -> None:
    """Also when the insert passed and the confirmation failed."""
    user_trigger("before update of email_confirmed_at", "raise exception 'not today';")
    email = new_address()
    response = plain.call("POST", "/signup", {"email": email, "password": PASSWORD})
    assert response.json() == {"code": "unexpected_failure", "message": "Database error updating user"}
    assert plain.rows("select 1 from auth.users where email = %s", [email]) == []
    assert plain.rows("select 1 from auth.identities where email = %s", [email]) == []


def test_a_swallowed_row_is_an_error(plain: Auth, user_trigger: WithTrigger) -> None:
    """A BEFORE trigger that returns null keeps the row out; that is no success."""
    user_trigger("before insert", "return null;")
    response = plain.call("POST", "/signup", {"email": new_address(), "password": PASSWORD})
    assert (response.status_code, response.json()["message"]) == (500, "Database error saving new user")


def test_a_failing_trigger_fails_admin_creation_too(plain: Auth, user_trigger: WithTrigger) -> None:
    """With the admin endpoint's own text."""
    user_trigger("after insert", "raise exception 'no clinic for you';")
    email = new_address()
    response = plain.admin("POST", "", {"email": email})
    assert (response.status_code, response.json()["message"]) == (500, "Database error creating new user")
    assert plain.rows("select 1 from auth.users where email = %s", [email]) == []


def test_sign_up_over_an_unconfirmed_user_confirms_that_user(plain: Auth) -> None:
    """Under autoconfirm GoTrue signs such a caller in; the first password and metadata stay."""
    email = new_address()
    first = plain.create(email, email_confirm=False, user_metadata={"name": "Zoë"})
    session = plain.sign_up(email, password="another horse", data={"name": "Mallory"})
    assert session["user"]["id"] == first["id"]
    assert session["user"]["user_metadata"] == {"name": "Zoë", "email_verified": True}
    plain.sign_in(email)


def test_without_autoconfirm_the_user_waits(confirming: Auth) -> None:
    """A bare user, no session; the login says why."""
    email = new_address()
    user = confirming.sign_up(email, data={"name": "Zoë"})
    assert "access_token" not in user
    assert user["confirmation_sent_at"]
    assert "email_confirmed_at" not in user
    assert user["user_metadata"]["email_verified"] is False
    assert len(user["identities"]) == 1
    (row,) = confirming.rows("select confirmation_token from auth.users where email = %s", [email])
    assert len(row["confirmation_token"]) == 56
    refused = confirming.call("POST", "/token?grant_type=password", {"email": email, "password": PASSWORD})
    assert refused.json() == {"code": "email_not_confirmed", "message": "Email not confirmed"}


def test_without_autoconfirm_a_known_address_is_not_given_away(confirming: Auth) -> None:
    """An invented user: another id, no identities; the real one is untouched."""
    email = new_address()
    real = confirming.create(email)
    before = confirming.rows("select * from auth.users where email = %s", [email])
    invented = confirming.sign_up(email, password="another horse", data={"name": "Mallory"})
    assert invented["id"] != real["id"]
    assert invented["identities"] == []
    assert invented["user_metadata"] == {"name": "Mallory"}
    assert set(invented) == set(confirming.sign_up(new_address()))
    assert confirming.rows("select * from auth.users where email = %s", [email]) == before


def test_without_autoconfirm_an_unconfirmed_address_may_ask_again(confirming: Auth) -> None:
    """After the interval the same user is asked again; password and metadata stay the first one's."""
    email = new_address()
    first = confirming.sign_up(email)
    confirming.execute(
        """update auth.users set confirmation_sent_at = confirmation_sent_at - interval '61 s'
           where email = %s""",
        [email],
    )
    again = confirming.sign_up(email, password="another horse", data={"name": "Mallory"})
    assert again["id"] == first["id"]
    assert again["user_metadata"] == first["user_metadata"]
    assert again["confirmation_sent_at"] > first["confirmation_sent_at"]


def test_twenty_sign_ups_at_once(plain: Auth) -> None:
    """Twenty callers, twenty users, each with one identity and one session of their own."""
    addresses = [new_address() for _ in range(20)]
    with ThreadPoolExecutor(20) as callers:
        sessions = list(callers.map(plain.sign_up, addresses))
    assert [session["user"]["email"] for session in sessions] == addresses
    assert len({session["refresh_token"] for session in sessions}) == 20
    counts = plain.rows(
        """select count(distinct u.id) as users, count(distinct i.id) as identities,
                  count(distinct s.id) as sessions
           from auth.users u
           join auth.identities i on i.user_id = u.id
           join auth.sessions s on s.user_id = u.id
           where u.email = any(%s)""",
        [addresses],
    )
    assert counts == [{"users": 20, "identities": 20, "sessions": 20}]


def test_twenty_sign_ups_of_one_address(plain: Auth) -> None:
    """One wins. The others are told so, or get GoTrue's 500 if they lost inside the insert."""
    email = new_address()
    body = {"email": email, "password": PASSWORD}
    with ThreadPoolExecutor(20) as callers:
        answers = list(callers.map(lambda _: plain.call("POST", "/signup", body), range(20)))
    refusals = [answer.json() for answer in answers if answer.status_code != 200]
    assert len(refusals) == 19
    allowed = [
        {"code": "user_already_exists", "message": "User already registered"},
        {"code": "unexpected_failure", "message": "Database error saving new user"},
    ]
    assert [refusal for refusal in refusals if refusal not in allowed] == []
    assert plain.rows("select count(*) from auth.users where email = %s", [email]) == [{"count": 1}]
    assert plain.rows("select count(*) from auth.identities where email = %s", [email]) == [{"count": 1}]


def test_hashing_does_not_hold_up_others(slow: Auth) -> None:
    """While one password is hashed, no other request waits for it."""
    waits: list[float] = []
    with ThreadPoolExecutor(1) as caller:
        began = time.perf_counter()
        signing_up = caller.submit(slow.sign_up, new_address())
        while not signing_up.done():
            asked = time.perf_counter()
            assert slow.call("GET", "/health").status_code == 200
            waits.append(time.perf_counter() - asked)
        signing_up.result()
        took = time.perf_counter() - began
    assert max(waits) < took / 2


def test_health_and_settings(plain: Auth, closed: Auth) -> None:
    """What the service says of itself."""
    assert plain.call("GET", "/health").json()["name"] == "GoTrue"
    settings = plain.call("GET", "/settings").json()
    assert (settings["disable_signup"], settings["mailer_autoconfirm"]) == (False, True)
    assert [name for name, on in settings["external"].items() if on] == ["email"]
    assert closed.call("GET", "/settings").json()["disable_signup"] is True
