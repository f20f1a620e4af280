"""The promises of the smart answer loop: what was found, in which order, whole, and nothing of anybody else's.

Every function raises PromiseBroken with what was expected and what was seen.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from acceptance.clinics import Clinic
from acceptance.errors import Inconclusive, PromiseBroken
from acceptance.knowledge import Document, Library, told
from acceptance.knowledge_ways import Asking
from acceptance.scene import Exchange
from acceptance.wording import listed, quoted

LONGEST_QUOTE = 90
HALF_A_THOUSANDTH = 0.0005
LEAST_TRACE = 12  # a shorter text may stand in an answer by chance
ADMISSION = re.compile(r"\b(?:do|does|did|could) ?n[o']t (?:know|find)\b|\bno (?:information|answer)\b", re.IGNORECASE)

Found = Sequence[Mapping[str, Any]]


def folded(text: str) -> str:
    """A text as it is spoken: its line breaks and runs of blanks are one blank each."""
    return " ".join(text.split())


def short(text: str) -> str:
    plain = folded(text)
    if not plain:
        return ""
    return f"“{quoted(plain, LONGEST_QUOTE)}”"


def must_give(who: str, found: Found, wanted: Sequence[str]) -> None:
    """Exactly these texts, whole, in this order."""
    seen = [str(document["content"]) for document in found]
    if seen == list(wanted):
        return
    given = "; ".join(short(text) for text in seen) or "nothing"
    expected = "; ".join(short(text) for text in wanted) or "nothing"
    if [short(text) for text in seen] == [short(text) for text in wanted]:
        lengths = [str(len(text)) for text in wanted], [str(len(text)) for text in seen]
        raise PromiseBroken(
            f"{who} should be given each document whole, of {listed(lengths[0])} characters, not {listed(lengths[1])}."
        )
    raise PromiseBroken(f"{who} should be given {expected}; given was {given}.")


def best_first(who: str, found: Found) -> None:
    """Similarities fall from the first to the last."""
    seen = [float(document["similarity"]) for document in found]
    if seen != sorted(seen, reverse=True):
        raise PromiseBroken(f"{who} should be given the best first; the similarities were {_figures(seen)}.")


def must_give_documents(who: str, found: Found, wanted: Sequence[Document]) -> None:
    """Exactly these documents in this order, each with the similarity it was made with, to three decimals."""
    must_give(who, found, [document.content for document in wanted])
    best_first(who, found)
    seen = [float(document["similarity"]) for document in found]
    made = [document.closeness or 0.0 for document in wanted]
    if any(abs(one - other) > HALF_A_THOUSANDTH for one, other in zip(seen, made, strict=True)):
        raise PromiseBroken(f"{who} should be told the similarities {_figures(made)}, but was told {_figures(seen)}.")
    named = [str(document.get("uuid", "")) for document in found]
    if any(name and name != document.id for name, document in zip(named, wanted, strict=True)):
        raise PromiseBroken(f"{who} should be told which documents they are; the ids belong to others.")


def nothing_of(library: Library, clinic: Clinic, who: str, found: Found, said: str) -> None:
    """No document of the clinic, by its id and by its words, save where the asker has the same words."""
    theirs = library.of_clinic(clinic)
    if not theirs:
        raise Inconclusive(f"{clinic.name} has written nothing down, so nothing of it could be given away.")
    ids = {document.id for document in theirs} & {str(document.get("uuid")) for document in found}
    own = [folded(other.content) for other in library.documents.values() if other.org_id != clinic.org_id]
    spoken = folded(said)
    words = [text for text in (folded(document.content) for document in theirs) if text not in own and text in spoken]
    if ids or words:
        leaked = words[0] if words else next(other.content for other in theirs if other.id in ids)
        raise PromiseBroken(f"{who} should hear nothing of {clinic.name}, but was given {short(leaked)}")


def must_hear_whole(library: Library, exchange: Exchange) -> None:
    """What is spoken holds each document that was found whole and in order, on one line, and no other document."""
    who, said = exchange.wish.caller, exchange.outcome.said
    found = told(exchange)
    if not found:
        raise PromiseBroken(f"{who} should be given something to hear, but was given nothing.")
    if library.scene.dialect == "flat":
        return  # nothing is spoken from it: the documents themselves were judged
    place = 0
    for document in found:
        text = folded(str(document["content"]))
        place = said.find(text, place)
        if place < 0:
            raise PromiseBroken(f"{who} should hear each document whole and in order, but not so {short(text)}")
        place += len(text)
    if len(said.splitlines()) != 1:
        raise PromiseBroken(f"{who} should hear one line; these are {len(said.splitlines())}.")
    given = {folded(str(document["content"])) for document in found}
    others = [folded(document.content) for document in library.documents.values()]
    strange = [text for text in others if text not in given and len(text) >= LEAST_TRACE and text in said]
    if strange:
        raise PromiseBroken(f"{who} should hear what was found and no more, but hears {short(strange[0])}")


def nobody_knows(library: Library, exchange: Exchange, other: Exchange) -> None:
    """No document, an admission, and the words in which every other unknown question is answered."""
    who, found = exchange.wish.caller, told(exchange)
    if found:
        raise PromiseBroken(f"{who} should be told that nobody knows, but was given {short(found[0]['content'])}")
    if exchange.outcome.answer.get("success") is not True:
        raise PromiseBroken(
            f"{who} should be answered as a success without documents, as not knowing is no failure; the answer says "
            f"success: {exchange.outcome.answer.get('success')}."
        )
    if library.scene.dialect == "flat":
        return
    if not ADMISSION.search(exchange.outcome.said):
        raise PromiseBroken(f"{who} should hear that it is not known, but hears {short(exchange.outcome.said)}")
    if exchange.outcome.said != other.outcome.said:
        raise PromiseBroken(
            f"{who} should hear what is said of everything unknown, {short(other.outcome.said)}, not {short(exchange.outcome.said)}"
        )


def hears_nothing_of(library: Library, clinic: Clinic, exchange: Exchange) -> None:
    """Neither among the documents nor in what is said, refused or not."""
    documents = exchange.outcome.answer.get("documents") or []
    nothing_of(library, clinic, exchange.wish.caller, documents, exchange.outcome.said)


def must_hear_the_same(exchange: Exchange, other: Exchange) -> None:
    """The same words and documents for the same question, whoever asked in between."""
    now, before = folded(exchange.outcome.said), folded(other.outcome.said)
    if now != before:
        alike = next(
            (place for place, (one, two) in enumerate(zip(now, before, strict=False)) if one != two), len(before)
        )
        heard, hears = short(before[alike:]) or "no more", short(now[alike:]) or "no more"
        raise PromiseBroken(
            f"{exchange.wish.caller} asked what {other.wish.caller} did and should hear the same, but where "
            f"{other.wish.caller} heard {heard}, {exchange.wish.caller} hears {hears}"
        )
    if told(exchange) != told(other):
        raise PromiseBroken(f"{exchange.wish.caller} should be given the same documents as {other.wish.caller}.")


def must_find_its_own(exchange: Exchange) -> None:
    """The document that lies near the question comes first."""
    found = told(exchange)
    first = folded(str(found[0]["content"])) if found else "nothing"
    if first != exchange.wish.caller:
        raise PromiseBroken(f"The question should find {exchange.wish.caller} first, but found {first}.")
    best_first(exchange.wish.caller, found)


def each_way_finds_first(askings: Sequence[Asking], text: str) -> None:
    """Each way gave this text first."""
    if not askings:
        raise Inconclusive("Nobody has asked in any way yet.")
    for asking in askings:
        who = f"{asking.clinic.name}, by {asking.way},"
        must_give(who, asking.documents[:1], [text])
        best_first(who, asking.documents)


def _figures(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:.3f}" for number in numbers) or "none"
