"""The one temporary folder of a run: data, sockets and logs, removed with it."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from reference.errors import CannotStart
from reference.platform.processes import stop_all

PREFIX = "golden-scenarios-"
LONGEST_SOCKET_PATH = 100  # sockaddr_un holds 104 bytes on macOS, 108 on Linux
SOCKET_SUFFIX = "/postgres/.s.PGSQL.5432"


@contextlib.contextmanager
def run_folder() -> Iterator[Path]:
    """A fresh folder, locked while its run lives; raises CannotStart where none can be made."""
    try:
        _sweep_abandoned()
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    except OSError as problem:
        reason = problem.strerror or "there is no place for one"
        raise CannotStart(f"No temporary folder can be made ({reason}): free some space or set TMPDIR.") from None
    try:
        if len(str(folder)) + len(SOCKET_SUFFIX) > LONGEST_SOCKET_PATH:
            raise CannotStart(
                f"The temporary folder's path is too long for a socket: set TMPDIR to a shorter one than {folder.parent}."
            )
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
    except OSError as problem:
        if problem.errno is None:
            raise
        raise CannotStart(f"The disk cannot be used ({problem.strerror}): free some space or set TMPDIR.") from problem
    finally:
        stop_all()  # whoever still writes here would keep the folder from going
        shutil.rmtree(folder, ignore_errors=True)


def _sweep_abandoned() -> None:
    """Remove folders whose supervisor was killed: nobody holds their lock any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), (folder / "lock").open("r") as lock:
            if os.fstat(lock.fileno()).st_uid != os.geteuid():
                continue
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
