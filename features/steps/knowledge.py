"""Phrases of the smart answer loop: what clinics have written down, what is asked, and what is given."""

from typing import Any

from behave import given, then, when
from behave.runner import Context

from acceptance import knowledge, knowledge_judged, knowledge_questions
from acceptance.knowledge import Library
from acceptance.knowledge_texts import NATURES
from features.tables import closeness_column, text_column


def library_of(context: Context) -> Library:
    """The one library of a scenario."""
    library: Library = context.library if "library" in context else Library.of(context.scene)
    context.library = library
    return library


@given("{clinic:Name} has written down")
def has_written_down(context: Context, clinic: str) -> None:
    library_of(context).write(context.scene.clinics.clinic(clinic), text_column(context.table))


@given("{clinic:Name} has documents this close to {question:Name}")
def has_documents_close_to(context: Context, clinic: str, question: str) -> None:
    own, closeness = context.scene.clinics.clinic(clinic), closeness_column(context.table)
    texts = [f"A note of {own.name} at {share:.2f}." for share in closeness]
    library_of(context).write_close_to(own, question, texts, closeness)


@given("{clinic:Name} has a document that {nature:Nature}, {share:Share} close to {question:Name}")
def has_a_document(context: Context, clinic: str, nature: str, share: float, question: str) -> None:
    own = context.scene.clinics.clinic(clinic)
    library_of(context).write_close_to(own, question, [NATURES[nature](own.name)], [share])


@given("{clinic:Name} has {count:Number} documents {share:Share} close to {question:Name}")
def has_many_documents(context: Context, clinic: str, count: int, share: float, question: str) -> None:
    library_of(context).fill_around(context.scene.clinics.clinic(clinic), question, count, share)


@given("{clinic:Name} has {count:Number} documents, among them one for each of {questions:Number} questions")
def has_an_answer_to_each(context: Context, clinic: str, count: int, questions: int) -> None:
    knowledge_questions.answer_each(library_of(context), context.scene.clinics.clinic(clinic), count, questions)


@given("the owner of {clinic:Name} sets its threshold to {share:Share}")
def sets_the_threshold(context: Context, clinic: str, share: float) -> None:
    knowledge_questions.set_threshold(context.scene, context.scene.clinics.clinic(clinic), share)


@given("{clinic:Name} can be asked {question:Name}")
def can_be_asked(context: Context, clinic: str, question: str) -> None:
    own = context.scene.clinics.clinic(clinic)
    exchange = knowledge.ask(context.scene, f"a caller of {own.name}", own, question)
    knowledge_judged.must_hear_whole(library_of(context), exchange)


@given("{caller:Name} asks {clinic:Name} {question:Name}")
@when("{caller:Name} asks {clinic:Name} {question:Name}")
def ask(context: Context, caller: str, clinic: str, question: str) -> None:
    own = context.scene.clinics.clinic(clinic)
    library_of(context).remember()
    knowledge.ask(context.scene, caller, own, question)


@when("{caller:Name} rings {clinic:Name} but asks {other:Name} {question:Name}")
def ask_the_wrong_line(context: Context, caller: str, clinic: str, other: str, question: str) -> None:
    clinics = context.scene.clinics
    library_of(context).remember()
    knowledge.ask(context.scene, caller, clinics.clinic(other), question, line=clinics.clinic(clinic))


@when("{clinic:Name} is asked each of")
def ask_each(context: Context, clinic: str) -> None:
    own, asked = context.scene.clinics.clinic(clinic), knowledge_questions.chosen(context.table.headings, context.table)
    library_of(context).remember()
    for row, question in asked.items():
        knowledge.ask(context.scene, f"“{row}” as a question", own, question)


@when("the {questions:Number} questions are asked at {clinic:Name} one after the other")
def ask_many(context: Context, questions: int, clinic: str) -> None:
    knowledge_questions.ask_each(context.scene, context.scene.clinics.clinic(clinic), questions)


@then("{caller:Name} is given")
def is_given(context: Context, caller: str) -> None:
    found: Any = knowledge.told(context.scene.of(caller))
    knowledge_judged.must_give(caller, found, text_column(context.table))
    knowledge_judged.best_first(caller, found)


@then("{caller:Name} is given the documents at")
def is_given_documents(context: Context, caller: str) -> None:
    exchange, library = context.scene.of(caller), library_of(context)
    own = context.scene.clinic_of(exchange.wish)
    wanted = [library.at(own, share) for share in closeness_column(context.table)]
    knowledge_judged.must_give_documents(caller, knowledge.told(exchange), wanted)


@then("{caller:Name} hears it whole")
def hears_whole(context: Context, caller: str) -> None:
    knowledge_judged.must_hear_whole(library_of(context), context.scene.of(caller))


@then("{caller:Name} hears it whole and nothing of {clinic:Name}")
def hears_whole_and_nothing_of(context: Context, caller: str, clinic: str) -> None:
    hears_whole(context, caller)
    hears_nothing_of(context, caller, clinic)


@then("{caller:Name} hears nothing of {clinic:Name}")
def hears_nothing_of(context: Context, caller: str, clinic: str) -> None:
    knowledge_judged.hears_nothing_of(
        library_of(context), context.scene.clinics.clinic(clinic), context.scene.of(caller)
    )


@then("{caller:Name} hears exactly what {other:Name} heard")
def hears_the_same(context: Context, caller: str, other: str) -> None:
    knowledge_judged.must_hear_the_same(context.scene.of(caller), context.scene.of(other))


@then("{caller:Name} is told that nobody knows, as {other:Name} is")
def nobody_knows(context: Context, caller: str, other: str) -> None:
    for one, two in ((caller, other), (other, caller)):
        knowledge_judged.nobody_knows(library_of(context), context.scene.of(one), context.scene.of(two))


@then("each is told that nobody knows")
def nobody_knows_any(context: Context) -> None:
    asked = knowledge.asked(context.scene)
    for exchange in asked:
        knowledge_judged.nobody_knows(library_of(context), exchange, asked[0])


@then("each question finds its own document first")
def each_finds_its_own(context: Context) -> None:
    for exchange in context.scene.exchanges.values():
        knowledge_judged.must_find_its_own(exchange)
