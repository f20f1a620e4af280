"""Requests to the API as somebody would make them who means ill or got it wrong, and what came of each.

The answer is kept under the row's name, so that the phrases for callers judge it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx

from acceptance.availability import CHECK
from acceptance.booking import BOOK, Wish
from acceptance.clinics import Clinic
from acceptance.doors import AFTERNOON, CHANGE_SETTINGS, DEEDS, READ_SETTINGS, Headers
from acceptance.errors import Inconclusive, PromiseBroken
from acceptance.identity import Session
from acceptance.knowledge import ANSWER
from acceptance.refusals import REFUSALS, must_refuse
from acceptance.scene import Exchange, Scene
from acceptance.tokens_judged import other_than
from acceptance.voice import TOOLS_PATH, WIRES, Outcome, ToolCall, json_object

JSON = [("Content-Type", "application/json")]
NEW_SETTINGS = {"slot_minutes": 55}
OWN_SETTINGS = "its own settings"
CHUNK = 64 * 1024


@dataclass(frozen=True)
class Request:
    """One request as it goes on the wire; `call` is the tool call that its answer is read for, if it is one."""

    method: str
    path: str
    content: bytes = b""
    headers: Headers | None = None
    call: ToolCall | None = None
    in_pieces: bool = False


@dataclass(frozen=True)
class Ground:
    """Where the requests are made: who asks, the clinic they belong to, and the one they reach for."""

    scene: Scene
    asker: Session
    own: Clinic
    other: Clinic

    def settings(
        self, clinic_id: str | None = None, changes: Mapping[str, Any] | None = None, extra: str = ""
    ) -> Request:
        """Read or change settings; `extra` is put behind the address."""
        method = "GET" if changes is None else "PATCH"
        content = b"" if changes is None else json.dumps(changes).encode()
        whose = self.own.org_id if clinic_id is None else clinic_id
        return Request(method, f"/api/clinics/{whose}/settings{extra}", content)

    def wish(self, clinic: Clinic | None = None) -> Wish:
        """A free slot of a clinic's first provider."""
        provider = next(iter((clinic or self.own).people.values()))
        return self.scene.wish("somebody", provider.name, AFTERNOON)

    def tool(self, tool: str, clinic: Clinic | None = None, changes: Mapping[str, Any] | None = None) -> Request:
        """A tool call with its arguments changed or added to, in the scenario's dialect; `...` leaves one out."""
        wish = self.wish(clinic)
        day = {"date": wish.starts_at.date().isoformat()}
        asked = {
            CHECK: {"clinic_id": wish.clinic_id, "provider_id": wish.provider_id, **day},
            ANSWER: {"clinic_id": wish.clinic_id, "question": "What is your cancellation policy?"},
        }
        arguments = {**asked.get(tool, wish.arguments()), **(changes or {})}
        call = ToolCall(tool, {name: value for name, value in arguments.items() if value is not ...})
        body, headers = WIRES[self.scene.dialect].request(call)
        return Request("POST", TOOLS_PATH, json.dumps(body).encode(), list(headers.items()), call)

    def try_(self, row: str, request: Request) -> Exchange:
        """Make the request and keep what came of it under the row's name; raises PromiseBroken without an answer."""
        wish = replace(self.wish(), caller=row)
        call = request.call or ToolCall(f"{request.method} settings", {})
        return self.scene.exchange(wish, call, lambda _call: self._outcome(request))

    def _outcome(self, request: Request) -> Outcome:
        declared = [] if request.headers and any(name == "Content-Type" for name, _ in request.headers) else JSON
        headers = [("Authorization", f"Bearer {self.asker.access_token}"), *declared, *(request.headers or [])]
        content = _pieces(request.content) if request.in_pieces else request.content
        api = self.scene.run.api
        url = httpx.URL(str(api.base_url)).copy_with(raw_path=request.path.encode())
        sent = [(name, value) for name, value in headers if value]
        answer = api.send(httpx.Request(request.method, url, headers=sent, content=content or None))
        if request.call is not None and answer.status_code == 200:
            return WIRES[self.scene.dialect].outcome(request.call, answer, 0.0)
        return _plain_outcome(answer)


def ground(scene: Scene, clinic: str, asker: Session | None = None) -> Ground:
    """Somebody of a clinic, its owner unless said otherwise, and the other clinic of the scene."""
    own = scene.clinics.clinic(clinic)
    return Ground(scene, asker or own.owner, own, other_than(scene, own))


def _pieces(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), CHUNK):
        yield content[start : start + CHUNK]


def _plain_outcome(answer: httpx.Response) -> Outcome:
    body = json_object(answer)
    said = str(body.get("error", "")) or answer.text
    return Outcome(answer.status_code, str(body.get("code", "")), said, body, 0.0, answer.status_code)


ATTEMPTS = {**{words: deed for deed, words in DEEDS.items()}, "asking a question": ANSWER}


def attempt(ground: Ground, action: str, target: Clinic) -> Request:
    """One of the ATTEMPTS at a clinic, with everything right about it but who asks."""
    if action == READ_SETTINGS:
        return ground.settings(target.org_id)
    if action == CHANGE_SETTINGS:
        return ground.settings(target.org_id, NEW_SETTINGS)
    return ground.tool(action, target)


def must_answer(ground: Ground, exchange: Exchange, words: str) -> None:
    """This refusal, or the asker's own settings with nothing of the other clinic's; raises PromiseBroken."""
    outcome = exchange.outcome
    if words != OWN_SETTINGS:
        must_refuse(exchange.wish.caller, outcome, REFUSALS[words])
    elif outcome.status != 200 or outcome.code or outcome.answer.get("org_id") != ground.own.org_id:
        raise PromiseBroken(
            f"{exchange.wish.caller}: {ground.own.name} should be shown its own settings, but was {outcome}"
        )
    if ground.other.org_id in json.dumps(dict(outcome.answer)):
        raise PromiseBroken(
            f"{exchange.wish.caller}: the answer should not speak of {ground.other.name}, but was {outcome}"
        )


def must_change_own_settings(ground: Ground, change: Mapping[str, Any]) -> None:
    """The asker's own settings, changed as asked and stored as said; raises PromiseBroken."""
    exchange = ground.try_("a change of its own settings", ground.settings(changes=change))
    shown = {name: exchange.outcome.answer.get(name) for name in change}
    stored = ground.scene.census().get(("clinic_settings", ground.own.org_id))
    if stored is None:
        raise Inconclusive(f"{ground.own.name} has no settings that could be changed.")
    kept = {name: _as_asked(stored.get(name), said) for name, said in change.items()}
    if exchange.outcome.status != 200 or shown != change or kept != change:
        raise PromiseBroken(
            f"{ground.own.name}'s settings should be stored as said: {_told(change)}; stored is {_told(kept)}, "
            f"and the change was {exchange.outcome}"
        )


def _as_asked(stored: Any, said: Any) -> Any:
    """A time of day is stored with its seconds, whether they were said or not."""
    return said if stored == f"{said}:00" else stored


def _told(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def book_under(scene: Scene, wish: Wish, call_id: str, tool_call_id: str) -> None:
    """A booking whose two ids are chosen by somebody else than chance."""
    speaker = scene.assistant(scene.clinic_of(wish))
    scene.exchange(wish, ToolCall(BOOK, wish.arguments(), call_id, tool_call_id), speaker.call)
