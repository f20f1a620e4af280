"""`python -m reference`: run the whole system by hand, or attached to the process that started it."""

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import uvloop

from reference.errors import CannotStart
from reference.stack import MIGRATIONS, Stack, StackOptions, booted, exit_on_signals

CANNOT_START = 2


def main() -> int:
    """Exit code 0 after an ordinary end, 2 with one sentence when the stack cannot run here."""
    chosen = _parser().parse_args()
    exit_on_signals()
    options = StackOptions(extra_sql=tuple(chosen.sql), migrations=chosen.migrations)
    try:
        with booted(options) as stack, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(stack, attached=chosen.attached))
    except CannotStart as problem:
        if chosen.attached:
            print(json.dumps({"cannot_start": str(problem)}), flush=True)
        else:
            print(problem, file=sys.stderr)
        return CANNOT_START
    return 0


async def _serve(stack: Stack, *, attached: bool) -> None:
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, end.set)
    async with stack.serve():
        await asyncio.to_thread(stack.backend.wait_until_healthy)
        if attached:
            # The parent holds the other end of stdin and never writes: the end of file is its death.
            loop.add_reader(sys.stdin.fileno(), end.set)
            print(json.dumps(stack.settings()), flush=True)
        else:
            _introduce(stack)
        await end.wait()


def _introduce(stack: Stack) -> None:
    print("The reference system is running; Ctrl-C ends it and leaves nothing. Its keys are throwaway.\n")
    for name, value in stack.settings().items():
        print(f"export ACCEPTANCE_{name}='{value}'")
    print("\nWith these exported, `behave -D target=remote` runs the features against it.", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reference", description="A complete small voice-booking system.")
    parser.add_argument("--attached", action="store_true", help="print settings as JSON, end when stdin closes")
    parser.add_argument(
        "--sql", action="append", default=[], type=Path, metavar="FILE", help="SQL after the migrations"
    )
    parser.add_argument("--migrations", default=MIGRATIONS, type=Path, metavar="FOLDER", help="the migrations to apply")
    return parser


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # all is tidied up; Python's own leave-taking from its libraries would keep the parent waiting
