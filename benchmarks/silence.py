"""`python -m benchmarks.silence --runs 50`: how often the suite is red on a clean system, in random orders beside a busy core.

Prints seed, scenarios, red and seconds of each run, keeps the output of red ones, and exits with 1 if there was any.
"""

import argparse
import contextlib
import multiprocessing
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUN_DEADLINE_SECONDS = 600
SEEDS = 10**6


@dataclass(frozen=True)
class Run:
    """One run of the whole suite; `code` is behave's, None without an end: a run that counts no red may still be one."""

    seed: int
    code: int | None
    scenarios: int
    red: int
    seconds: float
    output: str

    @property
    def silent(self) -> bool:
        return self.code == 0 and self.red == 0 and self.scenarios > 0

    @property
    def ending(self) -> str:
        return f"no end within {RUN_DEADLINE_SECONDS} s" if self.code is None else f"ended with code {self.code}"

    def __str__(self) -> str:
        trouble = "" if self.silent or self.red else f"  {self.ending}"
        return f"{self.seed:>9} {self.scenarios:>10} {self.red:>4} {self.seconds:>8.1f}{trouble}"


def run_once(seed: int, more: Sequence[str] = ()) -> Run:
    """The suite in the order of this seed."""
    argv = [sys.executable, "-m", "behave", "--no-color", "-f", "progress3", "-D", "order=random", "-D", f"seed={seed}"]
    began = time.monotonic()
    with subprocess.Popen([*argv, *more], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        try:
            output, code = run.communicate(timeout=RUN_DEADLINE_SECONDS)[0], run.returncode
        except subprocess.TimeoutExpired:
            run.kill()
            output, code = run.communicate()[0], None
    passed, red = counted(output)
    return Run(seed, code, passed + red, red, time.monotonic() - began, output)


def counted(output: str) -> tuple[int, int]:
    """How many scenarios passed and how many were red, by behave's summary; nothing where there is none."""
    summary = re.search(r"^(\d+) scenarios? passed, (.*)$", output, re.MULTILINE)
    if summary is None:
        return 0, 0
    others = re.findall(r"(\d+) (failed|error|hook_error|cleanup_error)", summary[2])
    return int(summary[1]), sum(int(number) for number, _name in others)


@contextlib.contextmanager
def busy_core(seconds: float) -> Iterator[None]:
    """Keep one core busy until the context ends, and no longer than that many seconds."""
    loop = multiprocessing.Process(target=spin, args=(time.monotonic() + seconds,), daemon=True)
    loop.start()
    try:
        yield
    finally:
        loop.kill()
        loop.join()


def spin(until: float) -> None:
    while time.monotonic() < until:
        pass


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.silence", description="Is a clean system ever red?")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, action="append", help="these seeds in place of random ones")
    parser.add_argument("behave", nargs="*", help="further arguments for behave, behind --")
    chosen = parser.parse_args()
    seeds = chosen.seed or [secrets.randbelow(SEEDS) for _run in range(chosen.runs)]
    kept, red = Path(tempfile.mkdtemp(prefix="silence-")), 0
    print(f"{'seed':>9} {'scenarios':>10} {'red':>4} {'seconds':>8}", flush=True)
    with busy_core(RUN_DEADLINE_SECONDS * len(seeds)):
        for seed in seeds:
            run = run_once(seed, chosen.behave)
            print(run, flush=True)
            if not run.silent:
                red += 1
                (kept / f"{seed}.txt").write_text(run.output)
    print(f"{red} of {len(seeds)} runs were red" + (f"; their output is in {kept}" if red else ""))
    if not red:
        kept.rmdir()
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
