"""`python -m sabotage [NAME …]`: plant faults and show which scenario caught each; exit code 1 if one survives."""

import argparse
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

from reference.stack import exit_on_signals
from sabotage.catalogue import FAULTS
from sabotage.trial import try_on_its_own_stack, try_on_one_stack

LANES = 2


def main() -> int:
    options = _parser().parse_args()
    unknown = [name for name in options.names if name not in FAULTS]
    if unknown:
        print(f"There is no fault {', '.join(unknown)}; `python -m sabotage --list` names them all.", file=sys.stderr)
        return 2
    names = options.names or list(FAULTS)
    if options.list:
        print("\n".join(f"{name}: {FAULTS[name].defect}" for name in names))
        return 0
    if options.lane:
        return _lane(names)
    results = list(_in_lanes(names, quiet=options.json))
    if options.json:
        print(json.dumps(results, ensure_ascii=False))
    else:
        _table(results, explain=len(names) == 1)
    lost = set(names) - {result["name"] for result in results}
    return 1 if lost or not all(_caught(result) for result in results) else 0


def _lane(names: Sequence[str]) -> int:
    exit_on_signals()
    faults = [FAULTS[name] for name in names]
    try_on_one_stack([fault for fault in faults if not fault.needs_its_own_stack])
    for fault in faults:
        if fault.needs_its_own_stack:
            result = try_on_its_own_stack(fault)
            if result.trouble:
                print(result.as_json(), flush=True)
    return 0


def _in_lanes(names: Sequence[str], *, quiet: bool) -> Iterator[dict[str, Any]]:
    """Two processes at a time, as there are two cores; results come as they are known."""
    lanes = [list(names[start::LANES]) for start in range(LANES) if names[start::LANES]]
    shown = threading.Lock()

    def run(lane: Sequence[str]) -> list[dict[str, Any]]:
        argv = [sys.executable, "-m", "sabotage", "--lane", *lane]
        results = []
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout or ():
                results.append(json.loads(line))
                with shown:
                    if not quiet:
                        print(_line(results[-1]), file=sys.stderr, flush=True)
        return results

    with ThreadPoolExecutor(LANES) as pool:
        yield from chain.from_iterable(pool.map(run, lanes))


def _caught(result: dict[str, Any]) -> bool:
    return not (result["survived"] or result["crashed"] or result["trouble"])


def _line(result: dict[str, Any]) -> str:
    verdict = "caught  " if _caught(result) else "SURVIVED"
    return f"{verdict} {result['seconds']:5.1f} s  {result['name']}"


def _table(results: Sequence[dict[str, Any]], *, explain: bool) -> None:
    for result in results:
        if explain:
            for scenario, message in result["red"].items():
                print(f"\n{scenario}\n{message}")
        for problem in (*result["survived"], *result["crashed"].values(), result["trouble"]):
            if problem:
                print(f"{result['name']}: not caught: {problem}")
    caught = sum(_caught(result) for result in results)
    print(f"\n{caught} of {len(results)} faults caught.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sabotage", description="Planted faults, and who catches them.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults to plant; all of them by default")
    parser.add_argument("--list", action="store_true", help="name the faults and what is wrong in each")
    parser.add_argument("--json", action="store_true", help="print the results for machines")
    parser.add_argument("--lane", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
