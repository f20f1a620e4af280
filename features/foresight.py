"""The clinics that the scenarios to come ask for, read from their steps before the first one runs."""

from collections.abc import Iterable, Iterator

from behave.configuration import Configuration
from behave.model import Feature, Step
from behave.step_registry import registry

from acceptance.clinics import Blueprint

WORDS = {"clinic", "zone", "provider"}


def clinics_to_come(features: Iterable[Feature], config: Configuration) -> Iterator[Blueprint]:
    """One blueprint for each step that founds a clinic, of the scenarios that were chosen, in their order."""
    for feature in features:
        for scenario in feature.walk_scenarios():
            if scenario.should_run(config):
                yield from (blueprint for step in scenario.all_steps if (blueprint := _blueprint(step)))


def _blueprint(step: Step) -> Blueprint | None:
    match = registry.find_match(step)
    words = {argument.name: argument.value for argument in match.arguments} if match else {}
    return Blueprint(words["clinic"], words["zone"].key, words["provider"]) if words.keys() == WORDS else None
