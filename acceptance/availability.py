"""What the assistant offers, held against what the diary really leaves free."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from acceptance.booking import Slot, Wish
from acceptance.errors import PromiseBroken
from acceptance.moments import Moment
from acceptance.promises import must_be_booked
from acceptance.scene import Exchange, Scene
from acceptance.voice import ToolCall

CHECK = "check_availability"
HOUR = timedelta(hours=1)
FORTY_YEARS = timedelta(days=40 * 365)
A_MOMENT = timedelta(minutes=1)
TAKERS = 4  # at a time
When = Callable[[datetime], dict[str, str]]  # the arguments that say when, from the moment that is meant


@dataclass(frozen=True)
class Offered:
    """One slot that the assistant may read out."""

    start: datetime
    end: datetime


# Ways to ask that leave open when, from a moment at which the clinic is open.
OPEN_QUESTIONS: Mapping[str, When] = {
    "neither a day nor a stretch": lambda _at: {},
    "a beginning without an end": lambda at: {"from": at.isoformat()},
    "an end without a beginning": lambda at: {"to": at.isoformat()},
    "a day and a stretch beside it": lambda at: {**_day(at), **_stretch(at, at + HOUR)},
    "a stretch that ends before it begins": lambda at: _stretch(at + HOUR, at),
    "a stretch of no length": lambda at: _stretch(at, at),
    "a stretch of 32 days": lambda at: _stretch(at, at + timedelta(days=32)),
    "a stretch without an offset": lambda at: _stretch(at.replace(tzinfo=None), at.replace(tzinfo=None) + HOUR),
    "a stretch that is over": lambda at: _stretch(at - timedelta(days=400), at - timedelta(days=399)),
    "a stretch in forty years": lambda at: _stretch(at + FORTY_YEARS, at + FORTY_YEARS + HOUR),
    "a day that is over": lambda at: _day(at - timedelta(days=7)),
    "a day in forty years": lambda at: _day(at + FORTY_YEARS),
    "words": lambda _at: {"date": "tomorrow"},
}


def ask_when_free(scene: Scene, caller: str, provider: str, day: Slot) -> None:
    """Ask for a day's free slots of the slot's length; the answer is kept under the caller's name."""
    ask_about(scene, caller, provider, day, _day)


def ask_between(scene: Scene, caller: str, provider: str, begins: Slot, ends: time) -> None:
    """Ask for the free slots between a moment and a time of the same day."""
    ask_about(scene, caller, provider, begins, lambda at: _stretch(at, datetime.combine(at.date(), ends, at.tzinfo)))


def ask_for_days(scene: Scene, caller: str, provider: str, begins: Slot, days: int) -> None:
    """Ask for the free slots of so many days from a moment on, up to the same time of the last."""
    ask_about(scene, caller, provider, begins, lambda at: _stretch(at, at + timedelta(days=days)))


def ask_about(scene: Scene, caller: str, provider: str, slot: Slot, when: When, **changes: Any) -> None:
    """Ask for free slots of the slot's length, saying when in this way; a change to None leaves an argument out."""
    wish = scene.wish(caller, provider, slot)
    plain = {"clinic_id": wish.clinic_id, "provider_id": wish.provider_id, "duration_minutes": slot.minutes}
    asked = {**plain, **when(wish.starts_at), **changes}
    arguments = {name: value for name, value in asked.items() if value is not None}
    speaker = scene.assistant(scene.clinic_of(wish))
    scene.exchange(wish, ToolCall(CHECK, arguments), speaker.call)


def ask_of_a_stranger(scene: Scene, caller: str, provider: str, stranger_id: str | None) -> None:
    """Ask when somebody is free who is no provider."""
    morning = Slot(Moment("the next working day", time(10)))
    ask_about(scene, caller, provider, morning, _day, provider_id=stranger_id)


def _day(at: datetime) -> dict[str, str]:
    return {"date": at.date().isoformat()}


def _stretch(begins: datetime, ends: datetime) -> dict[str, str]:
    return {"from": begins.isoformat(), "to": ends.isoformat()}


def offered(exchange: Exchange) -> list[Offered]:
    """The slots of an answer; raises PromiseBroken when there are none or they cannot be read."""
    slots: Any = exchange.outcome.answer.get("slots")
    if not exchange.outcome.done or not isinstance(slots, list) or not slots:
        raise PromiseBroken(f"{exchange.wish.caller} should be offered slots, but the answer was {exchange.outcome}")
    read = [Offered(datetime.fromisoformat(slot["start"]), datetime.fromisoformat(slot["end"])) for slot in slots]
    if any(slot.start.tzinfo is None or slot.end.tzinfo is None for slot in read):
        raise PromiseBroken("Every offered slot should say its offset from UTC.")
    return read


def nothing_offered(exchange: Exchange) -> None:
    """A success without slots, of which the caller hears."""
    outcome = exchange.outcome
    if not outcome.done or outcome.answer.get("slots") != []:
        raise PromiseBroken(f"{exchange.wish.caller} should be offered nothing, but the answer was {outcome}")
    if not outcome.said.strip():
        raise PromiseBroken(f"{exchange.wish.caller} should hear that nothing is free; the answer says nothing.")


def what_is_left_is_offered(scene: Scene, opens: time, closes: time, exchange: Exchange) -> None:
    """Of a day without an appointment, every slot that lies ahead and none that is over; after closing time that is none.

    A slot that begins within a minute of now may be either.
    """
    slots = exchange.outcome.answer.get("slots")
    if not exchange.outcome.done or not isinstance(slots, list):
        raise PromiseBroken(
            f"{exchange.wish.caller} should be told what is free, but the answer was {exchange.outcome}"
        )
    zone, now = scene.clinic_of(exchange.wish).zone, datetime.now(UTC)
    seen = {datetime.fromisoformat(slot["start"]).astimezone(zone) for slot in slots}
    day, length = exchange.wish.starts_at.date(), timedelta(minutes=exchange.wish.minutes)
    missing = {start for start in _grid(day, opens, closes, length, zone) if start > now + A_MOMENT} - seen
    over = {start for start in seen if start < now - A_MOMENT}
    if missing or over:
        raise PromiseBroken(
            f"{exchange.wish.caller} should be offered what is left of {day}; "
            f"missing: {_on_the_clock(missing)}; over: {_on_the_clock(over)}."
        )


def none_touches(offers: list[Offered], taken: Exchange) -> None:
    """No offered slot shares a minute with an appointment."""
    start = taken.wish.starts_at
    end = start + timedelta(minutes=taken.wish.minutes)
    touching = [slot for slot in offers if slot.start < end and start < slot.end]
    if touching:
        raise PromiseBroken(f"{taken.wish.caller}'s time from {start} is taken, yet {touching[0].start} is offered.")


def all_free_time_is_offered(
    scene: Scene, offers: list[Offered], opens: time, closes: time, taken: Exchange, exchange: Exchange
) -> None:
    """Exactly the grid of the clinic's opening hours, less what the appointment touches."""
    zone, day = scene.clinic_of(exchange.wish).zone, exchange.wish.starts_at.date()
    length = timedelta(minutes=exchange.wish.minutes)
    busy_from = taken.wish.starts_at
    busy_until = busy_from + timedelta(minutes=taken.wish.minutes)
    grid = _grid(day, opens, closes, length, zone)
    expected = [start for start in grid if not (start < busy_until and busy_from < start + length)]
    seen = [slot.start for slot in offers]
    if [moment.timestamp() for moment in seen] != [moment.timestamp() for moment in expected]:
        shown = [moment.astimezone(zone) for moment in seen]
        missing, extra = _on_the_clock(set(expected) - set(shown)), _on_the_clock(set(shown) - set(expected))
        again = _on_the_clock({moment for moment in shown if shown.count(moment) > 1})
        raise PromiseBroken(
            f"All free time of {day} should be offered once, in {len(expected)} slots; offered were {len(seen)}. "
            f"Missing: {missing}; too many: {extra}; more than once: {again}."
        )


def each_day_is_offered(
    scene: Scene, offers: list[Offered], opens: time, closes: time, days: int, exchange: Exchange
) -> None:
    """Of days without an appointment, exactly the grid of the opening hours, from the moment asked about on."""
    zone, begins = scene.clinic_of(exchange.wish).zone, exchange.wish.starts_at
    length, ends = timedelta(minutes=exchange.wish.minutes), begins + timedelta(days=days)
    dates = [begins.date() + timedelta(days=number) for number in range(days + 1)]
    grid = [start for day in dates for start in _grid(day, opens, closes, length, zone)]
    expected = {start for start in grid if begins <= start and start + length <= ends}
    seen = [slot.start.astimezone(zone) for slot in offers]
    if sorted(expected) != seen:
        missing, extra = expected - set(seen), set(seen) - expected
        told = (", ".join(f"{moment:%d %B %H:%M}" for moment in sorted(some)) or "none" for some in (missing, extra))
        raise PromiseBroken(
            f"{len(expected)} slots on {len(dates)} days should be offered, once each and in order; offered were "
            f"{len(seen)}. Missing: {next(told)}; too many: {next(told)}."
        )


def _grid(day: date, opens: time, closes: time, length: timedelta, zone: ZoneInfo) -> list[datetime]:
    start, grid = datetime.combine(day, opens, zone), list[datetime]()
    while start + length <= datetime.combine(day, closes, zone):
        grid.append(start)
        start += length
    return grid


def _on_the_clock(moments: Iterable[datetime]) -> str:
    return ", ".join(f"{moment:%H:%M}" for moment in sorted(moments)) or "none"


def all_can_be_booked(scene: Scene, offers: list[Offered], asked: Wish) -> None:
    """Book every one of them, a few at a time; whoever takes one is in nobody's way."""

    def take(number: int, free: Offered) -> None:
        minutes, taker = int((free.end - free.start).total_seconds() // 60), f"taker {number}"
        wish = replace(asked, caller=taker, patient_name=taker, starts_at=free.start, minutes=minutes)
        must_be_booked(scene, scene.ask(wish))

    with ThreadPoolExecutor(TAKERS) as pool:
        list(pool.map(take, count(1), offers))
