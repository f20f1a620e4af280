"""A random order can be repeated, and loses nothing."""

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from behave.model import Feature, ScenarioOutline
from behave.parser import parse_file

from acceptance.errors import CannotRun
from features.dialects import expand_dialects
from features.order import Order, chosen_order
from tests.stack_support import ROOT, behave, finish, start


def read_features() -> list[Feature]:
    features = [parse_file(str(path)) for path in sorted((ROOT / "features").glob("*.feature"))]
    for feature in features:
        expand_dialects(feature, ("tool-calls", "flat"))
    return features


def told(features: list[Feature]) -> list[str]:
    """Every scenario that would run, in its order, with the feature and the rule it stands in."""
    return [f"{feature.name}/{place}" for feature in features for place in told_of(feature.run_items, "")]


def told_of(items: list[Any], place: str) -> list[str]:
    found = []
    for item in items:
        inner = item.scenarios if isinstance(item, ScenarioOutline) else getattr(item, "run_items", None)
        found += [f"{place}/{item.name}"] if inner is None else told_of(inner, f"{place}/{item.name}")
    return found


def in_order(order: Order, features: list[Feature] | None = None) -> list[str]:
    features = features or read_features()
    order.apply(features)
    return told(features)


def test_without_a_seed_the_files_order_holds() -> None:
    assert in_order(Order()) == told(read_features())


def test_every_scenario_stays_once_in_its_place() -> None:
    assert sorted(in_order(Order(1))) == sorted(told(read_features()))


def test_a_seed_gives_the_same_order_again() -> None:
    assert in_order(Order(7)) == in_order(Order(7), list(reversed(read_features())))


def test_features_rules_scenarios_and_rows_are_all_shuffled() -> None:
    one, other = in_order(Order(1)), in_order(Order(2))
    for depth in range(4):
        assert list(dict.fromkeys(cut(one, depth))) != list(dict.fromkeys(cut(other, depth)))


def cut(places: list[str], depth: int) -> list[str]:
    return ["/".join(place.split("/")[: depth + 1]) for place in places]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"order": "alphabetical"}, "There is no order `alphabetical`: choose file or random"),
        ({"order": "random", "seed": "dice"}, "should be a whole number, and is `dice`"),
        ({"order": "random", "seed": "-1"}, "should be a whole number"),
        ({"seed": "7"}, "add `order=random`"),
    ],
)
def test_a_wrong_value_is_one_sentence(settings: Mapping[str, str], sentence: str) -> None:
    with pytest.raises(CannotRun, match=sentence):
        chosen_order(settings)


def test_the_choice() -> None:
    assert chosen_order({}) == chosen_order({"order": "file"}) == Order()
    assert chosen_order({"order": "random", "seed": "7"}) == Order(7)
    assert chosen_order({"order": "random"}) != Order()


def test_a_wrong_order_ends_the_run_before_anything_starts(tmp_path: Path) -> None:
    code, output = finish(start(behave("-D", "order=alphabetical"), tmp_path))
    assert code == 2
    assert output.splitlines()[-1] == "There is no order `alphabetical`: choose file or random."


def test_a_red_run_tells_its_seed_at_both_ends() -> None:
    asked = ("-D", "order=random", "-n", "One caller, one slot", "-D", "dialect=flat", "--no-color", "-f", "plain")
    # A calendar that cannot be reached turns the scenario red.
    nowhere = {"ACCEPTANCE_CALENDAR_ENDPOINT": "http://127.0.0.1:9/calendar/v3/"}
    code, output = finish(start(behave(*asked), Path(tempfile.gettempdir()), **nowhere))
    assert code == 1
    seeds = re.findall(r"Order: random; again with -D order=random -D seed=(\d+)", output)
    assert len(seeds) == 2
    assert seeds[0] == seeds[1]
