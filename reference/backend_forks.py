"""`python -m reference.backend_forks LOG`: imports the backend once and forks it on order, so that a killed one is back at once.

An order is a line on the input: `start`, `kill` or `look`. After each, one line says whether the backend lives.
"""

import os
import signal
import sys
from pathlib import Path

from reference.backend import __main__ as backend
from reference.platform.processes import die_with_parent, write_to


def main() -> int:
    """Until the end of the input, which is the end of whoever gives the orders."""
    child = 0
    for order in sys.stdin:
        if order.strip() == "start":
            child = fork_backend(Path(sys.argv[1]))
        if order.strip() == "kill" and child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            child = 0
        if child and os.waitpid(child, os.WNOHANG) != (0, 0):
            child = 0
        print("lives" if child else "is gone", flush=True)
    if child:
        os.kill(child, signal.SIGKILL)
    return 0


def fork_backend(log: Path) -> int:
    """Its process id; what it prints goes to the log."""
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        # Nothing that the backend could still tidy up outlives the stack.
        die_with_parent(signal.SIGKILL, parent)
        write_to(log)
        os._exit(backend.main())
    return child


if __name__ == "__main__":
    sys.exit(main())
