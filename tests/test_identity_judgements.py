"""The judgements of identity that need no system: crowds, refusals by name, and ways in."""

import itertools

import httpx
import pytest

from acceptance.entries import ACCEPTED, BROUGHT, ENTRIES, must_be_turned_away
from acceptance.errors import Inconclusive, PromiseBroken
from acceptance.founders import SignUp, must_have_come_at_once
from acceptance.membership import must_be_refused
from acceptance.people import Member, Refused, refused


def attempt(started: float, ended: float, trouble: str = "") -> SignUp:
    return SignUp(Member("founder", "founder@example.com", "secret"), started, ended, trouble)


def test_a_crowd_at_once_is_accepted() -> None:
    must_have_come_at_once([attempt(0, 2), attempt(1, 3), attempt(1, 4)])


def test_a_queue_proves_nothing() -> None:
    with pytest.raises(Inconclusive):
        must_have_come_at_once([attempt(number, number + 0.5) for number in range(20)])


def test_one_who_could_not_sign_up_breaks_the_promise() -> None:
    with pytest.raises(PromiseBroken, match="1 of 2 could not sign up; first: AuthApiError"):
        must_have_come_at_once([attempt(0, 2), attempt(0, 2, "AuthApiError: Database error")])


@pytest.mark.parametrize(("entry", "brought"), list(itertools.product(ENTRIES, BROUGHT)))
def test_each_way_in_has_its_refusals(entry: str, brought: str) -> None:
    for refusal in ACCEPTED[entry, brought]:
        assert 400 <= refusal.status < 500
        must_be_turned_away(entry, brought, refusal)


@pytest.mark.parametrize(
    "seen",
    [Refused(200, ""), Refused(500, "INTERNAL"), Refused(401, ""), Refused(403, "42501"), Refused(404, "PGRST205")],
    ids=str,
)
@pytest.mark.parametrize(("entry", "brought"), ACCEPTED)
def test_no_other_answer_is_a_refusal(entry: str, brought: str, seen: Refused) -> None:
    with pytest.raises(PromiseBroken):
        must_be_turned_away(entry, brought, seen)


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        (httpx.Response(401, json={"message": "Invalid API key"}), Refused(401, "Invalid API key")),
        (httpx.Response(401, json={"code": "42501", "message": "denied"}), Refused(401, "42501")),
        (httpx.Response(403, json={"code": 403, "error_code": "bad_jwt", "msg": "x"}), Refused(403, "bad_jwt")),
        (httpx.Response(502, text="<html>"), Refused(502, "")),
        (httpx.Response(200, json=[]), Refused(200, "")),
    ],
)
def test_a_refusal_is_read_by_its_name(answer: httpx.Response, read: Refused) -> None:
    assert refused(answer) == read


@pytest.mark.parametrize("seen", [None, Refused(500, "unexpected_failure"), Refused(422, "weak_password")], ids=str)
def test_only_the_named_refusal_counts(seen: Refused | None) -> None:
    with pytest.raises(PromiseBroken):
        must_be_refused("The second registration", seen, Refused(422, "user_already_exists"))
