"""Many calls: one after the other to time them, or from one barrier to race them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from acceptance.booking import BOOK, Slot, Wish
from acceptance.clinics import Clinic
from acceptance.errors import PromiseBroken
from acceptance.http import open_client, open_lines
from acceptance.race import run_at_once
from acceptance.scene import Exchange, Scene
from acceptance.voice import Assistant, Outcome, ToolCall

WARM_UP = 3


def one_after_the_other(scene: Scene, callers: int, provider: str, slot: Slot) -> None:
    """Book consecutive slots after a few unmeasured ones, and keep the answers' times."""
    scene.run.nursery.rest()
    for number in range(-WARM_UP, callers):
        later = slot.later((number + WARM_UP) * slot.minutes)
        exchange = scene.ask(
            scene.wish(f"caller {number + 1}" if number >= 0 else "a caller before those", provider, later)
        )
        if number < 0:
            del scene.exchanges[exchange.wish.caller]


def storm(scene: Scene, provider: str, callers: int, rounds: int, slot: Slot, *, apart_minutes: int = 0) -> None:
    """In each round all callers ask for one slot, or for slots that start apart but all overlap; only records."""
    span = slot.minutes + callers * apart_minutes  # no two rounds share a minute
    with _crowd(scene, scene.clinics.employer_of(provider), callers) as assistant:
        for number in range(rounds):
            starts = [number * span + caller * apart_minutes for caller in range(callers)]
            wishes = [
                scene.wish(f"caller {caller}", provider, slot.later(start)) for caller, start in enumerate(starts, 1)
            ]
            scene.rounds.append(run_at_once([(wish.caller, _booking(assistant, wish)) for wish in wishes]))


def many_times_at_once(scene: Scene, wish: Wish, times: int) -> None:
    """Deliver one tool call many times from a barrier."""
    call = ToolCall(BOOK, wish.arguments())
    with _crowd(scene, scene.clinic_of(wish), times) as assistant:
        history = run_at_once([(f"delivery {number}", partial(assistant.call, call)) for number in range(1, times + 1)])
    scene.rounds.append(history)
    answered = [attempt.outcome for attempt in history if attempt.outcome is not None]
    if not answered:
        raise PromiseBroken(f"{wish.caller}'s call should be answered, but none of {times} deliveries was.")
    scene.keep(Exchange(wish, call, answered[0]))


def _booking(assistant: Assistant, wish: Wish) -> Callable[[], Outcome]:
    return partial(assistant.call, ToolCall(BOOK, wish.arguments()))


@contextmanager
def _crowd(scene: Scene, clinic: Clinic, callers: int) -> Iterator[Assistant]:
    """An assistant with a connection for every caller, opened beforehand.

    A cold connection takes longer to open than a booking to make, and would spread the callers out. The
    connections are the crowd's own, since a pool that has grown for it slows every later request down.
    """
    target = scene.run.target
    with open_client(target.api_url, patience=target.patience, connections=callers) as client:
        open_lines(client, "/health", callers)
        yield replace(scene.assistant(clinic), http=client)
