"""`python -m sabotage.mutation`: let cosmic-ray change the backend at random, and see which changes no feature notices.

Needs cosmic-ray 8 (`pip install "cosmic-ray>=8,<9"`). A change is planted like any other fault: in the backend's process,
never in the checkout. Only the scenarios that carry out the changed statement are run, as no other can notice it.
"""

import argparse
import difflib
import gc
import random
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from reference.errors import CannotStart
from reference.stack import exit_on_signals
from sabotage.fault import Fault
from sabotage.reach import Now, Reach, note_into
from sabotage.replacing import BACKEND, replace_modules
from sabotage.suite import Suite
from sabotage.system import Ground
from sabotage.trial import LANES, Result, try_all

SURVIVED, CANNOT_RUN = 1, 2
AREA = "random"

# Of what is the same change once more, or no change at all (a | between types), one is enough or none.
LEFT_OUT = re.compile(
    r"core/(ReplaceBinaryOperator_(?!Add_Sub$|Sub_Add$|Mul_Div$)"
    r"|ReplaceComparisonOperator_(?!Eq_NotEq$|NotEq_Eq$|Lt_LtE$|LtE_Lt$|Gt_GtE$|GtE_Gt$|Is_IsNot$|IsNot_Is$|In_NotIn$|NotIn_In$))"
)

BOOKING, ATTEMPTS, TOKENS, KNOWLEDGE = (
    f"features/{name}.feature" for name in ("booking", "attempts", "tokens", "knowledge")
)
ALL = (BOOKING, ATTEMPTS, TOKENS, KNOWLEDGE)
# Who judges a module: the features whose promises it carries; all four where nothing is said.
JUDGES: Mapping[str, tuple[str, ...]] = {
    "__main__": (BOOKING,),
    "answers": (BOOKING, ATTEMPTS),
    "audit": (ATTEMPTS,),
    "availability": (BOOKING,),
    "bodies": (ATTEMPTS,),
    "booking": (BOOKING, ATTEMPTS),
    "calendar_outbox": (BOOKING,),
    "calendar_sync": (BOOKING,),
    "config": (BOOKING,),
    "database": (BOOKING, ATTEMPTS),
    "embedding": (KNOWLEDGE,),
    "embedding_lexical": (KNOWLEDGE,),
    "errors": (BOOKING, ATTEMPTS),
    "fields": (BOOKING, ATTEMPTS),
    "google_events": (BOOKING,),
    "knowledge": (KNOWLEDGE, ATTEMPTS),
    "openapi": (ATTEMPTS,),
    "server_timing": (BOOKING,),
    "settings": ALL,
    "speech": (BOOKING, KNOWLEDGE),
    "tenancy": (BOOKING, ATTEMPTS),
    "tokens": (TOKENS,),
}
# The features run with the embedder that needs nothing; nothing of these is ever called.
NOT_RUN = frozenset({"embedding_minilm", "embedding_remote", "__init__"})


@dataclass(frozen=True)
class Change:
    """One place where one operator of cosmic-ray changes one module."""

    module: str
    line: int
    operator: str
    occurrence: int

    @property
    def name(self) -> str:
        return f"{self.module}-{self.line}-{self.operator.removeprefix('core/')}-{self.occurrence}"

    def fault(self, reach: Reach) -> Fault | None:
        """The change as a fault that the scenarios may catch which carry it out; None where it cannot be made."""
        from cosmic_ray.mutating import mutate_code
        from cosmic_ray.plugins import get_operator

        before = (BACKEND / f"{self.module}.py").read_text()
        try:
            after = mutate_code(before, get_operator(self.operator)(), self.occurrence)
        except AttributeError:  # cosmic-ray 8 replaces no exception with a dot in its name
            return None
        return Fault(
            self.name,
            _diff(before, after),
            (),
            plant=partial(replace_modules, {self.module: after}),
            within=JUDGES.get(self.module, ALL),
            area=AREA,
            first_is_enough=True,
            scenarios=reach.of(self.module, before, self.line),
        )


def changes(folder: Path = BACKEND) -> Iterator[Change]:
    """Every change there is to make, in the order of place."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    operators = {name: get_operator(name) for name in operator_names() if not LEFT_OUT.match(name)}
    plain = {name: operator() for name, operator in operators.items() if not operator.arguments()}
    for path in sorted(folder.glob("*.py")):
        nodes = [] if path.stem in NOT_RUN else list(ast_nodes(get_ast(path.read_text())))
        for name, operator in plain.items():
            starts = (start for node in nodes for start, _end in operator.mutation_positions(node))
            for occurrence, (line, _column) in enumerate(starts):
                yield Change(path.stem, line, name, occurrence)


def _diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++")))


def verdict(result: Result) -> str:
    """What became of a change: who noticed it first and why, or nobody."""
    if result.trouble:
        return f"noticed, as the system did not run: {result.trouble}"
    if not result.red:
        return "SURVIVED"
    first = result.red[0]
    return f"noticed by: {first.scenario}: {next(iter(first.message.splitlines()), '')}"


def main() -> int:
    """Exit code 1 when a change survived."""
    options = _parser().parse_args()
    every = [change for change in changes() if change.name.startswith(tuple(options.names or [""]))]
    chosen = random.Random(options.seed).sample(every, min(options.sample or len(every), len(every)))
    exit_on_signals()
    try:
        results = list(_judged(sorted(chosen, key=lambda change: change.name), options.lanes))
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return CANNOT_RUN
    survivors = sorted((result for result in results if verdict(result) == "SURVIVED"), key=lambda found: found.name)
    for survivor in survivors:
        print(f"\n{survivor.name}\n{survivor.defect}")
    print(f"\n{len(results) - len(survivors)} of {len(results)} changes were noticed; there are {len(every)} in all.")
    return SURVIVED if survivors else 0


def _judged(chosen: Sequence[Change], lanes: int) -> Iterator[Result]:
    suite = Suite()
    gc.freeze()
    with Ground.cleared() as ground:
        reach = reached(suite, ground)
        faults = [fault for fault in (change.fault(reach) for change in chosen) if fault]
        unreached = [_silent(fault) for fault in faults if fault.scenarios == frozenset()]
        tried = try_all([fault for fault in faults if fault.scenarios != frozenset()], suite, ground, lanes)
        for number, result in enumerate(chain(unreached, tried), 1):
            told = f"{number:>4} of {len(faults)} {result.seconds:>6.1f} s  {result.name}: {verdict(result)}"
            print(told, file=sys.stderr, flush=True)
            yield result


def reached(suite: Suite, ground: Ground) -> Reach:
    """Which scenarios carry out which statements, from one run of them all; raises CannotStart where one is red."""
    now, notes = Now(), ground.folder / "notes"
    plant = partial(note_into, notes, now)
    clean = Fault("the-backend-as-it-is", "", (), plant=plant, within=ALL, area=AREA, told=now.tell)
    (result,) = try_all([clean], suite, ground)
    if result.red or result.trouble:
        raise CannotStart(f"The backend as it is should be judged green: {verdict(result)}")
    return Reach.read(notes)


def _silent(fault: Fault) -> Result:
    """What no scenario carries out, none can notice."""
    return Result(fault.name, fault.area, fault.defect, 0.0, 0, ())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sabotage.mutation", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="changes whose names begin so, as with a module; all by default"
    )
    parser.add_argument("--sample", type=int, metavar="N", help="judge so many, drawn at random; all by default")
    parser.add_argument("--seed", type=int, default=1, help="of the drawing (1)")
    parser.add_argument("--lanes", type=int, default=LANES, help=f"how many at a time ({LANES})")
    return parser


if __name__ == "__main__":
    sys.exit(main())
