"""Runs of behave as a user starts them, and a look at what they leave behind."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
ONE_SCENARIO = ("-n", "One caller, one slot", "-D", "dialect=flat", "--no-color", "--format", "plain")
GONE_WITHIN_SECONDS = 5.0


def start(argv: list[str], temporary: Path, **environment: str) -> "subprocess.Popen[str]":
    """Start a command whose temporary files go to a folder of its own."""
    env = {**os.environ, "TMPDIR": str(temporary), **environment}
    pipe, merged = subprocess.PIPE, subprocess.STDOUT
    return subprocess.Popen(argv, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=pipe, stderr=merged, text=True)


def behave(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "behave", *arguments]


def finish(process: "subprocess.Popen[str]", seconds: float = 60.0) -> tuple[int, str]:
    output, _ = process.communicate(timeout=seconds)
    return process.returncode, output


def left_processes(temporary: Path) -> list[str]:
    """Processes that were started with this temporary folder and still run."""
    found = []
    for process in psutil.process_iter(["pid", "name", "environ", "status"]):
        environment = process.info["environ"] or {}
        if environment.get("TMPDIR") == str(temporary) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(f"{process.info['name']} ({process.info['pid']})")
    return found


def left_files(temporary: Path) -> list[str]:
    return [path.name for path in temporary.iterdir()]


def await_nothing(look: Callable[[], list[str]], seconds: float = GONE_WITHIN_SECONDS) -> list[str]:
    """What is still there when the time is up; an empty list as soon as nothing is."""
    deadline = time.monotonic() + seconds
    while (found := look()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
