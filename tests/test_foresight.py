"""Clinics are founded ahead only where behave's own runner tells which step founds one."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("chosen", "clinics"),
    [
        (["--name", "One caller, one slot, one event"], ["Harbour Dental", "Hilltop Physio"]),
        (["--name", "An appointment of 45 minutes"], ["Harbour Dental"]),
        (["--tags", "@nobody"], []),
    ],
)
def test_behave_foresees_the_clinics_of_the_scenarios_it_was_given(chosen: list[str], clinics: list[str]) -> None:
    argv = [sys.executable, "-m", "behave", "--runner", "foresight_support:Foretelling", *chosen]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    argv += ["features/booking.feature", "--format", "null", "--no-summary"]
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert ast.literal_eval(done.stdout.splitlines()[1]) == clinics, done.stdout + done.stderr
