"""HTTP clients of the suite: none waits longer than the run's patience, and no answer is a promise broken."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from acceptance.errors import NoAnswer, PromiseBroken

PATIENCE_SECONDS = 20.0  # Vapi's own default (contract-facts A3)
# Shorter than any server's own limit (uvicorn's is 5 s), or a request may meet a connection that is just being closed.
IDLE_SECONDS = 2.0


class Client(httpx.Client):
    """Raises NoAnswer where httpx raises a TransportError, also through the Supabase client, which knows no NoAnswer."""

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        try:
            return super().send(request, **options)
        except httpx.TransportError as problem:
            place = f"{request.url.host} ({request.method} {request.url.path})"
            raise NoAnswer(
                f"{place} should answer, but no answer came: {type(problem).__name__}.", type(problem).__name__
            ) from None


def open_client(base_url: str, *, patience: float, connections: int = 10) -> Client:
    """A client with that many kept-alive connections and seconds of patience; safe to share between threads.

    A loopback URL needs neither certificates, whose loading costs 80 ms, nor a proxy.
    """
    secure = base_url.startswith("https:")
    limits = httpx.Limits(
        max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=IDLE_SECONDS
    )
    return Client(base_url=base_url, verify=secure, limits=limits, timeout=patience, trust_env=secure)


def accepted(answer: httpx.Response) -> httpx.Response:
    """The same answer; raises PromiseBroken unless it is a success."""
    if not answer.is_success:
        asked = f"{answer.request.method} {answer.request.url.path}"
        raise PromiseBroken(f"{answer.url.host} should accept {asked}, but answered {answer.status_code}.")
    return answer


def json_of(answer: httpx.Response) -> Any:
    """What a plain answer says, None where it is no JSON."""
    try:
        return answer.json()
    except ValueError:
        return None


def open_lines(client: httpx.Client, path: str, count: int) -> None:
    """Open that many connections by as many requests at once; raises PromiseBroken unless all are accepted."""
    with ThreadPoolExecutor(count) as pool:
        for answer in pool.map(client.get, [path] * count):
            accepted(answer)
