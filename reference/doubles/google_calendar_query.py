"""Which events a list request selects, in which order, and how many a page.

Source: Google Calendar API v3, reference of Events: list.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import QueryParams

from reference.doubles.google_calendar_errors import (
    bad_request,
    full_sync_required,
    invalid,
    not_in_this_double,
    time_range_empty,
)
from reference.doubles.google_calendar_events import Event, instant, parse_time

DEFAULT_PAGE = 250
LARGEST_PAGE = 2500
_LIST_PARAMETERS = frozenset(
    {
        "iCalUID",
        "maxResults",
        "orderBy",
        "pageToken",
        "privateExtendedProperty",
        "sharedExtendedProperty",
        "showDeleted",
        "singleEvents",
        "syncToken",
        "timeMax",
        "timeMin",
    }
)
_HARMLESS_PARAMETERS = frozenset(
    {
        "alt",
        "alwaysIncludeEmail",
        "maxAttendees",
        "prettyPrint",
        "quotaUser",
        "sendNotifications",
        "sendUpdates",
    }
)


@dataclass(frozen=True)
class EventQuery:
    """The parameters of one list request; times are aware, both bounds exclusive."""

    show_deleted: bool
    order_by: str | None
    ends_after: datetime | None
    starts_before: datetime | None
    private: frozenset[tuple[str, str]]
    shared: frozenset[tuple[str, str]]
    ical_uid: str | None
    page_size: int
    offset: int

    @classmethod
    def parse(cls, parameters: QueryParams) -> "EventQuery":
        """Raises GoogleError 400, or 410 for any syncToken: Google may ask for a full sync at any time."""
        refuse_unknown(parameters, _LIST_PARAMETERS)
        if "syncToken" in parameters:
            raise full_sync_required()
        order_by = parameters.get("orderBy")
        if order_by not in (None, "startTime", "updated"):
            raise invalid("Invalid value for: orderBy", "orderBy")
        if order_by == "startTime" and not _flag(parameters, "singleEvents"):
            raise invalid("The requested ordering is not available for the particular query.", "orderBy")
        ends_after, starts_before = _bound(parameters, "timeMin"), _bound(parameters, "timeMax")
        if ends_after and starts_before and ends_after >= starts_before:
            raise time_range_empty()
        return cls(
            show_deleted=_flag(parameters, "showDeleted"),
            order_by=order_by,
            ends_after=ends_after,
            starts_before=starts_before,
            private=_pairs(parameters, "privateExtendedProperty"),
            shared=_pairs(parameters, "sharedExtendedProperty"),
            ical_uid=parameters.get("iCalUID"),
            page_size=_page_size(parameters),
            offset=_offset(parameters),
        )

    def select(self, events: Iterable[Event], zone: str) -> list[Event]:
        """Every event that matches, in order, before paging."""
        selected = [event for event in events if self._matches(event, zone)]
        if self.order_by == "startTime":
            selected.sort(key=lambda event: instant(event["start"], zone))
        if self.order_by == "updated":
            selected.sort(key=lambda event: str(event["updated"]))
        return selected

    def page(self, selected: list[Event]) -> tuple[list[Event], str | None]:
        """One page and the token of the next, if there is one."""
        end = self.offset + self.page_size
        following = base64.urlsafe_b64encode(b"%d" % end).decode("ascii") if end < len(selected) else None
        return selected[self.offset : end], following

    def _matches(self, event: Event, zone: str) -> bool:
        properties = event.get("extendedProperties", {})
        return (
            (self.show_deleted or event["status"] != "cancelled")
            and (self.ends_after is None or instant(event["end"], zone) > self.ends_after)
            and (self.starts_before is None or instant(event["start"], zone) < self.starts_before)
            and self.private <= properties.get("private", {}).items()
            and self.shared <= properties.get("shared", {}).items()
            and self.ical_uid in (None, event["iCalUID"])
        )


def refuse_unknown(parameters: QueryParams, known: frozenset[str] = frozenset()) -> None:
    """A parameter that would change the answer and is not implemented is refused, never ignored."""
    for name in parameters:
        if name not in known | _HARMLESS_PARAMETERS:
            raise not_in_this_double(f"the parameter {name}")


def _flag(parameters: QueryParams, name: str) -> bool:
    value = parameters.get(name, "false")
    if value not in ("true", "false"):
        raise invalid(f"Invalid value for: {name}", name)
    return value == "true"


def _bound(parameters: QueryParams, name: str) -> datetime | None:
    if name not in parameters:
        return None
    moment = parse_time(parameters[name])
    if moment is None:
        raise bad_request()
    return moment


def _pairs(parameters: QueryParams, name: str) -> frozenset[tuple[str, str]]:
    pairs = [text.partition("=") for text in parameters.getlist(name)]
    if not all(key and equals for key, equals, _ in pairs):
        raise invalid(f"Invalid value for: {name}", name)
    return frozenset((key, value) for key, _, value in pairs)


def _page_size(parameters: QueryParams) -> int:
    text = parameters.get("maxResults", str(DEFAULT_PAGE))
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise invalid("Invalid value for: maxResults", "maxResults")
    return min(int(text), LARGEST_PAGE)


def _offset(parameters: QueryParams) -> int:
    if "pageToken" not in parameters:
        return 0
    try:
        return int(base64.urlsafe_b64decode(parameters["pageToken"]))
    except (ValueError, binascii.Error):
        raise invalid("Invalid page token value.", "pageToken") from None
