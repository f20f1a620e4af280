"""The backend imported once and forked on order, so that a killed one is back at once.

An order is a word: `start`, `kill` or `look`. Each is answered with whether the backend lives.
"""

import importlib
import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection

from reference.platform.processes import die_with_parent


def follow_orders(orders: Connection, givers_end: Connection, environment: Mapping[str, str]) -> None:
    """Until whoever gives the orders has closed the line, or is gone."""
    givers_end.close()  # its copy here would keep the line open
    os.environ.update(environment)
    time.tzset()
    import_all()
    child = 0
    with suppress(EOFError, ConnectionError):
        while True:
            order = orders.recv()
            if order == "start":
                child = fork_backend()
            if order == "kill" and child:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                child = 0
            if child and os.waitpid(child, os.WNOHANG) != (0, 0):
                child = 0
            orders.send(child != 0)
    if child:
        os.kill(child, signal.SIGKILL)


def import_all() -> None:
    """Also what FastAPI, httpx and Google's client import at their first use, so that no fork has to.

    Not done by this module itself: whoever gives the orders goes on while it is done here.
    """
    from reference.backend.app import create_app
    from reference.backend.config import Config

    for module in ("reference.backend.__main__", "reference.backend.google_events"):
        importlib.import_module(module)
    create_app(Config(database_url="", jwt_issuer="", jwks_url="http://127.0.0.1"))


def fork_backend() -> int:
    """Its process id."""
    from reference.backend import __main__ as backend

    parent = os.getpid()
    child = os.fork()
    if child == 0:
        # Nothing that the backend could still tidy up outlives the stack.
        die_with_parent(signal.SIGKILL, parent)
        os._exit(backend.main())
    return child
