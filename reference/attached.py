"""The reference system as a child process: its settings, for as long as a context lasts."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator

from reference.errors import CannotStart
from reference.platform.processes import spawn

STOP_DEADLINE_SECONDS = 10.0

Attached = subprocess.Popen[bytes]


def begin_reference(*options: str) -> Attached:
    """Start it with these options and do not wait; it ends by itself when this process does, however that happens."""
    argv = [sys.executable, "-m", "reference", "--attached", *options]
    return spawn(argv, stdin=subprocess.PIPE, log=subprocess.PIPE, errors=None)


@contextlib.contextmanager
def attached_reference(*options: str, begun: Attached | None = None) -> Iterator[dict[str, str]]:
    """Its settings once it is ready, whether it was begun before or is started now. Raises CannotStart."""
    stack = begun or begin_reference(*options)
    try:
        yield _first_words(stack)
    finally:
        end_reference(stack)


def end_reference(stack: Attached) -> None:
    """Have it end, and wait for that; no harm to one that has ended."""
    assert stack.stdin is not None
    assert stack.stdout is not None
    stack.stdin.close()  # the stack takes the end of its input for the end of its parent
    stack.wait(timeout=STOP_DEADLINE_SECONDS)
    stack.stdout.close()


def _first_words(stack: Attached) -> dict[str, str]:
    line = stack.stdout.readline() if stack.stdout is not None else b""
    try:
        words: dict[str, str] = json.loads(line)
    except json.JSONDecodeError:
        raise CannotStart("The embedded stack ended before it was ready; its last words stand above.") from None
    if "cannot_start" in words:
        raise CannotStart(words["cannot_start"])
    return words
