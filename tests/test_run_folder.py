"""The run's folder is in memory where memory has room for it, where TMPDIR says when it says so, and nobody else's to remove."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from reference import run_folder

ROOMY = SimpleNamespace(f_bavail=2**20, f_frsize=4096, f_flag=0)
SMALL = SimpleNamespace(f_bavail=2**14, f_frsize=4096, f_flag=0)
CLOSED_TO_PROGRAMS = SimpleNamespace(f_bavail=2**20, f_frsize=4096, f_flag=os.ST_NOEXEC)


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that stands for memory, and beside it one for a disk; short, as sockets live in them."""
    with tempfile.TemporaryDirectory(prefix="gs") as folder:
        memory, disk = Path(folder, "memory"), Path(folder, "disk")
        memory.mkdir()
        disk.mkdir()
        monkeypatch.delenv("TMPDIR", raising=False)
        monkeypatch.setattr(tempfile, "gettempdir", lambda: str(disk))
        monkeypatch.setattr(run_folder, "MEMORY", memory)
        yield memory


def place_with(filesystem: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(os, "statvfs", lambda _path: filesystem)
    with run_folder.run_folder() as folder:
        assert folder.is_dir()
    assert not folder.exists()
    return folder.parent


def test_memory_with_room_is_taken(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place_with(ROOMY, monkeypatch) == memory


@pytest.mark.parametrize("filesystem", [SMALL, CLOSED_TO_PROGRAMS], ids=["too small", "no programs may run there"])
def test_memory_that_would_not_do_is_left_alone(
    memory: Path, monkeypatch: pytest.MonkeyPatch, filesystem: SimpleNamespace
) -> None:
    assert place_with(filesystem, monkeypatch) == memory.parent / "disk"


def test_tmpdir_decides(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(memory.parent / "disk"))
    assert place_with(ROOMY, monkeypatch) == memory.parent / "disk"


def test_a_system_without_such_memory(memory: Path) -> None:
    memory.rmdir()
    with run_folder.run_folder() as folder:
        assert folder.parent == memory.parent / "disk"


def test_a_run_that_begins_is_not_swept_by_another(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other run looks around just before and just after this one locks its folder."""
    lock_it = fcntl.flock

    def lock_while_another_sweeps(lock: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", lock_it)
        run_folder._sweep_abandoned(memory)
        lock_it(lock, operation)
        run_folder._sweep_abandoned(memory)

    monkeypatch.setattr(os, "statvfs", lambda _path: ROOMY)
    monkeypatch.setattr(fcntl, "flock", lock_while_another_sweeps)
    with run_folder.run_folder() as folder:
        run_folder._sweep_abandoned(memory)
        assert (folder / "lock").exists()


def test_a_folder_whose_run_was_killed_is_swept(memory: Path) -> None:
    abandoned = memory / f"{run_folder.PREFIX}abandoned"
    abandoned.mkdir()
    (abandoned / "lock").touch()
    run_folder._sweep_abandoned(memory)
    assert not abandoned.exists()
