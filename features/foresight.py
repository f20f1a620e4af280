"""The clinics that the scenarios to come ask for, read from their steps before the first one runs."""

from collections.abc import Iterator

from behave.model import Step
from behave.runner import ModelRunner
from behave.step_registry import StepRegistry

from acceptance.clinics import Blueprint

WORDS = {"clinic", "zone", "provider"}


def clinics_to_come(runner: ModelRunner) -> Iterator[Blueprint]:
    """One blueprint for each step that founds a clinic, of the scenarios that were chosen, in their order."""
    for feature in runner.features:
        for scenario in feature.walk_scenarios():
            if scenario.should_run(runner.config):
                # The runner's own registry: `behave.step_registry.registry` is another, empty one by now.
                founding = (_blueprint(step, runner.step_registry) for step in scenario.all_steps)
                yield from (blueprint for blueprint in founding if blueprint)


def _blueprint(step: Step, registry: StepRegistry) -> Blueprint | None:
    match = registry.find_match(step)
    words = {argument.name: argument.value for argument in match.arguments} if match else {}
    return Blueprint(words["clinic"], words["zone"].key, words["provider"]) if words.keys() == WORDS else None
