"""Faults of what the caller hears: the fields of the answer are right, what is said of them is not."""

import re
from datetime import UTC, datetime
from typing import Any

from reference.backend import availability, booking, speech
from sabotage.fault import fault

READ_BACK = "An appointment on"
ONE_DAY = "Times that are free on one day"
SEVERAL_DAYS = "Times that are free on several days"
NOTHING_FREE = "A day on which nothing is free"


def _in_utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%H:%M}"


@fault("A booking is read back in UTC.", caught_by=[READ_BACK], origin=32)
def read_back_in_utc() -> None:
    booking.spoken_time = _in_utc


@fault("Free times are read out in UTC.", caught_by=[ONE_DAY, SEVERAL_DAYS], origin=32)
def read_out_in_utc() -> None:
    availability.spoken_time = _in_utc


@fault("Months are counted from none.", caught_by=[READ_BACK, ONE_DAY, SEVERAL_DAYS, NOTHING_FREE])
def month_after() -> None:
    speech.MONTHS = (*speech.MONTHS[1:], speech.MONTHS[0])


@fault("The week begins on another day.", caught_by=[READ_BACK, ONE_DAY, SEVERAL_DAYS, NOTHING_FREE])
def week_begins_on_sunday() -> None:
    speech.DAYS = (speech.DAYS[-1], *speech.DAYS[:-1])


@fault("How many more slots there are is not what is left.", caught_by=[ONE_DAY, SEVERAL_DAYS])
def all_count_as_more() -> None:
    real = availability.sentence

    def sentence(slots: Any, *window: Any) -> str:
        return re.sub(r"\d+ more", f"{len(slots)} more", real(slots, *window))

    availability.sentence = sentence


@fault("Of several days every second is left out.", caught_by=[SEVERAL_DAYS])
def every_second_day_is_left_out() -> None:
    real: Any = availability.free_slots

    def free_slots(*asked: Any) -> Any:
        slots = real(*asked)
        return [slot for slot in slots if (slot.starts.date() - slots[0].starts.date()).days % 2 == 0]

    availability.free_slots = free_slots


@fault("Where nothing is free, nobody says when.", caught_by=[NOTHING_FREE])
def nothing_is_free_at_all() -> None:
    real = availability.sentence
    availability.sentence = lambda slots, *window: real(slots, *window) if slots else "Nothing is free."
