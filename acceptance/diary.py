"""The independent observer: what the database holds, over an SQL connection of its own that sees every row."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from acceptance.errors import CannotRun, NotOffered
from acceptance.wording import quoted

# A worker writes these columns in its own time; a diary has not changed because its calendar caught up.
BOOKKEEPING = {
    "calendar_events": {
        "status", "revision", "attempts", "next_attempt_at", "leased_until", "last_error", "synced_at", "updated_at",
    }
}  # fmt: skip
# It grows by every refusal, which is what it is for; its entries are checked by their own phrase.
APART = {"audit_log"}
LONGEST_ROW = 300


@dataclass(frozen=True)
class Appointment:
    """One row of the diary, as stored."""

    id: str
    org_id: str
    provider_id: str
    patient_name: str
    patient_email: str
    appointment_time: datetime
    duration_minutes: int
    status: str
    created_at: datetime


@dataclass(frozen=True)
class OutboxEntry:
    """What the system has promised to the calendar for one appointment."""

    appointment_id: str
    google_event_id: str
    status: str


@dataclass(frozen=True)
class AuditEntry:
    """One refused attempt, as remembered."""

    user_id: str | None
    org_id: str | None
    action: str
    target_org_id: str | None
    attempted_action: str
    status: str
    created_at: datetime


Row = TypeVar("Row")
Census = Mapping[tuple[str, str], Mapping[str, Any]]


class Observer:
    """Reads with full rights, and writes only to `settle` and to `erase` what the run made."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection
        self._census = self._query_of_all(self._tenant_tables())

    @classmethod
    @contextlib.contextmanager
    def open(cls, database_url: str) -> Iterator["Observer"]:
        """Connected until the context ends; raises CannotRun."""
        try:
            connection = psycopg.connect(database_url, autocommit=True, connect_timeout=10)
        except psycopg.OperationalError as problem:
            raise CannotRun(f"The database under test cannot be reached: {str(problem).splitlines()[0]}") from None
        with connection:
            yield cls(connection)

    def server_version(self) -> str:
        return f"PostgreSQL {self._connection.info.parameter_status('server_version')}"

    def appointments(self, org_id: str) -> list[Appointment]:
        """The clinic's diary in order of time."""
        return self._rows(
            Appointment,
            "select id::text, org_id::text, provider_id::text, patient_name, patient_email, appointment_time,"
            " duration_minutes, status, created_at from public.appointments where org_id = %s"
            " order by appointment_time, created_at",
            [org_id],
        )

    def outbox(self, org_id: str) -> list[OutboxEntry]:
        return self._rows(
            OutboxEntry,
            "select appointment_id::text, google_event_id, status from public.calendar_events where org_id = %s",
            [org_id],
        )

    def audit(self, org_id: str) -> list[AuditEntry]:
        """What the clinic's people attempted, oldest first."""
        return self._rows(
            AuditEntry,
            "select user_id::text, org_id::text, action, target_org_id::text, attempted_action, status, created_at"
            " from public.audit_log where org_id = %s order by created_at",
            [org_id],
        )

    def overlaps(self, org_id: str) -> list[tuple[str, str]]:
        """Pairs of live appointments of one provider that share a minute."""
        query = """
            select a.id::text, b.id::text from public.appointments a join public.appointments b
              on a.provider_id = b.provider_id and a.id < b.id
             and a.appointment_time < b.appointment_time + make_interval(mins => b.duration_minutes)
             and b.appointment_time < a.appointment_time + make_interval(mins => a.duration_minutes)
            where a.org_id = %s and a.status <> 'cancelled' and b.status <> 'cancelled'"""
        return [(str(first), str(second)) for first, second in self._connection.execute(query, [org_id]).fetchall()]

    def census(self, org_ids: Sequence[str]) -> Census:
        """Every row of these organisations by (table, key), without the worker's bookkeeping."""
        counted: dict[tuple[str, str], Mapping[str, Any]] = {}
        for table, row, digest in self._connection.execute(self._census, {"orgs": list(org_ids)}):
            ignored = BOOKKEEPING.get(table, set())
            kept = {name: value for name, value in row.items() if name not in ignored}
            if not ignored:
                kept["(whole row)"] = digest
            counted[table, str(row.get("id") or row.get("org_id"))] = kept
        return counted

    def read(self, shape: type[Row], query: str, parameters: Mapping[str, Any]) -> list[Row]:
        """The rows of any query, for a judgement that looks at other tables than the diary's."""
        with self._connection.cursor(row_factory=class_row(shape)) as cursor:
            return cursor.execute(query, parameters).fetchall()

    def waiting_transactions(self) -> list[str]:
        """Connections that hold a transaction open and do nothing with it for 100 ms; raises NotOffered."""
        allowed = "select pg_has_role(current_user, 'pg_read_all_stats', 'usage')"
        if not self._connection.execute(allowed).fetchall()[0][0]:
            raise NotOffered("database_url's role may not see other sessions (pg_read_all_stats)")
        query = """
            select 'a connection of ' || usename || ', idle in its transaction for '
                   || round(extract(epoch from clock_timestamp() - state_change) * 1000) || ' ms'
            from pg_stat_activity
            where datname = current_database() and state like 'idle in transaction%'
              and clock_timestamp() - state_change > interval '100 ms'"""
        return [str(line) for (line,) in self._connection.execute(query).fetchall()]

    def settle(self, org_id: str, changes: Mapping[str, str]) -> int:
        """Set a clinic's zone and calendar; how many rows of settings it turned out to have."""
        columns = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in changes)
        query = sql.SQL("update public.clinic_settings set {} where org_id::text = %s").format(columns)
        return self._connection.execute(query, [*changes.values(), org_id]).rowcount

    def erase(self, org_ids: Sequence[str], user_ids: Sequence[str], marker: str) -> None:
        """Remove what one scenario made; touches nothing that does not carry the run's marker."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            made = "select id from public.organizations where id = any(%s::uuid[]) and strpos(name, %s) > 0"
            found = [str(org) for (org,) in cursor.execute(made, [list(org_ids), marker]).fetchall()]
            # An account without a clinic leaves entries that name no clinic but the one it reached for.
            theirs = "delete from public.audit_log where org_id = any(%(orgs)s::uuid[]) or target_org_id = any(%(orgs)s::uuid[])"
            cursor.execute(theirs, {"orgs": found})
            cursor.execute("delete from public.organizations where id = any(%s::uuid[])", [found])
            cursor.execute(
                "delete from auth.users where id = any(%s::uuid[]) and strpos(email, %s) > 0", [list(user_ids), marker]
            )

    def left_behind(self, marker: str) -> dict[str, int]:
        """How many rows still carry the run's marker, by table."""
        query = """
            select 'organizations', count(*) from public.organizations where strpos(name, %(marker)s) > 0
            union all select 'users', count(*) from auth.users where strpos(email, %(marker)s) > 0
            union all select 'profiles', count(*) from public.profiles where strpos(email, %(marker)s) > 0
            union all select 'appointments', count(*) from public.appointments where strpos(patient_email, %(marker)s) > 0"""
        return {str(table): count for table, count in self._connection.execute(query, {"marker": marker}) if count}

    def _tenant_tables(self) -> list[tuple[str, str]]:
        query = """
            select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
              and a.attname = 'org_id' and not a.attisdropped order by 1"""
        found = [str(name) for (name,) in self._connection.execute(query).fetchall()]
        return [("organizations", "id"), *((name, "org_id") for name in found if name not in APART)]

    def _query_of_all(self, tables: Sequence[tuple[str, str]]) -> bytes:
        parts = [
            sql.SQL("select {name}, to_jsonb(t) - 'embedding', md5(t::text) from public.{table} t where {column} = any(%(orgs)s::uuid[])")
            .format(name=sql.Literal(table), table=sql.Identifier(table), column=sql.Identifier(column))
            for table, column in tables
        ]  # fmt: skip
        return sql.SQL(" union all ").join(parts).as_bytes(self._connection)

    def _rows(self, shape: type[Row], query: str, parameters: Sequence[Any]) -> list[Row]:
        with self._connection.cursor(row_factory=class_row(shape)) as cursor:
            return cursor.execute(query, parameters).fetchall()


def differences(before: Census, after: Census) -> list[str]:
    """What changed between two censuses, one sentence a row."""
    told = [f"a row of {table} was added: {_short(after[table, key])}" for table, key in after.keys() - before.keys()]
    told += [f"a row of {table} is gone: {_short(before[table, key])}" for table, key in before.keys() - after.keys()]
    for table, key in before.keys() & after.keys():
        old, new = before[table, key], after[table, key]
        changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        if changed:
            columns = ", ".join(f"{name} {old.get(name)!r} → {new.get(name)!r}" for name in changed if name[0] != "(")
            told.append(f"a row of {table} was changed: {columns or 'its embedding'}")
    return sorted(told)


def _short(row: Mapping[str, Any]) -> str:
    shown = (f"{name} {value!r}" for name, value in row.items() if name[0] != "(" and value is not None)
    return quoted(", ".join(shown), LONGEST_ROW)
