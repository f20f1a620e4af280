"""Illnesses of Google that a test orders for one calendar, and the record of what arrived there."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

DEFAULT_SLOW_SECONDS = 0.8
LONGEST_SECONDS = 30.0


class Fault(StrEnum):
    UNAUTHORISED = "unauthorised"
    RATE_LIMITED = "rate limited"
    TOO_MANY_REQUESTS = "too many requests"
    UNAVAILABLE = "unavailable"
    TIMES_OUT = "times out"
    SLOW = "slow"
    LOSES_ITS_ANSWER = "loses its answer"
    MAKES_IT_AND_TIMES_OUT = "makes it and times out"


@dataclass
class FaultOrder:
    """One order of a test; `remaining` None means until healed, `released` is set by healing."""

    calendar: str
    fault: Fault
    remaining: int | None
    seconds: float
    reads: bool
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def parse(cls, body: object) -> "FaultOrder":
        """From {"calendar", "fault", "times"?, "seconds"?, "reads"?}. Raises ValueError in plain words."""
        if not isinstance(body, Mapping):
            raise ValueError("an order is a JSON object")
        unknown = set(body) - {"calendar", "fault", "times", "seconds", "reads"}
        if unknown:
            raise ValueError(f"unknown field: {', '.join(sorted(unknown))}")
        calendar, name, times = body.get("calendar"), body.get("fault"), body.get("times")
        seconds, reads = body.get("seconds", DEFAULT_SLOW_SECONDS), body.get("reads", False)
        if not isinstance(calendar, str) or not calendar:
            raise ValueError("calendar must be a calendar id")
        if name not in list(Fault):
            raise ValueError(f"unknown fault {name!r}; known: {', '.join(Fault)}")
        if times is not None and (type(times) is not int or times < 1):
            raise ValueError("times must be a positive whole number, or null for until healed")
        if type(seconds) not in (int, float) or not 0 <= seconds <= LONGEST_SECONDS:
            raise ValueError(f"seconds must be a number from 0 to {LONGEST_SECONDS:.0f}")
        if type(reads) is not bool:
            raise ValueError("reads must be true or false")
        return cls(calendar, Fault(name), times, float(seconds), reads)


class FaultDesk:
    """The orders in force, at most one a calendar; a new order replaces the old one."""

    def __init__(self) -> None:
        self._orders: dict[str, FaultOrder] = {}

    def order(self, order: FaultOrder) -> None:
        self.heal(order.calendar)
        self._orders[order.calendar] = order

    def heal(self, calendar: str) -> None:
        """End the order for a calendar and free every request it holds."""
        order = self._orders.pop(calendar, None)
        if order is not None:
            order.released.set()

    def heal_all(self) -> None:
        for calendar in list(self._orders):
            self.heal(calendar)

    def strikes(self, calendar: str, *, write: bool) -> FaultOrder | None:
        """The order that this request falls under, counting it; None when it is served in good health."""
        order = self._orders.get(calendar)
        if order is None or not (write or order.reads) or order.remaining == 0:
            return None
        if order.remaining is not None:
            order.remaining -= 1
        return order


@dataclass
class ArrivedRequest:
    """One request for an event; `status` stays None while, or because, no answer was given.

    `given_up` says that the client did not wait for one.
    """

    method: str
    event: str | None
    fault: str | None = None
    status: int | None = None
    given_up: bool = False
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="microseconds"))


class RequestLog:
    """What arrived for each calendar, in order."""

    def __init__(self) -> None:
        self._arrived: defaultdict[str, list[ArrivedRequest]] = defaultdict(list)

    def arrived(self, calendar: str, method: str, event: str | None) -> ArrivedRequest:
        request = ArrivedRequest(method, event)
        self._arrived[calendar].append(request)
        return request

    def entries(self, calendar: str) -> list[dict[str, Any]]:
        return [asdict(request) for request in self._arrived.get(calendar, [])]
