"""`python -m sabotage [NAME …]`: plant faults and show which scenario caught each; exit code 1 if one is not as expected."""

import argparse
import gc
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from reference.errors import CannotStart
from reference.stack import exit_on_signals
from sabotage.catalogue import FAULTS, SMOKE
from sabotage.phrases import unreached
from sabotage.report import explanation, progress, summary, table
from sabotage.suite import Suite
from sabotage.system import Ground
from sabotage.trial import Result, try_all

NOT_AS_EXPECTED = 1
CANNOT_RUN = 2


def main() -> int:
    options = _parser().parse_args()
    unknown = [name for name in options.names if name not in FAULTS]
    if unknown:
        print(f"There is no fault {', '.join(unknown)}; `python -m sabotage --list` names them all.", file=sys.stderr)
        return CANNOT_RUN
    names = options.names or (SMOKE if options.smoke else list(FAULTS))
    if options.list:
        print("\n".join(f"{name}: {FAULTS[name].defect}" for name in names))
        return 0
    exit_on_signals()
    try:
        return _try(names, options)
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return CANNOT_RUN


def _try(names: Sequence[str], options: argparse.Namespace) -> int:
    suite, results = Suite(), list[Result]()
    gc.freeze()  # or the collector of every fork would touch, and so copy, all that has been imported
    with Ground.cleared() as ground:
        for result in try_all([FAULTS[name] for name in names], suite, ground):
            results.append(result)
            print(progress(result, len(results), len(names)), file=sys.stderr, flush=True)
    results.sort(key=lambda result: names.index(result.name))
    missed = unreached(suite, results) if options.phrases or not (options.names or options.smoke) else []
    if options.json:
        print(json.dumps([asdict(result) for result in results], ensure_ascii=False))
    else:
        print(explanation(results[0]) if len(names) == 1 else table(results))
        print(summary(results, missed))
    return NOT_AS_EXPECTED if missed or not all(result.as_expected for result in results) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sabotage", description="Planted faults, and who catches them.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults to plant; all of them by default")
    parser.add_argument("--smoke", action="store_true", help="plant one fault of each family")
    parser.add_argument("--list", action="store_true", help="name the faults and what is wrong in each")
    parser.add_argument("--phrases", action="store_true", help="name the judgements that none of these faults reached")
    parser.add_argument("--json", action="store_true", help="print the results for machines")
    return parser


if __name__ == "__main__":
    sys.exit(main())
