"""The whole suite against a system that has nothing behind one of its doors, and what became of each scenario."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from reference import stack as reference_stack
from reference.attached import attached_reference
from reference.stack import Stack, StackOptions, booted
from sabotage.nothing_servers import DOORS, Nothing, Relay, gateway_behind

ROOT = Path(__file__).parents[1]
# The longest trial is the silent one: each scenario waits once, for as long as its patience lasts.
DEADLINE_SECONDS = 600.0
PATIENCE = ("-D", "patience=0.6")
PASSED, SKIPPED = "passed", "skipped"


@dataclass(frozen=True)
class Trial:
    """Nothing of a kind behind a door."""

    door: str
    kind: str

    @property
    def name(self) -> str:
        return f"{self.door}: {self.kind}"


@dataclass(frozen=True)
class Outcome:
    """What became of the scenarios: each is in one of these, by its name with what it said.

    `unconcerned` are those that passed and never came to the door; `astray` those that failed before they came to it.
    """

    trial: Trial
    seconds: float
    red: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    green: dict[str, str] = field(default_factory=dict)
    crashed: dict[str, str] = field(default_factory=dict)
    unconcerned: dict[str, str] = field(default_factory=dict)
    astray: dict[str, str] = field(default_factory=dict)
    trouble: str = ""

    @property
    def scenarios(self) -> int:
        kinds = (self.red, self.skipped, self.green, self.crashed, self.unconcerned, self.astray)
        return sum(len(kind) for kind in kinds)

    @property
    def holds(self) -> bool:
        return bool(self.red) and not (self.green or self.crashed or self.trouble)


def judged(
    trial: Trial, lines: Sequence[Mapping[str, Any]], asked_at: Sequence[float] | None, seconds: float
) -> Outcome:
    """Sort scenarios by their status and by whether the door was asked while they ran; None: it concerns them all."""
    outcome = Outcome(trial, seconds)
    for line in lines:
        concerned = asked_at is None or any(line["began"] <= moment < line["ended"] for moment in asked_at)
        if line["status"] == PASSED:
            place = outcome.green if concerned else outcome.unconcerned
        elif line["status"] == SKIPPED:
            place = outcome.skipped
        elif line["crashed"]:
            place = outcome.crashed
        else:
            place = outcome.red if concerned else outcome.astray
        place[line["name"]] = line["reason"] or f"{line['step']}: {line['message']}"
    return outcome


def try_doors(trials: Sequence[Trial], more: Sequence[str] = ()) -> Iterator[Outcome]:
    """Servers that stand before a real system take turns, so one system is enough for all of them."""
    nothing = Nothing()
    with gateway_behind(nothing) as keys, booted() as stack, _runner() as runner:
        serving = _served(stack, nothing)
        url = runner.run(serving.__aenter__())
        try:
            for trial in trials:
                nothing.become(trial.kind, DOORS[trial.door](keys[0]))
                settings = {**stack.settings(), **_redirected(trial.door, url)}
                everywhere = trial.door == "everything"
                asked = None if everywhere else nothing.asked_at
                yield runner.run(_run_suite(trial, settings, asked, more))
        finally:
            runner.run(serving.__aexit__(None, None, None))


def _redirected(door: str, url: str) -> dict[str, str]:
    if door == "the API":
        return {"API_URL": url}
    if door == "everything":
        return {"API_URL": url, "CALENDAR_ENDPOINT": f"{url}/calendar/v3/", "CALENDAR_FAULTS_URL": url}
    return {}


def try_schema(more: Sequence[str] = ()) -> Outcome:
    """A database in which the platform stands and nothing of the product."""
    with (
        tempfile.TemporaryDirectory() as empty,
        booted(StackOptions(migrations=Path(empty))) as stack,
        _runner() as run,
    ):
        return run.run(_on(stack, Trial("the database", "no schema"), {}, more))


def try_observer(more: Sequence[str] = ()) -> Outcome:
    """The observer looks into the database of another system, where nobody ever was."""
    with attached_reference() as other, booted() as stack, _runner() as runner:
        elsewhere = {"DATABASE_URL": other["DATABASE_URL"]}
        return runner.run(_on(stack, Trial("the observer", "another database"), elsewhere, more))


def try_other_database(more: Sequence[str] = ()) -> Outcome:
    """The API answers over the database of another system."""
    with attached_reference() as other:
        dsn = other["DATABASE_URL"].replace("user=postgres", "user=authenticator")
        with booted(StackOptions(backend_environment={"BACKEND_DATABASE_URL": dsn})) as stack, _runner() as runner:
            return runner.run(_through_relay(stack, Trial("the API", "another database"), more))


async def _on(stack: Stack, trial: Trial, changes: Mapping[str, str], more: Sequence[str]) -> Outcome:
    async with stack.serve():
        await asyncio.to_thread(stack.backend.wait_until_healthy)
        return await _run_suite(trial, {**stack.settings(), **changes}, None, more)


async def _through_relay(stack: Stack, trial: Trial, more: Sequence[str]) -> Outcome:
    relay = Relay(stack.premises.url("backend"))
    async with stack.serve(), relay.serve() as url:
        await asyncio.to_thread(stack.backend.wait_until_healthy)
        return await _run_suite(trial, {**stack.settings(), "API_URL": url}, relay.asked_at, more)


@contextlib.asynccontextmanager
async def _served(stack: Stack, nothing: Nothing) -> AsyncIterator[str]:
    with contextlib.closing(reference_stack._listener()) as listener:
        async with stack.serve(), reference_stack._serving({listener: nothing.application()}):
            await asyncio.to_thread(stack.backend.wait_until_healthy)
            yield reference_stack._url(listener)


def _runner() -> asyncio.Runner:
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


async def _run_suite(
    trial: Trial, settings: Mapping[str, str], asked_at: Sequence[float] | None, more: Sequence[str]
) -> Outcome:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.jsonl"
        argv = [sys.executable, "-m", "behave", "-D", "target=remote", "--no-color", "--no-summary"]
        argv += ["-f", "sabotage.nothing_report:Report", "-o", str(report), *more]
        argv += PATIENCE if trial.kind == "silence" else ()
        given = {f"ACCEPTANCE_{name}": value for name, value in settings.items()}
        code, output = await _finished(argv, {**os.environ, **given})
        written = report.read_text().splitlines() if report.is_file() else []
        lines = [json.loads(line) for line in written]
    outcome = judged(trial, lines, asked_at, time.monotonic() - began)
    # Where nothing is concerned the suite passes; where it could not begin or end, it judged nothing.
    if code != 1 or not lines:
        return Outcome(trial, outcome.seconds, trouble=f"behave ended with {code}: {output[-500:]}")
    return outcome


async def _finished(argv: Sequence[str], env: Mapping[str, str]) -> tuple[int | None, str]:
    pipe, merged = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    process = await asyncio.create_subprocess_exec(
        *argv, cwd=ROOT, env=env, stdout=pipe, stderr=merged, start_new_session=True
    )
    waiting = asyncio.current_task()
    if waiting is not None:  # an exception out of a signal's handler would leave the servers half closed
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, waiting.cancel)
    try:
        said, _ = await asyncio.wait_for(process.communicate(), DEADLINE_SECONDS)
        return process.returncode, said.decode(errors="replace")
    except TimeoutError:
        return None, f"no end within {DEADLINE_SECONDS:.0f} s"
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
