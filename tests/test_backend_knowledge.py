"""The backend's knowledge: what is found, what is said of it, Vapi's request, and the end-point for embeddings."""

import asyncio
import json
import math
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest

from reference.backend import knowledge
from reference.backend.config import Config
from reference.backend.embedding import as_sql, embedder_for
from reference.backend.embedding_lexical import DIMENSIONS, LexicalEmbedder, lexical_vector
from reference.backend.embedding_remote import RemoteEmbedder
from reference.backend.errors import Unavailable
from reference.errors import CannotStart
from tests import backend_support as support
from tests.backend_support import Clinic, World

pytest_plugins = ("tests.backend_support",)

QUESTION = "What is your cancellation policy?"
POLICY = "Our cancellation policy is 24 hours.\nCancel up to 24 hours before your visit."


def write(world: World, clinic: Clinic, *texts: str) -> None:
    for text in texts:
        vector = as_sql(lexical_vector(text))
        add = "insert into public.knowledge_base (org_id, content, embedding) values (%s, %s, %s::extensions.vector)"
        world.see.rows(add, clinic.id, text, vector)


def ask(world: World, dialect: str = "flat", **changes: Any) -> tuple[int, dict[str, Any]]:
    arguments = {"clinic_id": str(world.clinic.id), "question": QUESTION, **changes}
    return world.tool(
        "answer_question", {name: value for name, value in arguments.items() if value is not ...}, dialect
    )


@pytest.mark.parametrize("dialect", ["flat", "tool-calls"])
def test_the_clinics_own_document_is_given_whole(world: World, dialect: str) -> None:
    write(world, world.clinic, POLICY, "Parking is free.")
    write(world, world.neighbour, "Our cancellation policy is 48 hours.")
    status, answer = ask(world, dialect)
    assert (status, answer["success"]) == (200, True)
    assert [document["content"] for document in answer["documents"]] == [POLICY]
    assert 0.7 < answer["documents"][0]["similarity"] <= 1


def test_what_is_spoken_is_one_line(world: World) -> None:
    write(world, world.clinic, POLICY)
    arguments = {"clinic_id": str(world.clinic.id), "question": QUESTION}
    (entry,) = world.call(support.tool_calls([("a", "answer_question", arguments)])).json()["results"]
    assert " ".join(POLICY.split()) in entry["result"]
    assert "\n" not in entry["result"]


def test_without_a_document_nothing_is_invented(world: World) -> None:
    arguments = {"clinic_id": str(world.clinic.id), "question": QUESTION}
    (entry,) = world.call(support.tool_calls([("a", "answer_question", arguments)])).json()["results"]
    assert (entry["result"], entry["metadata"]["documents"]) == (knowledge.NOT_KNOWN, [])


@pytest.mark.parametrize("question", [..., "", "  \n", 7, None, ["a"], "a\x00b", "a" * 2001, "\ud800"])
def test_a_question_that_is_none_is_refused(world: World, question: Any) -> None:
    body = json.dumps({"tool": "answer_question", "params": {"clinic_id": str(world.clinic.id)}})
    if question is not ...:
        body = json.dumps(
            {"tool": "answer_question", "params": {"clinic_id": str(world.clinic.id), "question": question}}
        )
    headers = {**world.token(), "Content-Type": "application/json"}
    answer = world.http.post(support.TOOLS, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")


def test_another_clinics_knowledge_is_refused_and_written_down(world: World) -> None:
    status, answer = ask(world, clinic_id=str(world.neighbour.id))
    assert (status, answer["code"]) == (403, "FORBIDDEN")
    ((_user, action, target, *_rest),) = world.audit()
    assert (action, target) == ("answer_question", world.neighbour.id)


@pytest.mark.parametrize(
    "conversation",
    [
        {"messagesOpenAIFormatted": [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "Hm."}]},
        {"messages": [{"role": "user", "message": "Hello"}, {"role": "user", "message": QUESTION}]},
        {"messages": [{"role": "user", "content": QUESTION}], "messagesOpenAIFormatted": []},
        {"messagesOpenAIFormatted": [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]},
    ],
)
def test_vapis_request_is_answered_for_the_tokens_clinic(world: World, conversation: dict[str, Any]) -> None:
    write(world, world.clinic, POLICY)
    answer = world.call({"message": {"type": "knowledge-base-request", **conversation}})
    assert answer.status_code == 200
    (document,) = answer.json()["documents"]
    assert document["content"] == POLICY
    assert set(document) == {"content", "similarity", "uuid"}


@pytest.mark.parametrize(
    "messages", [[], None, "x", [{"role": "assistant", "content": "Hello"}], [{"role": "user"}], [7]]
)
def test_a_conversation_in_which_nobody_asks_finds_nothing(world: World, messages: Any) -> None:
    answer = world.call({"message": {"type": "knowledge-base-request", "messages": messages}})
    assert (answer.status_code, answer.json()) == (200, {"documents": []})


def test_of_a_long_speech_the_end_counts() -> None:
    message = {"messages": [{"role": "user", "content": "\x00well " * 1000 + QUESTION}]}
    assert knowledge.last_question(message).endswith(QUESTION)
    assert len(knowledge.last_question(message)) == knowledge.LONGEST_QUESTION


def test_vapis_request_without_a_clinic_is_refused(world: World) -> None:
    token = support.token_for(support.KEYS, world.clinic.owner_id, None)
    body = {"message": {"type": "knowledge-base-request", "messages": [{"role": "user", "content": QUESTION}]}}
    answer = world.http.post(support.TOOLS, json=body, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


def test_embeddings_come_in_openais_form(world: World) -> None:
    answer = world.http.post("/v1/embeddings", json={"input": ["a", QUESTION]}, headers=world.token()).json()
    assert [entry["index"] for entry in answer["data"]] == [0, 1]
    assert answer["data"][1]["embedding"] == list(lexical_vector(QUESTION))
    assert world.http.post("/v1/embeddings", json={"input": "a"}).status_code == 401


@pytest.mark.parametrize("body", [{}, {"input": []}, {"input": ""}, {"input": [7]}, {"input": {"a": 1}}])
def test_an_embedding_of_nothing_is_refused(world: World, body: Any) -> None:
    assert world.http.post("/v1/embeddings", json=body, headers=world.token()).status_code == 400


@pytest.mark.parametrize("text", [QUESTION, "", "???", "the of and", "🦷", "取消预约", "\ud800", "a" * 100_000])
def test_a_lexical_vector_has_length_one_and_is_the_same_again(text: str) -> None:
    vector = lexical_vector(text)
    assert len(vector) == DIMENSIONS
    assert math.isclose(sum(number * number for number in vector), 1.0, rel_tol=1e-9)
    assert vector == lexical_vector(text)


def test_texts_that_share_words_are_close() -> None:
    def closeness(one: str, other: str) -> float:
        return sum(a * b for a, b in zip(lexical_vector(one), lexical_vector(other), strict=True))

    assert closeness(QUESTION, "Our cancellation policies") > closeness(QUESTION, "Where can I park?") + 0.5
    assert closeness(QUESTION, QUESTION.upper()) > 0.999


class OpenAi(BaseHTTPRequestHandler):
    """A server of embeddings that gives its answers in the wrong order, as it may."""

    body: ClassVar[Any] = None

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        asked = json.loads(self.rfile.read(length))
        assert self.headers["Authorization"] == "Bearer key"
        given = [{"index": place, "embedding": [place, 1]} for place in range(len(asked["input"]))]
        told = json.dumps(OpenAi.body or {"data": given[::-1], "asked": asked}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def openai() -> Iterator[str]:
    OpenAi.body = None
    with HTTPServer(("127.0.0.1", 0), OpenAi) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/embeddings"
        server.shutdown()
        thread.join()


def test_a_remote_model_is_read_by_index(openai: str) -> None:
    embedder = RemoteEmbedder(openai, "key", "a-model", dimensions=2)
    assert asyncio.run(embedder.embed(["a", "b"])) == [[0, 1], [1, 1]]


@pytest.mark.parametrize("body", [{"data": []}, {"error": "no"}, [], {"data": [{"index": 0}]}])
def test_a_remote_model_that_fails_is_unavailable(openai: str, body: Any) -> None:
    OpenAi.body = body or "nothing"
    with pytest.raises(Unavailable):
        asyncio.run(RemoteEmbedder(openai, "key", "a-model").embed(["a"]))


def test_the_embedder_is_chosen_by_the_configuration() -> None:
    base = {"BACKEND_DATABASE_URL": "x", "BACKEND_JWT_ISSUER": "x", "BACKEND_JWT_SECRET": "x"}
    assert isinstance(embedder_for(Config.from_environment(base)), LexicalEmbedder)
    remote = Config.from_environment({**base, "EMBEDDINGS_URL": "http://127.0.0.1:9", "EMBEDDINGS_KEY": "k"})
    assert isinstance(embedder_for(remote), RemoteEmbedder)
    assert "'k'" not in repr(remote)
    with pytest.raises(CannotStart, match="BACKEND_EMBEDDER must be one of lexical, minilm"):
        Config.from_environment({**base, "BACKEND_EMBEDDER": "magic"})
