"""One fault against the suite: plant it, run the scenarios that must see it, and read which turned red."""

import asyncio
import contextlib
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from reference.errors import CannotStart
from reference.stack import Stack, StackOptions, booted
from sabotage.fault import Fault

ROOT = Path(__file__).parents[1]
BACKEND = "sabotage.planted"
DEADLINE_SECONDS = 120.0


@dataclass(frozen=True)
class Result:
    """What became of a fault: `red` maps scenarios to the message they failed with; `survived` names what did not."""

    name: str
    seconds: float
    red: dict[str, str] = field(default_factory=dict)
    crashed: dict[str, str] = field(default_factory=dict)
    survived: list[str] = field(default_factory=list)
    trouble: str = ""

    @property
    def caught(self) -> bool:
        return not (self.survived or self.crashed or self.trouble)

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


def try_on_one_stack(faults: Sequence[Fault]) -> list[Result]:
    """Faults of the backend alone share a stack; only its backend starts anew for each."""
    if not faults:
        return []
    options = StackOptions(backend_module=BACKEND, backend_environment=_named(faults[0]))
    with booted(options) as stack, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_one_after_the_other(stack, faults))


def try_on_its_own_stack(fault: Fault) -> Result:
    """A fault of the schema needs a database of its own, one of the platform needs all of it."""
    sql = (fault.sql,) if fault.sql else ()
    module = BACKEND if fault.plant else "reference.backend"
    options = StackOptions(backend_module=module, backend_environment=_named(fault), extra_sql=sql)
    try:
        with contextlib.ExitStack() as parts:
            if fault.platform:
                parts.enter_context(fault.platform())
            stack = parts.enter_context(booted(options))
            runner = parts.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
            return runner.run(_one_after_the_other(stack, [fault]))[0]
    except CannotStart as problem:
        return Result(fault.name, 0.0, trouble=str(problem))


def _named(fault: Fault) -> dict[str, str]:
    return {"SABOTAGE_FAULT": fault.name}


async def _one_after_the_other(stack: Stack, faults: Sequence[Fault]) -> list[Result]:
    results = []
    async with stack.serve():
        for number, fault in enumerate(faults):
            if number:
                stack.backend.stop()
                stack.backend.environment = {**stack.backend.environment, **_named(fault)}
                stack.backend.start()
            await asyncio.to_thread(stack.backend.wait_until_healthy)
            results.append(await _run_features(stack, fault))
            print(results[-1].as_json(), flush=True)
    return results


async def _run_features(stack: Stack, fault: Fault) -> Result:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        only = "^(" + "|".join(re.escape(name) for name in fault.caught_by) + ")"
        argv = [sys.executable, "-m", "behave", "-D", "target=remote", "--no-color", "--no-summary"]
        argv += ["-f", "json", "-o", str(report), "-n", only]
        settings = {f"ACCEPTANCE_{name}": value for name, value in stack.settings().items()}
        async with _process(argv, {**os.environ, **settings}) as process:
            output = await asyncio.wait_for(process.communicate(), DEADLINE_SECONDS)
        if not report.is_file():
            return Result(fault.name, time.monotonic() - began, trouble=output[0].decode()[-500:])
        return _judge(fault, json.loads(report.read_text()), time.monotonic() - began)


@contextlib.asynccontextmanager
async def _process(argv: Sequence[str], env: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe, merged = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    process = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, env=env, stdout=pipe, stderr=merged)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _judge(fault: Fault, report: Any, seconds: float) -> Result:
    red: dict[str, str] = {}
    crashed: dict[str, str] = {}
    for scenario in _scenarios(report):
        for step in scenario.get("steps", []):
            outcome = step.get("result", {})
            if outcome.get("status") in ("failed", "error"):
                message = outcome.get("error_message", "")
                text = "\n".join(message) if isinstance(message, list) else str(message)
                found = red if outcome["status"] == "failed" else crashed
                found[scenario["name"]] = text
    survived = [name for name in fault.caught_by if not any(seen.startswith(name) for seen in red)]
    return Result(fault.name, seconds, red, crashed, survived)


def _scenarios(report: Any) -> list[dict[str, Any]]:
    """All scenarios, wherever the report nests them."""
    if isinstance(report, list):
        return [scenario for entry in report for scenario in _scenarios(entry)]
    if report.get("type") == "scenario":
        return [report]
    return _scenarios(report.get("elements", []))
