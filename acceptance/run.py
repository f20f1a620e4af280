"""One run of the suite: the connections to the target, opened once and closed in order."""

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import httpx

from acceptance.calendar import CalendarFaults, CalendarReader
from acceptance.clinics import Registry
from acceptance.diary import Observer
from acceptance.embedded import Begun
from acceptance.errors import CannotRun, NoAnswer
from acceptance.http import open_client
from acceptance.identity import Accounts
from acceptance.nursery import Nursery
from acceptance.scene import Run
from acceptance.target import Target, open_target


@contextlib.contextmanager
def open_run(flags: Mapping[str, str], begun: Begun | None = None) -> Iterator[Run]:
    """Everything that scenarios share, on the target or the embedded system begun before; raises CannotRun."""
    with contextlib.ExitStack() as parts:
        target = parts.enter_context(open_target(flags, begun))
        observer = parts.enter_context(Observer.open(target.database_url))
        accounts = Accounts(target, parts.enter_context(open_client(target.supabase_url, patience=target.patience)))
        api = parts.enter_context(open_client(target.api_url, patience=target.patience))
        _must_answer(api)
        calendar, faults = _calendar(target)
        marker = f"gs{secrets.token_hex(4)}"
        eraser = parts.enter_context(Observer.open(target.database_url))
        settler = parts.enter_context(Observer.open(target.database_url))
        nursery = Nursery(Registry(accounts, calendar, settler, marker), eraser)
        parts.callback(nursery.close)
        run = Run(target, observer, accounts, api, calendar, faults, nursery, marker)
        parts.callback(run.close)
        yield run


def describe(run: Run) -> str:
    """What is under test, in the lines that head a run."""
    target = run.target
    doubled = "a double" if target.calendar and target.calendar.endpoint else "the real one"
    google = doubled if target.calendar else "none"
    return (
        f"Under test: {target.name}, {run.observer.server_version()}, API {_place(target.api_url)}, "
        f"Google Calendar: {google}, dialects: {' and '.join(target.dialects)}\n"
        f"Marker of this run: {run.marker}"
    )


def _calendar(target: Target) -> tuple[CalendarReader | None, CalendarFaults | None]:
    if target.calendar is None:
        return None, None
    reader = CalendarReader(target.calendar.service_account, target.calendar.endpoint, target.patience)
    url = target.calendar.faults_url
    return reader, CalendarFaults(url, target.patience) if url else None


def _must_answer(api: httpx.Client) -> None:
    try:
        api.get("/health")
    except NoAnswer as problem:
        raise CannotRun(f"The backend at {_place(str(api.base_url))} does not answer ({problem.how}).") from None


def _place(url: str) -> str:
    return urlsplit(url).netloc
