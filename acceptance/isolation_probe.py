"""One statement a cell: run as somebody, inside a transaction that is never committed, and looked at with full rights."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from acceptance.errors import Inconclusive
from acceptance.isolation_people import Identity
from acceptance.wording import INSUFFICIENT_PRIVILEGE, counted

REFUSED = INSUFFICIENT_PRIVILEGE  # insufficient_privilege: no grant, or a row that the policy forbids (PostgreSQL, Appendix A)


@dataclass(frozen=True)
class Seen:
    """What came back: the SQLSTATE of a refusal or None, the rows touched, the rows, and the look afterwards."""

    state: str | None
    touched: int
    rows: Sequence[tuple[Any, ...]]
    look: tuple[Any, ...]
    message: str

    @property
    def refused(self) -> bool:
        return self.state == REFUSED

    def __str__(self) -> str:
        if self.state is not None:
            return f"refused ({self.state}: {self.message})"
        return counted(self.touched, "row") if self.touched >= 0 else "done"


class Prober:
    """Runs statements as an identity; every one begins where the last one began."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection
        self.statements: list[str] = []
        self.seconds = 0.0
        self._acting: Identity | None = None
        self._known: dict[str, tuple[Any, ...]] = {}

    def hold(self) -> None:
        """What has been planted up to now is what every statement will find."""
        self._connection.execute("reset role; savepoint ground")
        self._acting = None
        self._known.clear()

    def forget(self) -> None:
        """Back to full rights, and to what was planted."""
        self._connection.execute("rollback to savepoint ground")
        self._acting = None

    def act_as(self, identity: Identity) -> None:
        """From now on as this identity; raises Inconclusive when the suite's own role may not turn into it."""
        if self._acting is identity:
            return
        try:
            self._send(f"rollback to savepoint ground; {identity.settings()}; savepoint probe")
        except psycopg.errors.InsufficientPrivilege:
            raise Inconclusive(f"The suite may not act as the role {identity.role}, so nothing is proved.") from None
        self._acting = identity

    def run(self, statement: str, look: str = "") -> Seen:
        """One statement; `look` is a query with full rights on what it left behind."""
        after = f"; reset role; {look}" if look else ""
        try:
            results = self._send(f"rollback to savepoint probe; {statement}{after}")
        except psycopg.Error as refusal:
            if refusal.sqlstate is None:
                raise
            return Seen(refusal.sqlstate, 0, (), (), refusal.diag.message_primary or "")
        # The first result is the rollback's; with a look, the last two are the role's and the look's.
        touched, rows = results[-3] if look else results[-1]
        return Seen(None, touched, rows, results[-1][1][0] if look else (), "")

    def ask(self, query: str) -> tuple[Any, ...]:
        """One row of a query with full rights, on what was planted; the same until more is planted."""
        if query not in self._known:
            self.forget()
            self._known[query] = tuple(self._connection.execute(query.encode()).fetchone() or ())
        return self._known[query]

    def _send(self, script: str) -> list[tuple[int, list[tuple[Any, ...]]]]:
        self.statements.append(script)
        began = time.perf_counter()
        try:
            return run_script(self._connection, script)
        finally:
            self.seconds += time.perf_counter() - began


def run_script(connection: "psycopg.Connection[Any]", script: str) -> list[tuple[int, list[tuple[Any, ...]]]]:
    """Several statements in one round trip: for each how many rows it touched, and the rows."""
    results = []
    with connection.cursor() as cursor:
        cursor.execute(script.encode())
        more: bool | None = True
        while more:
            results.append((cursor.rowcount, cursor.fetchall() if cursor.description else []))
            more = cursor.nextset()
    return results
