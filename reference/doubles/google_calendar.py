"""A double of Google Calendar API v3 and of Google's token endpoint, with illnesses that a test can order.

Google's own client speaks to it unmodified: `api_endpoint` is this app's root plus /calendar/v3/, `token_uri`
its root plus /token. It keeps single events in calendars that the service account made; what it does not
implement it refuses. `/control/faults` and `/control/requests` are the test's side; `Fault` has the names.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference.doubles import google_calendar_errors as errors
from reference.doubles.google_calendar_errors import GoogleError
from reference.doubles.google_calendar_faults import Fault, FaultDesk, FaultOrder, RequestLog
from reference.doubles.google_calendar_query import EventQuery, refuse_unknown
from reference.doubles.google_calendar_store import CalendarStore
from reference.doubles.google_calendar_tokens import TokenDesk, TokenRefused, new_service_account

__all__ = ["create_app", "new_service_account"]

HOLD_SECONDS = 30.0

_SCOPE = "https://www.googleapis.com/auth/calendar"
_ALL = frozenset({_SCOPE, f"{_SCOPE}.app.created"})
_EVENTS_WRITE = _ALL | {f"{_SCOPE}.events", f"{_SCOPE}.events.owned"}
_EVENTS_READ = _EVENTS_WRITE | {
    f"{_SCOPE}.readonly",
    f"{_SCOPE}.events.readonly",
    f"{_SCOPE}.events.owned.readonly",
}
_CALENDARS_WRITE = _ALL | {f"{_SCOPE}.calendars"}
_CALENDARS_READ = _CALENDARS_WRITE | {f"{_SCOPE}.readonly", f"{_SCOPE}.calendars.readonly"}

_METHODS = {"GET": "get", "POST": "insert", "PATCH": "patch", "PUT": "update", "DELETE": "delete"}
_READS = frozenset({"get", "list"})


def create_app(service_account: Mapping[str, str]) -> Starlette:
    """The double for one service account.

    `app.state.faults.heal_all()` frees every request held by a fault; call it before a graceful stop.
    """
    double = _GoogleDouble(service_account)
    calendar = "/calendar/v3/calendars/{calendar}"
    app = Starlette(
        routes=[
            Route("/token", double.token, methods=["POST"]),
            Route("/calendar/v3/calendars", double.calendars, methods=["POST"]),
            Route(calendar, double.calendar, methods=["GET", "DELETE"]),
            Route(f"{calendar}/events", double.events, methods=["GET", "POST"]),
            Route(f"{calendar}/events/{{event}}", double.events, methods=["GET", "PATCH", "PUT", "DELETE"]),
            Route("/control/faults", double.faults, methods=["POST", "DELETE"]),
            Route("/control/requests", double.requests, methods=["GET"]),
        ],
        exception_handlers={
            GoogleError: _google_refusal,
            TokenRefused: _token_refusal,
            ClientDisconnect: _nobody_listens,
        },
    )
    app.state.faults = double.fault_desk
    return app


class _GoogleDouble:
    def __init__(self, service_account: Mapping[str, str]) -> None:
        self.fault_desk = FaultDesk()
        self._log = RequestLog()
        self._tokens = TokenDesk(service_account)
        self._store = CalendarStore(service_account["client_email"])

    async def token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        return JSONResponse(self._tokens.grant(form), headers={"Cache-Control": "no-store"})

    async def calendars(self, request: Request) -> Response:
        self._authorise(request, _CALENDARS_WRITE)
        return JSONResponse(self._store.create(await _json_object(request)))

    async def calendar(self, request: Request) -> Response:
        calendar_id = request.path_params["calendar"]
        if request.method == "DELETE":
            self._authorise(request, _CALENDARS_WRITE)
            self._store.delete(calendar_id)
            self.fault_desk.heal(calendar_id)
            return Response(status_code=204)
        self._authorise(request, _CALENDARS_READ)
        return JSONResponse(self._store.find(calendar_id).resource)

    async def events(self, request: Request) -> Response:
        """Every request for events: recorded, authorised, struck by the ordered fault if any, carried out."""
        calendar_id, event_id = request.path_params["calendar"], request.path_params.get("event")
        method = "list" if request.method == "GET" and event_id is None else _METHODS[request.method]
        body = await _json_object(request) if request.method in ("POST", "PATCH", "PUT") else {}
        entry = self._log.arrived(calendar_id, method, event_id or _text(body.get("id")))
        try:
            self._authorise(request, _EVENTS_READ if method in _READS else _EVENTS_WRITE)
            order = self.fault_desk.strikes(calendar_id, write=method not in _READS)
            entry.fault = order.fault if order else None
            response = await _struck(request, order, lambda: self._carry_out(method, request, body))
        except GoogleError as refusal:
            entry.status = refusal.status
            raise
        except ClientDisconnect:
            entry.given_up = True
            raise
        entry.status = response.status_code
        return response

    async def faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            calendar_id = request.query_params.get("calendar")
            if calendar_id is None:
                self.fault_desk.heal_all()
            else:
                self.fault_desk.heal(calendar_id)
            return Response(status_code=204)
        try:
            self.fault_desk.order(FaultOrder.parse(await request.json()))
        except ValueError as refusal:
            return JSONResponse({"error": str(refusal)}, status_code=400)
        return Response(status_code=204)

    async def requests(self, request: Request) -> Response:
        calendar_id = request.query_params.get("calendar")
        if calendar_id is None:
            return JSONResponse({"error": "name the calendar: ?calendar=id"}, status_code=400)
        return JSONResponse(self._log.entries(calendar_id))

    def _authorise(self, request: Request, scopes: frozenset[str]) -> None:
        self._tokens.authorise(request.headers.get("authorization"), scopes)

    def _carry_out(self, method: str, request: Request, body: dict[str, Any]) -> Response:
        calendar = self._store.find(request.path_params["calendar"])
        if method == "list":
            return JSONResponse(calendar.list(EventQuery.parse(request.query_params)))
        refuse_unknown(request.query_params)
        if method == "insert":
            return JSONResponse(calendar.insert(body))
        event_id, etag = request.path_params["event"], request.headers.get("if-match")
        if method == "get":
            return JSONResponse(calendar.get(event_id))
        if method == "delete":
            calendar.delete(event_id, etag)
            return Response(status_code=204)
        change = calendar.patch if method == "patch" else calendar.update
        return JSONResponse(change(event_id, body, etag))


async def _struck(request: Request, order: FaultOrder | None, carry_out: Callable[[], Response]) -> Response:
    """The answer under an ordered fault. Raises the fault's GoogleError."""
    if order is None:
        return carry_out()
    match order.fault:
        case Fault.UNAUTHORISED:
            raise errors.invalid_credentials()
        case Fault.RATE_LIMITED:
            raise errors.rate_limited()
        case Fault.TOO_MANY_REQUESTS:
            raise errors.too_many_requests()
        case Fault.UNAVAILABLE:
            raise errors.backend_error()
        case Fault.SLOW:
            with suppress(TimeoutError):
                await asyncio.wait_for(order.released.wait(), order.seconds)
            return carry_out()
        case Fault.TIMES_OUT:
            await _hold(request, order)
        case Fault.LOSES_ITS_ANSWER:
            with suppress(GoogleError):
                carry_out()
        case Fault.MAKES_IT_AND_TIMES_OUT:
            with suppress(GoogleError):
                carry_out()
            await _hold(request, order)
    raise errors.backend_error()


async def _hold(request: Request, order: FaultOrder) -> None:
    """Keep the client waiting until the calendar is healed or HOLD_SECONDS are over.

    Raises ClientDisconnect when the client gives up first.
    """
    gone = asyncio.create_task(_client_gone(request))
    healed = asyncio.create_task(order.released.wait())
    try:
        await asyncio.wait({gone, healed}, timeout=HOLD_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            raise ClientDisconnect
    finally:
        gone.cancel()
        healed.cancel()


async def _client_gone(request: Request) -> bool:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return True


async def _json_object(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        raise errors.parse_error() from None
    if not isinstance(body, dict):
        raise errors.parse_error()
    return body


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


async def _google_refusal(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, GoogleError)
    return JSONResponse(refusal.body(), status_code=refusal.status)


async def _token_refusal(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, TokenRefused)
    return JSONResponse(refusal.body(), status_code=refusal.status)


async def _nobody_listens(_: Request, __: Exception) -> Response:
    return Response(status_code=503)
