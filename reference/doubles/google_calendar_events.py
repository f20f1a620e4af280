"""The rules of an Event resource: what a client may write and what Google makes of it. Pure, no state.

Source: Google Calendar API v3, Events reference (discovery document `calendar.v3`) and the guide "Extended
properties".
"""

import base64
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from reference.doubles.google_calendar_errors import (
    attendees_forbidden,
    bad_request,
    invalid,
    not_in_this_double,
    required,
    time_range_empty,
)

Event = dict[str, Any]

_WRITABLE: Mapping[str, type] = {
    "summary": str,
    "description": str,
    "location": str,
    "colorId": str,
    "status": str,
    "transparency": str,
    "visibility": str,
    "start": dict,
    "end": dict,
    "extendedProperties": dict,
    "reminders": dict,
    "source": dict,
    "sequence": int,
    "anyoneCanAddSelf": bool,
    "guestsCanInviteOthers": bool,
    "guestsCanModify": bool,
    "guestsCanSeeOtherGuests": bool,
}
_STATUSES = frozenset({"confirmed", "tentative", "cancelled"})
_EVENT_ID = re.compile(r"[a-v0-9]{5,1024}")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?P<offset>[Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_LONGEST_PROPERTY_NAME = 44
_LONGEST_PROPERTY_VALUE = 1024


@dataclass(frozen=True)
class Home:
    """What an event takes from where it lives: its calendar and the account that writes to it."""

    calendar: str
    calendar_name: str
    zone: str
    account: str


def chosen_id(body: Mapping[str, Any]) -> str:
    """The client's id, or a new one. Raises 400 invalid, also for id and iCalUID together, as Google does."""
    event_id = body.get("id")
    if event_id is None:
        return base64.b32hexencode(secrets.token_bytes(16)).decode("ascii").lower().rstrip("=")
    if not isinstance(event_id, str) or not _EVENT_ID.fullmatch(event_id) or body.get("iCalUID"):
        raise invalid("Invalid resource id value.")
    return event_id


def created(event_id: str, body: Mapping[str, Any], home: Home, now: datetime) -> Event:
    """The resource made by an insert. Raises GoogleError."""
    link = base64.urlsafe_b64encode(f"{event_id} {home.calendar}".encode()).decode("ascii").rstrip("=")
    given = {"id": event_id, "status": "confirmed", "sequence": 0, "reminders": {"useDefault": True}}
    resource = {
        "kind": "calendar#event",
        "htmlLink": f"https://www.google.com/calendar/event?eid={link}",
        "created": _milliseconds(now),
        "creator": {"email": home.account},
        "organizer": {"email": home.calendar, "displayName": home.calendar_name, "self": True},
        "iCalUID": body.get("iCalUID") or f"{event_id}@google.com",
        "eventType": "default",
    }
    return _stamped(resource | given | _accepted(body, home.zone), now)


def replaced(current: Event, body: Mapping[str, Any], zone: str, now: datetime) -> Event:
    """The resource after update (PUT): what the body leaves out is gone, except what a client cannot write.

    A body without a status leaves the event's own: only an explicit "confirmed" restores a deleted event.
    """
    kept = {name: value for name, value in current.items() if name not in _WRITABLE}
    defaults = {"reminders": {"useDefault": True}, "status": current["status"]}
    wanted = kept | defaults | _accepted(body, zone)
    return _stamped(wanted | {"sequence": _next_sequence(current, wanted)}, now)


def patched(current: Event, body: Mapping[str, Any], zone: str, now: datetime) -> Event:
    """The resource after patch: named fields only, objects merged, null removes."""
    merged = _merged(current, {name: value for name, value in body.items() if name != "id"})
    return replaced(current, {"status": current["status"]} | merged, zone, now)


def cancelled(current: Event, now: datetime) -> Event:
    return _stamped(current | {"status": "cancelled", "sequence": current["sequence"] + 1}, now)


def instant(side: Mapping[str, str], zone: str) -> datetime:
    """The moment that a stored start or end denotes; a date begins at midnight in the calendar's zone."""
    if "dateTime" in side:
        return datetime.fromisoformat(side["dateTime"])
    return datetime.combine(date.fromisoformat(side["date"]), time(), ZoneInfo(zone))


def parse_time(text: object, *, zone: str | None = None) -> datetime | None:
    """A UTC datetime from RFC 3339 text; None when it names no offset and `zone` is not given. Raises 400."""
    shape = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if shape is None:
        raise bad_request()
    try:
        moment = datetime.fromisoformat(shape.group().upper())
        if moment.tzinfo is None and zone is not None:
            moment = moment.replace(tzinfo=ZoneInfo(zone))
        return moment.replace(microsecond=0).astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        raise bad_request() from None


def known_zone(name: object) -> bool:
    try:
        return isinstance(name, str) and bool(ZoneInfo(name))
    except (KeyError, OSError, ValueError):
        return False


def _accepted(body: Mapping[str, Any], zone: str) -> Event:
    """The writable fields of a body, checked and normalised."""
    for field in ("recurrence", "conferenceData", "attachments"):
        if body.get(field):
            raise not_in_this_double(field)
    if body.get("eventType", "default") != "default":
        raise not_in_this_double(f"eventType {body['eventType']!r}")
    if body.get("attendees"):
        raise attendees_forbidden()
    given = {name: body[name] for name in _WRITABLE if body.get(name) is not None}
    if any(type(value) is not _WRITABLE[name] for name, value in given.items()):
        raise bad_request()
    if given.get("status", "confirmed") not in _STATUSES:
        raise invalid("Invalid value for: status", "status")
    if "extendedProperties" in given:
        given["extendedProperties"] = _properties(given["extendedProperties"])
    return given | _period(given, zone)


def _period(given: Mapping[str, Any], zone: str) -> Event:
    start, end = (_side(given.get(name), name, zone) for name in ("start", "end"))
    if ("date" in start) != ("date" in end):
        raise invalid("Start and end times must either both be date or both be dateTime.")
    if instant(end, zone) <= instant(start, zone):
        raise time_range_empty()
    return {"start": start, "end": end}


def _side(given: Mapping[str, Any] | None, name: str, zone: str) -> dict[str, str]:
    """A start or end as Google shows it: dateTime in the calendar's zone, timeZone as given or its."""
    if not given or not ({"date", "dateTime"} & given.keys()):
        raise required(f"Missing {name} time.")
    own_zone = given.get("timeZone")
    if own_zone is not None and not known_zone(own_zone):
        raise invalid(f"Invalid time zone definition for {name} time.")
    if given.get("date") is not None:
        if given.get("dateTime") is not None:
            raise bad_request()
        return {"date": _calendar_date(given["date"])}
    moment = parse_time(given["dateTime"], zone=own_zone)
    if moment is None:
        raise required(f"Missing time zone definition for {name} time.")
    return {"dateTime": _shown(moment, zone), "timeZone": own_zone or zone}


def _calendar_date(text: object) -> str:
    try:
        if isinstance(text, str) and len(text) == len("2000-01-01"):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise bad_request()


def _shown(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds").replace("+00:00", "Z")


def _properties(given: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Private and shared properties; too long a name is dropped, too long a value is cut, both silently."""
    kept: dict[str, dict[str, str]] = {}
    for visibility in ("private", "shared"):
        values = given.get(visibility)
        if values is None:
            continue
        if not isinstance(values, dict):
            raise bad_request()
        present = {name: value for name, value in values.items() if value is not None}
        if not all(isinstance(value, str) for value in present.values()):
            raise bad_request()
        kept[visibility] = {
            name: value[:_LONGEST_PROPERTY_VALUE]
            for name, value in present.items()
            if len(name) <= _LONGEST_PROPERTY_NAME
        }
    return kept


def _next_sequence(current: Event, wanted: Mapping[str, Any]) -> int:
    sequence: int = wanted.get("sequence", current["sequence"])
    if sequence < current["sequence"]:
        raise invalid(
            "Invalid sequence value. The specified sequence number is below the current sequence number of"
            " the resource. Re-fetch the resource and use its sequence number on the following request."
        )
    moved = any(wanted[name] != current[name] for name in ("start", "end", "status"))
    return sequence + 1 if moved else sequence


def _merged(current: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(current)
    for name, value in change.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            below = result.get(name)
            result[name] = _merged(below if isinstance(below, dict) else {}, value)
        else:
            result[name] = value
    return result


def _stamped(resource: Event, now: datetime) -> Event:
    """With `updated` and an etag: twice the time of the change in microseconds, as on the real wire."""
    microseconds = int(now.timestamp() * 1000) * 1000
    return resource | {"updated": _milliseconds(now), "etag": f'"{2 * microseconds}"'}


def _milliseconds(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
