"""`python -m sabotage.nothing [TRIAL …]`: the whole suite against systems with nothing behind a door; none may come out green.

One line a trial; exit code 1 when a scenario is green or the suite itself broke down.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence

from sabotage.nothing_servers import DOORS, KINDS
from sabotage.nothing_trial import Outcome, Trial, try_doors, try_observer, try_other_database, try_schema

DOOR_TRIALS = [Trial(door, kind) for door in DOORS for kind in KINDS]
DATABASE_TRIALS: dict[str, Callable[[Sequence[str]], Outcome]] = {
    "the API: another database": try_other_database,
    "the observer: another database": try_observer,
    "the database: no schema": try_schema,
}
NAMES = [*(trial.name for trial in DOOR_TRIALS), *DATABASE_TRIALS]
STOPPED = 130
COLUMNS = ("scenarios", "red", "skipped", "green", "crashed", "astray", "unconcerned", "seconds")


def main() -> int:
    options = _parser().parse_args()
    unknown = [name for name in options.names if name not in NAMES]
    if unknown:
        print(f"There is no trial {', '.join(unknown)}; these are: {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    print(f"{'trial':<32}" + "".join(f"{column:>12}" for column in COLUMNS), flush=True)
    outcomes = []
    for outcome in tried(options.names or NAMES, options.behave.split()):
        outcomes.append(outcome)
        print(line(outcome), flush=True)
        for told in holes(outcome, explain=options.explain):
            print(told, flush=True)
    return 0 if outcomes and all(outcome.holds for outcome in outcomes) else 1


def tried(names: Sequence[str], more: Sequence[str] = ()) -> Iterator[Outcome]:
    """The outcomes of these trials, as they are known."""
    doors = [trial for trial in DOOR_TRIALS if trial.name in names]
    if doors:
        yield from try_doors(doors, more)
    for name, attempt in DATABASE_TRIALS.items():
        if name in names:
            yield attempt(more)


def line(outcome: Outcome) -> str:
    counts = [
        len(kind)
        for kind in (outcome.red, outcome.skipped, outcome.green, outcome.crashed, outcome.astray, outcome.unconcerned)
    ]
    told = "".join(f"{count:>12}" for count in (outcome.scenarios, *counts))
    return f"{outcome.trial.name:<32}{told}{outcome.seconds:>12.1f}"


def holes(outcome: Outcome, *, explain: bool) -> Iterator[str]:
    """What is wrong with the suite, by this trial; with `explain` also what the red scenarios said."""
    if outcome.trouble:
        yield f"  trouble: {outcome.trouble}"
    shown = {"green": outcome.green, "crashed": outcome.crashed, "astray": outcome.astray}
    if explain:
        shown |= {"red": outcome.red, "skipped": outcome.skipped, "unconcerned": outcome.unconcerned}
    for kind, scenarios in shown.items():
        for name, message in scenarios.items():
            yield f"  {kind}: {name}: {' '.join(message.split())}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sabotage.nothing", description="Never green on nothing.")
    parser.add_argument("names", nargs="*", metavar="TRIAL", help=f"all of them by default: {', '.join(NAMES)}")
    parser.add_argument("--explain", action="store_true", help="also what every scenario said")
    parser.add_argument("--behave", default="", help="further arguments for behave, such as --tags=@booking")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(STOPPED)
