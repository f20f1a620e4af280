"""`python -m reference.backend`: the API on an inherited socket, or on 127.0.0.1."""

import contextlib
import logging
import os
import socket
import sys

import uvicorn

from reference.backend.app import create_app
from reference.backend.config import Config
from reference.errors import CannotStart

BACKLOG = 512
LONGEST_GOODBYE_SECONDS = 2


def main() -> int:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        config = Config.from_environment(os.environ)
        app = create_app(config)
        listener = listening_socket(config)
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 2
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=LONGEST_GOODBYE_SECONDS,
        )
    )
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    return 0


def listening_socket(config: Config) -> socket.socket:
    """The socket that was handed down, or a new one on the loopback; raises CannotStart."""
    try:
        if config.socket_fd is not None:
            return socket.socket(fileno=config.socket_fd)
        listener = socket.create_server(("127.0.0.1", config.port), backlog=BACKLOG)
        # asyncio sets TCP_NODELAY only on a socket that knows its protocol; without it an answer takes 40 ms.
        return socket.socket(fileno=listener.detach())
    except OSError as problem:
        raise CannotStart(f"The backend cannot listen: {problem.strerror}.") from None


if __name__ == "__main__":
    sys.exit(main())
