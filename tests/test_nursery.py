"""Clinics are made ahead exactly as often as scenarios are going to ask for them."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

from acceptance.clinics import Blueprint, Registry
from acceptance.diary import Observer
from acceptance.nursery import AHEAD, Nursery

DENTAL = Blueprint("Harbour Dental", "Europe/London", "Dr Smith")
PHYSIO = Blueprint("Hilltop Physio", "America/New_York", "Dr Johnson")


class CountingRegistry:
    def __init__(self) -> None:
        self.founded: list[Blueprint] = []
        self.removed: list[Blueprint] = []

    def found(self, blueprint: Blueprint) -> Any:
        self.founded.append(blueprint)
        return blueprint

    def remove(self, clinic: Any, _eraser: Observer) -> None:
        self.removed.append(clinic)


@pytest.fixture
def registry() -> CountingRegistry:
    return CountingRegistry()


@pytest.fixture
def nursery(registry: CountingRegistry) -> Iterator[Nursery]:
    opened = Nursery(cast(Registry, registry), cast(Observer, None))
    yield opened
    opened.close()


def test_what_is_foretold_is_founded_once(nursery: Nursery, registry: CountingRegistry) -> None:
    nursery.foretell([DENTAL, PHYSIO] * AHEAD)
    taken = [nursery.take(blueprint) for blueprint in [DENTAL, PHYSIO] * AHEAD]
    assert [cast(Any, clinic) for clinic in taken] == [DENTAL, PHYSIO] * AHEAD
    assert sorted(registry.founded, key=str) == [DENTAL] * AHEAD + [PHYSIO] * AHEAD


def test_what_nobody_foretold_is_founded_all_the_same(nursery: Nursery, registry: CountingRegistry) -> None:
    assert nursery.take(DENTAL) == cast(Any, DENTAL)
    assert registry.founded == [DENTAL]


def test_another_order_than_foretold_founds_no_more(nursery: Nursery, registry: CountingRegistry) -> None:
    nursery.foretell([DENTAL] * (AHEAD + 1) + [PHYSIO])
    nursery.take(PHYSIO)
    for _ in range(AHEAD + 1):
        nursery.take(DENTAL)
    assert registry.founded.count(PHYSIO) == 1
    assert registry.founded.count(DENTAL) == AHEAD + 1


def test_what_nobody_took_is_removed(registry: CountingRegistry) -> None:
    nursery = Nursery(cast(Registry, registry), cast(Observer, None))
    nursery.foretell([DENTAL] * 3)
    nursery.take(DENTAL)
    nursery.close()
    assert len(registry.removed) == len(registry.founded) - 1
