"""The Google double against Google's own client, unmodified."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import httpx
import jwt
import pytest
from google.auth.exceptions import RefreshError
from google.oauth2.service_account import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from reference.doubles.google_calendar import new_service_account
from reference.doubles.google_calendar_server import RunningDouble, running_double

CALENDAR = "https://www.googleapis.com/auth/calendar"
EVENT_ID = "6ho3ac1p6h13cdhp60r32ohk"


@pytest.fixture(scope="module")
def double() -> Iterator[RunningDouble]:
    with running_double() as running:
        yield running


def client(double: RunningDouble, scope: str = CALENDAR, account: dict[str, str] | None = None) -> Any:
    credentials = Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
        account or double.service_account, scopes=[scope]
    )
    endpoint = {"api_endpoint": double.api_endpoint}
    return build("calendar", "v3", credentials=credentials, client_options=endpoint)


@pytest.fixture(scope="module")
def google(double: RunningDouble) -> Iterator[Any]:
    with closing(client(double)) as service:
        yield service


@pytest.fixture
def calendar(google: Any) -> str:
    made = google.calendars().insert(body={"summary": "Harbour Dental", "timeZone": "Europe/London"}).execute()
    return str(made["id"])


def event(start: str = "2030-07-01T10:00:00+01:00", end: str = "2030-07-01T10:30:00+01:00", **more: Any) -> Any:
    return {"summary": "Ann", "start": {"dateTime": start}, "end": {"dateTime": end}} | more


def insert(google: Any, calendar: str, **body: Any) -> Any:
    return google.events().insert(calendarId=calendar, body=event(**body)).execute()


def refusal(request: Any) -> tuple[int, str]:
    with pytest.raises(HttpError) as caught:
        request.execute()
    details: Any = caught.value.error_details
    assert caught.value.reason == details[0]["message"]
    return caught.value.status_code, details[0]["reason"]


def listed(google: Any, calendar: str, **query: Any) -> list[str]:
    page = google.events().list(calendarId=calendar, **query).execute()
    return [item["summary"] for item in page["items"]]


def test_an_inserted_event_is_a_whole_resource(google: Any, calendar: str, double: RunningDouble) -> None:
    made = insert(google, calendar, id=EVENT_ID, extendedProperties={"private": {"appointment": "7"}})

    assert made["kind"] == "calendar#event"
    assert (made["id"], made["status"], made["sequence"]) == (EVENT_ID, "confirmed", 0)
    assert made["iCalUID"] == f"{EVENT_ID}@google.com"
    assert made["creator"] == {"email": double.service_account["client_email"]}
    assert made["organizer"] == {"email": calendar, "displayName": "Harbour Dental", "self": True}
    assert (made["reminders"], made["eventType"]) == ({"useDefault": True}, "default")
    assert made["htmlLink"].startswith("https://www.google.com/calendar/event?eid=")
    assert made["created"] == made["updated"]
    assert made["etag"].startswith('"')
    assert made["extendedProperties"] == {"private": {"appointment": "7"}}
    assert google.events().get(calendarId=calendar, eventId=EVENT_ID).execute() == made


@pytest.mark.parametrize("event_id", ["abcd", "has-hyphen", "UPPER1", "wxyz1", "", "a" * 1025])
def test_an_id_outside_base32hex_is_refused(google: Any, calendar: str, event_id: str) -> None:
    request = google.events().insert(calendarId=calendar, body=event(id=event_id))
    assert refusal(request) == (400, "invalid")


def test_id_and_ical_uid_together_are_refused(google: Any, calendar: str) -> None:
    body = event(id=EVENT_ID, iCalUID="a@b")
    assert refusal(google.events().insert(calendarId=calendar, body=body)) == (400, "invalid")


def test_an_ical_uid_is_taken_once(google: Any, calendar: str) -> None:
    assert insert(google, calendar, iCalUID="a@b")["iCalUID"] == "a@b"
    again = google.events().insert(calendarId=calendar, body=event(iCalUID="a@b"))
    assert refusal(again) == (409, "duplicate")


def test_google_chooses_an_id_when_the_client_does_not(google: Any, calendar: str) -> None:
    assert insert(google, calendar)["id"] != insert(google, calendar)["id"]


def test_an_id_is_taken_for_good_even_when_its_event_is_deleted(google: Any, calendar: str) -> None:
    insert(google, calendar, id=EVENT_ID)
    again = google.events().insert(calendarId=calendar, body=event(id=EVENT_ID))
    assert refusal(again) == (409, "duplicate")

    google.events().delete(calendarId=calendar, eventId=EVENT_ID).execute()
    assert refusal(again) == (409, "duplicate")


def test_the_same_id_is_free_in_another_calendar(google: Any, calendar: str) -> None:
    other = google.calendars().insert(body={"summary": "Hilltop"}).execute()["id"]
    insert(google, calendar, id=EVENT_ID)
    assert insert(google, other, id=EVENT_ID)["id"] == EVENT_ID


def test_a_deleted_event_stays_as_cancelled(google: Any, calendar: str) -> None:
    insert(google, calendar, id=EVENT_ID)
    deletion = google.events().delete(calendarId=calendar, eventId=EVENT_ID)
    assert deletion.execute() == ""

    assert google.events().get(calendarId=calendar, eventId=EVENT_ID).execute()["status"] == "cancelled"
    assert listed(google, calendar) == []
    assert listed(google, calendar, showDeleted=True) == ["Ann"]
    assert refusal(deletion) == (410, "deleted")


def test_only_an_explicit_status_restores_a_deleted_event(google: Any, calendar: str) -> None:
    insert(google, calendar, id=EVENT_ID)
    google.events().delete(calendarId=calendar, eventId=EVENT_ID).execute()

    silent = google.events().update(calendarId=calendar, eventId=EVENT_ID, body=event()).execute()
    assert silent["status"] == "cancelled"
    body = event(status="confirmed")
    restored = google.events().update(calendarId=calendar, eventId=EVENT_ID, body=body).execute()
    assert restored["status"] == "confirmed"
    assert listed(google, calendar) == ["Ann"]


def test_what_does_not_exist_is_not_found(google: Any, calendar: str) -> None:
    gone = "c_0@group.calendar.google.com"
    assert refusal(google.events().get(calendarId=calendar, eventId=EVENT_ID)) == (404, "notFound")
    assert refusal(google.events().delete(calendarId=calendar, eventId=EVENT_ID)) == (404, "notFound")
    assert refusal(google.events().patch(calendarId=calendar, eventId=EVENT_ID, body={})) == (404, "notFound")
    assert refusal(google.events().insert(calendarId=gone, body=event())) == (404, "notFound")
    assert refusal(google.events().list(calendarId=gone)) == (404, "notFound")
    assert refusal(google.calendars().get(calendarId=gone)) == (404, "notFound")


def test_calendars_are_made_read_and_deleted(google: Any, calendar: str) -> None:
    made = google.calendars().get(calendarId=calendar).execute()
    assert (made["kind"], made["summary"], made["timeZone"]) == (
        "calendar#calendar",
        "Harbour Dental",
        "Europe/London",
    )
    assert google.calendars().delete(calendarId=calendar).execute() == ""
    assert refusal(google.calendars().get(calendarId=calendar)) == (404, "notFound")
    assert refusal(google.calendars().insert(body={})) == (400, "required")
    nowhere = {"summary": "x", "timeZone": "Europe/Nowhere"}
    assert refusal(google.calendars().insert(body=nowhere)) == (400, "invalid")


def test_patch_merges_and_null_removes(google: Any, calendar: str) -> None:
    insert(google, calendar, id=EVENT_ID, location="Room 1", extendedProperties={"private": {"a": "1", "b": "2"}})
    change = {"location": None, "extendedProperties": {"private": {"a": None, "c": "3"}}}
    changed = google.events().patch(calendarId=calendar, eventId=EVENT_ID, body=change).execute()

    assert "location" not in changed
    assert changed["extendedProperties"]["private"] == {"b": "2", "c": "3"}
    assert (changed["summary"], changed["sequence"]) == ("Ann", 0)


def test_update_replaces_and_counts_a_move(google: Any, calendar: str) -> None:
    made = insert(google, calendar, id=EVENT_ID, location="Room 1")
    body = event("2030-07-01T11:00:00+01:00", "2030-07-01T11:30:00+01:00")
    moved = google.events().update(calendarId=calendar, eventId=EVENT_ID, body=body).execute()

    assert "location" not in moved
    assert (moved["sequence"], moved["created"]) == (1, made["created"])
    assert moved["updated"] > made["updated"]
    stale = google.events().update(calendarId=calendar, eventId=EVENT_ID, body=body | {"sequence": 0})
    assert refusal(stale) == (400, "invalid")


def test_a_stale_etag_changes_nothing(google: Any, calendar: str) -> None:
    made = insert(google, calendar, id=EVENT_ID)
    google.events().patch(calendarId=calendar, eventId=EVENT_ID, body={"summary": "Bea"}).execute()
    late = google.events().patch(calendarId=calendar, eventId=EVENT_ID, body={"summary": "Cyd"})
    late.headers["If-Match"] = made["etag"]
    assert refusal(late) == (412, "conditionNotMet")
    assert listed(google, calendar) == ["Bea"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"start": None}, (400, "required")),
        ({"end": None}, (400, "required")),
        ({"start": {"dateTime": "2030-07-01T10:00:00"}}, (400, "required")),
        ({"start": {"dateTime": "2030-07-01T10:00:00", "timeZone": "Mars/Olympus"}}, (400, "invalid")),
        ({"start": {"dateTime": "tomorrow"}}, (400, "badRequest")),
        ({"start": {"dateTime": "2030-07-01T10:00Z"}}, (400, "badRequest")),
        ({"start": {"date": "2030-07-01"}}, (400, "invalid")),
        ({"end": {"dateTime": "2030-07-01T10:00:00+01:00"}}, (400, "timeRangeEmpty")),
        ({"end": {"dateTime": "2030-07-01T09:00:00+01:00"}}, (400, "timeRangeEmpty")),
        ({"status": "maybe"}, (400, "invalid")),
        ({"summary": 7}, (400, "badRequest")),
        ({"attendees": [{"email": "ann@example.com"}]}, (403, "forbiddenForServiceAccounts")),
        ({"recurrence": ["RRULE:FREQ=DAILY"]}, (400, "badRequest")),
    ],
)
def test_a_body_that_google_refuses(google: Any, calendar: str, body: Any, expected: tuple[int, str]) -> None:
    assert refusal(google.events().insert(calendarId=calendar, body=event() | body)) == expected
    assert listed(google, calendar, showDeleted=True) == []


def test_times_come_back_in_the_calendars_zone(google: Any, calendar: str) -> None:
    made = insert(google, calendar, start="2030-07-01T09:00:00Z", end="2030-07-01T05:30:00.250-04:00")
    assert made["start"] == {"dateTime": "2030-07-01T10:00:00+01:00", "timeZone": "Europe/London"}
    assert made["end"] == {"dateTime": "2030-07-01T10:30:00+01:00", "timeZone": "Europe/London"}

    lagos = {"dateTime": "2030-01-01T10:00:00", "timeZone": "Africa/Lagos"}
    body = event(end="2030-01-01T10:00:00Z") | {"start": lagos}
    made = google.events().insert(calendarId=calendar, body=body).execute()
    assert made["start"] == {"dateTime": "2030-01-01T09:00:00Z", "timeZone": "Africa/Lagos"}


def test_time_bounds_are_exclusive_and_touch_the_other_end(google: Any, calendar: str) -> None:
    insert(google, calendar, start="2030-07-01T10:00:00Z", end="2030-07-01T11:00:00Z")
    assert listed(google, calendar, timeMin="2030-07-01T10:59:59Z") == ["Ann"]
    assert listed(google, calendar, timeMin="2030-07-01T11:00:00Z") == []
    assert listed(google, calendar, timeMax="2030-07-01T10:00:01Z") == ["Ann"]
    assert listed(google, calendar, timeMax="2030-07-01T10:00:00Z") == []


def test_a_list_is_filtered_ordered_and_paged(google: Any, calendar: str) -> None:
    for hour, name in ((15, "c"), (9, "a"), (12, "b")):
        properties = {"private": {"clinic": "7", "patient": name}}
        times = {"start": f"2030-07-01T{hour:02}:00:00Z", "end": f"2030-07-01T{hour:02}:30:00Z"}
        insert(google, calendar, summary=name, extendedProperties=properties, **times)

    assert listed(google, calendar, singleEvents=True, orderBy="startTime") == ["a", "b", "c"]
    assert listed(google, calendar, orderBy="updated") == ["c", "a", "b"]
    assert listed(google, calendar, privateExtendedProperty="patient=b") == ["b"]
    assert listed(google, calendar, privateExtendedProperty=["clinic=7", "patient=c"]) == ["c"]
    assert listed(google, calendar, privateExtendedProperty="clinic=8") == []

    pages, request = [], google.events().list(calendarId=calendar, maxResults=2)
    while request is not None:
        pages.append(request.execute())
        request = google.events().list_next(request, pages[-1])
    assert [[item["summary"] for item in page["items"]] for page in pages] == [["c", "a"], ["b"]]
    assert ["nextPageToken" in page for page in pages] == [True, False]
    assert ["nextSyncToken" in page for page in pages] == [False, True]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"orderBy": "startTime"}, (400, "invalid")),
        ({"timeMin": "2030-07-01T10:00:00"}, (400, "badRequest")),
        ({"timeMin": "2030-07-01T10:00:00Z", "timeMax": "2030-07-01T10:00:00Z"}, (400, "timeRangeEmpty")),
        ({"pageToken": "nonsense"}, (400, "invalid")),
        ({"maxResults": 0}, (400, "invalid")),
        ({"privateExtendedProperty": "clinic"}, (400, "invalid")),
        ({"syncToken": "old"}, (410, "fullSyncRequired")),
        ({"q": "Ann"}, (400, "badRequest")),
    ],
)
def test_a_query_that_is_refused(google: Any, calendar: str, query: Any, expected: tuple[int, str]) -> None:
    assert refusal(google.events().list(calendarId=calendar, **query)) == expected


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "required"),
        ({"authorization": "Bearer ya29.x"}, "authError"),
        ({"authorization": "Basic eA=="}, "authError"),
    ],
)
def test_nothing_is_told_without_a_known_token(
    double: RunningDouble, calendar: str, headers: dict[str, str], reason: str
) -> None:
    uri = f"{double.api_endpoint}calendars/{calendar}/events"
    answer = httpx.get(uri, headers=headers, trust_env=False)
    assert answer.status_code == 401
    assert [entry["reason"] for entry in answer.json()["error"]["errors"]] == [reason]


def test_the_scope_of_a_token_limits_it(double: RunningDouble, google: Any, calendar: str) -> None:
    with closing(client(double, f"{CALENDAR}.readonly")) as reader:
        assert listed(reader, calendar) == []
        insertion = reader.events().insert(calendarId=calendar, body=event())
        assert refusal(insertion) == (403, "insufficientPermissions")
    assert listed(google, calendar) == []


def assertion(account: dict[str, str], **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": account["client_email"],
        "scope": CALENDAR,
        "aud": "https://oauth2.googleapis.com/token",
        "iat": now,
        "exp": now + 3600,
    }
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(claims, account["private_key"], "RS256", headers={"kid": account["private_key_id"]})


def token_request(double: RunningDouble, **form: str) -> httpx.Response:
    grant = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}
    return httpx.post(f"{double.root}/token", data=grant | form, trust_env=False)


def test_a_good_assertion_gets_a_token(double: RunningDouble) -> None:
    answer = token_request(double, assertion=assertion(double.service_account))
    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token", "expires_in", "token_type"}


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"iss": "someone@else.iam.gserviceaccount.com"}, 400, "invalid_grant"),
        ({"aud": "https://example.com/token"}, 400, "invalid_grant"),
        ({"exp": int(time.time()) - 600}, 400, "invalid_grant"),
        ({"exp": int(time.time()) + 86400}, 400, "invalid_grant"),
        ({"iat": int(time.time()) + 86400, "exp": int(time.time()) + 90000}, 400, "invalid_grant"),
        ({"exp": None}, 400, "invalid_grant"),
        ({"scope": None}, 400, "invalid_scope"),
        ({"sub": "owner@example.com"}, 401, "unauthorized_client"),
    ],
)
def test_a_bad_assertion_gets_none(double: RunningDouble, changes: Any, status: int, error: str) -> None:
    answer = token_request(double, assertion=assertion(double.service_account, **changes))
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_another_key_another_algorithm_and_another_grant_get_no_token(double: RunningDouble) -> None:
    stranger = new_service_account("unused") | {"private_key_id": double.service_account["private_key_id"]}
    forged = assertion(stranger, iss=double.service_account["client_email"])
    unsigned = jwt.encode({"iss": double.service_account["client_email"]}, "", "none")
    for wrong in (forged, unsigned, "garbage", ""):
        assert token_request(double, assertion=wrong).json()["error"] == "invalid_grant"
    password = token_request(double, grant_type="password")
    assert (password.status_code, password.json()["error"]) == (400, "unsupported_grant_type")
    impostor = client(double, account=double.service_account | {"private_key": stranger["private_key"]})
    with closing(impostor), pytest.raises(RefreshError, match="invalid_grant"):
        impostor.events().list(calendarId="x").execute()


def test_many_threads_make_many_events(double: RunningDouble, google: Any, calendar: str) -> None:
    def insert_one(number: int) -> str:
        with closing(client(double)) as service:
            return str(insert(service, calendar, summary=str(number))["summary"])

    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(insert_one, range(16)))
    assert sorted(listed(google, calendar)) == sorted(made)
