"""The backend as a process of its own, which a test may kill and start again at the same URL."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from reference.errors import CannotStart
from reference.platform.processes import spawn

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
    _forks: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    _unread: int = field(default=0, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def start(self) -> None:
        """Order it; the first time from the supervisor's main thread, whose end would take it along."""
        if self._forks is None:
            self._forks = self._spawn_forks()
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
        """No more orders: who forks the backend ends, and the backend with it."""
        if self._forks is not None:
            for line in (self._forks.stdin, self._forks.stdout):
                assert line is not None
                with contextlib.suppress(BrokenPipeError):
                    line.close()

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

    def _spawn_forks(self) -> "subprocess.Popen[bytes]":
        fd = self.listener.fileno()
        env = {**os.environ, **self.environment, "BACKEND_SOCKET_FD": str(fd), "TZ": SERVER_TIME_ZONE}
        argv = [sys.executable, "-m", "reference.backend_forks", str(self.log)]
        pipe = subprocess.PIPE
        with self.log.open("ab") as log:
            return spawn(argv, stdin=pipe, log=pipe, errors=log, env=env, pass_fds=[fd], death_signal=signal.SIGKILL)

    def _order(self, order: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # whoever forks has died; the state tells
            if self._forks is not None and self._forks.stdin is not None:
                self._forks.stdin.write(f"{order}\n".encode())
                self._forks.stdin.flush()
                self._unread += 1

    def _state(self) -> bool:
        """What the last order came to; while libraries are being imported, this waits."""
        told = b""
        while self._unread and self._forks is not None and self._forks.stdout is not None:
            told = self._forks.stdout.readline()
            self._unread = self._unread - 1 if told else 0
        return told == b"lives\n"
