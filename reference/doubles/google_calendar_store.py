"""The calendars of one service account, kept in memory for as long as the double runs."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from reference.doubles import google_calendar_events as events
from reference.doubles.google_calendar_errors import (
    condition_not_met,
    deleted,
    duplicate,
    invalid,
    not_found,
    required,
)
from reference.doubles.google_calendar_events import Event, Home
from reference.doubles.google_calendar_query import EventQuery


class Calendar:
    """One secondary calendar: its resource, and its events with the cancelled ones still among them."""

    def __init__(self, resource: dict[str, Any], account: str) -> None:
        self.resource = resource
        self.zone: str = resource["timeZone"]
        self._home = Home(resource["id"], resource["summary"], self.zone, account)
        self._events: dict[str, Event] = {}
        self._last_change = datetime.fromtimestamp(0, UTC)

    def insert(self, body: Mapping[str, Any]) -> Event:
        """Raises 400 for a body that Google refuses, 403 for attendees, 409 for an id ever used here."""
        event = events.created(events.chosen_id(body), body, self._home, self._now())
        if event["id"] in self._events or self._knows_uid(body.get("iCalUID")):
            raise duplicate()
        return self._keep(event)

    def get(self, event_id: str) -> Event:
        """Cancelled events too. Raises 404."""
        try:
            return self._events[event_id]
        except KeyError:
            raise not_found() from None

    def patch(self, event_id: str, body: Mapping[str, Any], etag: str | None) -> Event:
        """Raises 404, 412 when `etag` is not the event's, and what insert raises for a body."""
        return self._keep(events.patched(self._matching(event_id, etag), body, self.zone, self._now()))

    def update(self, event_id: str, body: Mapping[str, Any], etag: str | None) -> Event:
        """Raises as patch does."""
        return self._keep(events.replaced(self._matching(event_id, etag), body, self.zone, self._now()))

    def delete(self, event_id: str, etag: str | None) -> None:
        """Raises 404, 410 when cancelled already, 412 when `etag` is not the event's."""
        current = self._matching(event_id, etag)
        if current["status"] == "cancelled":
            raise deleted()
        self._keep(events.cancelled(current, self._now()))

    def list(self, query: EventQuery) -> dict[str, Any]:
        items, next_page = query.page(query.select(self._events.values(), self.zone))
        sync_token = {"nextSyncToken": secrets.token_urlsafe(16)}
        return {
            "kind": "calendar#events",
            "etag": self.resource["etag"],
            "summary": self.resource["summary"],
            "updated": self._last_change.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "timeZone": self.zone,
            "accessRole": "owner",
            "defaultReminders": [],
            "items": items,
            **({"nextPageToken": next_page} if next_page else sync_token),
        }

    def _knows_uid(self, uid: str | None) -> bool:
        return uid is not None and any(event["iCalUID"] == uid for event in self._events.values())

    def _matching(self, event_id: str, etag: str | None) -> Event:
        current = self.get(event_id)
        if etag not in (None, "*", current["etag"]):
            raise condition_not_met()
        return current

    def _keep(self, event: Event) -> Event:
        self._events[event["id"]] = event
        return event

    def _now(self) -> datetime:
        """A millisecond later than the last change at least, so that no two changes share an etag."""
        self._last_change = max(datetime.now(UTC), self._last_change + timedelta(milliseconds=1))
        return self._last_change


class CalendarStore:
    """All calendars that one service account made."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._calendars: dict[str, Calendar] = {}

    def create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The Calendar resource of a new secondary calendar. Raises 400."""
        summary, zone = body.get("summary"), body.get("timeZone", "UTC")
        if not isinstance(summary, str) or not summary:
            raise required("Missing title.")
        if not events.known_zone(zone):
            raise invalid("Invalid value for: timeZone")
        resource = {
            "kind": "calendar#calendar",
            "etag": f'"{secrets.token_urlsafe(20)}"',
            "id": f"c_{secrets.token_hex(32)}@group.calendar.google.com",
            "summary": summary,
            "timeZone": zone,
            "dataOwner": self._account,
            "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
        }
        texts = {name: body.get(name) for name in ("description", "location")}
        resource |= {name: text for name, text in texts.items() if isinstance(text, str)}
        self._calendars[resource["id"]] = Calendar(resource, self._account)
        return resource

    def find(self, calendar_id: str) -> Calendar:
        """Raises 404."""
        try:
            return self._calendars[calendar_id]
        except KeyError:
            raise not_found() from None

    def delete(self, calendar_id: str) -> None:
        """Raises 404."""
        self.find(calendar_id)
        del self._calendars[calendar_id]
