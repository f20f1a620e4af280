"""Rotation of refresh tokens, their reuse, and the end of a session."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.auth_support import PASSWORD, Auth, Json, new_address

pytest_plugins = ("tests.auth_support",)


def _refreshed(auth: Auth, token: str) -> Json:
    response = auth.refresh(token)
    assert response.status_code == 200, response.text
    session: Json = response.json()
    return session


def _age(auth: Auth, token: str, seconds: int) -> None:
    auth.execute(
        "update auth.refresh_tokens set updated_at = updated_at - make_interval(secs => %s) where token = %s",
        [seconds, token],
    )


def _revoked(auth: Auth, tokens: Sequence[str]) -> list[bool]:
    rows = auth.rows("select token, revoked from auth.refresh_tokens where token = any(%s)", [list(tokens)])
    states = {row["token"]: row["revoked"] for row in rows}
    return [states[token] for token in tokens]


def test_a_refresh_replaces_both_tokens_and_keeps_the_session(plain: Auth) -> None:
    """The old token is revoked, the new one names it as parent, the session notes the refresh."""
    first = plain.sign_up(new_address())
    second = _refreshed(plain, first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    assert "weak_password" not in second
    assert _revoked(plain, [first["refresh_token"], second["refresh_token"]]) == [True, False]
    (row,) = plain.rows(
        """select t.parent, s.refreshed_at
           from auth.refresh_tokens t join auth.sessions s on s.id = t.session_id where t.token = %s""",
        [second["refresh_token"]],
    )
    assert row["parent"] == first["refresh_token"]
    assert row["refreshed_at"] is not None


def test_a_refreshed_token_keeps_the_time_of_the_password(plain: Auth) -> None:
    """amr tells when the user signed in, however old the session is."""
    session = plain.sign_up(new_address())
    plain.execute(
        "update auth.sessions set created_at = created_at - interval '1 day' where user_id = %s",
        [session["user"]["id"]],
    )
    claims = plain.client().auth.get_claims(_refreshed(plain, session["refresh_token"])["access_token"])
    assert claims is not None
    assert claims["claims"]["iat"] - claims["claims"]["amr"][0]["timestamp"] >= 24 * 3600


def test_the_parent_of_the_active_token_gives_the_active_token_again(plain: Auth) -> None:
    """The client lost the answer: it gets the same token, even long after the reuse interval."""
    first = plain.sign_up(new_address())["refresh_token"]
    second = _refreshed(plain, first)["refresh_token"]
    assert _refreshed(plain, first)["refresh_token"] == second
    _age(plain, first, 3600)
    assert _refreshed(plain, first)["refresh_token"] == second
    assert _revoked(plain, [first, second]) == [True, False]


def test_an_older_token_within_the_interval_is_forgiven(plain: Auth) -> None:
    """Ten seconds of grace for tabs that refresh at once."""
    first = plain.sign_up(new_address())["refresh_token"]
    second = _refreshed(plain, first)["refresh_token"]
    third = _refreshed(plain, second)["refresh_token"]
    fourth = _refreshed(plain, first)["refresh_token"]
    assert len({first, second, third, fourth}) == 4
    assert _revoked(plain, [third, fourth]) == [False, False]


def test_an_older_token_after_the_interval_ends_the_family(plain: Auth) -> None:
    """Reuse is taken for theft: every token of the session is revoked, the newest too."""
    session = plain.sign_up(new_address())
    first = session["refresh_token"]
    second = _refreshed(plain, first)["refresh_token"]
    third = _refreshed(plain, second)["refresh_token"]
    _age(plain, first, 11)
    reused = plain.refresh(first)
    assert (reused.status_code, reused.json()["code"]) == (400, "refresh_token_already_used")
    assert reused.json()["message"] == "Invalid Refresh Token: Already Used"
    assert reused.headers["sb-auth-user-id"] == session["user"]["id"]
    assert _revoked(plain, [first, second, third]) == [True, True, True]
    _age(plain, third, 11)
    assert plain.refresh(third).json()["code"] == "refresh_token_already_used"


def test_reuse_in_one_session_leaves_the_others(plain: Auth) -> None:
    """The family is one session's."""
    email = new_address()
    first = plain.sign_up(email)["refresh_token"]
    elsewhere = plain.sign_in(email)["refresh_token"]
    third = _refreshed(plain, _refreshed(plain, first)["refresh_token"])["refresh_token"]
    _age(plain, first, 11)
    assert plain.refresh(first).status_code == 400
    assert _revoked(plain, [third, elsewhere]) == [True, False]
    _refreshed(plain, elsewhere)


def test_many_refreshes_at_once_agree_on_one_token(plain: Auth) -> None:
    """Twenty tabs with the same token: all succeed, and one new token stands."""
    session = plain.sign_up(new_address())
    with ThreadPoolExecutor(20) as tabs:
        answers = list(tabs.map(plain.refresh, [session["refresh_token"]] * 20))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert plain.rows("select count(*) from auth.refresh_tokens where user_id = %s", [session["user"]["id"]]) == [
        {"count": 2}
    ]


@pytest.mark.parametrize(
    ("scope", "survivors"),
    [("global", []), ("", []), ("local", ["other"]), ("others", ["own"])],
)
def test_logout_ends_the_sessions_of_its_scope(plain: Auth, scope: str, survivors: list[str]) -> None:
    """204; a dead session refuses its refresh token and its access token."""
    email = new_address()
    sessions = {"own": plain.sign_up(email), "other": plain.sign_in(email)}
    path = f"/logout?scope={scope}" if scope else "/logout"
    response = plain.call("POST", path, token=sessions["own"]["access_token"])
    assert (response.status_code, response.content) == (204, b"")
    for name, session in sessions.items():
        shown = plain.call("GET", "/user", token=session["access_token"])
        refreshed = plain.refresh(session["refresh_token"])
        if name in survivors:
            assert (shown.status_code, refreshed.status_code) == (200, 200)
        else:
            assert _problem(shown) == (403, "session_not_found")
            assert _problem(refreshed) == (400, "refresh_token_not_found")


def test_a_new_password_ends_the_other_sessions(plain: Auth) -> None:
    """The session that changed it goes on, the others do not, and the old password is dead."""
    email = new_address()
    own = plain.sign_up(email)
    other = plain.sign_in(email)
    changed = plain.call("PUT", "/user", {"password": "another horse"}, token=own["access_token"])
    assert changed.status_code == 200
    assert plain.call("GET", "/user", token=own["access_token"]).status_code == 200
    assert _problem(plain.call("GET", "/user", token=other["access_token"])) == (403, "session_not_found")
    old = plain.call("POST", "/token?grant_type=password", {"email": email, "password": PASSWORD})
    assert _problem(old) == (400, "invalid_credentials")
    plain.sign_in(email, "another horse")


def _problem(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]
