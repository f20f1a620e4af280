"""Clinics made ahead: while one scenario runs, the next ones' worlds are founded and the last one's is removed.

Every scenario still has clinics that nobody used before; it only does not wait for their sign-ups.
"""

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from itertools import chain

from acceptance.clinics import Blueprint, Clinic, Registry
from acceptance.diary import Observer

FOUNDERS = 2
AHEAD = 8


class Nursery:
    """A few background threads; what they raise surfaces where the result is needed."""

    def __init__(self, registry: Registry, eraser: Observer) -> None:
        self.registry = registry
        self._eraser = eraser  # a connection of its own: the observer's must not stand inside an erasure
        self._founding = ThreadPoolExecutor(FOUNDERS, "founding")
        self._removing = ThreadPoolExecutor(1, "removing")
        self._foretold: deque[Blueprint] = deque()
        self._ready: dict[Blueprint, deque[Future[Clinic]]] = {}
        self._removals: list[Future[None]] = []

    def foretell(self, blueprints: Iterable[Blueprint]) -> None:
        """What scenarios are going to take, in their order: as much is made ahead, and no more."""
        self._foretold.extend(blueprints)
        self._prepare()

    def take(self, blueprint: Blueprint) -> Clinic:
        """A fresh clinic, from those made ahead if there is one of its kind."""
        prepared = self._ready.get(blueprint)
        founded = prepared.popleft() if prepared else self._found_now(blueprint)
        self._prepare()
        return founded.result()

    def retire(self, clinics: Iterable[Clinic]) -> None:
        """Remove clinics soon."""
        self._removals += [self._removing.submit(self.registry.remove, clinic, self._eraser) for clinic in clinics]

    def rest(self) -> None:
        """Return when nothing is founded or removed any more, so that what is timed next has the machine to itself."""
        wait(chain.from_iterable(self._ready.values()))
        wait(self._removals)

    def _found_now(self, blueprint: Blueprint) -> "Future[Clinic]":
        with suppress(ValueError):
            self._foretold.remove(blueprint)
        return self._founding.submit(self.registry.found, blueprint)

    def _prepare(self) -> None:
        while self._foretold and sum(map(len, self._ready.values())) < AHEAD:
            blueprint = self._foretold.popleft()
            founded = self._founding.submit(self.registry.found, blueprint)
            self._ready.setdefault(blueprint, deque()).append(founded)

    def close(self) -> None:
        """Remove all that is left, and end; raises what a removal raised."""
        unused = [future for prepared in self._ready.values() for future in prepared if not future.cancel()]
        self._ready.clear()
        self._foretold.clear()
        self.retire(future.result() for future in unused if future.exception() is None)
        self._founding.shutdown()
        self._removing.shutdown()
        removals, self._removals = self._removals, []
        for removal in removals:
            removal.result()
