"""Processes that are forked from what has been imported already, and end with the process that forked them.

Whoever forks here runs neither threads nor an event loop, of which a child would inherit only half.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from reference.platform.processes import die_with_parent, write_to

_CONTEXT = multiprocessing.get_context("fork")
pipe = _CONTEXT.Pipe


def forked(target: Callable[..., object], *arguments: Any, log: Path) -> BaseProcess:
    """Run the target in a child whose output goes to the end of a file."""
    process = _CONTEXT.Process(target=_begin, args=(os.getpid(), log, target, arguments))
    # An ending that came while forking would be raised in a callback of the interpreter, which swallows it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process


def end(process: BaseProcess) -> None:
    """End a child that has nothing left to tidy up."""
    process.kill()
    process.join()


def _begin(parent: int, log: Path, target: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    die_with_parent(signal.SIGKILL, parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the first process ends the others
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    write_to(log)
    target(*arguments)
