"""Phrases for the other ways to a clinic's knowledge: Vapi's own request, the retrieval function, the table, a real model."""

from behave import given, then, when
from behave.runner import Context

from acceptance import knowledge_judged, knowledge_vapi, knowledge_ways, live_model
from acceptance.refusals import Refusal, must_refuse
from features.steps.knowledge import library_of
from features.tables import closeness_column, column, text_column


@when("{clinic:Name} is asked {question:Name} in each of these ways")
def ask_in_each_way(context: Context, clinic: str, question: str) -> None:
    own, ways = context.scene.clinics.clinic(clinic), column(context.table, "way", knowledge_ways.WAYS)
    context.askings = [knowledge_ways.ask_by(library_of(context), way, own, question) for way, _way in ways]


@then("each way finds first {text:Name}")
def each_way_finds(context: Context, text: str) -> None:
    knowledge_judged.each_way_finds_first(context.askings, text)


@then("no way finds anything of {clinic:Name}")
def no_way_finds(context: Context, clinic: str) -> None:
    for asking in context.askings:
        knowledge_judged.nothing_of(
            library_of(context), context.scene.clinics.clinic(clinic), asking.way, asking.documents, asking.answer
        )


@then("a visitor may not search for {question:Name}")
def visitor_may_not(context: Context, question: str) -> None:
    clinic = next(iter(context.scene.clinics.founded.values()))
    knowledge_ways.must_be_closed_to_visitors(library_of(context), clinic, question)


@when("Vapi asks {clinic:Name} {question:Name} in {form:Form}")
def vapi_asks(context: Context, clinic: str, question: str, form: str) -> None:
    own = context.scene.clinics.clinic(clinic)
    context.asking = knowledge_vapi.ask(library_of(context), own, question, form)


@when("Vapi asks for somebody of no clinic {question:Name}")
def vapi_asks_for_nobody(context: Context, question: str) -> None:
    context.nobody = context.scene.clinics.somebody_of_no_clinic()
    context.scene.remember()
    context.refused = knowledge_vapi.ask_as(context.scene, context.nobody, question)


@then("Vapi is given")
def vapi_is_given(context: Context) -> None:
    knowledge_judged.must_give("Vapi", context.asking.documents, text_column(context.table))


@then("Vapi is given nothing of {clinic:Name}")
def vapi_is_given_nothing_of(context: Context, clinic: str) -> None:
    asking, other = context.asking, context.scene.clinics.clinic(clinic)
    knowledge_judged.nothing_of(library_of(context), other, "Vapi", asking.documents, asking.answer)


@then("Vapi is refused as {refusal:Refusal}")
def vapi_is_refused(context: Context, refusal: Refusal) -> None:
    must_refuse("Vapi", context.refused, refusal)


@then("the audit log records the attempt of somebody of no clinic")
def attempt_of_nobody(context: Context) -> None:
    knowledge_vapi.must_be_recorded(context.scene, context.nobody)


@when("the knowledge of {clinic:Name} is searched with a threshold {place:Place} the document at {share:Share}")
def search_at(context: Context, clinic: str, place: str, share: float) -> None:
    library, own = library_of(context), context.scene.clinics.clinic(clinic)
    context.searched, context.found = own, knowledge_ways.search_at(library, library.at(own, share), own, place)


@then("the search finds the documents at")
def search_finds(context: Context) -> None:
    library = library_of(context)
    wanted = [library.at(context.searched, share) for share in closeness_column(context.table)]
    knowledge_judged.must_give_documents(context.searched.name, context.found, wanted)


@given("a real model is configured")
def model_is_configured(context: Context) -> None:
    context.model = live_model.configured(context.scene.run.target)


@then("the model tells {caller:Name} of {own:Name} and not of {other:Name}")
def model_tells(context: Context, caller: str, own: str, other: str) -> None:
    live_model.must_tell(context.model, context.scene.of(caller), own, other)
