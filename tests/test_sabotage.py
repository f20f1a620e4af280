"""Planted faults turn their scenarios red, by judgement and not by a crash of the suite itself.

On every change: those that real systems had, as far as they share one stack or break the booking chain.
SABOTAGE=all plants every one, as `python -m sabotage` does.
"""

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest

from sabotage import schema_faults
from sabotage.catalogue import FAULTS
from sabotage.fault import Fault
from tests.stack_support import ROOT

DEADLINE_SECONDS = 900
ALL = os.environ.get("SABOTAGE") == "all"
BOOKING = ("booking_faults", "calendar_faults", "tenancy_faults", "wire_faults")


def on_every_change(fault: Fault) -> bool:
    """A stack of its own costs a fault some seconds more."""
    breaks_booking = fault.plant is not None and fault.plant.__module__.endswith(BOOKING)
    breaks_booking = breaks_booking or fault.name in schema_faults.NAMES
    return bool(fault.origin) and (breaks_booking or not fault.needs_its_own_stack)


PLANTED = [name for name, fault in FAULTS.items() if ALL or on_every_change(fault)]


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    argv = [sys.executable, "-m", "sabotage", "--json", *PLANTED]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    return {result["name"]: result for result in json.loads(done.stdout)}


@pytest.mark.parametrize("name", PLANTED)
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


def test_the_readme_tells_how_many_there_are() -> None:
    told = re.search(r"plants (\d+) faults", (ROOT / "README.md").read_text())
    assert told is not None
    assert told[1] == str(len(FAULTS))
