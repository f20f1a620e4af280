"""Hooks only: open the target, give every scenario a fresh world, clean up, and leave nothing."""

import os
import sys
import time

from behave.model import Scenario, Step
from behave.reporter.summary import SummaryReporter
from behave.runner import Context

from acceptance.errors import CannotRun, NotOffered
from acceptance.report.latencies import latency_lines
from acceptance.report.matrix import matrix_lines
from acceptance.report.reproduce import LastRequest, reproduction
from acceptance.run import describe, open_run
from acceptance.scene import Scene
from acceptance.settings import read_settings
from features.dialects import dialect_of, expand_dialects
from features.foresight import clinics_to_come
from features.order import chosen_order
from features.redactor import Redactor
from features.steps import parameter_types  # noqa: F401 - the words must be known before any phrase uses them

CANNOT_RUN = 2
SummaryReporter.show_duration = False  # behave 1.3 leaves out what stands under a Rule, so it would say 0.000 s


def before_all(context: Context) -> None:
    """Start or reach the system under test; a bad beginning is one sentence and exit code 2."""
    context.began, context.skipped, context.red = time.monotonic(), [], []
    flags = dict(context.config.userdata)
    opening = open_run(flags, getattr(context._runner, "begun", None))
    try:
        context.order = chosen_order(read_settings(flags))
        context.run = opening.__enter__()
    except CannotRun as problem:
        print(problem, file=sys.stderr, flush=True)
        os._exit(CANNOT_RUN)  # behave would turn every other way out into its own code 1 and a summary
    context.add_cleanup(opening.__exit__, None, None, None)
    Redactor.precede(context._runner, context.run.target.secrets)
    context.last = LastRequest(context.run.api)
    for feature in context._runner.features:
        expand_dialects(feature, context.run.target.dialects)
    context.order.apply(context._runner.features)
    context.run.nursery.foretell(clinics_to_come(context._runner))
    print(describe(context.run))
    print(f"Order: {context.order}")
    print(f"Ready after {time.monotonic() - context.began:.1f} s\n", flush=True)


def before_scenario(context: Context, scenario: Scenario) -> None:
    context.last.request = None
    context.scene = Scene.begin(context.run, dialect_of(scenario, context.run.target.dialects))
    context.add_cleanup(context.scene.clinics.leave)


def after_step(context: Context, step: Step) -> None:
    """What the target does not offer skips the scenario, with the reason."""
    if isinstance(step.exception, NotOffered):
        step.status = step.status.skipped
        context.scenario.skip(f"not offered here: {step.exception}")
        context.skipped.append(f"Skipped, {context.scenario.skip_reason}: {context.scenario.name}")


def after_scenario(context: Context, scenario: Scenario) -> None:
    """A red scenario is told with what it takes to see it again, and counted at the end."""
    if scenario.status.has_failed():
        context.red.append(scenario)
        print("\n".join(("", *reproduction(scenario.name, context.last))), flush=True)


after_scenario.capture = False  # type: ignore[attr-defined]


def after_all(context: Context) -> None:
    """Show what was measured and what was skipped; a run that leaves a row behind has failed."""
    if not hasattr(context, "run"):
        return
    for line in (*latency_lines(context.run.measurements), *matrix_lines(context.run.matrix), *context.skipped):
        print(line)
    if context.red:
        print(f"Red: {len(context.red)} scenarios. Order: {context.order}")
    context.run.nursery.close()
    left = context.run.observer.left_behind(context.run.marker)
    if left:
        raise AssertionError(f"The run should leave nothing behind, but left {left}.")
    print(f"The run took {time.monotonic() - context.began:.1f} s.")


after_all.capture = False  # type: ignore[attr-defined]
