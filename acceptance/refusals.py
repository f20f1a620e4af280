"""The refusals that the contract knows, by the words the features use."""

from dataclasses import dataclass

from acceptance.errors import PromiseBroken
from acceptance.voice import Outcome


@dataclass(frozen=True)
class Refusal:
    """A refusal's name on the wire and its status; both must be seen."""

    words: str
    code: str
    status: int


REFUSALS = {
    refusal.words: refusal
    for refusal in (
        Refusal("invalid (400)", "INVALID_REQUEST", 400),
        Refusal("unauthorised (401)", "UNAUTHORIZED", 401),
        Refusal("forbidden (403)", "FORBIDDEN", 403),
        Refusal("not found (404)", "NOT_FOUND", 404),
        Refusal("not allowed here (405)", "INVALID_REQUEST", 405),
        Refusal("a conflict (409)", "CONFLICT", 409),
        Refusal("too large (413)", "INVALID_REQUEST", 413),
        Refusal("of the wrong kind (415)", "INVALID_REQUEST", 415),
    )
}


def must_refuse(who: str, outcome: Outcome, refusal: Refusal) -> None:
    """Exactly this refusal, by code and by status, with words for the caller; raises PromiseBroken."""
    if (outcome.code, outcome.status) != (refusal.code, refusal.status):
        raise PromiseBroken(f"{who} should be refused as {refusal.words}, but was {outcome}")
    if outcome.answer.get("appointment_id"):
        raise PromiseBroken(f"{who} was refused, yet the answer names appointment {outcome.appointment_id}.")
    if not outcome.said.strip():
        raise PromiseBroken(f"{who} should be told why; the refusal says nothing.")
