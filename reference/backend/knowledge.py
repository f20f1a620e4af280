"""What a clinic knows: the tool `answer_question`, and Vapi's own request to a knowledge base."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from psycopg.rows import class_row
from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from reference.backend import embedding, fields, tenancy
from reference.backend.answers import Answer
from reference.backend.audit import Attempt
from reference.backend.database import Connection
from reference.backend.errors import InvalidRequest
from reference.backend.tenancy import Session

TOOL = "answer_question"
MESSAGE = "knowledge-base-request"
EFFECT = "select:knowledge_base"
MOST_DOCUMENTS = 3
LONGEST_QUESTION = 2000

NOT_KNOWN = "I do not know that: the clinic has written nothing down about it."

# Without settings there is no threshold, and a missing one finds nothing.
SEARCH = """
select id, content, similarity from public.search_knowledge(
  %(question)s::extensions.vector,
  (select knowledge_threshold from public.clinic_settings where org_id = %(clinic_id)s),
  %(most)s
)
"""


def as_question(value: Any) -> str:
    """Something that can be asked; what cannot be spoken is refused, but for the breaks of a line."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a question")
    if fields.unspeakable(" ".join(value.split())):
        raise ValueError("must not hold control characters")
    if len(value) > LONGEST_QUESTION:
        raise ValueError(f"must have at most {LONGEST_QUESTION} characters")
    return value


Question = Annotated[
    str,
    BeforeValidator(as_question),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_QUESTION}),
]


class QuestionRequest(BaseModel):
    """Arguments of `answer_question`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    clinic_id: fields.Identifier
    question: Question


@dataclass(frozen=True)
class Document:
    """One document that was found, and how close it is to the question."""

    id: UUID
    content: str
    similarity: float


async def answer_question(session: Session, arguments: Mapping[str, Any]) -> Answer:
    """What the clinic knows about a question, the best first; raises InvalidRequest or Forbidden."""
    request = fields.parse(QuestionRequest, arguments)
    await tenancy.require_own_clinic(session, Attempt(TOOL, EFFECT, request.clinic_id))
    found = await search(session, request.clinic_id, request.question)
    return Answer(sentence(found), {"success": True, "documents": shown(found)})


async def answer_message(session: Session, message: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a knowledge-base-request, for the token's clinic; raises Forbidden when it has none."""
    clinic_id = session.caller.org_id
    if clinic_id is None:
        await tenancy.deny(session, Attempt(TOOL, EFFECT, None), tenancy.NO_CLINIC)
    question = last_question(message)
    return {"documents": shown(await search(session, clinic_id, question)) if question else []}


def last_question(message: Mapping[str, Any]) -> str:
    """What the caller said last, "" when nothing was said; of a long speech the end counts."""
    for name in ("messagesOpenAIFormatted", "messages"):
        said = list(_said_by_the_caller(message.get(name)))
        if said:
            return said[-1][-LONGEST_QUESTION:]
    return ""


def _said_by_the_caller(messages: Any) -> list[str]:
    # Vapi's own items say `message`, OpenAI's `content`, which may be a list of parts (contract-facts A5).
    entries = messages if isinstance(messages, list) else []
    asked = [entry for entry in entries if isinstance(entry, dict) and entry.get("role") == "user"]
    texts = [_text_of(entry.get("content") or entry.get("message")) for entry in asked]
    return [text for text in texts if text.strip()]


def _text_of(content: Any) -> str:
    if isinstance(content, list):
        return " ".join(_text_of(part.get("text")) for part in content if isinstance(part, dict))
    if not isinstance(content, str):
        return ""
    return "".join(" " if fields.unspeakable(character) else character for character in content)


async def search(session: Session, clinic_id: UUID, question: str) -> Sequence[Document]:
    """The clinic's documents above its threshold, the best first, with the caller's own rights."""
    vector = await embedding.embed_one(session.embedder, question)
    async with session.database.as_caller(session.caller) as connection:
        return await nearest(connection, clinic_id, vector)


async def nearest(connection: Connection, clinic_id: UUID, vector: embedding.Vector) -> Sequence[Document]:
    values = {"question": embedding.as_sql(vector), "clinic_id": clinic_id, "most": MOST_DOCUMENTS}
    async with connection.cursor(row_factory=class_row(Document)) as cursor:
        await cursor.execute(SEARCH, values)
        return await cursor.fetchall()


def shown(found: Sequence[Document]) -> list[dict[str, Any]]:
    """The documents as Vapi wants them; their text is whole, with its lines as they are."""
    return [{"content": each.content, "similarity": each.similarity, "uuid": str(each.id)} for each in found]


def sentence(found: Sequence[Document]) -> str:
    """What the assistant is given to speak from: the documents alone, or that nothing is known."""
    if not found:
        return NOT_KNOWN
    return f"The clinic's notes say: {' — '.join(each.content for each in found)}"


def texts_of(body: Mapping[str, Any]) -> list[str]:
    """The input of an embeddings request, one text or several; raises InvalidRequest."""
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise InvalidRequest("input must be a text, or a list of texts.")
    return texts


async def embeddings(session: Session, body: Mapping[str, Any]) -> dict[str, Any]:
    """OpenAI's `/v1/embeddings`, so that documents are embedded as questions are; raises InvalidRequest."""
    texts = texts_of(body)
    vectors = await session.embedder.embed(texts)
    words = sum(len(text.split()) for text in texts)
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": place, "embedding": list(vector)} for place, vector in enumerate(vectors)
        ],
        "model": session.embedder.name,
        "usage": {"prompt_tokens": words, "total_tokens": words},
    }
