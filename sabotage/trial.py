"""Faults against the suite: plant each in a system of its own, run the scenarios that could see it, judge what turned red."""

import os
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from reference.errors import CannotStart
from sabotage.fault import NOTHING_LEFT, Fault
from sabotage.forking import end, forked, pipe
from sabotage.suite import Red, Report, Scope, Suite
from sabotage.system import Ground, system_with

LANES = 2  # as there are two cores where CI runs
DEADLINE_SECONDS = 300.0
# Enough for the slowest retry of the reference, which waits a second at most; a fault is waited for as long.
CALENDAR_SECONDS = "3"


@dataclass(frozen=True)
class Result:
    """What became of a fault: `survived` are the entries of `caught_by` that nothing red answers, `outside` the
    scenarios that turned red and should not, `broke_down` those that failed by a defect of the suite's own."""

    name: str
    area: str
    defect: str
    seconds: float
    scenarios: int
    red: Sequence[Red]
    survived: Sequence[str] = ()
    outside: Sequence[str] = ()
    broke_down: Sequence[str] = ()
    trouble: str = ""

    @property
    def as_expected(self) -> bool:
        return not (self.survived or self.outside or self.broke_down or self.trouble)


def judge(fault: Fault, report: Report, seconds: float) -> Result:
    """Exactly what is expected turns red, by judgement."""
    red = [found.scenario for found in report.red]
    expected = (*fault.caught_by, *fault.also)
    return Result(
        fault.name,
        fault.area,
        fault.defect,
        seconds,
        report.scenarios,
        report.red,
        survived=[name for name in fault.caught_by if not any(seen.startswith(name) for seen in red)],
        outside=[seen for seen in red if not seen.startswith(expected)],
        broke_down=[found.scenario for found in report.red if not found.judged],
        trouble=report.trouble if report.scenarios else "no scenario ran",
    )


def try_all(faults: Sequence[Fault], suite: Suite, ground: Ground) -> Iterator[Result]:
    """Some at a time; results come as they are known."""
    longest_first = sorted(faults, key=lambda fault: not fault.within)
    waiting, running = deque(longest_first), dict[Any, _Trial]()
    try:
        while waiting or running:
            while waiting and len(running) < LANES:
                trial = _Trial.of(waiting.popleft(), suite, ground)
                running[trial.process.sentinel] = trial
            for sentinel in wait(running, 1.0):
                trial = running.pop(sentinel)
                result = trial.result()
                spoilt = trial.fault.sql or result.trouble or any(red.scenario == NOTHING_LEFT for red in result.red)
                ground.give_back(trial.database, as_it_was=not spoilt)
                yield result
            for trial in running.values():
                trial.keep_to_the_deadline()
    finally:
        for trial in running.values():
            end(trial.process)


@dataclass(frozen=True)
class _Trial:
    """One fault being tried in a process of its own."""

    fault: Fault
    database: str
    process: BaseProcess
    answer: Connection
    log: Path
    began: float

    @classmethod
    def of(cls, fault: Fault, suite: Suite, ground: Ground) -> "_Trial":
        folder = ground.folder / fault.name
        folder.mkdir()
        folder.chmod(0o711)
        ours, theirs = pipe(duplex=False)
        log = folder / "trial.log"
        database = ground.take_database()
        process = forked(_try, fault, suite, ground, database, folder, theirs, log=log)
        theirs.close()
        return cls(fault, database, process, ours, log, time.monotonic())

    def keep_to_the_deadline(self) -> None:
        if time.monotonic() - self.began > DEADLINE_SECONDS:
            self.process.kill()

    def result(self) -> Result:
        seconds = time.monotonic() - self.began
        self.process.join()
        try:
            report: Report = self.answer.recv()
        except EOFError:
            report = Report(0, (), "")
            words = self.log.read_text(errors="replace").strip().splitlines()
            said = words[-1] if words else f"nothing after {seconds:.0f} s"
            return Result(self.fault.name, self.fault.area, self.fault.defect, seconds, 0, (), trouble=said)
        return judge(self.fault, report, seconds)


def _try(fault: Fault, suite: Suite, ground: Ground, database: str, folder: Path, answer: Connection) -> None:
    ours, theirs = pipe(duplex=False)
    try:
        with system_with(fault, ground, database, folder) as system:
            settings = {**system.settings, "DIALECT": fault.dialect, "CALENDAR_SECONDS": CALENDAR_SECONDS}
            behave = forked(_run, suite, suite.concerned(fault), settings, theirs, log=folder / "behave.log")
            theirs.close()
            while behave.sentinel not in (ready := wait([behave.sentinel, system.orders, ours])) and ours not in ready:
                system.follow_an_order()
            answer.send(ours.recv())
            end(behave)
    except CannotStart as problem:
        answer.send(Report(0, (), str(problem)))


def _run(suite: Suite, scope: Scope, settings: Mapping[str, str], answer: Connection) -> None:
    os.environ.update({f"ACCEPTANCE_{name}": value for name, value in settings.items()})
    answer.send(suite.run(scope))
