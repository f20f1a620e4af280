"""`python -m sabotage.mutation`: let cosmic-ray change the backend at random, and see which changes no feature notices.

Needs cosmic-ray 8 (`pip install "cosmic-ray>=8,<9"`). A change is planted like any other fault: in the backend's process,
never in the checkout.
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
from pathlib import Path

from reference.errors import CannotStart
from reference.stack import exit_on_signals
from sabotage.fault import Fault
from sabotage.replacing import replace_module
from sabotage.suite import Suite
from sabotage.system import Ground
from sabotage.trial import LANES, Result, try_all

BACKEND = Path(__file__).parents[1] / "reference" / "backend"
SURVIVED, CANNOT_RUN = 1, 2

# Of what is the same change once more, or no change at all (a | between types), one is enough or none.
LEFT_OUT = re.compile(
    r"core/(ReplaceBinaryOperator_(?!Add_Sub$|Sub_Add$|Mul_Div$)"
    r"|ReplaceComparisonOperator_(?!Eq_NotEq$|NotEq_Eq$|Lt_LtE$|LtE_Lt$|Gt_GtE$|GtE_Gt$|Is_IsNot$|IsNot_Is$|In_NotIn$|NotIn_In$))"
)

BOOKING, ATTEMPTS, TOKENS, KNOWLEDGE = (
    f"features/{name}.feature" for name in ("booking", "attempts", "tokens", "knowledge")
)
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
    "settings": (ATTEMPTS, TOKENS, KNOWLEDGE),
    "speech": (BOOKING, KNOWLEDGE),
    "tenancy": (BOOKING, ATTEMPTS),
    "tokens": (TOKENS,),
}
ALL = (BOOKING, ATTEMPTS, TOKENS, KNOWLEDGE)
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

    def fault(self) -> Fault | None:
        """The change as a fault that any scenario of the module's judges may catch; None where it cannot be made."""
        from cosmic_ray.mutating import mutate_code
        from cosmic_ray.plugins import get_operator

        before = (BACKEND / f"{self.module}.py").read_text()
        try:
            after = mutate_code(before, get_operator(self.operator)(), self.occurrence)
        except AttributeError:  # cosmic-ray 8 replaces no exception with a dot in its name
            return None
        plant = partial(replace_module, f"reference.backend.{self.module}", after)
        within = JUDGES.get(self.module, ALL)
        return Fault(self.name, _diff(before, after), (), plant=plant, within=within, first_is_enough=True)


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
    """What became of a change: who noticed it first, or nobody."""
    if result.trouble:
        return f"noticed, as the system did not run: {result.trouble}"
    return f"noticed by: {result.red[0].scenario}" if result.red else "SURVIVED"


def main() -> int:
    """Exit code 1 when a change survived."""
    options = _parser().parse_args()
    every = list(changes())
    chosen = random.Random(options.seed).sample(every, min(options.sample or len(every), len(every)))
    made = (change.fault() for change in sorted(chosen, key=lambda change: change.name))
    faults = [fault for fault in made if fault]
    exit_on_signals()
    try:
        results = list(_judged(faults, options.lanes))
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return CANNOT_RUN
    survivors = sorted((result for result in results if verdict(result) == "SURVIVED"), key=lambda found: found.name)
    for survivor in survivors:
        print(f"\n{survivor.name}\n{survivor.defect}")
    print(f"\n{len(results) - len(survivors)} of {len(results)} changes were noticed; there are {len(every)} in all.")
    return SURVIVED if survivors else 0


def _judged(faults: Sequence[Fault], lanes: int) -> Iterator[Result]:
    suite = Suite()
    gc.freeze()
    with Ground.cleared() as ground:
        for number, result in enumerate(try_all(faults, suite, ground, lanes), 1):
            told = f"{number:>4} of {len(faults)} {result.seconds:>6.1f} s  {result.name}: {verdict(result)}"
            print(told, file=sys.stderr, flush=True)
            yield result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sabotage.mutation", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sample", type=int, metavar="N", help="judge so many, drawn at random; all by default")
    parser.add_argument("--seed", type=int, default=1, help="of the drawing (1)")
    parser.add_argument("--lanes", type=int, default=LANES, help=f"how many at a time ({LANES})")
    return parser


if __name__ == "__main__":
    sys.exit(main())
