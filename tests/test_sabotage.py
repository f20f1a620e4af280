"""Every planted fault turns its scenarios red, by judgement and not by a crash of the suite itself."""

import json
import subprocess
import sys
from typing import Any

import pytest

from sabotage.catalogue import FAULTS
from tests.stack_support import ROOT

DEADLINE_SECONDS = 600


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    argv = [sys.executable, "-m", "sabotage", "--json"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    return {result["name"]: result for result in json.loads(done.stdout)}


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_caught(name: str, results: dict[str, Any]) -> None:
    result = results[name]
    assert result["trouble"] == ""
    assert result["survived"] == []
    assert result["crashed"] == {}
    assert result["red"]


def test_an_unknown_fault_is_refused() -> None:
    done = subprocess.run([sys.executable, "-m", "sabotage", "no-such"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "There is no fault no-such" in done.stderr
