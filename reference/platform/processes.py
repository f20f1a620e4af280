"""Child processes that end with the process that started them, also after its kill -9."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1  # prctl(2); other systems rely on the child watching its parent
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

UNPRIVILEGED_USER = "nobody"
GRACE_SECONDS = 2.0


_spawned: "list[tuple[subprocess.Popen[bytes], int]]" = []
_ENDINGS = {signal.SIGTERM, signal.SIGINT}


def die_with_parent(death_signal: int, parent: int) -> None:
    """Called in a child: have the kernel send it a signal when the thread that started it ends."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # it died between fork and prctl
            os.kill(os.getpid(), signal.SIGKILL)


def write_to(log: Path) -> None:
    """Called in a child: whatever it prints goes to the end of a file."""
    with log.open("ab") as file:
        for stream in (sys.__stdout__, sys.__stderr__):
            assert stream is not None
            os.dup2(file.fileno(), stream.fileno())


def spawn(
    argv: Sequence[str | Path],
    *,
    log: IO[bytes] | int,
    errors: IO[bytes] | int | None = subprocess.STDOUT,
    stdin: int = subprocess.DEVNULL,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    death_signal: int = signal.SIGTERM,
    pass_fds: Sequence[int] = (),
    cwd: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a child in its own process group, so that Ctrl-C reaches only the process that asked for it.

    `log` takes its output; `errors` is where its error output goes, None for this process's own.
    `death_signal` is sent by the kernel when the calling thread ends (Linux prctl(2), PR_SET_PDEATHSIG).
    """
    # A signal that raised inside Popen would leave a child that nobody knows of, so it waits until the child is noted.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
    try:
        process = subprocess.Popen(
            [str(part) for part in argv],
            stdin=stdin,
            stdout=log,
            stderr=errors,
            env=dict(env) if env is not None else None,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            process_group=0,
            pass_fds=pass_fds,
            cwd=cwd,
            preexec_fn=partial(die_with_parent, death_signal, os.getpid()),
        )
        _spawned.append((process, death_signal))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process


def stop_all() -> None:
    """End every child that is still there, all at once, also one whose starting was interrupted."""
    children, _spawned[:] = list(_spawned), []
    for process, death_signal in children:
        if process.poll() is None:
            process.send_signal(death_signal)
    for process, _death_signal in children:
        _await_end(process)


def stop(process: "subprocess.Popen[bytes]", stop_signal: int = signal.SIGTERM) -> None:
    """Ask a child to end, then kill it when the grace has passed."""
    if process.poll() is None:
        process.send_signal(stop_signal)
    _await_end(process)


def _await_end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def account_for_servers() -> str | None:
    """The account PostgreSQL runs as: it refuses root, so root steps down; anyone else stays themselves."""
    return UNPRIVILEGED_USER if os.geteuid() == 0 else None
