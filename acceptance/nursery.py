"""Clinics made ahead: while one scenario runs, the next one's world is founded and the last one's is removed.

Every scenario still has clinics that nobody used before; it only does not wait for their sign-ups.
"""

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from acceptance.clinics import Blueprint, Clinic, Registry
from acceptance.diary import Observer

FOUNDERS = 2
AHEAD = 4


class Nursery:
    """A few background threads; what they raise surfaces where the result is needed."""

    def __init__(self, registry: Registry, eraser: Observer) -> None:
        self.registry = registry
        self._eraser = eraser  # a connection of its own: the observer's must not stand inside an erasure
        self._founding = ThreadPoolExecutor(FOUNDERS, "founding")
        self._removing = ThreadPoolExecutor(1, "removing")
        self._ready: dict[Blueprint, deque[Future[Clinic]]] = {}
        self._removals: list[Future[None]] = []

    def take(self, blueprint: Blueprint) -> Clinic:
        """A fresh clinic; others of its kind are begun for the scenarios to come."""
        prepared = self._ready.setdefault(blueprint, deque())
        while len(prepared) <= AHEAD:
            prepared.append(self._founding.submit(self.registry.found, blueprint))
        return prepared.popleft().result()

    def retire(self, clinics: Iterable[Clinic]) -> None:
        """Remove clinics soon."""
        self._removals += [self._removing.submit(self.registry.remove, clinic, self._eraser) for clinic in clinics]

    def close(self) -> None:
        """Remove all that is left, and end; raises what a removal raised."""
        unused = [future for prepared in self._ready.values() for future in prepared if not future.cancel()]
        self._ready.clear()
        self.retire(future.result() for future in unused if future.exception() is None)
        self._founding.shutdown()
        self._removing.shutdown()
        removals, self._removals = self._removals, []
        for removal in removals:
            removal.result()
