"""A formatter of behave that writes one line of JSON for each scenario: when it ran, and what became of it."""

import json
import time
from typing import Any

from behave.formatter.base import Formatter
from behave.model import Feature, Scenario, Step


class Report(Formatter):  # type: ignore[misc]  # behave ships no types
    """`-f sabotage.nothing_report:Report -o FILE`; the times are those of the system's monotonic clock."""

    name = "nothing"
    description = "One line of JSON a scenario"

    def __init__(self, stream_opener: Any, config: Any) -> None:
        super().__init__(stream_opener, config)
        self.stream = self.open()
        self._scenario: Scenario | None = None
        self._began = 0.0

    def scenario(self, scenario: Scenario) -> None:
        self._finish()
        self._scenario, self._began = scenario, time.monotonic()

    def feature(self, _feature: Feature) -> None:
        self._finish()

    def close(self) -> None:
        self._finish()
        super().close()

    def _finish(self) -> None:
        """Only now has the scenario been cleaned up after, and is sure of its status."""
        done, self._scenario = self._scenario, None
        if done is None:
            return
        steps = [step for step in done.all_steps if step.status.has_failed() or step.exception]
        told = {
            "name": f"{done.feature.name}: {done.name}",
            "began": self._began,
            "ended": time.monotonic(),
            "status": done.status.name,
            "step": steps[0].name if steps else "",
            "reason": done.skip_reason or "",
            "message": _message(steps[0]) if steps else "",
            "crashed": not done.status.is_passed() and not all(_judged(step) for step in steps),
        }
        self.stream.write(json.dumps(told, ensure_ascii=False) + "\n")
        self.stream.flush()


def _judged(step: Step) -> bool:
    """Whether a judgement failed, and not the suite itself."""
    return isinstance(step.exception, AssertionError) or step.status.name == "skipped"


def _message(step: Step) -> str:
    kind = "" if isinstance(step.exception, AssertionError) else f"{type(step.exception).__name__}: "
    return f"{kind}{step.exception}"[:600]
