"""What the clinics of a scenario know, how it is written into their knowledge bases, and how it is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import numpy as np
import psycopg

from acceptance.asked import rows_of
from acceptance.clinics import Clinic
from acceptance.doors import AFTERNOON
from acceptance.errors import Inconclusive, NotOffered, PromiseBroken
from acceptance.identity import Session
from acceptance.knowledge_vectors import Matrix, as_text, binary_copy, close_to
from acceptance.scene import Exchange, Scene
from acceptance.target import Target
from acceptance.voice import ToolCall
from acceptance.wording import counted

ANSWER = "answer_question"
MOST_DOCUMENTS = 3
SEED = 20260901  # the same documents in every run, so that a failure can be seen again
COLUMN = """
select format_type(a.atttypid, a.atttypmod) as type from pg_attribute a
where a.attrelid = 'public.knowledge_base'::regclass and a.attname = 'embedding' and not a.attisdropped
"""
KEPT = """
select id::text, content from public.knowledge_base where org_id = %(org_id)s and id::text = any(%(ids)s)
"""
COPY = "copy public.knowledge_base (org_id, content, embedding) from stdin (format binary)"


@dataclass(frozen=True)
class Kept:
    """What the database holds of one document."""

    id: str
    content: str


@dataclass(frozen=True)
class Document:
    """One text that a clinic has written down; `closeness` is its cosine to `question`, where the suite chose it."""

    id: str
    org_id: str
    content: str
    closeness: float | None = None
    question: str = ""


@dataclass(frozen=True)
class ColumnType:
    """How the catalogue calls the type of the embeddings."""

    type: str


@dataclass(frozen=True)
class Embeddings:
    """The vectors that the backend would give to texts, from OpenAI's wire format; keeps what it was told."""

    target: Target
    http: httpx.Client
    known: dict[str, list[float]] = field(default_factory=dict)

    def of(self, texts: Sequence[str], owner: Session) -> Matrix:
        """One row for each text; raises NotOffered where there is no such end-point, PromiseBroken for an answer that is none."""
        missing = [text for text in dict.fromkeys(texts) if text not in self.known]
        if missing:
            self.known.update(zip(missing, self._ask(missing, owner), strict=True))
        return np.array([self.known[text] for text in texts])

    def _ask(self, texts: Sequence[str], owner: Session) -> list[list[float]]:
        key = self.target.embeddings_key or owner.access_token
        try:
            answer = self.http.post(
                self.target.embeddings_url, json={"input": list(texts)}, headers={"Authorization": f"Bearer {key}"}
            )
        except httpx.TransportError as problem:
            # Slow or out of order is not the same as not offered.
            raise PromiseBroken(f"Texts should be embedded, but no answer came ({type(problem).__name__}).") from None
        if answer.status_code in (404, 405, 501):
            raise NotOffered("nothing embeds documents as the backend embeds questions (embeddings_url)")
        return read_embeddings(answer, len(texts))


def read_embeddings(answer: httpx.Response, count: int) -> list[list[float]]:
    """The vectors of an answer, in the order of the texts; raises PromiseBroken when they cannot be read."""
    try:
        entries = sorted(answer.json()["data"], key=lambda entry: entry["index"])
        vectors = [[float(number) for number in entry["embedding"]] for entry in entries]
    except (ValueError, KeyError, TypeError):
        raise PromiseBroken(f"Texts should be embedded, but the answer was a {answer.status_code}.") from None
    if answer.status_code != 200 or len(vectors) != count or len({len(vector) for vector in vectors}) > 1:
        raise PromiseBroken(
            f"{count} texts should be embedded alike, but the answer ({answer.status_code}) holds {len(vectors)}."
        )
    return vectors


@dataclass
class Library:
    """The knowledge of one scenario's clinics, by the suite's own account."""

    scene: Scene
    embeddings: Embeddings
    documents: dict[str, Document] = field(default_factory=dict)
    crowded: bool = False
    generator: np.random.Generator = field(default_factory=lambda: np.random.default_rng(SEED))

    @classmethod
    def of(cls, scene: Scene) -> "Library":
        return cls(scene, Embeddings(scene.run.target, scene.run.accounts.http))

    def dimensions(self) -> int:
        """How many numbers the catalogue says a vector has; raises PromiseBroken when they are stored as something else."""
        found = self.scene.run.observer.read(ColumnType, COLUMN, {})
        told = found[0].type if found else "nothing"
        name, _bracket, size = told.rpartition(".")[2].partition("(")
        if name != "vector" or not size.rstrip(")").isdigit():
            raise PromiseBroken(f"What finds a document should be stored as a vector of fixed length, not as {told}.")
        return int(size.rstrip(")"))

    def vectors_of(self, texts: Sequence[str], clinic: Clinic) -> Matrix:
        """The backend's vectors of these texts; raises PromiseBroken when they do not fit the knowledge base."""
        vectors, wanted = self.embeddings.of(texts, clinic.owner), self.dimensions()
        if vectors.shape[1] != wanted:
            raise PromiseBroken(
                f"The knowledge base holds vectors of {wanted} numbers, but texts are embedded in {vectors.shape[1]}."
            )
        return vectors

    def write(self, clinic: Clinic, texts: Sequence[str]) -> None:
        """The clinic's owner writes texts down, embedded as the backend embeds questions."""
        self._insert(clinic, texts, self.vectors_of(texts, clinic), [None] * len(texts))

    def write_close_to(self, clinic: Clinic, question: str, texts: Sequence[str], closeness: Sequence[float]) -> None:
        """The owner writes texts down whose vectors lie at exactly these cosines to the question's."""
        middle = self.vectors_of([question], clinic)[0]
        self._insert(clinic, texts, close_to(self.generator, middle, np.array(closeness)), closeness, question)

    def _insert(
        self,
        clinic: Clinic,
        texts: Sequence[str],
        vectors: Matrix,
        closeness: Sequence[float | None],
        question: str = "",
    ) -> None:
        rows = [
            {"org_id": clinic.org_id, "content": text, "embedding": as_text(vector)}
            for text, vector in zip(texts, vectors, strict=True)
        ]
        what = f"{clinic.name} should be able to write down {counted(len(texts), 'document')}"
        table = self.scene.run.accounts.as_user(clinic.owner).table("knowledge_base")
        ids = [str(row.get("id")) for row in rows_of(table.insert(rows), what)]
        kept = self._kept(clinic, ids)
        if [kept.get(document_id) for document_id in ids] != list(texts):
            seen = sum(kept.get(document_id) == text for document_id, text in zip(ids, texts, strict=False))
            raise PromiseBroken(f"{what}, but only {seen} of {len(texts)} are kept as written.")
        for document_id, text, how_close in zip(ids, texts, closeness, strict=True):
            self.documents[document_id] = Document(document_id, clinic.org_id, text, how_close, question)

    def _kept(self, clinic: Clinic, ids: Sequence[str]) -> dict[str, str]:
        """What the database holds of these documents: where nothing is, nothing can be found wrongly."""
        seen = self.scene.run.observer.read(Kept, KEPT, {"org_id": clinic.org_id, "ids": list(ids)})
        return {document.id: document.content for document in seen}

    def fill(self, clinic: Clinic, contents: Sequence[str], vectors: Matrix) -> None:
        """Many documents at once, past the API: nobody is shown them, they only must be there."""
        with (
            psycopg.connect(self.scene.run.target.database_url) as connection,
            connection.cursor() as cursor,
            cursor.copy(COPY) as copy,
        ):
            copy.write(binary_copy(clinic.org_id, contents, vectors))
        self.crowded = True

    def fill_around(self, clinic: Clinic, question: str, count: int, closeness: float) -> None:
        """Near-duplicates: all equally close to the question."""
        middle = self.vectors_of([question], clinic)[0]
        vectors = close_to(self.generator, middle, np.full(count, closeness))
        self.fill(clinic, numbered(f"A note of {clinic.name}", count), vectors)

    def remember(self) -> None:
        """Take the scene's census, unless so much has been written down that reading it all would take seconds."""
        if self.crowded:
            self.scene.before, self.scene.asked = {}, []
        else:
            self.scene.remember()

    def of_clinic(self, clinic: Clinic) -> list[Document]:
        return [document for document in self.documents.values() if document.org_id == clinic.org_id]

    def at(self, clinic: Clinic, closeness: float) -> Document:
        """The clinic's document at this closeness; raises LookupError when there is none."""
        for document in self.of_clinic(clinic):
            if document.closeness == closeness:
                return document
        raise LookupError(f"{clinic.name} has no document at {closeness}.")


def numbered(text: str, count: int) -> list[str]:
    return [f"{text}, number {number:05}" for number in range(count)]


def ask(scene: Scene, caller: str, clinic: Clinic, question: Any, line: Clinic | None = None) -> Exchange:
    """One question to a clinic's knowledge through the assistant's tool, over its own line or another's; `...` asks nothing."""
    provider = next(iter(clinic.people))
    wish = replace(scene.wish(caller, provider, AFTERNOON), clinic_id=clinic.org_id)
    return scene.exchange(wish, question_call(clinic, question), scene.assistant(line or clinic).call)


def question_call(clinic: Clinic, question: Any) -> ToolCall:
    asked = {} if question is ... else {"question": question}
    return ToolCall(ANSWER, {"clinic_id": clinic.org_id, **asked})


def documents_of(who: str, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The documents of an answer; raises PromiseBroken when they are not as the contract says."""
    documents = answer.get("documents")
    if not isinstance(documents, list) or not all(isinstance(each, dict) for each in documents):
        raise PromiseBroken(f"{who} should be given a list of documents; the answer's fields are {sorted(answer)}.")
    for each in documents:
        similarity = each.get("similarity")
        number = isinstance(similarity, int | float) and not isinstance(similarity, bool) and -1.001 <= similarity <= 1.001  # fmt: skip
        if not isinstance(each.get("content"), str) or not each["content"] or not number:
            raise PromiseBroken(f"{who} should be given text and similarity of each document, but one holds {each}.")
    if len(documents) > MOST_DOCUMENTS:
        raise PromiseBroken(
            f"{who} should be given at most {MOST_DOCUMENTS} documents, the best; there are {len(documents)}."
        )
    return documents


def told(exchange: Exchange) -> list[dict[str, Any]]:
    """The documents that a caller's question found; raises PromiseBroken when it was not answered."""
    if exchange.outcome.status != 200 or exchange.outcome.code:
        raise PromiseBroken(f"{exchange.wish.caller} should be answered, but was {exchange.outcome}")
    return documents_of(exchange.wish.caller, exchange.outcome.answer)


def asked(scene: Scene) -> list[Exchange]:
    """The questions of the last When; raises Inconclusive when there were none."""
    if not scene.asked:
        raise Inconclusive("Nobody has asked anything yet.")
    return [scene.exchanges[caller] for caller in scene.asked]
