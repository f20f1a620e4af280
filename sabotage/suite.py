"""The features as behave reads them, read once: which scenarios could see a fault, and what becomes of them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from behave.configuration import Configuration
from behave.model import Feature, Rule, Scenario, Step
from behave.runner import Context, Runner
from behave.runner_util import parse_features
from behave.tag_expression import make_tag_expression

from sabotage.fault import NOTHING_LEFT, Fault

ROOT = Path(__file__).parents[1]
FEATURES = ROOT / "features"
RED = frozenset({"failed", "error", "undefined", "hook_error", "cleanup_error"})

# The names of the scenarios of each Rule, by the feature's file and the Rule's name.
Place = tuple[str, str]
Scope = Mapping[Place, Sequence[str]]

# Its first scenario precedes any other of its feature: a backend's first answers take longer than a caller may wait.
WARM_UP = ("features/booking.feature", "A free slot is booked and reaches the calendar")
WARM_UP_SCENARIO = "One caller, one slot, one event [tool-calls]"


@dataclass(frozen=True)
class Red:
    """A scenario that did not pass: where it stands, the phrase that failed and what it said.

    `judged` is false where the suite itself broke down instead of judging.
    """

    feature: str
    rule: str
    scenario: str
    step: str
    phrase: str
    message: str
    judged: bool


@dataclass(frozen=True)
class Report:
    """What a run of scenarios came to; `trouble` is what went wrong beside them."""

    scenarios: int
    red: Sequence[Red]
    trouble: str


class Suite:
    """All features, steps and hooks. Running it uses it up, so each run has a fork of its own."""

    def __init__(self) -> None:
        self._runner = Runner(Configuration([str(FEATURES), "-D", "target=remote", "--no-color", "--no-summary"]))
        self._runner.config.reporters = []
        self._runner.path_manager.__enter__()
        self._runner.setup_paths()
        self._runner.load_hooks()
        self._runner.load_step_definitions()
        self._runner.features = parse_features(self._runner.feature_locations())
        # Read apart: an outline that has made its rows cannot be copied for each dialect any more.
        self._rules = _rules(parse_features(self._runner.feature_locations()))

    def concerned(self, fault: Fault) -> Scope:
        """The Rules whose scenarios could see a fault."""
        named = tuple(fault.caught_by)
        return {
            place: names
            for place, names in self._rules.items()
            if (place[0].startswith(fault.within) if fault.within else any(name.startswith(named) for name in names))
        }

    def run(self, fault: Fault) -> Report:
        """Run the scenarios that could see the fault, each in every dialect that the target speaks, or up to the first red."""
        runner, scope = self._runner, self.concerned(fault)
        runner.config.stop = fault.first_is_enough
        if fault.scenarios is not None:
            runner.config.name = sorted({*fault.scenarios, WARM_UP_SCENARIO})
            runner.config.name_re = re.compile("|".join(f"^{re.escape(name)}$" for name in runner.config.name))
        for feature in runner.features:
            feature.run_items = [item for item in feature.run_items if _is_kept(item, _place(feature, item), scope)]
        runner.features = [feature for feature in runner.features if feature.run_items]
        runner.context = Context(runner)
        left: list[Red] = []
        runner.hooks["after_all"] = _noting(runner.hooks["after_all"], left)
        if fault.told is not None:
            runner.hooks["before_scenario"] = _telling(runner.hooks["before_scenario"], fault.told)
        runner.run_model()
        found = [scenario for feature in runner.features for scenario in feature.walk_scenarios()]
        ran = [s for s in found if s.status.name not in ("skipped", "untested") and _place(s.feature, s) in scope]
        red = [self._red(scenario) for scenario in ran if scenario.status.name in RED]
        return Report(len(ran), [*red, *left], "a hook failed" if runner.hook_failures else "")

    def then_phrases(self) -> list[str]:
        """Every judgement that the features can pronounce, but for what needs a real model: no fault here can reach it."""
        needs_a_model = self._phrases_of("live") - self._phrases_of("not live")
        return [phrase for m in self._registry["then"] if (phrase := str(m.pattern)) not in needs_a_model]

    def _phrases_of(self, tags: str) -> set[str]:
        chosen = make_tag_expression(tags)
        features = parse_features(self._runner.feature_locations())  # apart, for the reason above
        scenarios = (s for feature in features for s in feature.walk_scenarios())
        return {self._phrase(step) for s in scenarios if chosen.check(s.effective_tags) for step in s.all_steps}

    @property
    def _registry(self) -> dict[str, list[Any]]:
        from behave.step_registry import registry

        return dict(registry.steps)

    def _red(self, scenario: Scenario) -> Red:
        failed = next((step for step in scenario.all_steps if step.status.name in RED), None)
        return Red(
            feature=scenario.feature.name,
            rule=_rule_name(scenario),
            scenario=scenario.name.strip(),
            step=f"{failed.keyword} {failed.name}" if failed else "",
            phrase=self._phrase(failed) if failed else "",
            message=str((failed.error_message if failed else scenario.error_message) or ""),
            judged=failed is not None and failed.status.name == "failed",
        )

    def _phrase(self, step: Step) -> str:
        matchers = (*self._registry[step.step_type], *self._registry["step"])
        return next((str(matcher.pattern) for matcher in matchers if matcher.match(step.name)), "")


def _noting(after_all: Callable[[Context], None], left: list[Red]) -> Callable[[Context], None]:
    """The suite's last promise, kept by a hook: it counts like a scenario."""

    def hook(context: Context) -> None:
        try:
            after_all(context)
        except Exception as broken:  # also where it cannot look any more
            left.append(Red("", "", NOTHING_LEFT, "", "", f"{type(broken).__name__}: {broken}", judged=True))

    return hook


def _telling(
    before_scenario: Callable[[Context, Scenario], None], told: Callable[[str], None]
) -> Callable[[Context, Scenario], None]:
    def hook(context: Context, scenario: Scenario) -> None:
        told(scenario.name)
        before_scenario(context, scenario)

    return hook


def _rules(features: Sequence[Feature]) -> Scope:
    found: dict[Place, list[str]] = {}
    for feature in features:
        for item in feature.run_items:
            names = found.setdefault(_place(feature, item), [])
            names += [plain_name(scenario.name) for scenario in _scenarios(item)]
    return found


def _place(feature: Feature, item: Any) -> Place:
    return Path(feature.filename).resolve().relative_to(ROOT).as_posix(), _rule_name(item)


def _is_kept(item: Any, place: Place, scope: Scope) -> bool:
    if place == WARM_UP and place not in scope and any(path == place[0] for path, _rule in scope):
        del item.run_items[1:]
        return True
    return place in scope


def plain_name(name: str) -> str:
    """A scenario's name without the dialect and the row that behave adds to it."""
    return re.split(r" \[[a-z-]+\](?: -- |$)| -- @", name.strip())[0].strip()


def _scenarios(item: Any) -> Iterator[Scenario]:
    """All scenarios of a Rule, of an outline, or the one that it is itself."""
    parts = item.run_items if isinstance(item, Rule) else getattr(item, "scenarios", None)
    if parts is None:
        yield item
    else:
        for part in parts:
            yield from _scenarios(part)


def _rule_name(item: Any) -> str:
    """The Rule that something stands under, or is; none for what stands under the feature alone."""
    while not isinstance(item, Feature | Rule):
        item = item.parent
    return str(item.name) if isinstance(item, Rule) else ""
