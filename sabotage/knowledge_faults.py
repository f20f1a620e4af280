"""Faults of the smart answer loop: whose knowledge is found, how close it must be, and in which order."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from reference.backend import embedding, embedding_lexical, fields, knowledge, settings, tokens
from reference.backend.answers import Answer
from reference.backend.database import Database
from reference.backend.errors import Internal
from reference.backend.knowledge import Document
from reference.backend.tenancy import Session
from sabotage.fault import fault, sql_fault
from sabotage.token_api_faults import COMMANDS, PLACES
from sabotage.token_audit_faults import NEIGHBOUR, NO_CLINIC, _forgetting

OWN_POLICY = "The clinic's own policy comes first"
WRONG_LINE = "A question that names the neighbour's clinic"
NEXT_CALLER = "What one caller says is not told to the next"
EVERY_WAY = "The same question in every way there is"
FORMS = "Vapi's request to the knowledge base"
NOBODYS = "Vapi's request on behalf of no clinic"
SAME_WORDS = "The same question, the same words, two clinics"
ABOVE = "What lies above 0.7"
BELOW = "What does not lie above 0.7"
MORE = "A clinic that asks for more"
LESS = "A clinic that asks for less"
NOTHING_CLOSE = "Nothing is close enough"
BOUNDARY = "Exactly at the threshold"
OWN = "A document of the clinic's own"  # where all is seen, what the row before wrote may still be there
OWN_LINES = "A document of the clinic's own that has many lines"
OWN_MARKUP = "A document of the clinic's own that is full of markup"
OWN_LONG = "A document of the clinic's own that is 50 kB long"
POISON = "A neighbour's documents that would like to be heard"
NO_QUESTIONS = "Questions that are none"
ODD_QUESTIONS = "Questions that nobody expected"
TEN_THOUSAND = "Among ten thousand documents"
NEEDLE = "Three documents beside twenty thousand"

sql_fault(
    "knowledge-of-every-clinic",
    "The filter by clinic was dropped, in the search and in the policy of the table.",
    caught_by=[
        EVERY_WAY,
        SAME_WORDS,
        ABOVE,
        NOTHING_CLOSE,
        POISON,
        NEEDLE,
        OWN_POLICY,
        FORMS,
        BELOW,
        MORE,
        LESS,
        BOUNDARY,
    ],
    also=[TEN_THOUSAND, OWN],
    origin=12,
)
sql_fault(
    "knowledge-search-as-its-owner",
    "The search has its owner's rights and leaves the rest to row security, which does not apply to it.",
    caught_by=[
        EVERY_WAY,
        SAME_WORDS,
        ABOVE,
        POISON,
        NEEDLE,
        OWN_POLICY,
        FORMS,
        BELOW,
        MORE,
        LESS,
        NOTHING_CLOSE,
        BOUNDARY,
    ],
    also=[TEN_THOUSAND, OWN],
    origin=12,
)
sql_fault("knowledge-open-to-visitors", "Anybody may call the search.", caught_by=[EVERY_WAY], origin=58)
sql_fault(
    "knowledge-worst-first",
    "The search sorts by similarity the wrong way round.",
    caught_by=[ABOVE, LESS, TEN_THOUSAND, BELOW, MORE, BOUNDARY, NEEDLE],
    origin=52,
)
sql_fault(
    "knowledge-worst-of-the-best-first",
    "The best three are found, and given the worst first.",
    caught_by=[ABOVE, MORE, LESS, BELOW, BOUNDARY],
    origin=52,
)
sql_fault(
    "knowledge-distance-for-similarity",
    "The distance is given out as similarity.",
    caught_by=[ABOVE, BOUNDARY, BELOW, MORE, LESS],
)
sql_fault(
    "knowledge-threshold-ignored",
    "The threshold is not looked at.",
    caught_by=[OWN_POLICY, BELOW, MORE, NOTHING_CLOSE, BOUNDARY, ODD_QUESTIONS, FORMS],
)
sql_fault("knowledge-threshold-too-low", "The threshold of 0.7 was lowered to 0.2.", caught_by=[BELOW], origin=52)
sql_fault("knowledge-threshold-inclusive", "What lies exactly at the threshold counts.", caught_by=[BOUNDARY])
sql_fault(
    "knowledge-threshold-of-single-precision",
    "The threshold is rounded to four bytes before it is compared.",
    caught_by=[BOUNDARY],
)
sql_fault(
    "knowledge-index-filters-after-searching",
    "An HNSW index finds the nearest of all clinics, and what is not the caller's is dropped afterwards.",
    caught_by=[NEEDLE],
    also=[TEN_THOUSAND],
)
sql_fault(
    "knowledge-index-built-on-an-empty-table",
    "An IVFFlat index was built before there were documents, and one list of it is searched.",
    caught_by=[TEN_THOUSAND],
    also=[NEEDLE],
    origin=51,
)
sql_fault(
    "knowledge-vectors-as-text",
    "Vectors are stored as text, and the search finds none.",
    caught_by=[OWN_POLICY, WRONG_LINE, NEXT_CALLER, EVERY_WAY, FORMS, NOBODYS],
    origin=29,
)
sql_fault("knowledge-cut-at-a-thousand", "Documents are cut to a thousand letters.", caught_by=[OWN_LONG, POISON])


@fault(
    "Asking for a neighbour's knowledge leaves no trace.",
    caught_by=[WRONG_LINE, NEIGHBOUR, NO_CLINIC, NOBODYS],
    origin=50,
)
def no_trace_of_questions() -> None:
    _forgetting(lambda _caller, attempt: attempt.action == knowledge.TOOL)


@fault(
    "The clinic of a question is taken from its arguments and searched with full rights.",
    caught_by=[WRONG_LINE, NEIGHBOUR, NO_CLINIC, PLACES],
    origin=4,
)
def clinic_of_a_question_from_the_arguments() -> None:
    real = knowledge.search
    theirs = """
    select id, content, 1 - (embedding operator(extensions.<=>) %(question)s::extensions.vector) as similarity
    from public.knowledge_base where org_id = %(clinic_id)s and %(most)s > 0 order by similarity desc limit 3"""

    async def search(session: Session, clinic_id: UUID, question: str) -> Sequence[Document]:
        if clinic_id == session.caller.org_id:
            return await real(session, clinic_id, question)
        vector = await embedding.embed_one(session.embedder, question)
        async with session.database.as_service() as connection:
            cursor = connection.cursor(row_factory=class_row(Document))
            values = {"question": embedding.as_sql(vector), "clinic_id": clinic_id, "most": 3}
            return await (await cursor.execute(theirs, values)).fetchall()

    async def answer(session: Session, arguments: Mapping[str, Any]) -> Answer:
        request = knowledge.fields.parse(knowledge.QuestionRequest, arguments)
        found = await search(session, request.clinic_id, request.question)
        return Answer(knowledge.sentence(found), {"success": True, "documents": knowledge.shown(found)})

    knowledge.answer_question = answer


@fault(
    "A question is answered from a store of earlier answers, whoever asked.",
    caught_by=[OWN_POLICY],
    origin=9,
)
def answers_are_kept_for_everybody() -> None:
    real, kept = knowledge.search, {}

    async def search(session: Session, clinic_id: UUID, question: str) -> Sequence[Document]:
        if question not in kept:
            kept[question] = await real(session, clinic_id, question)
        return kept[question]

    knowledge.search = search


@fault("The threshold that a clinic sets is not asked for.", caught_by=[MORE, NOTHING_CLOSE])
def threshold_of_the_clinic_ignored() -> None:
    own = "(select knowledge_threshold from public.clinic_settings where org_id = %(clinic_id)s)"
    knowledge.SEARCH = knowledge.SEARCH.replace(own, "case when %(clinic_id)s::uuid is null then 1 else 0.7 end")


@fault("Any threshold may be set, and the database says what it thinks of it.", caught_by=[COMMANDS])
def any_threshold() -> None:
    real = settings.read_change

    def read_change(body: Any) -> Mapping[str, Any]:
        if isinstance(body.get("knowledge_threshold"), str):
            return {"knowledge_threshold": body["knowledge_threshold"]}
        return real(body)

    settings.read_change = read_change


@fault("The clinic of a question may be any word, and is found to be somebody else's.", caught_by=[COMMANDS])
def any_word_is_a_clinic() -> None:
    real = fields.parse

    def parse(model: Any, arguments: Mapping[str, Any]) -> Any:
        if model is knowledge.QuestionRequest and tokens.uuid_of(arguments.get("clinic_id")) is None:
            return real(model, {**arguments, "clinic_id": str(UUID(int=0))})
        return real(model, arguments)

    fields.parse = parse


@fault("All that is close enough is given, however much it is.", caught_by=[LESS])
def more_than_three_are_given() -> None:
    knowledge.MOST_DOCUMENTS = 20


@fault("A question that is none ends in an inner error.", caught_by=[NO_QUESTIONS])
def bad_question_is_an_error() -> None:
    real = knowledge.answer_question

    async def answer(session: Session, arguments: Mapping[str, Any]) -> Answer:
        if not isinstance(arguments.get("question"), str) or not arguments["question"].strip():
            raise Internal("Something went wrong here.")
        return await real(session, arguments)

    knowledge.answer_question = answer


@fault("A question of any length is taken.", caught_by=[NO_QUESTIONS])
def questions_of_any_length() -> None:
    knowledge.LONGEST_QUESTION = 1_000_000


@fault("A question without a word in it ends in an inner error.", caught_by=[ODD_QUESTIONS])
def wordless_question_is_an_error() -> None:
    real = embedding_lexical.lexical_vector

    def vector(text: str) -> embedding.Vector:
        if not any(character.isalnum() for character in text):
            raise ZeroDivisionError
        return real(text)

    embedding_lexical.lexical_vector = vector


@fault("A question becomes a part of the query.", caught_by=[ODD_QUESTIONS])
def question_in_the_query() -> None:
    real = knowledge.search

    async def search(session: Session, clinic_id: UUID, question: str) -> Sequence[Document]:
        async with session.database.as_caller(session.caller) as connection:
            await connection.execute(f"select '{question.replace('%', '%%')}'")
        return await real(session, clinic_id, question)

    knowledge.search = search


@fault("An order in the question is obeyed.", caught_by=[ODD_QUESTIONS])
def orders_are_obeyed() -> None:
    real = knowledge.search

    async def search(session: Session, clinic_id: UUID, question: str) -> Sequence[Document]:
        if "list all clinics" not in question:
            return await real(session, clinic_id, question)
        async with session.database.as_service() as connection:
            cursor = connection.cursor(row_factory=class_row(Document))
            everybody = "select id, name as content, 1.0::float8 as similarity from public.organizations limit 3"
            return await (await cursor.execute(everybody)).fetchall()

    knowledge.search = search


@fault(
    "Texts are embedded in one dimension too few.",
    caught_by=[OWN_POLICY, WRONG_LINE, NEXT_CALLER, EVERY_WAY, FORMS, NOBODYS],
)
def wrong_dimension() -> None:
    real = embedding_lexical.lexical_vector
    embedding_lexical.lexical_vector = lambda text: real(text)[:-1]


@fault(
    "Questions are embedded in another way than documents.",
    caught_by=[
        OWN_POLICY,
        ABOVE,
        TEN_THOUSAND,
        NEEDLE,
        WRONG_LINE,
        NEXT_CALLER,
        EVERY_WAY,
        FORMS,
        BELOW,
        MORE,
        LESS,
        BOUNDARY,
    ],
)
def questions_embedded_otherwise() -> None:
    async def otherwise(embedder: Any, text: str) -> embedding.Vector:
        (vector,) = await embedder.embed([text])
        return list(vector)[::-1]

    embedding.embed_one = otherwise


@fault("Every question waits for a slow model.", caught_by=[TEN_THOUSAND])
def slow_model() -> None:
    real = embedding.embed_one

    async def slowly(embedder: Any, text: str) -> embedding.Vector:
        await asyncio.sleep(0.12)
        return await real(embedder, text)

    embedding.embed_one = slowly


@fault(
    "The knowledge base is searched with the rights of the service.",
    caught_by=[SAME_WORDS, ABOVE, POISON, BELOW, MORE, LESS, NOTHING_CLOSE],
    also=[OWN],
    origin=12,
)
def searched_as_the_service() -> None:
    everybodys = """
    select id, content, 1 - (embedding operator(extensions.<=>) %(question)s::extensions.vector) as similarity
    from public.knowledge_base
    where 1 - (embedding operator(extensions.<=>) %(question)s::extensions.vector) > 0.7 and %(clinic_id)s::uuid is not null
    order by similarity desc limit %(most)s"""
    knowledge.SEARCH = everybodys
    Database.as_caller = lambda database, _caller: database.as_service()
