"""The Google double on a port of its own, for tests and trials by hand; the stack has its own loop."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from reference.doubles.google_calendar import create_app, new_service_account

START_SECONDS = 5.0


@dataclass(frozen=True)
class RunningDouble:
    """Where the double answers, and the account that it knows."""

    root: str
    service_account: dict[str, str]

    @property
    def api_endpoint(self) -> str:
        return f"{self.root}/calendar/v3/"


@contextmanager
def running_double() -> Iterator[RunningDouble]:
    """Serve on a free loopback port in a thread until the context ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Accepted connections inherit it; without it each answer waits 40 ms for the client's delayed ACK.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        root = f"http://127.0.0.1:{listener.getsockname()[1]}"
        account = new_service_account(f"{root}/token")
        config = uvicorn.Config(create_app(account), log_level="error", access_log=False, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield RunningDouble(root, account)
        finally:
            server.should_exit = True
            thread.join()


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the Google double did not start")
        time.sleep(0.005)
