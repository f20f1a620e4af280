"""The backend as a process of its own, which a test may kill and start again at the same URL."""

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

START_DEADLINE_SECONDS = 60.0  # a local language model takes its time to load
# A server far from its clinics and from UTC shows whoever reads a time in the server's zone.
SERVER_TIME_ZONE = "Asia/Tokyo"


@dataclass
class BackendProcess:
    """The listening socket outlives the process, so no other program can take its port in between."""

    listener: socket.socket
    environment: Mapping[str, str]
    log: Path
    module: str = "reference.backend"
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def start(self) -> None:
        """Spawn it; call from the supervisor's main thread, whose end would take the child along."""
        fd = self.listener.fileno()
        env = {**os.environ, **self.environment, "BACKEND_SOCKET_FD": str(fd), "TZ": SERVER_TIME_ZONE}
        with self.log.open("ab") as log:
            # When the whole stack ends, nothing that the backend could still tidy up outlives it.
            argv = [sys.executable, "-m", self.module]
            self._process = spawn(argv, log=log, env=env, pass_fds=[fd], death_signal=signal.SIGKILL)

    def wait_until_healthy(self) -> None:
        """Poll `/health`; raises CannotStart when it ends or stays silent."""
        deadline = time.monotonic() + START_DEADLINE_SECONDS
        with httpx.Client(base_url=self.url, verify=False, timeout=START_DEADLINE_SECONDS) as client:
            while not self._answers(client):
                if not self.lives or time.monotonic() > deadline:
                    raise CannotStart(f"The backend did not start: {self._last_words()}")
                time.sleep(0.01)

    def kill(self) -> None:
        """End it without warning, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

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
