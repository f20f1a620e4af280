"""Every scenario of an `@every-dialect` feature runs once in each wire dialect, as a scenario of its own."""

import copy
from collections.abc import Sequence
from typing import Any

from behave.model import Feature, Rule, Scenario, ScenarioOutline, Tag

from acceptance.target import DIALECTS, Dialect

EXPANDED = "every-dialect"


def expand_dialects(feature: Feature, dialects: Sequence[Dialect]) -> None:
    """Replace each scenario by one per dialect, named after it; one that is tagged with a dialect keeps to it."""
    if EXPANDED not in feature.tags:
        return
    for container in (feature, *feature.rules):
        container.run_items = [copied for item in container.run_items for copied in _copies(item, dialects)]


def dialect_of(scenario: Scenario, offered: Sequence[Dialect]) -> Dialect:
    """The dialect that a scenario's tags name, else the target's first."""
    for dialect in offered:
        if dialect in scenario.effective_tags:
            return dialect
    return offered[0]


def _copies(item: Any, dialects: Sequence[Dialect]) -> list[Any]:
    if isinstance(item, Rule):
        return [item]
    fixed = [dialect for dialect in DIALECTS if dialect in item.effective_tags]
    return [_copy(item, dialect) for dialect in dialects if not fixed or dialect in fixed]


def _copy(item: Scenario, dialect: Dialect) -> Scenario:
    name = f"{item.name} [{dialect}]"
    tags = [*item.tags, Tag(dialect, item.line)]
    made: Scenario
    if isinstance(item, ScenarioOutline):  # its rows copy the steps themselves
        examples = copy.deepcopy(item.examples)
        made = ScenarioOutline(
            item.filename, item.line, item.keyword, name, tags, item.steps, examples, item.description
        )
    else:
        steps = [copy.copy(step) for step in item.steps]
        made = Scenario(item.filename, item.line, item.keyword, name, tags, steps, item.description)
    made.parent, made.feature, made.background = item.parent, item.feature, item.background
    return made
