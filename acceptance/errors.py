"""What the suite raises: it cannot begin, it cannot judge here, or it judged and the promise is broken."""


class CannotRun(Exception):
    """The suite cannot begin; the message is one sentence that says what to change."""


class NotOffered(Exception):
    """The target lacks what a scenario needs; the scenario is skipped with this reason."""


class PromiseBroken(AssertionError):
    """A check failed; the message says the promise in business words, what was expected and what was seen."""


class NoAnswer(PromiseBroken):
    """Nobody answered a request; `how` names the way in which the line failed."""

    def __init__(self, message: str, how: str) -> None:
        super().__init__(message)
        self.how = how


class Inconclusive(AssertionError):
    """A check proved nothing either way, which is never green."""
