"""The backend as a process of its own, which a test may kill and start again at the same URL."""

import contextlib
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx

from reference.backend_forks import follow_orders
from reference.errors import CannotStart
from reference.platform.forking import end, forked, pipe
from reference.platform.processes import GRACE_SECONDS

START_DEADLINE_SECONDS = 15.0
MODEL_DEADLINE_SECONDS = 60.0  # what a local language model may take to load
# A server far from its clinics and from UTC shows whoever reads a time in the server's zone.
SERVER_TIME_ZONE = "Asia/Tokyo"


@dataclass
class BackendProcess:
    """The listening socket outlives the process, so no other program can take its port in between."""

    listener: socket.socket
    environment: Mapping[str, str]
    log: Path
    _forks: BaseProcess | None = field(default=None, init=False)
    _orders: Connection | None = field(default=None, init=False)
    _unread: int = field(default=0, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def start(self) -> None:
        """Order it; the first time from the supervisor's main thread, whose end would take it along."""
        if self._forks is None:
            self._begin_forks()
        self._order("start")

    def wait_until_healthy(self) -> None:
        """Poll `/health`; raises CannotStart when it ends or stays silent."""
        embedder = {**os.environ, **self.environment}.get("BACKEND_EMBEDDER")
        seconds = MODEL_DEADLINE_SECONDS if embedder == "minilm" else START_DEADLINE_SECONDS
        deadline = time.monotonic() + seconds
        with httpx.Client(base_url=self.url, verify=False, timeout=seconds) as client:
            while not self._answers(client):
                if not self.lives or time.monotonic() > deadline:
                    raise CannotStart(f"The backend did not start: {self._last_words()}")
                time.sleep(0.01)

    def kill(self) -> None:
        """End it without warning, as a crash would; returns when it is gone."""
        self._order("kill")
        self._state()

    def close(self) -> None:
        """No more orders: who forks the backend ends it, and then itself."""
        if self._forks is not None and self._orders is not None:
            self._orders.close()
            self._forks.join(GRACE_SECONDS)
            end(self._forks)

    @property
    def lives(self) -> bool:
        self._order("look")
        return self._state()

    def _answers(self, client: httpx.Client) -> bool:
        # A dead process leaves the connection waiting in the socket's queue, so look before asking.
        if not self.lives:
            return False
        try:
            return client.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    def _last_words(self) -> str:
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1] if lines else "it said nothing"

    def _begin_forks(self) -> None:
        listener = {"BACKEND_SOCKET_FD": str(self.listener.fileno())}
        environment = {**self.environment, **listener, "TZ": SERVER_TIME_ZONE}
        self._orders, theirs = pipe()
        self._forks = forked(follow_orders, theirs, self._orders, environment, log=self.log)
        theirs.close()

    def _order(self, order: str) -> None:
        if self._orders is not None:
            with contextlib.suppress(ConnectionError):  # whoever forks has died; the state tells
                self._orders.send(order)
                self._unread += 1

    def _state(self) -> bool:
        """What the last order came to; while libraries are being imported, this waits."""
        lives = False
        while self._unread and self._orders is not None:
            try:
                lives, self._unread = bool(self._orders.recv()), self._unread - 1
            except (EOFError, ConnectionError):
                lives, self._unread = False, 0
        return lives
