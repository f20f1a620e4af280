"""Every way in which a clinic's knowledge can be asked for, and what each gave."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
from postgrest.exceptions import APIError

from acceptance.clinics import Clinic
from acceptance.errors import PromiseBroken
from acceptance.knowledge import MOST_DOCUMENTS, Document, Library, ask, documents_of, told
from acceptance.knowledge_vectors import as_text
from acceptance.scene import Scene
from acceptance.voice import Unreadable, json_object
from acceptance.wording import INSUFFICIENT_PRIVILEGE, counted

SEARCH = "search_knowledge"
LONGEST_REFUSAL = 200
NO_PERMISSION = INSUFFICIENT_PRIVILEGE
AS_THE_OWNER = "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', %s, true)"
NEAREST = """
select id::text as uuid, content, 1 - (embedding operator(extensions.<=>) %(question)s::extensions.vector) as similarity
from public.knowledge_base order by embedding operator(extensions.<=>) %(question)s::extensions.vector limit %(most)s
"""


@dataclass(frozen=True)
class Asking:
    """One way of asking and what it gave, best first."""

    way: str
    clinic: Clinic
    documents: Sequence[Mapping[str, Any]]
    answer: str


def by_the_tool(library: Library, clinic: Clinic, question: str) -> Sequence[Mapping[str, Any]]:
    return told(ask(library.scene, f"a caller of {clinic.name}", clinic, question))


def openai_form(question: str) -> dict[str, Any]:
    """Vapi's conversation in OpenAI's form; what the assistant says does not count as asked."""
    return {"messagesOpenAIFormatted": _conversation("content", question)}


def native_form(question: str) -> dict[str, Any]:
    return {"messages": _conversation("message", question)}


def _conversation(key: str, question: str) -> list[dict[str, Any]]:
    said = [
        ("system", "You are the receptionist."),
        ("user", "Good morning."),
        ("user", "Where can I park?"),
        ("assistant", "Parking is behind the house. Do you have another question?"),
        ("user", question),
        ("assistant", "One moment, I am looking it up."),
    ]
    return [{"role": role, key: text} for role, text in said]


def plain_form(question: str) -> dict[str, Any]:
    """The documentation's sample: `messages` with OpenAI's items."""
    return {"messages": _conversation("content", question)}


FORMS: dict[str, Callable[[str], dict[str, Any]]] = {
    "OpenAI's form": openai_form,
    "Vapi's own form": native_form,
    "the form of the documentation": plain_form,
}


def post(scene: Scene, authorization: str, form: Mapping[str, Any]) -> httpx.Response:
    """Vapi's knowledge-base-request with this conversation."""
    message = {"type": "knowledge-base-request", "call": {"id": "a-call"}, **form}
    return scene.assistant_with(authorization).post({"message": message})[0]


def by_the_knowledge_base(form: Callable[[str], dict[str, Any]]) -> "Way":
    def ask_it(library: Library, clinic: Clinic, question: str) -> Sequence[Mapping[str, Any]]:
        answer = post(library.scene, f"Bearer {clinic.owner.access_token}", form(question))
        try:
            body = json_object(answer)
        except Unreadable as problem:
            raise PromiseBroken(f"Vapi should be given documents, but {problem}.") from None
        if answer.status_code != 200:
            raise PromiseBroken(f"Vapi ignores every answer that is not a 200; this one is a {answer.status_code}.")
        return documents_of("Vapi", body)

    return ask_it


def by_the_public_interface(library: Library, clinic: Clinic, question: str) -> Sequence[Mapping[str, Any]]:
    return search(library, clinic, question)


def search(
    library: Library, clinic: Clinic, question: str, threshold: float | None = None
) -> Sequence[Mapping[str, Any]]:
    """The retrieval function over the Supabase API, with the owner's token; raises PromiseBroken when it is refused."""
    vector = as_text(library.vectors_of([question], clinic)[0])
    asked_for = {"query_embedding": vector} | ({} if threshold is None else {"match_threshold": threshold})
    try:
        rows: Any = library.scene.run.accounts.as_user(clinic.owner).rpc(SEARCH, asked_for).execute().data
    except APIError as refusal:
        told_why = str(refusal.message)[:LONGEST_REFUSAL]
        raise PromiseBroken(f"{clinic.name} should be able to search its knowledge, but hears: {told_why}") from None
    return documents_of(clinic.name, {"documents": [{**row, "uuid": row.get("id")} for row in rows]})


PLACES: dict[str, Callable[[float], float]] = {
    "exactly at": lambda similarity: similarity,
    "just below": lambda similarity: math.nextafter(similarity, -1),
}


def search_at(library: Library, document: Document, clinic: Clinic, place: str) -> Sequence[Mapping[str, Any]]:
    """Search with a threshold at one of the PLACES of a document, by the very number that the search gives for it."""
    everything = search(library, clinic, document.question, -1.0)
    similarity = next((float(found["similarity"]) for found in everything if found["uuid"] == document.id), None)
    if similarity is None:
        raise PromiseBroken(f"{clinic.name} should find its document at {document.closeness} without a threshold.")
    return search(library, clinic, document.question, PLACES[place](similarity))


def by_the_database(library: Library, clinic: Clinic, question: str) -> Sequence[Mapping[str, Any]]:
    """The nearest of all documents that the owner's rights show in the table itself, whatever the function does."""
    vector = as_text(library.vectors_of([question], clinic)[0])
    with psycopg.connect(library.scene.run.target.database_url) as connection, connection.transaction():
        connection.execute(AS_THE_OWNER, [json.dumps(clinic.owner.claims)])
        cursor = connection.execute(NEAREST, {"question": vector, "most": MOST_DOCUMENTS})
        return [dict(zip(("uuid", "content", "similarity"), row, strict=True)) for row in cursor]


Way = Callable[[Library, Clinic, str], Sequence[Mapping[str, Any]]]

WAYS: dict[str, Way] = {
    "the assistant's tool": by_the_tool,
    "the knowledge base of Vapi": by_the_knowledge_base(openai_form),
    "the public interface": by_the_public_interface,
    "the database": by_the_database,
}


def ask_by(library: Library, way: str, clinic: Clinic, question: str) -> Asking:
    """Ask in one of the WAYS and keep what came."""
    documents = WAYS[way](library, clinic, question)
    return Asking(way, clinic, documents, json.dumps(list(documents), ensure_ascii=False, default=str))


def must_be_closed_to_visitors(library: Library, clinic: Clinic, question: str) -> None:
    """With the public key alone the retrieval function is refused for want of permission; raises PromiseBroken."""
    vector = as_text(library.vectors_of([question], clinic)[0])
    try:
        rows: Any = library.scene.run.accounts.client().rpc(SEARCH, {"query_embedding": vector}).execute().data
    except APIError as refusal:
        if refusal.code == NO_PERMISSION:
            return
        raise PromiseBroken(f"A visitor should be refused as {NO_PERMISSION}, but was as {refusal.code}.") from None
    raise PromiseBroken(
        f"A visitor should not be able to search any knowledge, but the search was open to it (with {counted(len(rows), 'document')})."
    )
