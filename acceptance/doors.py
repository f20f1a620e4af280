"""The three doors of the system, and what each answers to one who shows a token: the API, the database, the accounts."""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import time
from itertools import chain
from typing import Any, Literal

import httpx

from acceptance.availability import CHECK
from acceptance.booking import BOOK, Slot
from acceptance.clinics import Clinic
from acceptance.errors import NoAnswer, PromiseBroken
from acceptance.moments import Moment
from acceptance.scene import Scene
from acceptance.voice import TOOLS_PATH, WIRES, ToolCall, Unreadable
from acceptance.wording import quoted

Door = Literal["the API", "the database", "the accounts"]
DOORS: tuple[Door, ...] = ("the API", "the database", "the accounts")
Headers = list[tuple[str, str]]

READ_SETTINGS, CHANGE_SETTINGS = "read_settings", "change_settings"
# What was asked, in words for people.
DEEDS = {
    BOOK: "booking an appointment",
    CHECK: "asking for free times",
    READ_SETTINGS: "reading the settings",
    CHANGE_SETTINGS: "changing the settings",
}
AFTERNOON = Slot(Moment("the next working day", time(14)))
AUTH_VERSION = ("X-Supabase-Api-Version", "2024-01-01")  # as the Supabase client sends it (contract-facts B2)


@dataclass(frozen=True)
class Answer:
    """What one door answered to one request; `code` is the refusal's own name, "" when it gave none."""

    door: Door
    what: str
    status: int
    code: str
    body: Any
    text: str
    challenge: str = ""

    def __str__(self) -> str:
        said = f", saying {quoted(self.text)}" if self.text else ""
        named = f" ({self.code})" if self.code else ""
        return f"{self.status}{named} to {DEEDS.get(self.what, self.what)}{said}"


Requests = Sequence[Callable[[], Answer]]


@dataclass(frozen=True)
class Visit:
    """Somebody with these Authorization headers at the doors of a clinic; `key` replaces the publishable key."""

    scene: Scene
    clinic: Clinic
    authorizations: Sequence[str] = ()
    key: str | None = None

    def look(self) -> list[Answer]:
        """Ask every door for what only looks and changes nothing."""
        return _at_all_doors(*self._looks())

    def break_in(self) -> list[Answer]:
        """Ask every door for everything: to look, to change, to add and to remove."""
        mine = f"org_id=eq.{self.clinic.org_id}"
        row = {**self._arguments(BOOK), "org_id": self.clinic.org_id}
        del row["clinic_id"]
        api, database, accounts = self._looks()
        return _at_all_doors(
            [*api, lambda: self.settings("PATCH", {"slot_minutes": 55}), lambda: self.tool(BOOK)],
            [
                *database,
                lambda: self.database("POST", "appointments", row),
                lambda: self.database("PATCH", f"clinic_settings?{mine}", {"slot_minutes": 55}),
            ],
            [
                *accounts,
                lambda: self.accounts("PUT", "user", {"data": {"full_name": "somebody"}}),
                lambda: self.accounts("GET", "admin/users?per_page=1"),
            ],
        )

    def _looks(self) -> tuple[Requests, Requests, Requests]:
        return (
            [lambda: self.settings("GET"), lambda: self.tool(CHECK)],
            [lambda: self.database("GET", "appointments?select=*")],
            [lambda: self.accounts("GET", "user")],
        )

    def settings(self, method: str, body: Any = None) -> Answer:
        what = READ_SETTINGS if method == "GET" else CHANGE_SETTINGS
        path = settings_path(self.clinic)
        headers = _authorization(self.authorizations)
        api = self.scene.run.api
        return _read(
            "the API", what, _send("the API", what, lambda: api.request(method, path, json=body, headers=headers))
        )

    def tool(self, tool: str) -> Answer:
        """A tool call in the scenario's dialect; a refusal inside a 200 counts as that refusal."""
        wire, call = WIRES[self.scene.dialect], ToolCall(tool, self._arguments(tool))
        body, extra = wire.request(call)
        headers = [*_authorization(self.authorizations), *extra.items()]
        api = self.scene.run.api
        answer = _send("the API", tool, lambda: api.post(TOOLS_PATH, json=body, headers=headers))
        try:
            outcome = wire.outcome(call, answer, 0.0)
        except Unreadable as problem:
            raise PromiseBroken(f"The API should answer {tool} so that it can be read, but {problem}.") from None
        challenge = answer.headers.get("www-authenticate", "")
        return Answer("the API", tool, outcome.status, outcome.code, outcome.answer, answer.text, challenge)

    def database(self, method: str, path: str, body: Any = None, *, upsert: bool = False) -> Answer:
        """PostgREST, as the Supabase client talks to it."""
        headers = [("Prefer", "return=representation" + (",resolution=merge-duplicates" if upsert else ""))]
        return self._supabase("the database", method, f"/rest/v1/{path}", body, headers)

    def accounts(self, method: str, path: str, body: Any = None) -> Answer:
        """Supabase Auth, as the Supabase client talks to it."""
        return self._supabase("the accounts", method, f"/auth/v1/{path}", body, [AUTH_VERSION])

    def _supabase(self, door: Door, method: str, path: str, body: Any, extra: Headers) -> Answer:
        target, http = self.scene.run.target, self.scene.run.accounts.http
        headers = [("apikey", self.key or target.publishable_key), *_authorization(self.authorizations), *extra]
        what = f"{method} of {path.split('/', 3)[-1].partition('?')[0]}"
        url = f"{target.supabase_url}{path}"
        return _read(door, what, _send(door, what, lambda: http.request(method, url, json=body, headers=headers)))

    def _arguments(self, tool: str) -> dict[str, Any]:
        wish = self.scene.wish("somebody", next(iter(self.clinic.people)), AFTERNOON)
        if tool == BOOK:
            return dict(wish.arguments())
        day = wish.starts_at.date().isoformat()
        return {"clinic_id": wish.clinic_id, "provider_id": wish.provider_id, "date": day}


def _at_all_doors(*doors: Requests) -> list[Answer]:
    """Each door is asked one thing after the other, and all of them at the same time."""
    with ThreadPoolExecutor(len(doors)) as pool:
        return list(chain.from_iterable(pool.map(lambda requests: [ask() for ask in requests], doors)))


def settings_path(clinic: Clinic) -> str:
    return f"/api/clinics/{clinic.org_id}/settings"


def _authorization(values: Sequence[str]) -> Headers:
    return [("Authorization", value) for value in values]


def _send(door: Door, what: str, request: Callable[[], httpx.Response]) -> httpx.Response:
    try:
        return request()
    except NoAnswer as problem:
        raise PromiseBroken(f"{door} should answer {what}, but the line went dead ({problem.how}).") from None


def _read(door: Door, what: str, answer: httpx.Response) -> Answer:
    try:
        body = json.loads(answer.content) if answer.content else None
    except ValueError:
        body = None
    challenge = answer.headers.get("www-authenticate", "")
    return Answer(door, what, answer.status_code, _code_of(body), body, answer.text, challenge)


def _code_of(body: Any) -> str:
    # Auth's older shape keeps a number under `code` and the name under `error_code`.
    named: Mapping[str, Any] = body if isinstance(body, dict) else {}
    return next((named[name] for name in ("error_code", "code") if isinstance(named.get(name), str)), "")
