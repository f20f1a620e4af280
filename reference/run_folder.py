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
# A cluster is a thousand small files: half a second on a disk, none here. Containers keep it small and closed to programs.
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 2**30
LONGEST_SOCKET_PATH = 100  # sockaddr_un holds 104 bytes on macOS, 108 on Linux
SOCKET_SUFFIX = "/postgres/.s.PGSQL.5432"


@contextlib.contextmanager
def run_folder() -> Iterator[Path]:
    """A fresh folder, locked while its run lives; raises CannotStart where none can be made."""
    try:
        place = _place()
        _sweep_abandoned(place)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    except OSError as problem:
        reason = problem.strerror or "there is no place for one"
        raise CannotStart(f"No temporary folder can be made ({reason}): free some space or set TMPDIR.") from None
    try:
        if len(str(folder)) + len(SOCKET_SUFFIX) > LONGEST_SOCKET_PATH:
            raise CannotStart(
                f"The temporary folder's path is too long for a socket: set TMPDIR to a shorter one than {folder.parent}."
            )
        with _locked(folder):
            yield folder
    except OSError as problem:
        if problem.errno is None:
            raise
        raise CannotStart(f"The disk cannot be used ({problem.strerror}): free some space or set TMPDIR.") from problem
    finally:
        stop_all()  # whoever still writes here would keep the folder from going
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """The lock is held before it bears its name: another run's sweep takes a lock that nobody holds for abandoned."""
    nameless = folder / "lock.new"
    with nameless.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        nameless.rename(folder / "lock")
        yield


def _place() -> Path:
    """Memory, where there is enough of it and programs may run from it, unless TMPDIR says otherwise."""
    if "TMPDIR" not in os.environ:
        with contextlib.suppress(OSError):
            memory = os.statvfs(MEMORY)
            roomy = memory.f_bavail * memory.f_frsize >= MEMORY_NEEDED and not memory.f_flag & os.ST_NOEXEC
            if roomy and os.access(MEMORY, os.W_OK | os.X_OK):
                return MEMORY
    return Path(tempfile.gettempdir())


def _sweep_abandoned(place: Path) -> None:
    """Remove folders whose supervisor was killed: nobody holds their lock any more."""
    for folder in place.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), (folder / "lock").open("r") as lock:
            if os.fstat(lock.fileno()).st_uid != os.geteuid():
                continue
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
