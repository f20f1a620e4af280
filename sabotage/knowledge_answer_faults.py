"""Faults of what is made of the knowledge that was found: how whole it is, what is said without any, and Vapi's request."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from reference.backend import answers, embedding, knowledge, tenancy, tools
from reference.backend.answers import Answer
from reference.backend.knowledge import Document
from reference.backend.tenancy import Session
from sabotage.fault import fault
from sabotage.knowledge_faults import (
    ABOVE,
    BELOW,
    BOUNDARY,
    EVERY_WAY,
    FORMS,
    LESS,
    MORE,
    NEXT_CALLER,
    NOBODYS,
    NOTHING_CLOSE,
    ODD_QUESTIONS,
    OWN_LINES,
    OWN_LONG,
    OWN_MARKUP,
    OWN_POLICY,
    POISON,
    WRONG_LINE,
)
from sabotage.token_audit_faults import _forgetting


@fault("Only the first two hundred letters of a document are given.", caught_by=[OWN_LONG])
def documents_are_cut() -> None:
    real = knowledge.shown
    knowledge.shown = lambda found: [{**each, "content": each["content"][:200]} for each in real(found)]


@fault("What is spoken is cut to two thousand letters.", caught_by=[OWN_LONG])
def speech_is_cut() -> None:
    real = knowledge.sentence
    knowledge.sentence = lambda found: real(found)[:2000]


@fault("What is spoken keeps the lines of the document.", caught_by=[OWN_LINES])
def lines_are_left_in() -> None:
    answers.one_line = tools.one_line = lambda text: text


@fault("The documents' lines are folded where they should be whole.", caught_by=[OWN_LINES])
def lines_are_folded_everywhere() -> None:
    real = knowledge.shown
    knowledge.shown = lambda found: [{**each, "content": " ".join(each["content"].split())} for each in real(found)]


@fault("Markup is escaped in what is given to the assistant.", caught_by=[OWN_MARKUP])
def markup_is_escaped() -> None:
    real = knowledge.shown
    knowledge.shown = lambda found: [{**each, "content": each["content"].replace("<", "&lt;")} for each in real(found)]


async def _of_the_others(session: Session) -> str:
    theirs = "select content from public.knowledge_base where org_id <> %s order by created_at desc limit 1"
    async with session.database.as_service() as connection:
        row = await (await connection.execute(theirs, (session.caller.org_id,))).fetchone()
    return str(row[0]) if row else ""


@fault(
    "What the assistant is given ends with a neighbour's document, for example's sake.",
    caught_by=[OWN_POLICY, POISON, WRONG_LINE, NEXT_CALLER],
)
def neighbours_document_in_the_context() -> None:
    real = knowledge.answer_question

    async def answer(session: Session, arguments: Mapping[str, Any]) -> Answer:
        told = await real(session, arguments)
        return replace(told, sentence=f"{told.sentence} For example: {await _of_the_others(session)}")

    knowledge.answer_question = answer


@fault(
    "What the assistant is given holds the titles of all that lies below the threshold too.",
    caught_by=[NOTHING_CLOSE, ABOVE, BELOW, BOUNDARY],
)
def context_holds_what_was_not_found() -> None:
    real = knowledge.answer_question

    async def answer(session: Session, arguments: Mapping[str, Any]) -> Answer:
        told = await real(session, arguments)
        async with session.database.as_caller(session.caller) as connection:
            rows = await (await connection.execute("select content from public.knowledge_base")).fetchall()
        return replace(told, sentence=f"{told.sentence} {' '.join(text for (text,) in rows)}")

    knowledge.answer_question = answer


@fault("Vapi's request is answered with everybody's knowledge.", caught_by=[EVERY_WAY, FORMS, NOBODYS], origin=12)
def vapi_is_given_everybodys() -> None:
    everybodys = """
    select id, content, 1 - (embedding operator(extensions.<=>) %s::extensions.vector) as similarity
    from public.knowledge_base order by similarity desc limit 3"""

    async def answer(session: Session, message: Mapping[str, Any]) -> dict[str, Any]:
        vector = await embedding.embed_one(session.embedder, knowledge.last_question(message))
        async with session.database.as_service() as connection:
            cursor = connection.cursor(row_factory=class_row(Document))
            found = await (await cursor.execute(everybodys, (embedding.as_sql(vector),))).fetchall()
        return {"documents": knowledge.shown(found)}

    knowledge.answer_message = answer


def _said_under(key: str) -> None:
    real = knowledge.last_question
    knowledge.last_question = lambda message: real({key: message.get(key)})


@fault(
    "Vapi's request is read in OpenAI's form alone.", caught_by=[f"{FORMS}, in Vapi's own", f"{FORMS}, in the form of"]
)
def only_openais_form_is_read() -> None:
    _said_under("messagesOpenAIFormatted")


@fault("Vapi's request is read in Vapi's own form alone.", caught_by=[f"{FORMS}, in OpenAI's form", EVERY_WAY])
def only_vapis_form_is_read() -> None:
    _said_under("messages")


@fault("Of a conversation the first words count as the question, not the last.", caught_by=[FORMS, EVERY_WAY])
def first_words_count() -> None:
    real = knowledge._said_by_the_caller
    knowledge._said_by_the_caller = lambda messages: real(messages)[:1]


@fault("Of a conversation the second words count as the question, not the last.", caught_by=[FORMS, EVERY_WAY])
def second_words_count() -> None:
    real = knowledge._said_by_the_caller
    knowledge._said_by_the_caller = lambda messages: real(messages)[:2]


@fault("What the assistant says itself counts as a question.", caught_by=[FORMS, EVERY_WAY])
def assistants_words_count() -> None:
    real = knowledge._said_by_the_caller

    def said(messages: Any) -> list[str]:
        entries = messages if isinstance(messages, list) else []
        return real([{**entry, "role": "user"} for entry in entries if isinstance(entry, dict)])

    knowledge._said_by_the_caller = said


@fault("Vapi's request for no clinic is answered with an empty list.", caught_by=[NOBODYS], origin=50)
def no_clinic_is_no_refusal() -> None:
    real = knowledge.answer_message

    async def answer(session: Session, message: Mapping[str, Any]) -> dict[str, Any]:
        return {"documents": []} if session.caller.org_id is None else await real(session, message)

    knowledge.answer_message = answer


@fault("Vapi's request for no clinic is refused and leaves no trace.", caught_by=[NOBODYS], origin=50)
def no_trace_of_vapis_request() -> None:
    _forgetting(lambda _caller, attempt: attempt.target_org_id is None)


@fault("The refusal of a question quotes what the neighbour has written down.", caught_by=[WRONG_LINE], origin=11)
def refusal_quotes_the_neighbour() -> None:
    real = tenancy.deny

    async def deny(session: Session, attempt: Any, reason: str) -> Any:
        await real(session, attempt, f"{reason} There it says: {await _of_the_others(session)}")

    tenancy.deny = deny


@fault("The notes of one caller stay in the assistant for the next.", caught_by=[NEXT_CALLER], origin=9)
def notes_stay_for_the_next_caller() -> None:
    real = knowledge.answer_question
    notes: list[str] = []

    async def answer(session: Session, arguments: Mapping[str, Any]) -> Answer:
        told = await real(session, arguments)
        before = f" Notes: {'; '.join(notes)}" if notes else ""
        notes.append(str(arguments.get("question")))
        return replace(told, sentence=told.sentence + before)

    knowledge.answer_question = answer


@fault("Without a document something plausible is said.", caught_by=[NOTHING_CLOSE, ODD_QUESTIONS])
def answers_are_invented() -> None:
    knowledge.NOT_KNOWN = "Most clinics ask you to cancel twelve hours ahead."


@fault("Not knowing is admitted, and then guessed.", caught_by=[NOTHING_CLOSE, ODD_QUESTIONS])
def admitted_and_guessed() -> None:
    real = knowledge.answer_question

    async def answer(session: Session, arguments: Mapping[str, Any]) -> Answer:
        told = await real(session, arguments)
        guess = f" But as to “{arguments.get('question')}”: most clinics say yes."
        return told if told.fields["documents"] else replace(told, sentence=told.sentence + guess)

    knowledge.answer_question = answer


@fault("Not knowing counts as a failure of the tool.", caught_by=[NOTHING_CLOSE, ODD_QUESTIONS])
def not_knowing_is_a_failure() -> None:
    real = knowledge.answer_question

    async def answer(session: Session, arguments: Mapping[str, Any]) -> Answer:
        told = await real(session, arguments)
        return told if told.fields["documents"] else replace(told, fields={**told.fields, "success": False})

    knowledge.answer_question = answer


@fault("A document's id is made up.", caught_by=[ABOVE, MORE, LESS, BELOW])
def ids_are_made_up() -> None:
    real = knowledge.shown
    knowledge.shown = lambda found: [{**each, "uuid": str(UUID(int=place))} for place, each in enumerate(real(found))]


def _told_to_vapi(change: Callable[[list[dict[str, Any]], Document], list[dict[str, Any]]]) -> None:
    real = knowledge.answer_message
    theirs = "select id, content, 0.5::float8 as similarity from public.knowledge_base where org_id <> %s order by content limit 1"

    async def answer(session: Session, message: Mapping[str, Any]) -> dict[str, Any]:
        told = await real(session, message)
        async with session.database.as_service() as connection:
            cursor = connection.cursor(row_factory=class_row(Document))
            other = await (await cursor.execute(theirs, (session.caller.org_id,))).fetchone()
        return {"documents": change(told["documents"], other)} if other else told

    knowledge.answer_message = answer


@fault("Behind the clinic's own documents Vapi is given one of a neighbour's.", caught_by=[EVERY_WAY, FORMS], origin=12)
def neighbours_document_behind_the_own() -> None:
    _told_to_vapi(lambda documents, other: [*documents, *knowledge.shown([other])])


@fault("Vapi is told the id of a neighbour's document.", caught_by=[EVERY_WAY, FORMS])
def neighbours_id_is_told() -> None:
    _told_to_vapi(lambda documents, other: [{**each, "uuid": str(other.id)} for each in documents])
