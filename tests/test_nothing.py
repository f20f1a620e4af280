"""No scenario comes out green where nothing is behind a door, and the trial that shows it can fail itself.

On every change: everything that is no server at all, and an API that says yes to whatever it is asked.
`python -m sabotage.nothing` tries every door with every kind of nothing.
"""

import asyncio
import socket
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from acceptance import promises
from acceptance.asked import promised, rows_of
from acceptance.errors import Inconclusive, NoAnswer, PromiseBroken
from acceptance.http import accepted, open_client
from acceptance.voice import WIRES, ToolCall
from sabotage.nothing import COLUMNS
from sabotage.nothing_servers import KINDS, Nothing
from sabotage.nothing_trial import Trial, judged
from tests.stack_support import ROOT

DEADLINE_SECONDS = 300
BOOKING = {"provider_id": "p", "patient_name": "Ada", "appointment_time": "2030-01-02T10:00:00+00:00"}


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("everything: success", ""),
        ("everything: 401", ""),
        ("the API: success", "features/booking.feature -D dialect=tool-calls"),
        ("the observer: another database", "features/rls.feature"),
    ],
)
def test_nothing_is_green_on_nothing(name: str, more: str) -> None:
    """In a process of its own, as a stack is booted from a main thread that then ends."""
    argv = [sys.executable, "-m", "sabotage.nothing", name, f"--behave={more}"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = done.stdout.splitlines()[1].removeprefix(name).split()
    told = dict(zip(COLUMNS, map(float, figures), strict=False))
    assert told["green"] == told["crashed"] == 0
    assert told["red"] > told["unconcerned"]


def scenario(name: str, status: str, began: float, **more: Any) -> dict[str, Any]:
    line = {"name": name, "status": status, "began": began, "ended": began + 1.0, "crashed": False}
    return {**line, "reason": "", "step": "", "message": "", **more}


def test_scenarios_are_sorted_by_what_they_asked() -> None:
    lines = [
        scenario("asked and passed", "passed", 0.0),
        scenario("never asked", "passed", 1.0),
        scenario("asked and failed", "failed", 2.0),
        scenario("failed elsewhere", "failed", 3.0),
        scenario("broke down", "error", 4.0, crashed=True),
        scenario("left out", "skipped", 5.0, reason="not offered here"),
    ]
    outcome = judged(Trial("the API", "500"), lines, [0.5, 2.0, 4.5], 6.0)
    assert list(outcome.green) == ["asked and passed"]
    assert list(outcome.unconcerned) == ["never asked"]
    assert list(outcome.red) == ["asked and failed"]
    assert list(outcome.astray) == ["failed elsewhere"]
    assert list(outcome.crashed) == ["broke down"]
    assert outcome.skipped == {"left out": "not offered here"}
    assert outcome.scenarios == len(lines)
    assert not outcome.holds


def test_where_everything_is_concerned_a_pass_is_a_hole() -> None:
    assert list(judged(Trial("everything", "500"), [scenario("a", "passed", 0.0)], None, 1.0).green) == ["a"]


def test_a_trial_that_saw_no_red_does_not_hold() -> None:
    assert not judged(Trial("the API", "500"), [], None, 1.0).holds
    assert judged(Trial("the API", "500"), [scenario("a", "failed", 0.0)], None, 1.0).holds


def answers(app: ASGIApp, *requests: tuple[str, str, dict[str, Any]]) -> list[httpx.Response]:
    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://nothing") as client:
            return [await client.request(method, path, **more) for method, path, more in requests]

    return asyncio.run(ask())


@pytest.mark.parametrize("dialect", WIRES)
def test_the_plausible_server_is_believed_by_the_suites_own_reader(dialect: Any) -> None:
    call, wire = ToolCall("book_appointment", BOOKING), WIRES[dialect]
    body, headers = wire.request(call)
    request = ("POST", "/api/vapi/tools", {"json": body, "headers": headers})
    (answer,) = answers(Nothing("success").application(), request)
    assert wire.outcome(call, answer, 0.0).booked


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "silence"])
def test_only_the_first_look_gets_an_honest_answer(kind: str) -> None:
    nothing = Nothing(kind)
    first, _second = answers(nothing.application(), *[("GET", "/health", {})] * 2)
    assert first.json() == {"status": "ok"}
    assert len(nothing.asked_at) == 1


def test_what_does_not_concern_it_reaches_the_application_whole() -> None:
    async def echo(request: Request) -> Response:
        return Response(await request.body())

    app = Starlette()
    app.add_route("/{path:path}", echo, methods=["POST"])
    nothing = Nothing("500", lambda request, _content: request.url.path == "/mine")
    other, mine = answers(nothing.before(app), *[("POST", path, {"content": b"whole"}) for path in ("/other", "/mine")])
    assert (other.content, mine.status_code) == (b"whole", 500)
    assert len(nothing.asked_at) == 1


def test_no_answer_within_the_patience_is_a_broken_promise() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        with open_client(url, patience=0.2) as client, pytest.raises(NoAnswer, match="no answer came: ReadTimeout"):
            client.get("/")
    assert 0.2 <= time.monotonic() - began < 5.0


def test_a_clients_own_error_is_told_as_a_promise() -> None:
    stumbled = "Ada should be able to book, but the answer cannot be read: KeyError"
    with pytest.raises(PromiseBroken, match=stumbled), promised("Ada should be able to book"):
        raise KeyError("appointment")
    with pytest.raises(PromiseBroken, match="but the answer is no list of rows"):
        rows_of(SimpleNamespace(execute=lambda: SimpleNamespace(data={"id": 1})), "Rows should come")


def test_what_is_not_accepted_is_told_by_its_address() -> None:
    answer = httpx.Response(500, request=httpx.Request("GET", "http://api.example.com/health"))
    with pytest.raises(PromiseBroken, match=r"api\.example\.com should accept GET /health, but answered 500"):
        accepted(answer)


def scene_of(before: dict[Any, Any], appointments: list[Any]) -> Any:
    observer = SimpleNamespace(census=lambda _ids: {}, appointments=lambda _id: appointments, overlaps=lambda _id: [])
    return SimpleNamespace(before=before, run=SimpleNamespace(observer=observer))


def test_nothing_compared_with_nothing_proves_nothing() -> None:
    clinic: Any = SimpleNamespace(name="Harbour Dental", org_id="o")
    with pytest.raises(Inconclusive, match="nothing of Harbour Dental was seen"):
        promises.nothing_changed_at(scene_of({}, []), clinic)
    with pytest.raises(Inconclusive, match="The diary of Harbour Dental is empty"):
        promises.no_overlap(scene_of({}, []), clinic)
