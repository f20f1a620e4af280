"""HTTP clients of the suite."""

import httpx

TIMEOUT_SECONDS = 20.0
# Shorter than any server's own limit (uvicorn's is 5 s), or a request may meet a connection that is just being closed.
IDLE_SECONDS = 2.0


def open_client(base_url: str, *, connections: int = 10) -> httpx.Client:
    """A client with that many kept-alive connections; safe to share between threads.

    A loopback URL needs neither certificates, whose loading costs 80 ms, nor a proxy.
    """
    secure = base_url.startswith("https:")
    limits = httpx.Limits(
        max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=IDLE_SECONDS
    )
    return httpx.Client(base_url=base_url, verify=secure, limits=limits, timeout=TIMEOUT_SECONDS, trust_env=secure)
