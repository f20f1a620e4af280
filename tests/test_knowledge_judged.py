"""The judgements of the smart answer loop on hand-made answers, and the vectors that they rest on."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar, cast
from uuid import uuid4

import httpx
import numpy as np
import pytest

from acceptance import knowledge_judged as judged
from acceptance import live_model
from acceptance.clinics import Clinic
from acceptance.errors import Inconclusive, NotOffered, PromiseBroken
from acceptance.knowledge import Document, Embeddings, Library, documents_of, read_embeddings
from acceptance.knowledge_vectors import as_text, binary_copy, close_to, random_directions, unit
from acceptance.knowledge_ways import Asking
from acceptance.live_model import Model
from acceptance.scene import Exchange, Scene
from acceptance.target import Target
from acceptance.voice import Outcome, ToolCall

OWN, THEIRS = "a" * 8, "b" * 8
CLINIC = Clinic("Hilltop", THEIRS, cast(Any, None), cast(Any, None))
POLICY = Document("1", OWN, "Cancel within\n24 hours.", 0.9)
SECRET = Document("2", THEIRS, "Cancel within 48 hours at the hilltop.", 0.95)


def library(dialect: str = "tool-calls") -> Library:
    scene = Scene(cast(Any, None), cast(Any, dialect), cast(Any, None))
    return Library(scene, cast(Any, None), {document.id: document for document in (POLICY, SECRET)})


def given(document: Document, **changes: Any) -> dict[str, Any]:
    return {"content": document.content, "similarity": document.closeness, "uuid": document.id, **changes}


def exchange(said: str, *documents: dict[str, Any], status: int = 200, **fields: Any) -> Exchange:
    answer = {"success": True, "documents": list(documents), **fields}
    outcome = Outcome(status, "" if status == 200 else "FORBIDDEN", said, answer, 1.0, 200)
    wish: Any = type("Wish", (), {"caller": "Ada"})()
    return Exchange(wish, ToolCall("answer_question", {"question": "How late may I cancel?"}), outcome)


def test_the_right_answer_is_accepted() -> None:
    right = exchange("The notes say: Cancel within 24 hours.", given(POLICY))
    judged.must_hear_whole(library(), right)
    judged.must_give_documents("Ada", right.outcome.answer["documents"], [POLICY])
    judged.hears_nothing_of(library(), CLINIC, right)


@pytest.mark.parametrize(
    ("said", "broken"),
    [
        ("The notes say: Cancel within 24", "whole and in order"),
        ("Cancel within 24 hours.\u2028Bye.", "one line"),
        ("Cancel within 24 hours. Cancel within 48 hours at the hilltop.", "no more"),
    ],
)
def test_what_is_heard_is_whole_alone_and_one_line(said: str, broken: str) -> None:
    with pytest.raises(PromiseBroken, match=broken):
        judged.must_hear_whole(library(), exchange(said, given(POLICY)))


@pytest.mark.parametrize(
    ("found", "broken"),
    [
        ([], "given was nothing"),
        ([given(POLICY, content="Cancel")], "given was “Cancel”"),
        ([given(POLICY, content="Cancel within 24 hours.")], "each document whole"),
        ([given(POLICY, similarity=0.9006)], "similarities 0.900, but was told 0.901"),
        ([given(POLICY, similarity=0.1)], "0.100"),
        ([given(POLICY, uuid="9")], "ids belong to others"),
    ],
)
def test_other_documents_are_refused(found: list[dict[str, Any]], broken: str) -> None:
    with pytest.raises(PromiseBroken, match=broken):
        judged.must_give_documents("Ada", found, [POLICY])


def test_the_worst_first_is_refused() -> None:
    with pytest.raises(PromiseBroken, match="best first"):
        judged.best_first("Ada", [{"similarity": 0.71}, {"similarity": 0.95}])


@pytest.mark.parametrize(
    ("said", "documents"),
    [
        ("At the other clinic: Cancel within 48  hours at the hilltop.", []),
        ("Nothing.", [given(SECRET, content="(hidden)")]),
    ],
)
def test_a_leak_is_seen_by_words_and_by_id(said: str, documents: list[dict[str, Any]]) -> None:
    with pytest.raises(PromiseBroken, match="nothing of Hilltop"):
        judged.hears_nothing_of(library(), CLINIC, exchange(said, *documents, status=403))


def test_nothing_can_leak_of_a_clinic_that_wrote_nothing_down() -> None:
    with pytest.raises(Inconclusive):
        judged.nothing_of(library(), replace(CLINIC, org_id=str(uuid4())), "Ada", [], "")


def test_words_that_the_asker_has_as_well_are_no_leak() -> None:
    shelf = library()
    shelf.documents["3"] = Document("3", OWN, SECRET.content)
    judged.nothing_of(shelf, CLINIC, "Ada", [given(SECRET, uuid="3")], SECRET.content)
    with pytest.raises(PromiseBroken):
        judged.nothing_of(shelf, CLINIC, "Ada", [given(SECRET)], SECRET.content)


@pytest.mark.parametrize("said", ["I do not know that.", "We have no information.", "I don't know."])
def test_an_admission_is_accepted(said: str) -> None:
    judged.nobody_knows(library(), exchange(said), exchange(said))


@pytest.mark.parametrize(
    ("one", "broken"),
    [
        (exchange("You may cancel within 12 hours."), "not known"),
        (exchange("I do not know, but it is usually 12 hours."), "everything unknown"),
        (exchange("I do not know that.", given(POLICY)), "was given"),
        (exchange("I do not know that.", success=False), "as a success"),
    ],
)
def test_an_invention_is_refused(one: Exchange, broken: str) -> None:
    with pytest.raises(PromiseBroken, match=broken):
        judged.nobody_knows(library(), one, exchange("I do not know that."))


def test_two_callers_hear_the_same() -> None:
    judged.must_hear_the_same(exchange("One.", given(POLICY)), exchange("One.", given(POLICY)))
    with pytest.raises(PromiseBroken, match="hear the same"):
        judged.must_hear_the_same(exchange("One. Welcome, Ada."), exchange("One."))


def test_each_way_is_held_to_its_first_document() -> None:
    judged.each_way_finds_first([Asking("the tool", CLINIC, [given(POLICY)], "")], POLICY.content)
    with pytest.raises(PromiseBroken, match="by the tool"):
        judged.each_way_finds_first([Asking("the tool", CLINIC, [], "")], POLICY.content)
    with pytest.raises(Inconclusive):
        judged.each_way_finds_first([], POLICY.content)


@pytest.mark.parametrize(
    "answer",
    [
        {}, {"documents": "x"}, {"documents": [7]}, {"documents": [{"content": "a"}]}, {"documents": [given(POLICY)] * 4},
        {"documents": [given(POLICY, similarity=1.3)]}, {"documents": [given(POLICY, similarity=True)]},
    ],
)  # fmt: skip
def test_an_answer_without_proper_documents_is_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(PromiseBroken):
        documents_of("Ada", answer)


def test_embeddings_are_read_by_index_and_must_be_as_many_as_texts() -> None:
    entries = [{"index": 1, "embedding": [2]}, {"index": 0, "embedding": [1]}]
    assert read_embeddings(httpx.Response(200, json={"data": entries}), 2) == [[1], [2]]
    for answer in (httpx.Response(200, json={"data": entries[:1]}), httpx.Response(500, json={}), httpx.Response(200)):
        with pytest.raises(PromiseBroken):
            read_embeddings(answer, 2)


@pytest.mark.parametrize(
    ("answer", "raised"),
    [(404, NotOffered), (405, NotOffered), (500, PromiseBroken), (401, PromiseBroken), (httpx.ReadTimeout("x"), PromiseBroken),
     (httpx.ConnectError("x"), PromiseBroken)],
)  # fmt: skip
def test_only_what_is_not_there_is_not_offered(answer: Any, raised: type[Exception]) -> None:
    def respond(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer, json={})

    target = Target("t", "u", "p", "s", "d", "a", embeddings_url="http://127.0.0.1/v1/embeddings", embeddings_key="k")
    embeddings = Embeddings(target, httpx.Client(transport=httpx.MockTransport(respond)))
    with pytest.raises(raised):
        embeddings.of(["a"], cast(Any, None))


@pytest.mark.parametrize("dimensions", [3, 384, 1536])
def test_vectors_have_exactly_the_cosine_that_was_asked_for(dimensions: int) -> None:
    generator = np.random.default_rng(3)
    question = 7 * random_directions(generator, 1, dimensions)[0]
    wanted = np.array([0.95, 0.8, 0.71, 0.69, 0.2, -0.5])
    made = close_to(generator, question, wanted)
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-6)
    assert np.allclose(made.astype(np.float32) @ unit(question).astype(np.float32), wanted, atol=1e-6)
    assert json.loads(as_text(made[0]))[0] == pytest.approx(made[0][0], rel=1e-6)


def test_a_vector_of_zeros_points_nowhere() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        unit(np.zeros(3))


def test_a_binary_copy_is_as_postgresql_documents_it() -> None:
    org = uuid4()
    data = binary_copy(str(org), ["ä", "bcd"], np.array([[1.0, 0.0], [0.0, 1.0]]))
    first = b"\0\3" + b"\0\0\0\x10" + org.bytes + b"\0\0\0\3" + "ä ".encode() + b"\0\0\0\x0c" + b"\0\2\0\0"
    assert data.startswith(b"PGCOPY\n\xff\r\n\0" + bytes(8) + first + b"\x3f\x80\0\0\0\0\0\0")
    assert data.endswith(b"\xff\xff")


class Chat(BaseHTTPRequestHandler):
    """A model that says what it is told to say, on both wires."""

    said: ClassVar[str] = ""
    asked: ClassVar[dict[str, Any]] = {}

    def do_POST(self) -> None:
        Chat.asked = {"headers": dict(self.headers), **json.loads(self.rfile.read(int(self.headers["Content-Length"])))}
        anthropic = {"content": [{"type": "thinking"}, {"type": "text", "text": Chat.said}]}
        openai = {"choices": [{"message": {"content": Chat.said}}]}
        told = json.dumps(anthropic if self.path == "/v1/messages" else openai).encode()
        self.send_response(200 if Chat.said else 500)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def chat() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Chat) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("path", "anthropic"), [("/v1/messages", True), ("/v1/chat/completions", False)])
def test_a_model_is_asked_with_what_the_assistant_was_given(chat: str, path: str, anthropic: bool) -> None:
    model = Model(chat + path, "a-model", "the key", anthropic)
    heard = exchange("The notes say: 24 hours.")
    Chat.said = "Up to 24 hours before."
    live_model.must_tell(model, heard, "24", "48")
    sent = json.dumps(Chat.asked)
    assert "The notes say: 24 hours." in sent
    assert "How late may I cancel?" in sent
    assert "the key" in sent
    for wrong in ("Up to 48 hours before.", "24 or 48 hours.", "I do not know.", ""):
        Chat.said = wrong
        with pytest.raises(PromiseBroken):
            live_model.must_tell(model, heard, "24", "48")


def test_a_model_that_cannot_be_reached_has_not_answered() -> None:
    with pytest.raises(PromiseBroken, match="did not"):
        Model("http://127.0.0.1:9/", "m", None, anthropic=False).answer("notes", "question")


def test_which_model_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    target = Target("t", "u", "p", "s", "d", "a")
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(NotOffered, match="no real model"):
        live_model.configured(target)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    assert live_model.configured(target).url == live_model.ANTHROPIC_URL
    assert not live_model.configured(replace(target, chat_url="http://127.0.0.1/v1/chat/completions")).anthropic
