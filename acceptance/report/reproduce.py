"""How to see a failure again: the command that runs its scenario alone, and the last request to the API by hand."""

import re
import shlex
from collections.abc import Iterator

import httpx

# A dialect and a row, as they stand behind a scenario's name.
ADDED = re.compile(r"(?: \[(?P<dialect>tool-calls|flat)\])?(?: -- @[\d.]+.*)?\s*$")
SAID_ANYWAY = frozenset({"host", "accept", "accept-encoding", "connection", "user-agent", "content-length"})
LONGEST_BODY = 2000


class LastRequest:
    """Remembers what a client asked last."""

    def __init__(self, client: httpx.Client) -> None:
        self.request: httpx.Request | None = None
        client.event_hooks["request"].append(self._note)

    def _note(self, request: httpx.Request) -> None:
        self.request = request


def reproduction(scenario: str, last: LastRequest | None = None) -> Iterator[str]:
    """Lines such as `Again: behave -n 'One caller, one slot'`."""
    yield f"Again: {behave_command(scenario)}"
    if last is not None and last.request is not None:
        yield f"Last asked of the API: {curl_command(last.request)}"


def behave_command(scenario: str) -> str:
    """The scenario alone, with all its rows, in the dialect that failed."""
    added = ADDED.search(scenario)
    name = scenario[: added.start()] if added else scenario
    chosen = ["-D", f"dialect={added['dialect']}"] if added and added["dialect"] else []
    return shlex.join(["behave", "-n", re.sub(r"([\\.^$*+?{}\[\]|()])", r"\\\1", name), *chosen])


def curl_command(request: httpx.Request) -> str:
    """The request with its credentials named instead of shown; a long body is cut off and says so."""
    argv = ["curl", "-X", request.method, str(request.url)]
    for name, value in request.headers.items():
        if name not in SAID_ANYWAY:
            argv += ["-H", f"{name}: {_without_secrets(name, value)}"]
    body = _body_of(request)
    if body:
        shown = body if len(body) <= LONGEST_BODY else f"{body[:LONGEST_BODY]}… ({len(body)} characters)"
        argv += ["--data-raw", shown]
    # In double quotes the shell fills in the credentials.
    return " ".join(f'"{part}"' if "$TOKEN" in part or "$KEY" in part else shlex.quote(part) for part in argv)


def _without_secrets(name: str, value: str) -> str:
    if name == "apikey":
        return "$KEY"
    return re.sub(r"^(Bearer) .+", r"\1 $TOKEN", value) if name == "authorization" else value


def _body_of(request: httpx.Request) -> str:
    try:
        return request.content.decode(errors="replace")
    except httpx.RequestNotRead:
        return ""
