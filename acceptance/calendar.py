"""Reads a Google Calendar with Google's own client, and orders illnesses from a double of it.

The same code reads the real Google and any server that speaks Calendar API v3 at `api_endpoint`.
"""

import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import google_auth_httplib2  # type: ignore[import-untyped]
import httplib2
import httpx
from google.oauth2 import service_account as google_service_account
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from acceptance.http import PATIENCE_SECONDS, accepted, open_client

if TYPE_CHECKING:
    from googleapiclient._apis.calendar.v3.resources import EventsHttpRequest
    from googleapiclient.http import HttpRequest

SCOPE = "https://www.googleapis.com/auth/calendar"
READ_RETRIES = 3
IDLE_SECONDS = 3.0
LARGEST_PAGE = 2500


@dataclass(frozen=True)
class CalendarEvent:
    """What the calendar says of one event; start and end are aware, an all-day event's are midnights."""

    id: str
    status: str
    summary: str | None
    description: str | None
    start: datetime
    end: datetime
    time_zone: str | None
    private: Mapping[str, str] = field(default_factory=dict)


class CalendarReader:
    """The independent observer of the calendars, for any number of threads.

    Raises googleapiclient.errors.HttpError for a refusal, google.auth.exceptions.GoogleAuthError when Google
    does not accept the service account, OSError when it cannot be reached. Reads wait and ask again when
    Google says that its rate limit is reached or that it is unwell; nothing else is repeated.
    """

    def __init__(
        self, service_account: Mapping[str, str], api_endpoint: str | None, patience: float = PATIENCE_SECONDS
    ) -> None:
        credentials = google_service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            dict(service_account), scopes=[SCOPE]
        )
        self._connections = _Connections(credentials, patience, direct=_is_loopback(api_endpoint))
        options = {"api_endpoint": api_endpoint} if api_endpoint else None
        service = build("calendar", "v3", http=httplib2.Http(), client_options=options, static_discovery=True)
        self._calendars = service.calendars()
        self._events = service.events()
        self._zones: dict[str, ZoneInfo] = {}

    def create_calendar(self, name: str, time_zone: str) -> str:
        """The id of a new secondary calendar of the service account."""
        made = self._execute(self._calendars.insert(body={"summary": name, "timeZone": time_zone}))
        return str(made["id"])

    def delete_calendar(self, calendar_id: str) -> None:
        """Also when it is gone already."""
        try:
            self._execute(self._calendars.delete(calendarId=calendar_id))
        except HttpError as refusal:
            if refusal.status_code not in (404, 410):
                raise

    def event(self, calendar_id: str, event_id: str) -> CalendarEvent | None:
        """None when the calendar never had it; a deleted event comes back with status "cancelled"."""
        request = self._events.get(calendarId=calendar_id, eventId=event_id)
        try:
            return self._event(calendar_id, self._execute(request, READ_RETRIES))
        except HttpError as refusal:
            if refusal.status_code != 404:
                raise
            return None

    def delete_event(self, calendar_id: str, event_id: str) -> None:
        """As somebody does who tidies the calendar up by hand."""
        self._execute(self._events.delete(calendarId=calendar_id, eventId=event_id))

    def events(
        self, calendar_id: str, *, include_cancelled: bool = False, page_size: int = LARGEST_PAGE
    ) -> list[CalendarEvent]:
        """All events of all pages, in no particular order."""
        found: list[CalendarEvent] = []
        request: EventsHttpRequest | None = self._events.list(
            calendarId=calendar_id, showDeleted=include_cancelled, singleEvents=True, maxResults=page_size
        )
        while request is not None:
            page = self._execute(request, READ_RETRIES)
            found += [self._event(calendar_id, resource) for resource in page.get("items", [])]
            request = self._events.list_next(request, page)
        return found

    def close(self) -> None:
        self._connections.close()

    def _execute(self, request: "HttpRequest", retries: int = 0) -> Any:
        with self._connections.one() as http:
            return request.execute(http=http, num_retries=retries)

    def _event(self, calendar_id: str, resource: Mapping[str, Any]) -> CalendarEvent:
        # A cancelled instance of a recurring event is sure to have no more than its id and originalStartTime.
        start = resource.get("start") or resource["originalStartTime"]
        return CalendarEvent(
            id=resource["id"],
            status=resource["status"],
            summary=resource.get("summary"),
            description=resource.get("description"),
            start=self._instant(calendar_id, start),
            end=self._instant(calendar_id, resource.get("end") or start),
            time_zone=start.get("timeZone"),
            private=resource.get("extendedProperties", {}).get("private", {}),
        )

    def _instant(self, calendar_id: str, side: Mapping[str, str]) -> datetime:
        if "dateTime" in side:
            return datetime.fromisoformat(side["dateTime"])
        if calendar_id not in self._zones:
            calendar = self._execute(self._calendars.get(calendarId=calendar_id), READ_RETRIES)
            self._zones[calendar_id] = ZoneInfo(calendar["timeZone"])
        return datetime.fromisoformat(side["date"]).replace(tzinfo=self._zones[calendar_id])


class _Connections:
    """Open connections to Google that share one token; each serves one thread at a time, as httplib2 asks."""

    def __init__(self, credentials: Any, patience: float, *, direct: bool) -> None:
        self._credentials = credentials
        self._patience = patience
        self._direct = direct
        self._idle: deque[tuple[float, Any]] = deque()

    @contextmanager
    def one(self) -> Iterator[Any]:
        http = self._open()
        try:
            yield http
        except HttpError:
            self._idle.append((time.monotonic(), http))
            raise
        except BaseException:
            http.close()
            raise
        self._idle.append((time.monotonic(), http))

    def close(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop()[1].close()

    def _open(self) -> Any:
        # A server may close what has been idle for some seconds; a POST on such a connection would fail.
        with suppress(IndexError):
            while True:
                since, http = self._idle.pop()
                if time.monotonic() - since < IDLE_SECONDS:
                    return http
                http.close()
        proxy = None if self._direct else httplib2.proxy_info_from_environment
        plain = httplib2.Http(timeout=self._patience, proxy_info=proxy)
        return google_auth_httplib2.AuthorizedHttp(self._credentials, http=plain)


def _is_loopback(api_endpoint: str | None) -> bool:
    return api_endpoint is not None and urlsplit(api_endpoint).hostname in ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class CalendarRequest:
    """A request for events as the double saw it: `method` is insert, get, list, patch, update or delete.

    `status` is None when no answer was given; `given_up` when whoever asked did not wait for one.
    """

    method: str
    event: str | None
    fault: str | None
    status: int | None
    at: datetime
    given_up: bool = False


class CalendarFaults:
    """The double's control side; `control_url` is the double's root."""

    def __init__(self, control_url: str, patience: float = PATIENCE_SECONDS) -> None:
        self._client = open_client(control_url, patience=patience)

    def order(
        self,
        calendar_id: str,
        fault: str,
        times: int | None = None,
        *,
        seconds: float | None = None,
        reads: bool = False,
    ) -> None:
        """Make the next `times` writes (None: all until healed) meet the fault; `seconds` is for "slow".

        Raises ValueError with the double's own words when it does not know the fault.
        """
        body: dict[str, Any] = {"calendar": calendar_id, "fault": fault, "times": times, "reads": reads}
        if seconds is not None:
            body["seconds"] = seconds
        answer = self._client.post("/control/faults", json=body)
        if answer.status_code == httpx.codes.BAD_REQUEST:
            raise ValueError(answer.json()["error"])
        accepted(answer)

    def heal(self, calendar_id: str) -> None:
        """End the fault and free the requests it holds."""
        accepted(self._client.delete("/control/faults", params={"calendar": calendar_id}))

    def requests(self, calendar_id: str) -> list[CalendarRequest]:
        """What arrived, in order."""
        answer = accepted(self._client.get("/control/requests", params={"calendar": calendar_id}))
        return [CalendarRequest(**entry | {"at": datetime.fromisoformat(entry["at"])}) for entry in answer.json()]

    def close(self) -> None:
        self._client.close()
