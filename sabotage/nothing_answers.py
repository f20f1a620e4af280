"""Answers that look right and mean nothing: what a server may say that does none of what it is asked."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import NAMESPACE_URL, uuid4, uuid5

import jwt
from starlette.requests import Request

NOW = "2026-01-01T00:00:00+00:00"
NOBODYS_KEY = "a secret that nobody has shared with anybody"


def plausible(request: Request, content: bytes) -> Any:
    """A success in the shape that this address promises."""
    asked = _object(content)
    for place, answer in PLACES.items():
        if request.url.path.startswith(place):
            return answer(request, asked)
    return {"status": "ok"}


def _object(content: bytes) -> Any:
    try:
        return json.loads(content or b"{}")
    except ValueError:
        return {}


def _tools(_request: Request, asked: Any) -> Any:
    message = asked.get("message") if isinstance(asked, dict) else None
    if not isinstance(message, dict):
        return _done(asked.get("params") if isinstance(asked, dict) else {})
    if "functionCall" in message:
        return {"result": "You are booked.", **_done(message["functionCall"].get("parameters"))}
    calls = [call for call in message.get("toolCallList") or [] if isinstance(call, dict)]
    results = [{"toolCallId": call.get("id"), "result": "You are booked."} for call in calls]
    return {"results": results, **(_done(_arguments(calls[0])) if len(calls) == 1 else {})}


def _arguments(call: Mapping[str, Any]) -> Any:
    function = call.get("function") or call
    given = function.get("arguments") or function.get("parameters")
    return _object(given.encode()) if isinstance(given, str) else given


def _done(arguments: Any) -> dict[str, Any]:
    """What a booking and a look at free slots would be told; the same for the same arguments."""
    said = arguments if isinstance(arguments, dict) else {}
    made = str(uuid5(NAMESPACE_URL, json.dumps(said, sort_keys=True, default=str)))
    start = _moment(said.get("appointment_time") or said.get("date"))
    booked = {**said, "id": made, "status": "confirmed", "created_at": NOW, "time_zone": "UTC"}
    return {
        "success": True,
        "appointment_id": made,
        "google_calendar_event_id": made.replace("-", ""),
        "appointment": {**booked, "end_time": (start + timedelta(minutes=30)).isoformat()},
        "calendar_sync": {"status": "synced"},
        "slots": [{"start": start.isoformat(), "end": (start + timedelta(minutes=30)).isoformat()}],
        "time_zone": "UTC",
    }


def _moment(said: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(said))
    except ValueError:
        moment = datetime.fromisoformat(NOW)
    return moment if moment.tzinfo else moment.replace(hour=9, tzinfo=datetime.fromisoformat(NOW).tzinfo)


def _settings(request: Request, asked: Any) -> Any:
    told = {"timezone": "Europe/London", "opening_time": "09:00", "closing_time": "17:00", "slot_minutes": 30}
    changes = asked if isinstance(asked, dict) else {}
    return {"org_id": request.url.path.split("/")[3], **told, "google_calendar_id": None, "updated_at": NOW, **changes}


def _rows(request: Request, asked: Any) -> Any:
    """One row for each key that was asked for, with everything in it that was said."""
    given = asked if isinstance(asked, list) else [asked]
    wanted: dict[str, list[str]] = {}
    for column, rule in parse_qsl(request.url.query):
        operator, _, value = rule.partition(".")
        if operator in ("eq", "in"):
            wanted[column] = [part.strip('"') for part in value.strip("()").split(",")]
    count = max((len(values) for values in wanted.values()), default=1)
    rows = []
    for number in range(max(count, len(given))):
        row = {"id": str(uuid4()), "org_id": str(uuid4()), "name": "somebody", "created_at": NOW}
        row |= {column: values[number % len(values)] for column, values in wanted.items()}
        rows.append(row | (given[number % len(given)] if isinstance(given[0], dict) else {}))
    return rows


def _account(request: Request, asked: Any) -> Any:
    said = asked if isinstance(asked, dict) else {}
    email = str(said.get("email", "somebody@example.com"))
    user_id, org_id = str(uuid5(NAMESPACE_URL, email)), str(uuid5(NAMESPACE_URL, f"{email}'s clinic"))
    granted = {"provider": "email", "org_id": org_id, **(said.get("app_metadata") or {})}
    user: dict[str, Any] = {
        "id": user_id, "aud": "authenticated", "role": "authenticated", "email": email, "phone": "",
        "app_metadata": granted, "user_metadata": said.get("data") or {}, "identities": [], "created_at": NOW,
        "updated_at": NOW, "is_anonymous": False,
    }  # fmt: skip
    if request.method == "GET" and request.url.path.endswith("/admin/users"):
        return {"users": [user], "aud": "authenticated"}
    if not request.url.path.endswith(("/signup", "/token")):
        return user
    expires = int(time.time()) + 3600
    claims = {"sub": user_id, "exp": expires, "aal": "aal1", "session_id": str(uuid4()), "org_id": org_id, **user}
    session = {"token_type": "bearer", "expires_in": 3600, "expires_at": expires, "refresh_token": str(uuid4())}
    return {"access_token": jwt.encode(claims, NOBODYS_KEY, "HS256"), **session, "user": user}


def _keys(_request: Request, _asked: Any) -> Any:
    curve = {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "nobody"}
    return {
        "keys": [
            {
                **curve,
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            }
        ]
    }


def _google(request: Request, asked: Any) -> Any:
    said = asked if isinstance(asked, dict) else {}
    if request.url.path.endswith("/token"):
        return {"access_token": "nobody's", "expires_in": 3600, "token_type": "Bearer"}
    side = {"dateTime": NOW, "timeZone": "UTC"}
    return {"id": "nothing", "status": "confirmed", "timeZone": "UTC", "items": [], "start": side, "end": side, **said}


PLACES: dict[str, Callable[[Request, Any], Any]] = {
    "/api/vapi/tools": _tools,
    "/api/clinics/": _settings,
    "/rest/v1": _rows,
    "/auth/v1/.well-known": _keys,
    "/auth/v1": _account,
    "/calendar/v3": _google,
    "/token": _google,
}
