"""`python -m sabotage.mutation`: let cosmic-ray change the backend at random, and see which changes no feature notices.

Needs cosmic-ray 8 (`pip install "cosmic-ray>=8,<9"`); what is changed is a clone in a temporary folder, never the checkout.
"""

import argparse
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONFIG = Path("sabotage/mutation.toml")
SESSION = "mutation.sqlite"
LANES = 2

PENDING = "select job_id from mutation_specs where job_id not in (select job_id from work_results) order by job_id"
SKIP = "insert into work_results (job_id, worker_outcome, output) values (?, 'SKIPPED', 'not in the sample')"
JUDGED = """
select spec.module_path, spec.start_pos_row, spec.operator_name, result.worker_outcome, result.test_outcome, result.diff
from work_results result join mutation_specs spec using (job_id)
where result.worker_outcome <> 'SKIPPED' order by 1, 2, 3"""


@dataclass(frozen=True)
class Mutant:
    """One change and what became of it: `outcome` is KILLED, SURVIVED or INCOMPETENT, else the worker's own trouble."""

    module: str
    line: int
    operator: str
    outcome: str
    diff: str


def main() -> int:
    """Exit code 1 when a change survived."""
    options = _parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        lanes = [clone(Path(folder) / f"lane-{number}") for number in range(LANES)]
        prepare(lanes, options.sample, options.seed)
        with ThreadPoolExecutor(LANES) as pool:
            list(pool.map(judge, lanes))
        mutants = [mutant for lane in lanes for mutant in judged(lane)]
    survivors = [mutant for mutant in mutants if mutant.outcome != "KILLED"]
    for mutant in survivors:
        print(f"\n{mutant.outcome} {mutant.module}:{mutant.line} {mutant.operator}\n{mutant.diff}")
    print(f"\n{len(mutants) - len(survivors)} of {len(mutants)} changes were noticed (seed {options.seed}).")
    return 1 if survivors else 0


def clone(folder: Path) -> Path:
    """What is committed, with the binaries that the checkout has fetched already."""
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    if (ROOT / ".cache").is_dir():
        shutil.copytree(ROOT / ".cache", folder / ".cache")
    return folder


def prepare(lanes: Sequence[Path], sample: int | None, seed: int) -> None:
    """One session, of which each lane has its share of the sample."""
    session = lanes[0] / SESSION
    _cosmic_ray(lanes[0], "cosmic-ray", "init", CONFIG, SESSION)
    _cosmic_ray(lanes[0], "cr-filter-operators", SESSION, CONFIG)
    for lane in lanes[1:]:
        shutil.copy(session, lane / SESSION)
    with closing(sqlite3.connect(session)) as opened:
        pending = [job for (job,) in opened.execute(PENDING)]
    order = random.Random(seed)
    positions = _in_order_of_place(session, pending)
    chosen = order.sample(positions, min(sample or len(positions), len(positions)))
    for number, lane in enumerate(lanes):
        mine = set(chosen[number :: len(lanes)])
        with closing(sqlite3.connect(lane / SESSION)) as opened, opened:
            opened.executemany(SKIP, [(job,) for job in pending if job not in mine])


def _in_order_of_place(session: Path, pending: Sequence[str]) -> list[str]:
    """The same order each time, as cosmic-ray's own ids are random."""
    place = "select job_id from mutation_specs order by module_path, operator_name, occurrence"
    known = set(pending)
    with closing(sqlite3.connect(session)) as opened:
        return [job for (job,) in opened.execute(place) if job in known]


def judge(lane: Path) -> None:
    _cosmic_ray(lane, "cosmic-ray", "exec", CONFIG, SESSION)


def judged(lane: Path) -> Iterator[Mutant]:
    with closing(sqlite3.connect(lane / SESSION)) as opened:
        for module, line, operator, worker, test, diff in opened.execute(JUDGED):
            outcome = test if worker == "NORMAL" else worker
            yield Mutant(module, line, operator.removeprefix("core/"), outcome, diff or "")


def _cosmic_ray(lane: Path, *command: object) -> None:
    # The features run with this interpreter; its folder holds cosmic-ray's commands too.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([str(part) for part in command], cwd=lane, env={**os.environ, "PATH": path}, check=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sabotage.mutation", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--sample", type=int, metavar="N", help="judge so many changes, drawn at random; all by default"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the drawing (1)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
