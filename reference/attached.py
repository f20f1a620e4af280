"""The reference system as a child process: its settings, for as long as a context lasts."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator

from reference.errors import CannotStart
from reference.platform.processes import spawn

STOP_DEADLINE_SECONDS = 10.0


@contextlib.contextmanager
def attached_reference(*options: str) -> Iterator[dict[str, str]]:
    """Started with these options; it ends by itself when this process does, however that happens. Raises CannotStart."""
    argv = [sys.executable, "-m", "reference", "--attached", *options]
    stack = spawn(argv, stdin=subprocess.PIPE, log=subprocess.PIPE, errors=None)
    try:
        yield _first_words(stack)
    finally:
        if stack.stdin is not None:
            stack.stdin.close()  # the stack takes the end of its input for the end of its parent
        stack.wait(timeout=STOP_DEADLINE_SECONDS)
        if stack.stdout is not None:
            stack.stdout.close()


def _first_words(stack: "subprocess.Popen[bytes]") -> dict[str, str]:
    line = stack.stdout.readline() if stack.stdout is not None else b""
    try:
        words: dict[str, str] = json.loads(line)
    except json.JSONDecodeError:
        raise CannotStart("The embedded stack ended before it was ready; its last words stand above.") from None
    if "cannot_start" in words:
        raise CannotStart(words["cannot_start"])
    return words
