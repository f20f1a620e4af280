"""The user endpoints and the admin endpoints, beyond their refusals."""

from uuid import UUID, uuid4

import httpx
import pytest

from tests.auth_support import PASSWORD, Auth, Json, new_address

pytest_plugins = ("tests.auth_support",)


def _bearer_of(auth: Auth, email: str) -> str:
    token: str = auth.sign_in(email)["access_token"]
    return token


def _login(auth: Auth, email: str) -> httpx.Response:
    return auth.call("POST", "/token?grant_type=password", {"email": email, "password": PASSWORD})


def _only(response: httpx.Response) -> Json:
    assert response.status_code == 200, response.text
    body: Json = response.json()
    return body


def test_the_user_object_is_gotrues(plain: Auth) -> None:
    """Its keys, in a sign-up and in GET /user; an identity's id is the user's, its row's id another."""
    session = plain.sign_up(new_address())
    user = _only(plain.call("GET", "/user", token=session["access_token"]))
    assert user == session["user"]
    assert list(user) == [
        "id", "aud", "role", "email", "phone", "email_confirmed_at", "confirmed_at", "last_sign_in_at",
        "app_metadata", "user_metadata", "identities", "created_at", "updated_at", "is_anonymous",
    ]  # fmt: skip
    (identity,) = user["identities"]
    assert list(identity) == [
        "identity_id", "id", "user_id", "identity_data", "provider", "last_sign_in_at", "created_at",
        "updated_at", "email",
    ]  # fmt: skip
    assert identity["id"] == identity["user_id"] == user["id"] != identity["identity_id"]
    assert user["created_at"].endswith("Z")


def test_a_user_changes_only_their_own_metadata(plain: Auth) -> None:
    """Merged key by key; null deletes; app_metadata stays the project's."""
    email = new_address()
    plain.create(email, user_metadata={"name": "Zoë", "old": 1, "unset": None}, app_metadata={"org_id": "o-1"})
    token = _bearer_of(plain, email)
    user = _only(plain.call("PUT", "/user", {"data": {"old": None, "new": {"deep": None}}}, token=token))
    assert user["user_metadata"] == {
        "name": "Zoë",
        "unset": None,
        "email_verified": True,
        "new": {"deep": None},
    }
    assert user["app_metadata"]["org_id"] == "o-1"
    refused = plain.call("PUT", "/user", {"data": {"x": 1}, "app_metadata": {"org_id": "o-2"}}, token=token)
    assert refused.status_code == 403
    assert _only(plain.call("GET", "/user", token=token)) == user


def test_a_new_address_waits_for_its_confirmation(plain: Auth) -> None:
    """Autoconfirm covers sign-up only: the old address goes on signing in, the new one is pending."""
    email, wanted = new_address(), new_address()
    plain.create(email)
    user = _only(plain.call("PUT", "/user", {"email": wanted.upper()}, token=_bearer_of(plain, email)))
    assert (user["email"], user["new_email"]) == (email, wanted)
    assert user["email_change_sent_at"]
    assert _login(plain, email).status_code == 200
    assert _login(plain, wanted).json()["code"] == "invalid_credentials"


def test_an_admin_changes_an_address_at_once(plain: Auth) -> None:
    """User and identity move together."""
    email, wanted = new_address(), new_address()
    user_id = plain.create(email)["id"]
    user = _only(plain.admin("PUT", f"/{user_id}", {"email": wanted, "email_confirm": True}))
    assert user["email"] == user["identities"][0]["email"] == wanted
    assert user["identities"][0]["identity_data"]["email_verified"] is True
    assert _login(plain, wanted).status_code == 200


def test_an_admin_merges_metadata(plain: Auth) -> None:
    """PUT keeps what it does not name and deletes what it sets to null."""
    user_id = plain.create(new_address(), user_metadata={"a": 1, "b": 2}, app_metadata={"c": 3, "d": 4})["id"]
    changes = {"user_metadata": {"b": None, "e": 5}, "app_metadata": {"d": None, "f": 6}}
    user = _only(plain.admin("PUT", f"/{user_id}", changes))
    assert user["user_metadata"] == {"a": 1, "e": 5, "email_verified": True}
    assert user["app_metadata"] == {"provider": "email", "providers": ["email"], "c": 3, "f": 6}


def test_an_admin_password_ends_every_session(plain: Auth) -> None:
    """The user signs in anew, with the new password."""
    email = new_address()
    session = plain.sign_up(email)
    _only(plain.admin("PUT", f"/{session['user']['id']}", {"password": "another horse"}))
    assert plain.call("GET", "/user", token=session["access_token"]).json()["code"] == "session_not_found"
    plain.sign_in(email, "another horse")


def test_a_ban_is_lifted(plain: Auth) -> None:
    """`ban_duration` takes Go durations, and `none` ends the ban."""
    email = new_address()
    user_id = plain.create(email, ban_duration="1h30m")["id"]
    assert _login(plain, email).json()["code"] == "user_banned"
    assert "banned_until" not in _only(plain.admin("PUT", f"/{user_id}", {"ban_duration": "none"}))
    assert _login(plain, email).status_code == 200


def test_admin_creation_takes_id_role_hash_and_phone(plain: Auth) -> None:
    """The less common attributes."""
    hashed = plain.rows("select encrypted_password from auth.users where id = %s", [plain.create(new_address())["id"]])
    email, chosen = new_address(), "7d6f1c8e-5c0a-4f0e-9f57-0d2b6c9d1a11"
    plain.execute("delete from auth.users where id = %s", [chosen])
    number = f"1555{int(chosen[:6], 16) % 10_000_000:07d}"
    body = {"email": email, "phone": f"+{number}", "phone_confirm": True, "email_confirm": True, "id": chosen,
            "role": "receptionist", "password_hash": hashed[0]["encrypted_password"]}  # fmt: skip
    user = _only(plain.admin("POST", "", body))
    assert (user["id"], user["role"], user["phone"]) == (chosen, "receptionist", number)
    assert user["app_metadata"] == {"provider": "email", "providers": ["email", "phone"]}
    assert {identity["provider"] for identity in user["identities"]} == {"email", "phone"}
    assert _login(plain, email).status_code == 200


def test_admin_creation_without_a_password_or_confirmation(plain: Auth) -> None:
    """A random password, and no login before the address is confirmed."""
    email = new_address()
    user = _only(plain.admin("POST", "", {"email": email}))
    assert "email_confirmed_at" not in user
    assert _login(plain, email).json()["code"] == "invalid_credentials"
    rows = plain.rows("select length(encrypted_password) as length from auth.users where email = %s", [email])
    assert rows == [{"length": 60}]


def test_listing_is_paged_newest_first(plain: Auth) -> None:
    """`page` and `per_page`, empty as supabase-py sends them, with the total and links."""
    made = [plain.create(new_address())["id"] for _ in range(3)]
    first = plain.admin("GET", "?page=1&per_page=2")
    assert [user["id"] for user in first.json()["users"]] == [made[2], made[1]]
    assert first.json()["aud"] == "authenticated"
    assert first.json()["users"][0]["identities"] is None
    total = int(first.headers["x-total-count"])
    assert total == plain.rows("select count(*) from auth.users where aud = 'authenticated'")[0]["count"]
    last = -(-total // 2)
    next_link = '</admin/users?page=2&per_page=2>; rel="next"'
    assert first.headers["link"] == f'{next_link}, </admin/users?page={last}&per_page=2>; rel="last"'
    second = plain.admin("GET", "?page=2&per_page=2").json()["users"]
    assert second[0]["id"] == made[0]
    assert len(plain.admin("GET", "?page=&per_page=").json()["users"]) == min(total, 50)


@pytest.mark.parametrize("body", [None, {"should_soft_delete": False}])
def test_deletion_takes_everything(plain: Auth, body: Json | None) -> None:
    """`{}`; identities, sessions and tokens go with the user, and the address is free again."""
    email = new_address()
    user_id = plain.sign_up(email)["user"]["id"]
    assert _only(plain.admin("DELETE", f"/{user_id}", body)) == {}
    for table in ("identities", "sessions", "refresh_tokens"):
        assert plain.rows(f"select 1 from auth.{table} where user_id::text = %s", [user_id]) == []
    assert plain.sign_up(email)["user"]["id"] != user_id


def test_soft_deletion_empties_the_user(plain: Auth) -> None:
    """The row stays without address, password, metadata or session; the address is free again."""
    email = new_address()
    session = plain.sign_up(email, data={"name": "Zoë"})
    user_id = session["user"]["id"]
    for _ in range(2):
        assert _only(plain.admin("DELETE", f"/{user_id}", {"should_soft_delete": True})) == {}
    user = _only(plain.admin("GET", f"/{user_id}"))
    assert user["deleted_at"]
    assert (user["user_metadata"], user["app_metadata"]) == ({}, {})
    assert email not in str(user)
    assert "Zoë" not in str(user)
    assert plain.call("GET", "/user", token=session["access_token"]).json()["code"] == "session_not_found"
    assert _login(plain, email).json()["code"] == "invalid_credentials"
    assert plain.sign_up(email)["user"]["id"] != user_id


def test_a_foreign_key_without_cascade_blocks_deletion(plain: Auth) -> None:
    """500, and the user is still there."""
    user_id = plain.create(new_address())["id"]
    plain.execute("set role postgres; create table public.held (user_id uuid references auth.users (id))")
    try:
        plain.execute("insert into public.held values (%s)", [user_id])
        response = plain.admin("DELETE", f"/{user_id}")
    finally:
        plain.execute("drop table public.held")
    expected = {"code": "unexpected_failure", "message": "Database error deleting user"}
    assert (response.status_code, response.json()) == (500, expected)
    assert plain.admin("GET", f"/{user_id}").status_code == 200


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
@pytest.mark.parametrize("table", ["users", "identities", "sessions", "refresh_tokens"])
def test_api_roles_cannot_reach_the_tables(plain: Auth, role: str, table: str) -> None:
    """Not by a grant; and row security is on should one ever be given."""
    rows = plain.rows(
        """select has_table_privilege(%s, c.oid, 'select, insert, update, delete') as reachable,
                  c.relrowsecurity as secured,
                  has_table_privilege('postgres', c.oid, 'trigger') as for_migrations
           from pg_class c where c.oid = %s::regclass""",
        [role, f"auth.{table}"],
    )
    assert rows == [{"reachable": False, "secured": True, "for_migrations": True}]


def test_a_row_seeded_without_empty_texts_breaks_login_and_listing(plain: Auth) -> None:
    """NULL in a token column, as hand-written seeds leave it, is GoTrue's well-known 500."""
    email, user_id = new_address(), str(uuid4())
    plain.execute(
        """insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at)
           values (%s, %s, 'authenticated', 'authenticated', %s, 'x', now())""",
        [str(UUID(int=0)), user_id, email],
    )
    try:
        answers = [_login(plain, email), plain.admin("GET"), plain.admin("GET", f"/{user_id}")]
    finally:
        plain.execute("delete from auth.users where id = %s", [user_id])
    assert [(answer.status_code, answer.json()["message"]) for answer in answers] == [
        (500, "Database error querying schema"),
        (500, "Database error finding users"),
        (500, "Database error loading user"),
    ]
