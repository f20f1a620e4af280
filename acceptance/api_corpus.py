"""The corpus of requests that the API must not take as they come. Each name stands in features/attempts.feature."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from acceptance.api_probes import NEW_SETTINGS, Ground, Request
from acceptance.availability import CHECK
from acceptance.booking import BOOK
from acceptance.knowledge import ANSWER
from acceptance.voice import TOOLS_PATH

Probe = Callable[[Ground], Request]

MEGABYTE = 1_000_000
TENANT_HEADERS = ("X-Org-Id", "X-Organization-Id", "X-Tenant-Id", "X-Clinic-Id", "X-Forwarded-User", "X-Original-URL")
COMMANDS = ("'; drop table public.appointments; --", "' or '1'='1", "x') union select null --")


def _with_headers(request: Request, value: str) -> Request:
    named = [(name, f"/api/clinics/{value}/settings" if name == "X-Original-URL" else value) for name in TENANT_HEADERS]
    return replace(request, headers=named)


def _beside(clinic_id: str) -> str:
    return f"?org_id={clinic_id}&clinic_id={clinic_id}&tenant_id={clinic_id}&id={clinic_id}"


SWAPS: dict[str, Probe] = {
    "the neighbour in the address": lambda g: g.settings(g.other.org_id),
    "the neighbour in capitals in the address": lambda g: g.settings(g.other.org_id.upper()),
    "the neighbour in the address, itself beside it": lambda g: g.settings(g.other.org_id, extra=_beside(g.own.org_id)),
    "the neighbour in the address, itself in the headers": lambda g: _with_headers(
        g.settings(g.other.org_id), g.own.org_id
    ),
    "a change of the neighbour": lambda g: g.settings(g.other.org_id, NEW_SETTINGS),
    "a change of the neighbour, itself beside it": lambda g: g.settings(
        g.other.org_id, NEW_SETTINGS, _beside(g.own.org_id)
    ),
    "a change of the neighbour that names itself": lambda g: g.settings(
        g.other.org_id, {**NEW_SETTINGS, "org_id": g.own.org_id}
    ),
    "a change of itself that names the neighbour": lambda g: g.settings(
        changes={**NEW_SETTINGS, "org_id": g.other.org_id}
    ),
    "a question for the neighbour, itself beside it": lambda g: replace(
        g.tool(CHECK, g.other), path=TOOLS_PATH + _beside(g.own.org_id)
    ),
    "an enquiry at the neighbour, itself beside it": lambda g: replace(
        g.tool(ANSWER, g.other), path=TOOLS_PATH + _beside(g.own.org_id)
    ),
    "itself in the address, the neighbour beside it": lambda g: g.settings(extra=_beside(g.other.org_id)),
    "itself in the address, the neighbour in the headers": lambda g: _with_headers(g.settings(), g.other.org_id),
}

NAMELESS: dict[str, Probe] = {
    "a percent sign": lambda g: g.settings("%25"),
    "an underscore": lambda g: g.settings("_"),
    "an asterisk": lambda g: g.settings("*"),
    "the word null": lambda g: g.settings("null"),
    "the word all": lambda g: g.settings("all"),
    "a zero byte": lambda g: g.settings(f"{g.own.org_id}%00"),
    "the neighbour behind a comma": lambda g: g.settings(f"{g.own.org_id},{g.other.org_id}"),
    "the neighbour in braces": lambda g: g.settings(f"%7B{g.other.org_id}%7D"),
    "the neighbour without hyphens": lambda g: g.settings(g.other.org_id.replace("-", "")),
    "the beginning of the neighbour": lambda g: g.settings(g.other.org_id[:8] + "%25"),
    "a command": lambda g: g.settings(quote(COMMANDS[1])),
    "10 kB of letters": lambda g: g.settings("a" * 10_000),
}

PATHS: dict[str, Probe] = {
    "nothing": lambda g: g.settings(""),
    "a way round to the neighbour": lambda g: g.settings(f"{g.own.org_id}/..%2F{g.other.org_id}"),
    "a slash before the neighbour": lambda g: g.settings(f"%2F{g.other.org_id}"),
}

FIELDS: dict[str, str] = {
    "the clinic": "org_id",
    "the id": "id",
    "the role": "role",
    "the status": "status",
    "the owner": "owner_id",
    "the member": "user_id",
    "the time of change": "updated_at",
    "the prototype": "__proto__",
}


def with_field(ground: Ground, field: str) -> Request:
    """A good change of the asker's own settings that carries one field too many."""
    return ground.settings(changes={**NEW_SETTINGS, field: ground.other.org_id})


IMPOSSIBLE_SETTINGS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a time zone that nobody knows": {"timezone": "Europe/Atlantis"},
    "a time zone without a name": {"timezone": ""},
    "a calendar without a name": {"google_calendar_id": ""},
    "an opening at 24:30": {"opening_time": "24:30"},
    "an opening in words": {"opening_time": "at nine"},
    "closing before opening": {"opening_time": "17:00", "closing_time": "09:00"},
    "closing as it opens": {"opening_time": "09:00", "closing_time": "09:00"},
    "slots of 4 minutes": {"slot_minutes": 4},
    "slots of 481 minutes": {"slot_minutes": 481},
    "slots of 30.5 minutes": {"slot_minutes": 30.5},
    "a threshold below 0": {"knowledge_threshold": -0.01},
    "a threshold above 1": {"knowledge_threshold": 1.01},
    "a threshold that is no number": {"knowledge_threshold": True},
}

OUTERMOST_SETTINGS: dict[str, dict[str, Any]] = {
    "the longest opening hours": {"opening_time": "00:00", "closing_time": "23:59"},
    "the shortest opening hours": {"opening_time": "09:00", "closing_time": "09:01"},
    "slots of 5 minutes": {"slot_minutes": 5},
    "slots of 480 minutes": {"slot_minutes": 480},
    "a threshold of 0": {"knowledge_threshold": 0},
    "a threshold of 1": {"knowledge_threshold": 1},
    "another time zone": {"timezone": "America/St_Johns"},
    "no calendar": {"google_calendar_id": None},
}


def _argument(tool: str, name: str) -> Callable[[Ground, str], Request]:
    return lambda ground, command: ground.tool(tool, changes={name: command})


def _setting(name: str) -> Callable[[Ground, str], Request]:
    return lambda ground, command: ground.settings(changes={**NEW_SETTINGS, name: command})


def _between(ground: Ground, command: str) -> Request:
    return ground.tool(CHECK, changes={"date": ..., "from": command, "to": command})


def _tool_name(ground: Ground, command: str) -> Request:
    return ground.tool(command)


INJECTIONS: dict[str, Callable[[Ground, str], Request]] = {
    "the clinic of a booking": _argument(BOOK, "clinic_id"),
    "the provider of a booking": _argument(BOOK, "provider_id"),
    "the address of a patient": _argument(BOOK, "patient_email"),
    "the time of a booking": _argument(BOOK, "appointment_time"),
    "the length of a booking": _argument(BOOK, "duration_minutes"),
    "the name of a tool": _tool_name,
    "the clinic of a question": _argument(CHECK, "clinic_id"),
    "the provider of a question": _argument(CHECK, "provider_id"),
    "the day of a question": _argument(CHECK, "date"),
    "the stretch of a question": _between,
    "the clinic of an enquiry": _argument(ANSWER, "clinic_id"),
    "the address of the settings": lambda g, command: g.settings(quote(command)),
    "the time zone": _setting("timezone"),
    "the opening time": _setting("opening_time"),
    "the closing time": _setting("closing_time"),
    "the length of a slot": _setting("slot_minutes"),
    "the threshold of the knowledge": _setting("knowledge_threshold"),
}


def injected(ground: Ground, field: str) -> Iterator[tuple[str, Request]]:
    """Every command in one field, each under a name of its own."""
    for command in COMMANDS:
        yield f"{command} in {field}", INJECTIONS[field](ground, command)


def _padded(request: Request) -> Request:
    # Blanks behind the value are JSON still, so that nothing but its size is wrong with it.
    return replace(request, content=request.content + b" " * MEGABYTE)


LARGE: dict[str, Probe] = {
    "a booking": lambda g: _padded(g.tool(BOOK)),
    "a booking in pieces of unsaid number": lambda g: replace(_padded(g.tool(BOOK)), in_pieces=True),
    "an enquiry": lambda g: _padded(g.tool(ANSWER)),
    "a change of the settings": lambda g: _padded(g.settings(changes=NEW_SETTINGS)),
    "a change of the settings in pieces": lambda g: replace(_padded(g.settings(changes=NEW_SETTINGS)), in_pieces=True),
}

KINDS: dict[str, str] = {
    "plain text": "text/plain",
    "a form": "application/x-www-form-urlencoded",
    "a file": "multipart/form-data; boundary=x",
    "a page": "text/html",
    "XML": "application/xml",
    "almost the right kind": "application/jsonp",
    "no kind at all": "",
}


def good(ground: Ground) -> dict[str, Request]:
    """Requests with nothing wrong about them."""
    return {"a booking": ground.tool(BOOK), "a change": ground.settings(changes=NEW_SETTINGS)}


def of_kind(request: Request, kind: str) -> Request:
    """A good request that is declared as something else."""
    return replace(request, headers=[*(request.headers or []), ("Content-Type", kind)])


def _content(change: Callable[[bytes], bytes]) -> Probe:
    def probe(ground: Ground) -> Request:
        request = ground.tool(BOOK)
        return replace(request, content=change(request.content))

    return probe


def _compressed(ground: Ground) -> Request:
    request = ground.tool(BOOK)
    headers = [*(request.headers or []), ("Content-Encoding", "gzip")]
    return replace(request, content=gzip.compress(request.content), headers=headers)


def _not_a_number(content: bytes) -> bytes:
    return json.dumps({**json.loads(content), "padding": float("nan")}).encode()


BROKEN: dict[str, Probe] = {
    "cut off": _content(lambda content: content[:-9]),
    "empty": _content(lambda _content: b""),
    "a list": _content(lambda content: b"[" + content + b"]"),
    "text": _content(lambda content: json.dumps(content.decode()).encode()),
    "twice": _content(lambda content: content + content),
    "of a number that is none": _content(_not_a_number),
    "of a hundred thousand brackets": _content(lambda _content: b'{"tool":' + b"[" * 100_000),
    "of bytes that are no text": _content(lambda content: content[:-1] + b',"\xff":1}'),
    "in another alphabet's encoding": _content(lambda content: content.decode().encode("utf-16")),
    "compressed": _compressed,
}

METHODS: dict[str, Probe] = {
    "putting settings": lambda g: replace(g.settings(changes=NEW_SETTINGS), method="PUT"),
    "posting settings": lambda g: replace(g.settings(changes=NEW_SETTINGS), method="POST"),
    "deleting settings": lambda g: replace(g.settings(), method="DELETE"),
    "putting a booking": lambda g: replace(g.tool(BOOK), method="PUT", call=None),
    "getting a booking": lambda g: replace(g.tool(BOOK), method="GET", call=None),
}
