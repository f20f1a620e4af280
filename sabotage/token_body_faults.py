"""Faults of what the API takes for a request, and of an API that always says the same."""

import gzip
import json
from collections.abc import Callable
from typing import Any

from fastapi import Request

from reference.backend import bodies, tokens, tools
from reference.backend.answers import AsciiJSONResponse
from reference.backend.errors import InvalidRequest, Unauthorised
from reference.backend.tokens import Caller
from sabotage.fault import fault
from sabotage.token_api_faults import BROKEN, EVERYTHING, KINDS, MEGABYTE, WAYS, before


@fault("A body may be of any size.", caught_by=[MEGABYTE])
def bodies_of_any_size() -> None:
    bodies.LARGEST_BODY = 1_000_000_000


@fault("A body may be of any size that is not declared.", caught_by=[MEGABYTE])
def undeclared_bodies_of_any_size() -> None:
    real = bodies._bounded

    async def bounded(request: Request) -> bytes:
        return await real(request) if "content-length" in request.headers else await request.body()

    bodies._bounded = bounded


@fault("What a body is declared as is not looked at.", caught_by=[KINDS])
def kind_not_looked_at() -> None:
    bodies._require_json = lambda _content_type: None


@fault("What sounds like the right kind will do.", caught_by=[KINDS])
def almost_the_right_kind() -> None:
    real = bodies._require_json
    bodies._require_json = lambda kind: real("application/json" if kind.startswith("application/json") else kind)


@fault("A body of no kind is taken for the right one.", caught_by=[KINDS])
def no_kind_will_do() -> None:
    real = bodies._require_json
    bodies._require_json = lambda kind: real(kind or "application/json")


def _reading(read: Callable[[bytes], Any]) -> None:
    real = tools.parse_json

    def parse(body: bytes) -> Any:
        try:
            return read(body)
        except (ValueError, RecursionError, OSError, LookupError):
            return real(body)

    tools.parse_json = parse


@fault("A number that is none is a number.", caught_by=[BROKEN])
def no_number_is_a_number() -> None:
    _reading(json.loads)


@fault("Bytes that are no text are read as well as can be.", caught_by=[BROKEN])
def text_as_well_as_can_be() -> None:
    _reading(lambda body: json.loads(body.decode("utf-8", "replace")))


@fault("What stands behind the body is not looked at.", caught_by=[BROKEN])
def only_the_first_of_two() -> None:
    _reading(lambda body: json.JSONDecoder().raw_decode(body.decode())[0])


@fault("A list of one is as good as the one.", caught_by=[BROKEN])
def list_of_one() -> None:
    _reading(lambda body: json.loads(body)[0])


@fault("A body is unpacked, however large it may become.", caught_by=[BROKEN])
def bodies_are_unpacked() -> None:
    _reading(lambda body: json.loads(gzip.decompress(body)))


@fault("Brackets without an end make the backend fail.", caught_by=[BROKEN])
def brackets_are_an_error() -> None:
    def parse(body: bytes) -> Any:
        try:
            return json.loads(body)
        except ValueError:
            raise InvalidRequest("The body is not valid JSON.") from None

    tools.parse_json = parse


@fault("Putting and posting are as good as patching.", caught_by=[WAYS])
def every_way_of_asking() -> None:
    async def patch(request: Request, call_next: Any) -> Any:
        if request.method in ("PUT", "POST") and request.url.path.endswith("/settings"):
            request.scope["method"] = "PATCH"
        return await call_next(request)

    before(patch)


@fault("A way of asking that is not offered is accepted and nothing is done.", caught_by=[WAYS], origin=50)
def unknown_ways_are_accepted() -> None:
    async def accept(request: Request, call_next: Any) -> Any:
        answer = await call_next(request)
        return AsciiJSONResponse({}) if answer.status_code == 405 else answer

    before(accept)


def _always(status: int, body: dict[str, Any]) -> None:
    async def answer(request: Request, call_next: Any) -> Any:
        if request.url.path == "/health":
            return await call_next(request)
        return AsciiJSONResponse(body, status)

    before(answer)


@fault("Every answer is a success.", caught_by=EVERYTHING, origin=54)
def always_a_success() -> None:
    _always(200, {"success": True})


@fault("Every answer is a failure.", caught_by=EVERYTHING, origin=54)
def always_a_failure() -> None:
    _always(500, {"error": "Something went wrong here.", "code": "INTERNAL"})


@fault("Nobody is let in, with whatever token.", caught_by=EVERYTHING, origin=28)
def always_refused() -> None:
    async def verify(*_arguments: Any) -> Caller:
        raise Unauthorised("A bearer token is required.")

    tokens.verify = verify
