"""What is judged of a door's answer, on answers written by hand: a failure is no refusal, a refusal shows no row."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from acceptance import tokens_judged
from acceptance.doors import Answer, Door, Visit
from acceptance.errors import Inconclusive, PromiseBroken
from acceptance.scene import Scene
from acceptance.target import Target
from acceptance.tokens_judged import REPLIES, Account, Knock
from acceptance.tokens_key_server import published

OWN, OTHER = "own-clinic", "other-clinic"
DIARIES = {OWN: "own-row", OTHER: "other-row"}
CHALLENGE = "Bearer"


def clinic(org_id: str) -> Any:
    owner = SimpleNamespace(user_id=f"{org_id}-owner")
    return SimpleNamespace(name=org_id, org_id=org_id, owner=owner)


def visit() -> Visit:
    own, other = clinic(OWN), clinic(OTHER)

    def appointments(org_id: str) -> list[Any]:
        return [SimpleNamespace(id=DIARIES[org_id], patient_email=f"patient@{org_id}")]

    observer = SimpleNamespace(appointments=appointments, read=lambda *_arguments: [Account("owner@clinic", "{}")])
    clinics = SimpleNamespace(founded={OWN: own, OTHER: other})
    scene = SimpleNamespace(run=SimpleNamespace(observer=observer), clinics=clinics)
    return Visit(cast(Scene, scene), own)


def answer(door: Door, status: int, code: str = "", body: Any = None, text: str = "", what: str = "") -> Answer:
    return Answer(door, what, status, code, body, text, CHALLENGE)


def knock(*answers: Answer) -> Knock:
    return Knock(visit(), answers, Account("owner@clinic", "{}"))


def rows(*ids: str) -> list[dict[str, str]]:
    return [{"id": name} for name in ids]


REFUSED = (
    answer("the API", 401, "UNAUTHORIZED"),
    answer("the database", 401, "PGRST301"),
    answer("the database", 401, "PGRST303"),
    answer("the accounts", 403, "bad_jwt"),
)


def test_a_forgery_that_is_refused_everywhere_is_refused() -> None:
    tokens_judged.must_refuse_everywhere(knock(*REFUSED))


@pytest.mark.parametrize(
    "seen",
    [
        answer("the API", 200, "", {"org_id": OWN}),
        answer("the API", 500, "INTERNAL"),
        answer("the API", 403, "FORBIDDEN"),
        answer("the API", 401, ""),
        answer("the database", 200, "", []),
        answer("the database", 204),
        answer("the database", 401, "42501"),
        answer("the database", 500, "PGRST301"),
        answer("the database", 401, "PGRST301", text='{"id": "own-row"}'),
        answer("the accounts", 403, "bad_jwt", text="patient@other-clinic"),
        answer("the accounts", 401, "no_authorization"),
        answer("the accounts", 503),
    ],
    ids=str,
)
def test_anything_else_is_no_refusal_of_a_forgery(seen: Answer) -> None:
    with pytest.raises(PromiseBroken):
        tokens_judged.must_refuse_everywhere(knock(*REFUSED, seen))


def test_a_refusal_without_a_challenge_is_none() -> None:
    with pytest.raises(PromiseBroken, match="RFC 6750"):
        tokens_judged.must_refuse_everywhere(knock(Answer("the API", "", 401, "UNAUTHORIZED", None, "")))


def test_an_account_that_changed_is_noticed() -> None:
    seen = Knock(visit(), REFUSED, Account("owner@clinic", '{"full_name": "before"}'))
    with pytest.raises(PromiseBroken, match="account"):
        tokens_judged.must_refuse_everywhere(seen)


def replied(words: str, seen: Answer) -> None:
    replies = {door: next(iter(known.values())) for door, known in REPLIES.items()}
    tokens_judged.must_reply(knock(seen), {**replies, seen.door: REPLIES[seen.door][words]})


GOOD: list[tuple[str, Answer]] = [
    ("its own rows", answer("the database", 200, body=rows("own-row"))),
    ("the neighbour's rows alone", answer("the database", 200, body=rows("other-row"))),
    ("everything", answer("the database", 200, body=rows("own-row", "other-row", "somebody's"))),
    ("no rows", answer("the database", 200, body=[])),
    ("unauthorised, or its own rows", answer("the database", 401, "PGRST303")),
    ("unauthorised, or its own rows", answer("the database", 200, body=rows("own-row"))),
    ("its own account", answer("the accounts", 200, body={"id": "own-clinic-owner"})),
    ("its own clinic", answer("the API", 200, body={"org_id": OWN}, what="read_settings")),
    ("its own clinic", answer("the API", 200, body={"slots": [{}]}, what="check_availability")),
]
BAD: list[tuple[str, Answer]] = [
    ("its own rows", answer("the database", 200, body=[])),
    ("its own rows", answer("the database", 200, body=rows("own-row", "other-row"))),
    ("its own rows", answer("the database", 200, body=rows("own-row", "somebody's"))),
    ("its own rows", answer("the database", 200, body={"message": "hello"})),
    ("its own rows", answer("the database", 401, "PGRST301")),
    ("the neighbour's rows alone", answer("the database", 200, body=rows("own-row"))),
    ("everything", answer("the database", 200, body=rows("own-row"))),
    ("no rows", answer("the database", 200, body=rows("somebody's"))),
    ("no rows", answer("the database", 400, "22P02")),
    ("unauthorised, or its own rows", answer("the database", 200, body=rows("other-row"))),
    ("its own account", answer("the accounts", 200, body={"id": "other-clinic-owner"})),
    ("its own account", answer("the accounts", 403, "bad_jwt")),
    ("its own clinic", answer("the API", 200, body={"org_id": OTHER}, what="read_settings")),
    ("its own clinic", answer("the API", 200, body={"slots": []}, what="check_availability")),
    ("forbidden (403)", answer("the API", 200, body={})),
    ("forbidden (403)", answer("the API", 500, "INTERNAL")),
]


@pytest.mark.parametrize(("words", "seen"), GOOD)
def test_a_reply_is_what_it_says(words: str, seen: Answer) -> None:
    replied(words, seen)


@pytest.mark.parametrize(("words", "seen"), BAD)
def test_a_reply_is_nothing_else(words: str, seen: Answer) -> None:
    with pytest.raises(PromiseBroken):
        replied(words, seen)


def test_no_reply_allows_a_failure_of_the_server() -> None:
    allowed = [refusal for known in REPLIES.values() for reply in known.values() for refusal in reply.refusals]
    assert [status for status, _code in allowed if not 400 <= status < 500] == []


def test_empty_diaries_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = visit()
    monkeypatch.setattr(empty.scene.run.observer, "appointments", lambda _org_id: [])
    with pytest.raises(Inconclusive):
        tokens_judged.must_reply(
            Knock(empty, [answer("the database", 200, body=[])], Account("", "")),
            {"the database": REPLIES["the database"]["no rows"]},
        )


def breaking(row: str) -> Callable[[str, Knock], None]:
    def judge(seen: str, _knock: Knock) -> None:
        if seen == row:
            raise PromiseBroken("it was let in")

    return judge


def test_every_row_that_breaks_is_named() -> None:
    rows = {"one": knock(), "two": knock()}
    tokens_judged.in_every_row(rows, breaking("none of them"))
    with pytest.raises(PromiseBroken, match=r"Of 2 tokens 1 was not answered as they should be\.\ntwo: it was let in"):
        tokens_judged.in_every_row(rows, breaking("two"))
    with pytest.raises(Inconclusive):
        tokens_judged.in_every_row({}, breaking("none"))


def target(api_url: str) -> Target:
    return Target("remote", "http://127.0.0.1:1", "p", "s", "", api_url)


def test_a_stranger_is_told_of_every_visitor() -> None:
    with published(target("http://127.0.0.1:2")) as seen:
        keys = httpx.get(seen.stranger.published_at("keys.json"), trust_env=False).json()["keys"]
        assert keys == [seen.stranger.public_key]
        assert httpx.get(seen.stranger.published_at("certificate.pem"), trust_env=False).status_code == 200
        assert seen.visitors == ["/keys.json", "/certificate.pem"]


def test_a_stranger_whom_nobody_could_visit_publishes_nothing() -> None:
    with published(target("https://api.clinic.example")) as seen:
        assert seen.stranger.url is None
