"""One URL for a project, as Supabase gives it: `/auth/v1` is Auth, `/rest/v1` is PostgREST, `apikey` is checked."""

import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from reference.platform.keys import ProjectKeys

# Open to anybody, as on Supabase: whoever verifies tokens holds no key of the project.
OPEN_PATHS = frozenset({"/auth/v1/.well-known/jwks.json", "/auth/v1/health"})
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host", "apikey"})
PROXIED_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

NO_KEY = {
    "message": "No API key found in request",
    "hint": "No `apikey` request header or url param was found.",
}
WRONG_KEY = {"message": "Invalid API key"}
# Kong's nginx takes no header line beyond its buffer (large_client_header_buffers 4 8k) and answers in plain HTML.
LONGEST_HEADER = 8 * 1024
HEADER_TOO_LARGE = "<html><head><title>400 Request Header Or Cookie Too Large</title></head></html>"


@dataclass(frozen=True)
class ApiKeys:
    """Which role each accepted `apikey` stands for (contract-facts B2, B3)."""

    keys: ProjectKeys

    def jwt_for(self, api_key: str) -> str | None:
        """The role's JWT for a key of this project, None for any other text."""
        accepted = {
            self.keys.publishable_key: self.keys.anon_jwt,
            self.keys.anon_jwt: self.keys.anon_jwt,
            self.keys.secret_key: self.keys.service_jwt,
            self.keys.service_jwt: self.keys.service_jwt,
        }
        for known, role_jwt in accepted.items():
            if hmac.compare_digest(known.encode(), api_key.encode()):
                return role_jwt
        return None


class HeaderSizeMiddleware:
    """Refuses a header that PostgREST would drop the connection for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and any(len(name) + len(value) > LONGEST_HEADER for name, value in scope["headers"]):
            await HTMLResponse(HEADER_TOO_LARGE, 400)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class ApiKeyMiddleware:
    """Refuses a missing or unknown key; turns a new-style key into the JWT of its role."""

    def __init__(self, app: ASGIApp, api_keys: ApiKeys) -> None:
        self.app = app
        self.api_keys = api_keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS or scope["method"] == "OPTIONS":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        api_key = request.headers.get("apikey") or request.query_params.get("apikey")
        role_jwt = self.api_keys.jwt_for(api_key) if api_key else None
        if role_jwt is None:
            refusal = JSONResponse(WRONG_KEY if api_key else NO_KEY, status_code=401)
            await refusal(scope, receive, send)
            return
        # The key is the gateway's own; PostgREST would take it for a filter.
        kept = [part for part in scope["query_string"].split(b"&") if not part.startswith(b"apikey=")]
        scope["query_string"] = b"&".join(kept)
        headers = MutableHeaders(scope=scope)
        authorization = headers.get("authorization", "")
        # A new-style key is no JWT: it may stand as bearer only as a copy of the apikey (contract-facts B3).
        if not authorization or authorization == f"Bearer {api_key}":
            headers["authorization"] = f"Bearer {role_jwt}"
        await self.app(scope, receive, send)


def create_gateway(
    *,
    auth: ASGIApp,
    postgrest_socket: Path,
    keys: ProjectKeys,
    lifespan: Callable[[], AbstractAsyncContextManager[None]],
) -> Starlette:
    """The project's ASGI application; `lifespan` opens what Auth needs."""
    postgrest = httpx.AsyncClient(
        # A socket needs no certificates, whose loading costs 80 ms.
        transport=httpx.AsyncHTTPTransport(
            uds=str(postgrest_socket), verify=False, limits=httpx.Limits(max_connections=100)
        ),
        base_url="http://postgrest",
        timeout=60.0,
    )

    async def proxy(request: Request) -> Response:
        path = request.scope["raw_path"].removeprefix(b"/rest/v1") or b"/"
        query = request.scope["query_string"]
        url = httpx.URL("http://postgrest").copy_with(raw_path=path + (b"?" + query if query else b""))
        headers = [(name, value) for name, value in request.headers.raw if name.decode() not in HOP_BY_HOP]
        answer = await postgrest.request(request.method, url, headers=headers, content=await request.body())
        response = Response(answer.content, answer.status_code)
        dropped = HOP_BY_HOP | {"content-length", "content-encoding"}
        kept = [(name.lower(), value) for name, value in answer.headers.raw if name.lower().decode() not in dropped]
        response.raw_headers = [pair for pair in response.raw_headers if pair[0] == b"content-length"] + kept
        return response

    @asynccontextmanager
    async def running(_app: Starlette) -> AsyncIterator[None]:
        async with lifespan(), postgrest:
            yield

    return Starlette(
        routes=[
            Mount("/auth/v1", app=auth),
            Route("/rest/v1", proxy, methods=PROXIED_METHODS),
            Route("/rest/v1/{path:path}", proxy, methods=PROXIED_METHODS),
        ],
        middleware=[Middleware(HeaderSizeMiddleware), Middleware(ApiKeyMiddleware, api_keys=ApiKeys(keys))],
        lifespan=running,
    )
