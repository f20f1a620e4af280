"""Which judgements of the features have been seen to fail."""

from collections.abc import Sequence

from sabotage.suite import Suite
from sabotage.trial import Result


def unreached(suite: Suite, results: Sequence[Result]) -> list[str]:
    """The `Then` phrases that no fault made fail: nobody knows yet whether they can."""
    reached = {red.phrase for result in results for red in result.red if red.judged}
    return [phrase for phrase in suite.then_phrases() if phrase not in reached]
