"""How the security feature's time grows with the schema: `python -m benchmarks.isolation [TABLES …]`, 0, 50 and 200 by default.

Each line is one whole `behave features/rls.feature` against a running system that has so many further tenant tables.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.many_tables import schema
from reference.attached import attached_reference

ROOT = Path(__file__).parents[1]
FEATURE = "features/rls.feature"

SIZES = (0, 50, 200)
CELLS = re.compile(r"Isolation: (\d+) cells")
RATE = re.compile(r"(\d+) statements in ([\d.]+) s, (\d+) a second")


def measure(tables: int) -> str:
    """One line: tables, seconds of the whole process, cells, statements and their rate."""
    with tempfile.TemporaryDirectory() as folder:
        sql = Path(folder) / "many.sql"
        sql.write_text(schema(tables))
        with attached_reference("--sql", str(sql)) as settings:
            given = {f"ACCEPTANCE_{key}": value for key, value in settings.items()}
            argv = [sys.executable, "-m", "behave", FEATURE, "-D", "target=remote", "--no-color", "--format", "null"]
            began = time.perf_counter()
            done = subprocess.run(
                argv, cwd=ROOT, env={**os.environ, **given}, capture_output=True, text=True, check=False
            )
            seconds = time.perf_counter() - began
    cells, rate = CELLS.search(done.stdout), RATE.search(done.stdout)
    if done.returncode or not cells or not rate:
        raise RuntimeError(done.stdout[-2000:])
    return f"{tables:>6} {seconds:>9.1f} {cells[1]:>7} {rate[1]:>11} {rate[3]:>9}"


def main() -> int:
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    print("tables   seconds   cells  statements  a second")
    for size in sizes:
        print(measure(size), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
