"""Which system is under test, and the permission to write to it."""

import contextlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict

from acceptance.embedded import Begun, embedded
from acceptance.errors import CannotRun
from acceptance.http import PATIENCE_SECONDS
from acceptance.settings import read_settings

Dialect = Literal["tool-calls", "flat"]
DIALECTS: tuple[Dialect, ...] = ("tool-calls", "flat")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", ""})
REQUIRED = ("supabase_url", "publishable_key", "secret_key", "database_url", "api_url")


@dataclass(frozen=True)
class CalendarSettings:
    """How to read the clinics' calendars; `endpoint` None is Google's own.

    Within `seconds` a calendar must have followed the diary.
    """

    service_account: Mapping[str, str] = field(repr=False)
    endpoint: str | None = None
    calendar_id: str | None = None
    faults_url: str | None = None
    seconds: float = 8.0


@dataclass(frozen=True)
class Target:
    """A system under test. Secrets are kept out of `repr`."""

    name: str
    supabase_url: str
    publishable_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    database_url: str = field(repr=False)
    api_url: str
    dialects: tuple[Dialect, ...] = DIALECTS
    org_claim: tuple[str, ...] = ("org_id",)
    jwt_secret: str | None = field(default=None, repr=False)
    calendar: CalendarSettings | None = None
    backend_control_url: str | None = None
    embeddings_url: str = ""
    embeddings_key: str | None = field(default=None, repr=False)
    chat_url: str | None = None
    chat_key: str | None = field(default=None, repr=False)
    chat_model: str = "claude-haiku-4-5"
    mail_domain: str = "example.com"  # reserved by RFC 2606, so nobody receives anything
    patience: float = PATIENCE_SECONDS

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that must never be printed."""
        private_key = self.calendar.service_account.get("private_key", "") if self.calendar else ""
        given = (
            self.publishable_key, self.secret_key, self.jwt_secret or "", private_key, self.embeddings_key or "",
            self.chat_key or "",
        )  # fmt: skip
        return tuple(text for text in given if text)


@contextlib.contextmanager
def open_target(flags: Mapping[str, str], begun: Begun | None = None) -> Iterator[Target]:
    """The target that the settings name, running until the context ends; raises CannotRun.

    `begun` is an embedded system that has been on its way up since earlier.
    """
    settings = read_settings(flags)
    name = settings.pop("target", "embedded")
    if name == "remote":
        yield _remote(settings)
    elif name == "embedded":
        with embedded(begun) as given:
            yield _target("embedded", {**given, **settings})
    else:
        raise CannotRun(f"There is no target `{name}`: choose embedded or remote.")


def _remote(settings: Mapping[str, str]) -> Target:
    missing = [name for name in REQUIRED if name not in settings]
    if missing:
        names = ", ".join(f"ACCEPTANCE_{name.upper()}" for name in missing)
        raise CannotRun(f"The remote target lacks {names}.")
    target = _target("remote", settings)
    allowed = {host.strip() for host in settings.get("allow_writes_to", "").split(",")}
    database_host = str(conninfo_to_dict(target.database_url).get("host", ""))
    hosts = {urlsplit(target.supabase_url).hostname or "", urlsplit(target.api_url).hostname or "", database_host}
    strangers = sorted(host for host in hosts - LOOPBACK - allowed if not host.startswith("/"))
    if strangers:
        raise CannotRun(f"The suite writes only where it may: add {', '.join(strangers)} to `allow_writes_to`.")
    return target


def _target(name: str, settings: Mapping[str, str]) -> Target:
    return Target(
        name=name,
        supabase_url=settings["supabase_url"].rstrip("/"),
        publishable_key=settings["publishable_key"],
        secret_key=settings["secret_key"],
        database_url=settings["database_url"],
        api_url=settings["api_url"].rstrip("/"),
        dialects=_dialects(settings.get("dialect", "both")),
        org_claim=tuple(settings.get("org_claim", "org_id").split(".")),
        jwt_secret=settings.get("jwt_secret"),
        calendar=_calendar(settings),
        backend_control_url=settings.get("backend_control_url"),
        embeddings_url=settings.get("embeddings_url", f"{settings['api_url'].rstrip('/')}/v1/embeddings"),
        embeddings_key=settings.get("embeddings_key"),
        chat_url=settings.get("chat_url"),
        chat_key=settings.get("chat_key"),
        chat_model=settings.get("chat_model", Target.chat_model),
        mail_domain=settings.get("mail_domain", Target.mail_domain),
        patience=_patience(settings.get("patience")),
    )


def _dialects(chosen: str) -> tuple[Dialect, ...]:
    for dialect in DIALECTS:
        if chosen == dialect:
            return (dialect,)
    if chosen == "both":
        return DIALECTS
    raise CannotRun(f"There is no dialect `{chosen}`: choose tool-calls, flat or both.")


def _patience(given: str | None) -> float:
    if given is None:
        return PATIENCE_SECONDS
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise CannotRun(f"`patience` should be a number of seconds above 0, and is `{given}`.")
    return seconds


def _calendar(settings: Mapping[str, str]) -> CalendarSettings | None:
    given = settings.get("calendar_service_account")
    if not given:
        return None
    try:
        text = given if given.lstrip().startswith("{") else Path(given).read_text()
        account = json.loads(text)
    except (OSError, json.JSONDecodeError):
        raise CannotRun("`calendar_service_account` is neither a service account's JSON nor the path of one.") from None
    return CalendarSettings(
        service_account=account,
        endpoint=settings.get("calendar_endpoint"),
        calendar_id=settings.get("calendar_id"),
        faults_url=settings.get("calendar_faults_url"),
        seconds=_seconds(settings),
    )


def _seconds(settings: Mapping[str, str]) -> float:
    try:
        return float(settings.get("calendar_seconds", CalendarSettings.seconds))
    except ValueError:
        raise CannotRun("`calendar_seconds` is no number.") from None
