"""`python -m sabotage.isolation_trial [NAME …]`: every fault and every harmless change against the whole security feature.

Prints which scenarios turned red for each; exit code 1 when a fault is missed, a scenario that a fault does not concern
turns red, or a harmless change raises an alarm.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sabotage.fault import SQL
from sabotage.isolation_faults import FAULTS, HARMLESS

ROOT = Path(__file__).parents[1]
FEATURE = "features/rls.feature"
LANES = 2
DEADLINE_SECONDS = 120


@dataclass(frozen=True)
class Trial:
    """What one change came to: the scenarios it should turn red, those that failed, and those that broke down."""

    name: str
    expected: frozenset[str]
    red: dict[str, str]
    crashed: dict[str, str]
    scenarios: int
    seconds: float

    @property
    def exact(self) -> bool:
        return self.scenarios > 0 and not self.crashed and frozenset(self.red) == self.expected

    def line(self) -> str:
        told = ", ".join(sorted(self.red)) or "silent"
        trouble = f"; crashed: {', '.join(self.crashed)}" if self.crashed else ""
        missed = ", ".join(sorted(self.expected - set(self.red)))
        trouble += f"; should be red too: {missed}" if missed else ""
        return f"{'as it should' if self.exact else 'NOT AS IT SHOULD'} {self.seconds:5.1f} s  {self.name}: {told}{trouble}"


def try_change(name: str, expected: Sequence[str] = ()) -> Trial:
    """The whole security feature against a system with one change laid on top of its migrations."""
    with system_with(SQL / f"{name}.sql") as settings, tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        argv = [sys.executable, "-m", "behave", FEATURE, "-D", "target=remote", "--no-color", "--no-summary"]
        argv += ["-f", "json", "-o", str(report)]
        given = {f"ACCEPTANCE_{key}": value for key, value in settings.items()}
        subprocess.run(
            argv, cwd=ROOT, env={**os.environ, **given}, capture_output=True, timeout=DEADLINE_SECONDS, check=False
        )
        scenarios = list(_scenarios(json.loads(report.read_text() or "[]")))
    steps = [
        (scenario["name"].split(" -- ")[0].strip(), step["result"])
        for scenario in scenarios
        for step in scenario["steps"]
        if "result" in step
    ]
    red = {name: _message(result) for name, result in steps if result["status"] == "failed"}
    crashed = {name: _message(result) for name, result in steps if result["status"] in ("error", "undefined")}
    seconds = sum(result.get("duration", 0.0) for _name, result in steps)
    return Trial(name, frozenset(expected), red, crashed, len(scenarios), seconds)


@contextmanager
def system_with(sql: Path) -> Iterator[dict[str, str]]:
    """The reference system with the change; it ends when its input does."""
    argv = [sys.executable, "-m", "reference", "--attached", "--sql", str(sql)]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as stack:
        words: dict[str, str] = json.loads(stack.stdout.readline()) if stack.stdout else {}
        if "cannot_start" in words:
            raise RuntimeError(words["cannot_start"])
        yield words
        if stack.stdin:
            stack.stdin.close()


def _scenarios(report: Any) -> Iterator[dict[str, Any]]:
    """All scenarios, wherever the report nests them."""
    if isinstance(report, list):
        for entry in report:
            yield from _scenarios(entry)
    elif report.get("type") == "scenario":
        yield report
    else:
        yield from _scenarios(report.get("elements", []))


def _message(result: dict[str, Any]) -> str:
    message = result.get("error_message", "")
    return "\n".join(message) if isinstance(message, list) else str(message)


def main(names: Sequence[str]) -> int:
    known = {name: fault.caught_by for name, fault in FAULTS.items()} | dict.fromkeys(HARMLESS, ())
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"There is no change {', '.join(unknown)}; these are: {', '.join(known)}.", file=sys.stderr)
        return 2
    trials = []
    for trial in try_all({name: known[name] for name in names or known}):
        trials.append(trial)
        print(trial.line(), flush=True)
        if len(names) == 1:
            told = (f"\n{scenario}\n{message}" for scenario, message in {**trial.red, **trial.crashed}.items())
            print("\n".join(told))
    caught = [bool(trial.red) for trial in trials if trial.name in FAULTS]
    alarmed = [bool(trial.red) for trial in trials if trial.name in HARMLESS]
    print(f"\n{sum(caught)} of {len(caught)} faults caught, {sum(alarmed)} of {len(alarmed)} harmless changes alarmed.")
    return 0 if all(trial.exact for trial in trials) else 1


def try_all(expected: Mapping[str, Sequence[str]]) -> Iterator[Trial]:
    """Two at a time, as there are two cores; in order."""
    with ThreadPoolExecutor(LANES) as lanes:
        yield from lanes.map(lambda name: try_change(name, expected[name]), expected)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
