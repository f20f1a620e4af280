"""In which order scenarios run: as the files say, or shuffled by a seed that a later run can repeat."""

import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from behave.model import Feature, Rule, ScenarioOutline

from acceptance.errors import CannotRun

FILE, RANDOM = "file", "random"
LARGEST_SEED = 10**6  # six digits, to be typed again by hand


@dataclass(frozen=True)
class Order:
    """The files' own order where `seed` is None."""

    seed: int | None = None

    def apply(self, features: list[Feature]) -> None:
        """Shuffle features, the rules of each, the scenarios of those and the rows of outlines, each in its place."""
        if self.seed is None:
            return
        dice = random.Random(self.seed)
        # By name first, so that a seed means the same order whatever order the files were found in.
        features.sort(key=lambda feature: str(feature.filename))
        _shuffle(features, dice)

    def __str__(self) -> str:
        if self.seed is None:
            return "the files'"
        return f"random; again with -D order=random -D seed={self.seed}"


def chosen_order(settings: Mapping[str, str]) -> Order:
    """What `order` and `seed` say; raises CannotRun."""
    order, seed = settings.get("order", FILE), settings.get("seed")
    if order not in (FILE, RANDOM):
        raise CannotRun(f"There is no order `{order}`: choose {FILE} or {RANDOM}.")
    if seed is None:
        return Order(secrets.randbelow(LARGEST_SEED) if order == RANDOM else None)
    if order == FILE:
        raise CannotRun("A `seed` belongs to a random order: add `order=random`.")
    if not (seed.isascii() and seed.isdigit()):
        raise CannotRun(f"The `seed` should be a whole number, and is `{seed}`.")
    return Order(int(seed))


def _shuffle(items: list[Any], dice: random.Random) -> None:
    dice.shuffle(items)
    for item in items:
        if isinstance(item, Feature | Rule):
            _shuffle(item.run_items, dice)
        elif isinstance(item, ScenarioOutline):
            dice.shuffle(item.scenarios)
