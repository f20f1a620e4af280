"""Secrets are cut out of what a failed step or hook says, before anything of behave shows it."""

from collections.abc import Callable, Iterable
from functools import wraps

from behave.capture import NO_CAPTURED_DATA, Captured
from behave.formatter.base import Formatter, StreamOpener
from behave.model import Step
from behave.runner import ModelRunner

from acceptance.report.redaction import redacted


class Redactor(Formatter):
    """Stands before all other formatters, and shows nothing itself."""

    name = "redactor"

    def __init__(self, runner: ModelRunner, secrets: Iterable[str]) -> None:
        super().__init__(StreamOpener(stream=None, filename="unused"), runner.config)
        self._secrets = tuple(secrets)

    @classmethod
    def precede(cls, runner: ModelRunner, secrets: Iterable[str]) -> None:
        """See every step, whatever is captured, and what hooks raise from now on, before anything of behave does."""
        redactor = cls(runner, secrets)
        runner.formatters.insert(0, redactor)
        capture = runner.capture_controller.make_captured
        runner.capture_controller.make_captured = lambda **named: redactor._cut_out_of(capture(**named))
        hooks = [name for name in runner.hooks if name.startswith(("before_", "after_"))]  # beside all that it imports
        runner.hooks.update({name: redactor._guarded(runner.hooks[name]) for name in hooks})

    def result(self, step: Step) -> None:
        if step.error_message:
            step.error_message = self._cut(step.error_message)
        if step.exception is not None:
            self._cut_out_of_what_is_raised(step.exception)
        for captured in step.captured.captures:
            self._cut_out_of(captured)

    def _guarded(self, hook: Callable[..., None]) -> Callable[..., None]:
        @wraps(hook)
        def guarded(*args: object) -> None:
            try:
                hook(*args)
            except Exception as problem:
                self._cut_out_of_what_is_raised(problem)
                raise

        return guarded

    def _cut_out_of_what_is_raised(self, problem: BaseException) -> None:
        problem.args = tuple(self._cut(part) if isinstance(part, str) else part for part in problem.args)

    def _cut(self, text: str) -> str:
        return redacted(text, self._secrets)

    def _cut_out_of(self, captured: Captured) -> Captured:
        if captured is not NO_CAPTURED_DATA:
            captured.stdout, captured.stderr, captured.log = map(
                self._cut, (captured.stdout, captured.stderr, captured.log)
            )
        return captured
