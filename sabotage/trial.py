"""Faults against the suite: plant each in a system of its own, run the scenarios that could see it, judge what turned red."""

import contextlib
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
from reference.platform.forking import end, forked, pipe
from sabotage.fault import NOTHING_LEFT, Fault
from sabotage.suite import Red, Report, Suite
from sabotage.system import Ground, System, system_with

NO_MORE = ""  # said, because a lane that was forked later holds a closed line open
LANES = 2  # as there are two cores where CI runs
DEADLINE_SECONDS = 300.0
# Enough for the slowest retry of the reference, which waits half a second at most; a fault is waited for as long.
CALENDAR_SECONDS = "2"


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
        trouble=report.trouble or ("" if report.scenarios else "no scenario ran"),
    )


def try_all(faults: Sequence[Fault], suite: Suite, ground: Ground, at_once: int = LANES) -> Iterator[Result]:
    """Some at a time; results come as they are known."""
    by_name = {fault.name: fault for fault in faults}
    waiting = deque(sorted(faults, key=lambda fault: (not fault.within, fault.is_of_the_backend)))  # the longest first
    lanes = dict[Any, _Lane]()
    try:
        while waiting or lanes:
            while waiting and len(lanes) < at_once:
                lane = _Lane.opened(waiting.popleft(), by_name, suite, ground)
                lanes[lane.line] = lane
            for line in wait(lanes, 1.0):
                result = lanes[line].result()
                if waiting and lanes[line].goes_on_after(result) and waiting[0].is_of_the_backend:
                    lanes[line].take(waiting.popleft())
                else:
                    lanes.pop(line).close(ground, result)
                yield result
            for lane in lanes.values():
                lane.keep_to_the_deadline()
    finally:
        for lane in lanes.values():
            end(lane.process)


@dataclass
class _Lane:
    """A process with a system of its own, in which it tries one fault, and others where only the backend differs."""

    fault: Fault
    database: str
    process: BaseProcess
    line: Connection
    log: Path
    began: float

    @classmethod
    def opened(cls, fault: Fault, by_name: Mapping[str, Fault], suite: Suite, ground: Ground) -> "_Lane":
        folder = ground.folder / fault.name
        folder.mkdir()
        folder.chmod(0o711)
        ours, theirs = pipe()
        log = folder / "trial.log"
        database = ground.take_database()
        process = forked(_try, fault, by_name, suite, ground, database, folder, theirs, log=log)
        theirs.close()
        return cls(fault, database, process, ours, log, time.monotonic())

    def take(self, fault: Fault) -> None:
        """Try this one next, in the same system."""
        self.fault, self.began = fault, time.monotonic()
        self.line.send(fault.name)

    def keep_to_the_deadline(self) -> None:
        if time.monotonic() - self.began > DEADLINE_SECONDS:
            self.process.kill()

    def result(self) -> Result:
        seconds = time.monotonic() - self.began
        try:
            report: Report = self.line.recv()
        except (EOFError, ConnectionResetError):  # it died
            words = self.log.read_text(errors="replace").strip().splitlines()
            said = words[-1] if words else f"nothing after {seconds:.0f} s"
            report = Report(0, (), said)
        return judge(self.fault, report, seconds)

    def goes_on_after(self, result: Result) -> bool:
        """What one fault left behind may not meet the next."""
        return self.fault.is_of_the_backend and _is_as_it_was(result)

    def close(self, ground: Ground, result: Result) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has died already
            self.line.send(NO_MORE)
        self.process.join()
        self.line.close()
        ground.give_back(self.database, as_it_was=not self.fault.sql and _is_as_it_was(result))


def _is_as_it_was(result: Result) -> bool:
    return not result.trouble and not any(red.scenario == NOTHING_LEFT for red in result.red)


def _try(
    fault: Fault,
    by_name: Mapping[str, Fault],
    suite: Suite,
    ground: Ground,
    database: str,
    folder: Path,
    line: Connection,
) -> None:
    try:
        with system_with(fault, ground, database, folder) as system:
            line.send(_report(fault, suite, system, folder))
            for another in iter(line.recv, NO_MORE):
                system.backend.become(by_name[another].plant)
                line.send(_report(by_name[another], suite, system, folder))
    except CannotStart as problem:
        line.send(Report(0, (), str(problem)))


def _report(fault: Fault, suite: Suite, system: System, folder: Path) -> Report:
    ours, theirs = pipe(duplex=False)
    settings = {**system.settings, "DIALECT": fault.dialect, "CALENDAR_SECONDS": CALENDAR_SECONDS}
    behave = forked(_run, suite, fault, settings, theirs, log=folder / "behave.log")
    theirs.close()
    while behave.sentinel not in (ready := wait([behave.sentinel, system.orders, ours])) and ours not in ready:
        system.follow_an_order()
    report: Report = ours.recv()
    end(behave)
    return report


def _run(suite: Suite, fault: Fault, settings: Mapping[str, str], answer: Connection) -> None:
    os.environ.update({f"ACCEPTANCE_{name}": value for name, value in settings.items()})
    answer.send(suite.run(fault))
