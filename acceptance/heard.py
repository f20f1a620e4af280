"""What a caller hears of days and times, held against what is so: a voice is all that a caller has.

A time is heard as `14:30`, `2:30 pm` or `2 pm`, a day as `30 November`, `November 30th` or `2026-11-30`; other words are
not read. Every function raises PromiseBroken with what was expected and what was heard.
"""

import re
from collections.abc import Collection, Sequence
from datetime import date, datetime, time

from acceptance.errors import PromiseBroken
from acceptance.wording import listed, quoted

CLOCK = re.compile(
    r"\b(?P<hour>\d{1,2})(?:[:.](?P<minute>[0-5]\d))?\s*(?P<half>[ap])\.?m\b|\b(\d{1,2}):([0-5]\d)\b", re.I
)
MORE = re.compile(r"\b(\d+) more\b")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
MONTH = "|".join(f"{month[:3]}(?:{month[3:]})?" for month in MONTHS)
ORDINAL = r"(\d{1,2})(?:st|nd|rd|th)?"
DAY = re.compile(rf"\b{ORDINAL} (?:of )?({MONTH})\b(?:,? (\d{{4}}))?|\b({MONTH}) {ORDINAL}\b(?:,? (\d{{4}}))?", re.I)
ISO_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def must_hear_when(who: str, said: str, starts: datetime, ends: datetime) -> None:
    """The day and the time of an appointment, on the clinic's clock, and no other."""
    heard, right = times_in(said), f"{starts:%H:%M}"
    if starts.time() not in heard or not set(heard) <= {starts.time(), ends.time()}:
        raise PromiseBroken(f"{who} should hear {right}, the time on the clinic's clock, but hears {quoted(said)}")
    must_hear_the_day(who, said, starts.date())


def must_hear_offers(who: str, said: str, offered: Sequence[datetime]) -> None:
    """Some of the offered times and the days of the first of them, none besides; who counts the others counts right."""
    heard, free = times_in(said), {moment.time() for moment in offered}
    strange = [f"{moment:%H:%M}" for moment in heard if moment not in free]
    if not heard or strange:
        told = f"{listed(strange)} is not" if strange else "no time is heard"
        raise PromiseBroken(f"{who} should hear times that are offered, but {told}: {quoted(said)}")
    for day in sorted({moment.date() for moment in offered[: len(heard)]}):
        must_hear_the_day(who, said, day, {moment.date() for moment in offered})
    counted = MORE.search(said)
    if counted and int(counted[1]) + len(heard) != len(offered):
        raise PromiseBroken(
            f"{who} should hear how many slots are offered besides the {len(heard)} that are named, "
            f"{len(offered) - len(heard)}, but hears {counted[0]}: {quoted(said)}"
        )


def must_hear_the_day(who: str, said: str, day: date, others: Collection[date] = ()) -> None:
    """The day by its date; no weekday is heard but its own, or those of the other days that are spoken of."""
    right = {WEEKDAYS[each.weekday()] for each in (day, *others)}
    wrong = [name for name in WEEKDAYS if name in said and name not in right]
    if wrong or not names_the_day(said, day):
        told = f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"
        raise PromiseBroken(f"{who} should hear {told}, the day on the clinic's calendar, but hears {quoted(said)}")


def times_in(said: str) -> list[time]:
    """Every clock time of a text, in its order."""
    found = []
    for match in CLOCK.finditer(said):
        hour, minute = (match[4], match[5]) if match[4] else (match["hour"], match["minute"] or "0")
        twelve = 12 if (match["half"] or "").lower() == "p" else 0
        found.append((int(hour) % 12 + twelve if match["half"] else int(hour), int(minute)))
    return [time(hour, minute) for hour, minute in found if hour < 24]


def names_the_day(said: str, day: date) -> bool:
    """Whether a text names this day; where it says no year, any year is meant."""
    for match in DAY.finditer(said):
        number, month, year = (match[1], match[2], match[3]) if match[1] else (match[5], match[4], match[6])
        if int(number) == day.day and _month(month) == day.month and year in (None, str(day.year)):
            return True
    return day.isoformat() in ISO_DAY.findall(said)


def _month(word: str) -> int:
    return 1 + [month[:3].lower() for month in MONTHS].index(word[:3].lower())
