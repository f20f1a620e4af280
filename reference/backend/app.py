"""The voice-booking API: routes, and the order in which a request is judged."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import psycopg
from fastapi import FastAPI, Request, Response, Security
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from reference.backend import availability, booking, knowledge, settings, tokens, tools
from reference.backend.answers import Answer, AsciiJSONResponse, refused
from reference.backend.bodies import json_object
from reference.backend.calendar_sync import CalendarWorker
from reference.backend.config import Config
from reference.backend.database import Database
from reference.backend.embedding import Embedder, embedder_for
from reference.backend.errors import InvalidRequest, NotFound, Refused, Unreadable, refusal_for
from reference.backend.openapi import EMBEDDINGS_BODY, SETTINGS_BODY, TOOLS_BODY, refusals
from reference.backend.server_timing import ServerTiming
from reference.backend.tenancy import Session
from reference.backend.tokens import KeySet
from reference.backend.tools import Outcome, ToolCall

BEARER = [Security(HTTPBearer(auto_error=False, description="Supabase access token with an org_id claim"))]


def create_app(config: Config) -> FastAPI:
    """The API over the database, key set and calendar that `config` names, opened with its lifespan."""
    database = Database(config.database_url)
    keys = KeySet(config.jwks_url) if config.jwks_url else None
    embedder = embedder_for(config)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as parts:
            await parts.enter_async_context(database.running())
            if keys is not None:
                parts.push_async_callback(keys.close)
            if config.google_service_account is not None:
                await parts.enter_async_context(CalendarWorker(config, database).running())
            yield

    app = FastAPI(title="Voice booking", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_middleware(ServerTiming)
    app.add_exception_handler(Refused, _refuse)
    app.add_exception_handler(psycopg.Error, _refuse)
    app.add_exception_handler(HTTPException, _refuse_http)
    add_routes(app, config, database, keys, embedder)
    return app


def add_routes(app: FastAPI, config: Config, database: Database, keys: KeySet | None, embedder: Embedder) -> None:
    async def session_of(request: Request) -> Session:
        token = tokens.bearer_token(request.headers.getlist("authorization"))
        return Session(database, await tokens.verify(token, config, keys), request.state.request_id, embedder)

    @app.get("/health", responses=refusals(503))
    async def health() -> Response:
        await database.answers()
        return AsciiJSONResponse({"status": "ok"})

    @app.post(
        "/api/vapi/tools",
        openapi_extra=TOOLS_BODY,
        responses=refusals(400, 401, 403, 404, 409, 413, 415, 500, 503),
        dependencies=BEARER,
    )
    async def vapi_tools(request: Request) -> Response:
        session = await session_of(request)
        body = await json_object(request)
        if tools.is_flat(body):
            call = tools.flat_call(body, request.headers.getlist("idempotency-key"))
            return AsciiJSONResponse((await run(session, call)).fields)
        return AsciiJSONResponse(await answer_message(session, tools.message_of(body)))

    @app.get("/api/clinics/{org_id}/settings", responses=refusals(400, 401, 403, 404, 503), dependencies=BEARER)
    async def read_settings(request: Request, org_id: str) -> Response:
        return AsciiJSONResponse(await settings.read_settings(await session_of(request), org_id))

    @app.patch(
        "/api/clinics/{org_id}/settings",
        openapi_extra=SETTINGS_BODY,
        responses=refusals(400, 401, 403, 404, 413, 415, 503),
        dependencies=BEARER,
    )
    async def change_settings(request: Request, org_id: str) -> Response:
        session = await session_of(request)
        return AsciiJSONResponse(await settings.change_settings(session, org_id, await json_object(request)))

    @app.post(
        "/v1/embeddings",
        openapi_extra=EMBEDDINGS_BODY,
        responses=refusals(400, 401, 413, 415, 503),
        dependencies=BEARER,
    )
    async def embed(request: Request) -> Response:
        session = await session_of(request)
        return AsciiJSONResponse(await knowledge.embeddings(session, await json_object(request)))


async def answer_message(session: Session, message: Any) -> dict[str, Any]:
    """Answer a Vapi message; a type that asks for nothing, or that is new, gets an empty object."""
    if message["type"] == tools.TOOL_CALLS:
        calls = tools.calls_of(message)
        return tools.tool_calls_answer(calls, [await outcome_of(session, call) for call in calls])
    if message["type"] == tools.FUNCTION_CALL:
        call = tools.function_call_of(message)
        return tools.function_call_answer(call, await outcome_of(session, call))
    if message["type"] == knowledge.MESSAGE:
        return await knowledge.answer_message(session, message)
    return {}


async def outcome_of(session: Session, call: ToolCall) -> Outcome:
    """What became of one call of a message: whatever happens to it, the other calls are still answered."""
    try:
        return await run(session, call)
    except Exception as problem:
        return refusal_for(problem)


async def run(session: Session, call: ToolCall) -> Answer:
    """Carry out one call by its tool's name; raises Refused."""
    name, arguments = tools.name_of(call), tools.arguments_of(call)
    if name == booking.TOOL:
        return await booking.book_appointment(session, arguments, call.idempotency_key)
    if name == availability.TOOL:
        return await availability.check_availability(session, arguments)
    if name == knowledge.TOOL:
        return await knowledge.answer_question(session, arguments)
    raise NotFound("There is no tool of that name.")


async def _refuse(_request: Request, problem: Exception) -> Response:
    return refused(refusal_for(problem))


async def _refuse_http(_request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    if problem.status_code == 404:
        return refused(NotFound("There is nothing at this address."))
    response = refused(_unreadable(problem.status_code))
    response.headers.update(problem.headers or {})
    return response


def _unreadable(status: int) -> InvalidRequest:
    return Unreadable("This address does not take such a request.", status)
