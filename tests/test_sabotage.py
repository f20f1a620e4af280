"""Planted faults turn their scenarios red and no other; harmless changes turn none.

On every change: one fault of each family, and every way round the isolation of tenants, each against the whole of it.
SABOTAGE=all plants every one, as `python -m sabotage` does.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from sabotage.catalogue import FAULTS, SMOKE
from tests.stack_support import ROOT, await_nothing, finish, left_processes, start

DEADLINE_SECONDS = 1800
START_SECONDS = 60.0
ALL = os.environ.get("SABOTAGE") == "all"
ON_EVERY_CHANGE = {*SMOKE, *(name for name, fault in FAULTS.items() if fault.area in ("isolation", "harmless"))}
PLANTED = [name for name in FAULTS if ALL or name in ON_EVERY_CHANGE]


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    argv = [sys.executable, "-m", "sabotage", "--json", *PLANTED]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    return {result["name"]: result for result in json.loads(done.stdout)}


@pytest.mark.parametrize("name", PLANTED)
def test_exactly_the_named_scenarios_turn_red(name: str, results: dict[str, Any]) -> None:
    result = results[name]
    assert result["trouble"] == ""
    assert result["broke_down"] == []
    assert result["survived"] == []
    assert result["outside"] == []
    assert bool(result["red"]) == bool(FAULTS[name].caught_by)


def test_an_unknown_fault_is_refused() -> None:
    done = subprocess.run([sys.executable, "-m", "sabotage", "no-such"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "There is no fault no-such" in done.stderr


@pytest.fixture
def temporary() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gs") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda ending: ending.name)
def test_a_run_that_is_ended_leaves_no_process(temporary: Path, ending: signal.Signals) -> None:
    process = start([sys.executable, "-m", "sabotage", "clean-booking", "harmless-narrower-policy"], temporary)
    running = psutil.Process(process.pid)

    def not_yet() -> list[str]:
        # PostgreSQL and two systems, each with its servers, its backend, PostgREST and behave
        return [] if len(running.children(recursive=True)) > 10 else ["it has not begun"]

    begun = await_nothing(not_yet, START_SECONDS)
    process.send_signal(ending)
    code, output = finish(process)
    assert begun == [], output
    assert code == {signal.SIGKILL: -9}.get(ending, 130), output
    assert await_nothing(lambda: left_processes(temporary)) == []


def test_the_readme_tells_how_many_there_are() -> None:
    told = re.search(r"plants (\d+) faults", (ROOT / "README.md").read_text())
    assert told is not None
    assert told[1] == str(sum(bool(fault.caught_by) for fault in FAULTS.values()))
