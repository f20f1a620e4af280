"""Writes appointments into a Google Calendar, so that doing it twice leaves one event.

Source: Google Calendar API v3, "Handle API errors" and Events: insert, update, delete.
"""

import base64
import http.client
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit
from uuid import UUID

import google_auth_httplib2  # type: ignore[import-untyped]
import httplib2
from google.auth.exceptions import GoogleAuthError
from google.oauth2 import service_account as google_service_account
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

if TYPE_CHECKING:
    from googleapiclient._apis.calendar.v3.schemas import Event
    from googleapiclient.http import HttpRequest

SCOPE = "https://www.googleapis.com/auth/calendar.events"
IDLE_SECONDS = 3.0

_RATE_REASONS = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
_TEMPORARY_STATUSES = frozenset({401, 408, 412, 429})


class CalendarUnavailable(Exception):
    """Google did not do it now and may do it later; the text is a short reason."""


class CalendarRefused(Exception):
    """Google will never do it as asked; the text is a short reason."""


def event_id_for(appointment_id: UUID) -> str:
    """The appointment's event id: base32hex, lower case, no padding (26 characters of a-v and 0-9)."""
    return base64.b32hexencode(appointment_id.bytes).decode("ascii").lower().rstrip("=")


class GoogleEvents:
    """One service account's way to write events; synchronous, for any number of threads.

    Nothing is repeated here but what google-auth repeats on a 401: whoever calls owns the retry policy.
    """

    def __init__(self, service_account: Mapping[str, str], api_endpoint: str | None, timeout_seconds: float) -> None:
        credentials = google_service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            dict(service_account), scopes=[SCOPE]
        )
        self._connections = _Connections(credentials, timeout_seconds, direct=_is_loopback(api_endpoint))
        options = {"api_endpoint": api_endpoint} if api_endpoint else None
        service = build("calendar", "v3", http=httplib2.Http(), client_options=options, static_discovery=True)
        self._events = service.events()

    def put(self, calendar_id: str, event_id: str, body: Mapping[str, Any]) -> None:
        """Make the calendar hold the event as `body` says, be it new, there already, changed or cancelled.

        Raises CalendarUnavailable or CalendarRefused.
        """
        wanted = {"status": "confirmed", **body}
        with _reasons_only():
            try:
                made = self._insert(calendar_id, {**wanted, "id": event_id})
            except HttpError as refusal:
                if refusal.status_code != 409:
                    raise
                made = self._corrected(calendar_id, event_id, wanted)
        _require_event(made, event_id)

    def remove(self, calendar_id: str, event_id: str) -> None:
        """Make the calendar not show the event; one that never was or is gone already is no error.

        Raises CalendarUnavailable or CalendarRefused.
        """
        with _reasons_only():
            try:
                self._execute(self._events.delete(calendarId=calendar_id, eventId=event_id))
            except HttpError as refusal:
                if refusal.status_code not in (404, 410):
                    raise

    def close(self) -> None:
        self._connections.close()

    def _insert(self, calendar_id: str, event: Mapping[str, Any]) -> Any:
        return self._execute(self._events.insert(calendarId=calendar_id, body=cast("Event", event)))

    def _corrected(self, calendar_id: str, event_id: str, wanted: Mapping[str, Any]) -> Any:
        existing = self._execute(self._events.get(calendarId=calendar_id, eventId=event_id))
        _require_event(existing, event_id)
        if _holds(existing, wanted):
            return existing
        body = cast("Event", {**existing, **wanted})
        update = self._events.update(calendarId=calendar_id, eventId=event_id, body=body)
        # Somebody who changed the event in between makes this a 412, and the next attempt compares afresh.
        update.headers = {**(update.headers or {}), "If-Match": existing["etag"]}
        return self._execute(update)

    def _execute(self, request: "HttpRequest") -> Any:
        with self._connections.one() as connection:
            return request.execute(http=connection, num_retries=0)


class _Connections:
    """Open connections to Google that share one token; each serves one thread at a time, as httplib2 asks."""

    def __init__(self, credentials: Any, timeout_seconds: float, *, direct: bool) -> None:
        self._credentials = credentials
        self._timeout_seconds = timeout_seconds
        self._direct = direct
        self._idle: deque[tuple[float, Any]] = deque()

    @contextmanager
    def one(self) -> Iterator[Any]:
        connection = self._open()
        try:
            yield connection
        except HttpError:
            self._idle.append((time.monotonic(), connection))
            raise
        except BaseException:
            # The answer to this request may still come; nobody else may read it as theirs.
            connection.close()
            raise
        self._idle.append((time.monotonic(), connection))

    def close(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop()[1].close()

    def _open(self) -> Any:
        # A server may close what has been idle for some seconds; a POST on such a connection would fail.
        with suppress(IndexError):
            while True:
                since, connection = self._idle.pop()
                if time.monotonic() - since < IDLE_SECONDS:
                    return connection
                connection.close()
        proxy = None if self._direct else httplib2.proxy_info_from_environment
        plain = httplib2.Http(timeout=self._timeout_seconds, proxy_info=proxy)
        return google_auth_httplib2.AuthorizedHttp(self._credentials, http=plain)


@contextmanager
def _reasons_only() -> Iterator[None]:
    """Turn what Google's client raises into this module's errors, without its text: that may quote a body."""
    try:
        yield
    except HttpError as refusal:
        status, reason = refusal.status_code, _reason(refusal)
        temporary = status in _TEMPORARY_STATUSES or status >= 500 or reason in _RATE_REASONS
        raise (CalendarUnavailable if temporary else CalendarRefused)(f"{status} {reason}") from None
    except TimeoutError:
        raise CalendarUnavailable("timed out") from None
    except GoogleAuthError as failure:
        raise CalendarUnavailable(f"no access token: {type(failure).__name__}") from None
    except (OSError, http.client.HTTPException, httplib2.HttpLib2Error) as failure:
        raise CalendarUnavailable(f"not reached: {type(failure).__name__}") from None


def _reason(refusal: HttpError) -> str:
    details = refusal.error_details
    if isinstance(details, list) and details and isinstance(details[0], dict):
        return str(details[0].get("reason", "unknown"))
    return "unknown"


def _require_event(answer: Any, event_id: str) -> None:
    if not isinstance(answer, dict) or answer.get("id") != event_id:
        raise CalendarUnavailable("the answer is not the event")


def _holds(existing: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether the event says all that is wanted; it may say more, and write times in another offset."""
    return all(name in existing and _agrees(name, existing[name], value) for name, value in wanted.items())


def _agrees(name: str, existing: Any, wanted: Any) -> bool:
    if isinstance(existing, dict) and isinstance(wanted, dict):
        return _holds(existing, wanted)
    if name == "dateTime" and datetime.fromisoformat(wanted).tzinfo is not None:
        return datetime.fromisoformat(existing) == datetime.fromisoformat(wanted)
    return bool(existing == wanted)


def _is_loopback(api_endpoint: str | None) -> bool:
    return api_endpoint is not None and urlsplit(api_endpoint).hostname in ("127.0.0.1", "localhost", "::1")
