"""A stranger's web server on this machine, to which a token points for its keys. Nobody should ever come."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding

from acceptance.target import LOOPBACK, Target
from acceptance.tokens import Stranger

POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Published:
    """A stranger whose keys can be fetched, and the paths that were asked for."""

    stranger: Stranger
    visitors: list[str] = field(default_factory=list)


@contextlib.contextmanager
def published(target: Target) -> Iterator[Published]:
    """Publish a stranger's keys until the context ends; only where the target can come to fetch them."""
    if not {urlsplit(url).hostname for url in (target.api_url, target.supabase_url)} <= LOOPBACK:
        yield Published(Stranger())
        return
    visitors: list[str] = []
    unpublished = Stranger()
    contents = {
        "/keys.json": json.dumps({"keys": [unpublished.public_key]}).encode(),
        "/certificate.pem": unpublished.certificate.public_bytes(Encoding.PEM),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            visitors.append(self.path)
            content = contents.get(self.path, b"")
            self.send_response(200 if content else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
        try:
            yield Published(Stranger(unpublished.key, f"http://127.0.0.1:{server.server_port}"), visitors)
        finally:
            server.shutdown()
