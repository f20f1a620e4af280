"""What the tools' arguments must look like: one type for each kind of field."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ValidationError, WithJsonSchema

from reference.backend import tokens
from reference.backend.errors import InvalidRequest

LONGEST_NAME = 200
LONGEST_EMAIL = 254  # RFC 5321, section 4.5.3.1.3
SHORTEST_MINUTES = 5
LONGEST_MINUTES = 480

INSTANT_FORM = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:?\d\d)", re.ASCII)
LOCAL_INSTANT_FORM = re.compile(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?", re.ASCII)
DATE_FORM = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
EMAIL_FORM = re.compile(r"""[^@\s"(),:;<>\[\]\\]+@[^@\s"(),:;<>\[\]\\.]+(\.[^@\s"(),:;<>\[\]\\.]+)+""")
# Controls, lone surrogates, and the separators that end a line: none can be spoken, some cannot be stored.
UNSPEAKABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})

Model = TypeVar("Model", bound=BaseModel)


def utc_now() -> datetime:
    return datetime.now(UTC)


def parse(model: type[Model], arguments: Mapping[str, Any]) -> Model:
    """Read arguments into a model; raises InvalidRequest with one sentence that names the first bad field."""
    try:
        return model.model_validate(arguments)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            raise InvalidRequest(f"{field} is required.") from None
        if first["type"] == "extra_forbidden":
            raise InvalidRequest(f"{one_word(field)} cannot be set.") from None
        reason = str(first["ctx"]["error"]) if "error" in first.get("ctx", {}) else "is not valid"
        raise InvalidRequest(f"{field} {reason}.".lstrip()) from None


def one_word(text: str) -> str:
    """A caller's own word, fit to be repeated in a sentence."""
    return "".join(character for character in text if not unspeakable(character))[:64]


def unspeakable(text: str) -> bool:
    return any(unicodedata.category(character) in UNSPEAKABLE for character in text)


def as_uuid(value: Any) -> UUID:
    found = tokens.uuid_of(value)
    if found is None:
        raise ValueError("must be a UUID")
    return found


def as_instant(value: Any) -> datetime:
    """An ISO 8601 time with its offset; the server's own zone never completes one."""
    if isinstance(value, str) and LOCAL_INSTANT_FORM.fullmatch(value):
        raise ValueError("must say its offset from UTC, such as 2026-11-24T10:00:00+01:00")
    try:
        if isinstance(value, str) and INSTANT_FORM.fullmatch(value):
            return datetime.fromisoformat(value.upper())
    except ValueError:
        raise ValueError("is no date and time of the calendar") from None
    raise ValueError("must be an ISO 8601 date and time with an offset")


def as_date(value: Any) -> date:
    try:
        if isinstance(value, str) and DATE_FORM.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        raise ValueError("is no date of the calendar") from None
    raise ValueError("must be a date such as 2026-11-24")


def as_minutes(value: Any) -> int:
    """Whole minutes; 30.0 counts, as JSON knows one kind of number, while true and 30.5 do not."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or value != value or value in (float("inf"), float("-inf")) or value != int(value):
        raise ValueError("must be a whole number of minutes")
    if not SHORTEST_MINUTES <= value <= LONGEST_MINUTES:
        raise ValueError(f"must be between {SHORTEST_MINUTES} and {LONGEST_MINUTES} minutes")
    return int(value)


def as_name(value: Any) -> str:
    """A person's name as it was said, without surrounding blanks."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a name")
    if unspeakable(value.strip()):
        raise ValueError("must not hold control characters")
    if len(value.strip()) > LONGEST_NAME:
        raise ValueError(f"must have at most {LONGEST_NAME} characters")
    return value.strip()


def as_email(value: Any) -> str:
    """A plausible address as it was said; only its mailbox can tell whether it exists."""
    if not isinstance(value, str) or not EMAIL_FORM.fullmatch(value.strip()) or unspeakable(value.strip()):
        raise ValueError("must be an e-mail address")
    if len(value.strip()) > LONGEST_EMAIL:
        raise ValueError(f"must have at most {LONGEST_EMAIL} characters")
    return value.strip()


def _schema(**schema: Any) -> WithJsonSchema:
    return WithJsonSchema({**schema})


Identifier = Annotated[UUID, BeforeValidator(as_uuid), _schema(type="string", format="uuid")]
Instant = Annotated[datetime, BeforeValidator(as_instant), _schema(type="string", format="date-time")]
Day = Annotated[date, BeforeValidator(as_date), _schema(type="string", format="date")]
Minutes = Annotated[
    int,
    BeforeValidator(as_minutes),
    _schema(type="integer", minimum=SHORTEST_MINUTES, maximum=LONGEST_MINUTES),
]
PersonName = Annotated[str, BeforeValidator(as_name), _schema(type="string", minLength=1, maxLength=LONGEST_NAME)]
EmailAddress = Annotated[
    str, BeforeValidator(as_email), _schema(type="string", format="email", maxLength=LONGEST_EMAIL)
]
