"""Words of the features that mean one thing wherever they stand; an unknown word matches no step."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from behave import register_type
from parse import with_pattern

from acceptance.booking import Slot
from acceptance.calls import SHAPES
from acceptance.knowledge_texts import NATURES
from acceptance.knowledge_ways import FORMS, PLACES
from acceptance.moments import DAYS, Moment, zone_where_it_is_noon
from acceptance.refusals import REFUSALS, Refusal


def one_of(words: Mapping[str, Any]) -> str:
    """A pattern of the closed words, the longest first so that none hides another."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


SOMEWHERE_AT_NOON = "a place where it is noon"
CLOCK = r"\d\d:\d\d"

AUTHORISATIONS: dict[str, str | None] = {
    "no authorisation": None,
    "an empty authorisation": "",
    "a name and a password": "Basic b3duZXI6cGFzc3dvcmQ=",
    "a token made of garbage": "Bearer not.a.token",
    "the public key of the site": "Bearer {publishable_key}",
}

SAYINGS: dict[str, str] = {
    "a time without an offset": "%Y-%m-%dT%H:%M:%S",
    "a date without a time": "%Y-%m-%d",
    "a day that does not exist": "%Y-02-30T%H:%M:%S+00:00",
    "words": "tomorrow at two",
    "nothing": "",
}

ILLNESSES: dict[str, str] = {
    "refuses the credentials (401)": "unauthorised",
    "limits the rate (403)": "rate limited",
    "gets too many requests (429)": "too many requests",
    "is unavailable (503)": "unavailable",
    "does not answer": "times out",
    "is slow": "slow",
    "makes the event but says it cannot": "loses its answer",
    "makes the event but does not answer": "makes it and times out",
}

MESSAGE_TYPES = {name: name for name in ("status-update", "end-of-call-report", "a-type-of-tomorrow")}

STRANGERS: dict[str, str] = {
    "somebody unknown": "unknown",
    "the receptionist": "receptionist",
    "a name made of digits": "malformed",
    "nobody at all": "missing",
}

LENGTHS: dict[str, Any] = {
    "0 minutes": 0,
    "-30 minutes": -30,
    "4 minutes": 4,
    "481 minutes": 481,
    "100000 minutes": 100000,
    "30.5 minutes": 30.5,
    '"a while" minutes': "a while",
}

# What is said of a patient in the place of a name and an address; None leaves it out.
PATIENTS: dict[str, dict[str, Any]] = {
    "a patient without a name": {"patient_name": None},
    "a patient whose name is blanks": {"patient_name": " \t "},
    "a patient whose name is a number": {"patient_name": 7},
    "a patient of 201 characters": {"patient_name": "a" * 201},
    "a patient on two lines": {"patient_name": "Bea\nQuill"},
    "a patient without an address": {"patient_email": None},
    "a patient whose address is a name": {"patient_email": "Bea Quill"},
    "a patient with half an address": {"patient_email": "bea@"},
    "a patient with two addresses": {"patient_email": "bea@example.com, bea@example.org"},
    "a patient at 255 characters": {"patient_email": f"{'a' * 243}@example.com"},
}


@with_pattern(r'"[^"]*"')
def read_name(text: str) -> str:
    return text[1:-1]


@with_pattern(r"\d+")
def read_number(text: str) -> int:
    return int(text)


@with_pattern(one_of(DAYS))
def read_day(text: str) -> str:
    return text


@with_pattern(CLOCK)
def read_clock(text: str) -> time:
    return time.fromisoformat(text)


@with_pattern(rf"(?:{one_of(DAYS)}) (?:at {CLOCK}|from {CLOCK} to {CLOCK})")
def read_slot(text: str) -> Slot:
    clocks = [time.fromisoformat(clock) for clock in re.findall(CLOCK, text)]
    day = re.split(r" (?:at|from) \d", text)[0]
    return Slot.between(day, *clocks) if len(clocks) == 2 else Slot(Moment(day, clocks[0]))


@with_pattern(rf"{SOMEWHERE_AT_NOON}|[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_]+)*")
def read_zone(text: str) -> ZoneInfo:
    return zone_where_it_is_noon(datetime.now(UTC)) if text == SOMEWHERE_AT_NOON else ZoneInfo(text)


@with_pattern(one_of(REFUSALS))
def read_refusal(text: str) -> Refusal:
    return REFUSALS[text]


@with_pattern(one_of(ILLNESSES))
def read_illness(text: str) -> str:
    return ILLNESSES[text]


@with_pattern(one_of(STRANGERS))
def read_stranger(text: str) -> str:
    return STRANGERS[text]


@with_pattern(one_of(SHAPES))
def read_shape(text: str) -> str:
    return text


@with_pattern(r"[01]\.\d+")
def read_share(text: str) -> float:
    return float(text)


@with_pattern(one_of(NATURES))
def read_nature(text: str) -> str:
    return text


@with_pattern(one_of(FORMS))
def read_form(text: str) -> str:
    return text


@with_pattern(one_of(PLACES))
def read_place(text: str) -> str:
    return text


@with_pattern(r"pending|completed")
def read_mark(text: str) -> str:
    return text


@with_pattern(r"killed|started again")
def read_fate(text: str) -> str:
    return {"killed": "kill", "started again": "start"}[text]


register_type(
    Name=read_name,
    Number=read_number,
    Day=read_day,
    Clock=read_clock,
    Slot=read_slot,
    Zone=read_zone,
    Refusal=read_refusal,
    Illness=read_illness,
    Stranger=read_stranger,
    Shape=read_shape,
    Mark=read_mark,
    Share=read_share,
    Nature=read_nature,
    Form=read_form,
    Place=read_place,
    Fate=read_fate,
)
