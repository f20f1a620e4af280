"""What the environment says about this backend."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reference.errors import CannotStart

EMBEDDERS = ("lexical", "minilm")


@dataclass(frozen=True)
class Config:
    """Settings of one backend process; `repr` shows no secret."""

    database_url: str = field(repr=False)
    jwt_issuer: str
    jwt_audience: str = "authenticated"
    jwks_url: str | None = None
    jwt_secret: str | None = field(default=None, repr=False)
    google_service_account: Mapping[str, Any] | None = field(default=None, repr=False)
    google_calendar_endpoint: str | None = None
    calendar_timeout_seconds: float = 10.0
    calendar_retry_base_seconds: float = 1.0
    calendar_retry_cap_seconds: float = 300.0
    embedder: str = "lexical"
    embeddings_url: str | None = None
    embeddings_key: str | None = field(default=None, repr=False)
    embeddings_model: str = "text-embedding-3-small"
    embeddings_dimensions: int | None = None
    socket_fd: int | None = None
    port: int = 8000

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Config":
        """Read `BACKEND_…`, `GOOGLE_…` and `CALENDAR_…`; raises CannotStart naming the bad variable."""
        jwks_url = environment.get("BACKEND_JWKS_URL") or None
        jwt_secret = environment.get("BACKEND_JWT_SECRET") or None
        if jwks_url is None and jwt_secret is None:
            raise CannotStart("BACKEND_JWKS_URL or BACKEND_JWT_SECRET must be set to verify tokens with.")
        socket_fd = environment.get("BACKEND_SOCKET_FD")
        return cls(
            database_url=_required(environment, "BACKEND_DATABASE_URL"),
            jwt_issuer=_required(environment, "BACKEND_JWT_ISSUER"),
            jwt_audience=environment.get("BACKEND_JWT_AUDIENCE") or "authenticated",
            jwks_url=jwks_url,
            jwt_secret=jwt_secret,
            google_service_account=_service_account(environment.get("GOOGLE_SERVICE_ACCOUNT", "")),
            google_calendar_endpoint=environment.get("GOOGLE_CALENDAR_ENDPOINT") or None,
            calendar_timeout_seconds=_seconds(environment, "CALENDAR_TIMEOUT_SECONDS", 10.0),
            calendar_retry_base_seconds=_seconds(environment, "CALENDAR_RETRY_BASE_SECONDS", 1.0),
            calendar_retry_cap_seconds=_seconds(environment, "CALENDAR_RETRY_CAP_SECONDS", 300.0),
            embedder=_one_of(environment, "BACKEND_EMBEDDER", EMBEDDERS),
            embeddings_url=environment.get("EMBEDDINGS_URL") or None,
            embeddings_key=environment.get("EMBEDDINGS_KEY") or None,
            embeddings_model=environment.get("EMBEDDINGS_MODEL") or cls.embeddings_model,
            embeddings_dimensions=_whole(environment, "EMBEDDINGS_DIMENSIONS", 0) or None,
            socket_fd=_whole(environment, "BACKEND_SOCKET_FD", 0) if socket_fd else None,
            port=_whole(environment, "BACKEND_PORT", 8000),
        )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise CannotStart(f"{name} must be set.")
    return value


def _one_of(environment: Mapping[str, str], name: str, words: Sequence[str]) -> str:
    value = environment.get(name) or words[0]
    if value not in words:
        raise CannotStart(f"{name} must be one of {', '.join(words)}.")
    return value


def _seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    try:
        value = float(environment.get(name) or default)
    except ValueError:
        raise CannotStart(f"{name} must be a number of seconds.") from None
    if not 0 < value < float("inf"):
        raise CannotStart(f"{name} must be more than zero seconds.")
    return value


def _whole(environment: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(environment.get(name) or default)
    except ValueError:
        raise CannotStart(f"{name} must be a whole number.") from None


def _service_account(text: str) -> Mapping[str, Any] | None:
    if not text.strip():
        return None
    try:
        if not text.lstrip().startswith("{"):
            text = Path(text).read_text(encoding="utf-8")
        account = json.loads(text)
    except (OSError, ValueError):
        raise CannotStart("GOOGLE_SERVICE_ACCOUNT is neither JSON nor a readable file of it.") from None
    if not isinstance(account, dict) or "client_email" not in account:
        raise CannotStart("GOOGLE_SERVICE_ACCOUNT holds no service account: client_email is missing.")
    return account
