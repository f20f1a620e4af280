"""Planting rows of a clinic in any table that the catalogue knows, with full rights, whatever its rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from acceptance.isolation_people import Side, text
from acceptance.isolation_probe import run_script
from acceptance.isolation_surface import Constraint, Relation, Surface
from acceptance.isolation_values import first_value, other_values

MOST_REPAIRS = 40
PERSON_COLUMNS = ("user_id", "profile_id", "owner_id", "created_by", "member_id", "auth_id")
PROVIDER = "provider"
TAKEN = ("23505", "23P01")  # unique and exclusion violation
SERIALS_TRIED = 3
BEFORE = "before_the_row"


class CannotPlant(Exception):
    """No row of a clinic could be made in a table, so nothing is proved about it; the message says why."""


@dataclass(frozen=True)
class Planted:
    """One row that stands in a table: its columns as text, and an SQL condition that finds it."""

    relation: Relation
    values: Mapping[str, str | None]

    @property
    def condition(self) -> str:
        names = self.relation.key or [self.relation.tenant or self.relation.columns[0].name]
        return " and ".join(f"{self.relation.column(name).quoted} = {self.literal(name)}" for name in names)

    def literal(self, name: str) -> str:
        """A column's value as SQL; `null` for none."""
        value, column = self.values.get(name), self.relation.column(name)
        return "null" if value is None else f"{text(value)}::{column.type}"


@dataclass
class Attempt:
    """The values that are tried, and for each column what else may be."""

    values: dict[str, str]
    spare: dict[str, Iterator[str]] = field(default_factory=dict)
    serial: int = 0


class Planter:
    """Knows what stands planted for each clinic; the connection must see and write every row."""

    def __init__(self, connection: "psycopg.Connection[Any]", surface: Surface) -> None:
        self.connection, self.surface = connection, surface
        self.rows: dict[tuple[int, str], Planted] = {}
        self.trouble: dict[str, str] = {}

    def row(self, relation: Relation, side: Side) -> Planted:
        """The clinic's row in a table, found or planted; raises CannotPlant."""
        key = (relation.oid, side.tag)
        if key not in self.rows:
            self.rows[key] = self._found(relation, side) or self._planted(relation, side)
        return self.rows[key]

    def plant_all(self, relations: Sequence[Relation], side: Side) -> None:
        """A row in each; what cannot be planted is kept with its reason."""
        for relation in relations:
            try:
                self.row(relation, side)
            except CannotPlant as problem:
                self.trouble[relation.label] = str(problem)
        # Deferred triggers and references speak now, not at an end that never comes.
        self.connection.execute("set constraints all immediate")

    def draft(self, relation: Relation, side: Side, serial: int) -> Attempt:
        """Values for one more row of the clinic, nothing written yet."""
        values: dict[str, str] = {}
        for column in relation.columns:
            if column.computed:
                continue
            value = first_value(column, side, serial, relation.oid)
            tagged = (column.base == "uuid" and column.name in relation.key) or column.base in (
                "text",
                "varchar",
                "citext",
            )
            if value is not None and (tagged or (column.required and not column.default)):
                values[column.name] = value
        for rule in relation.constraints:
            if rule.kind == "f":
                values |= self._reference(relation, rule, side)
        for name in PERSON_COLUMNS:
            if any(c.name == name and c.base == "uuid" for c in relation.columns) and name not in relation.key:
                values[name] = text(side.users["owner"])
        if relation.tenant:
            values[relation.tenant] = text(side.org_id)
        return Attempt(values | self._bound(relation), serial=serial)

    def fitting(self, relation: Relation, side: Side, serial: int) -> dict[str, str]:
        """Values that a further row of the clinic can really have: tried with full rights and taken back."""
        attempt = self.draft(relation, side, serial)
        self._insert(relation, attempt, side, further=True)
        return attempt.values

    def _planted(self, relation: Relation, side: Side, serial: int = 0) -> Planted:
        if relation.kind == "f":
            raise CannotPlant("a foreign table's rows stand elsewhere")
        planted = self._insert(relation, self.draft(relation, side, serial), side)
        if planted is None:
            raise CannotPlant("no row was kept")
        return planted

    def _insert(self, relation: Relation, attempt: Attempt, side: Side, *, further: bool = False) -> Planted | None:
        """Insert and repair until it holds; a `further` row is taken back, and may be one too many for the clinic."""
        for _repair in range(MOST_REPAIRS):
            try:
                rows = self._written(relation, attempt, keep=not further)
            except psycopg.Error as refusal:
                if further and refusal.sqlstate in TAKEN and attempt.serial > SERIALS_TRIED:
                    return None
                self._repair(relation, attempt, side, refusal)
                continue
            if not rows:
                raise CannotPlant("a trigger swallows the row")
            return Planted(relation, dict(zip([c.name for c in relation.columns], rows[0], strict=True)))
        raise CannotPlant(f"no values were found that its rules allow, after {MOST_REPAIRS} attempts")

    def _written(self, relation: Relation, attempt: Attempt, *, keep: bool) -> Sequence[tuple[Any, ...]]:
        """The row as it came to stand, deferred rules included, in one round trip; raises psycopg.Error, nothing written."""
        names = ", ".join(relation.column(name).quoted for name in attempt.values)
        shown = ", ".join(f"{column.quoted}::text" for column in relation.columns)
        row = f"insert into {relation.quoted} ({names}) values ({', '.join(attempt.values.values())}) returning {shown}"
        back = f"rollback to savepoint {BEFORE}; release savepoint {BEFORE}"
        end = f"release savepoint {BEFORE}" if keep else back
        try:
            results = run_script(self.connection, f"savepoint {BEFORE}; {row}; set constraints all immediate; {end}")
        except psycopg.Error:
            self.connection.execute(back.encode())
            raise
        return results[1][1]

    def _repair(self, relation: Relation, attempt: Attempt, side: Side, refusal: psycopg.Error) -> None:
        """Change what the refusal names; raises CannotPlant when there is nothing left to change."""
        state, told = refusal.sqlstate or "", refusal.diag
        if state in TAKEN or (state == "23514" and relation.partition and not told.constraint_name):
            fresh = self.draft(relation, side, attempt.serial + 1)
            kept = {name: attempt.values[name] for name in attempt.spare if name in attempt.values}
            rule = next((r for r in relation.constraints if r.name == told.constraint_name), None)
            for name in (name for name in (rule.columns if rule else ()) if name in kept):
                kept[name] = next(attempt.spare[name], kept[name])
            attempt.values = {k: v for k, v in fresh.values.items() if k not in attempt.spare} | kept
            attempt.serial = fresh.serial
        elif state == "23502" and told.column_name:
            self._supply(relation, attempt, told.column_name, side)
        elif state == "23514":
            rule = next((r for r in relation.constraints if r.name == told.constraint_name), None)
            self._satisfy(relation, attempt, rule, told.datatype_name, side)
        elif not self._simplify(relation, attempt):
            raise CannotPlant(f"{state}: {told.message_primary}")

    def _supply(self, relation: Relation, attempt: Attempt, name: str, side: Side) -> None:
        value = first_value(relation.column(name), side, attempt.serial, relation.oid)
        if value is None or name in attempt.values:
            raise CannotPlant(f"nothing is known to fill {name} ({relation.column(name).type}) with")
        attempt.values[name] = value

    def _satisfy(
        self, relation: Relation, attempt: Attempt, rule: Constraint | None, domain: str | None, side: Side
    ) -> None:
        definition = rule.definition if rule else self.surface.domains.get(domain or "", "")
        concerned = rule.columns if rule else [c.name for c in relation.columns if domain and c.domain == domain]
        for name in concerned:
            column = relation.column(name)
            if name in attempt.values and (column.default or not column.required) and name not in attempt.spare:
                del attempt.values[name]
                attempt.spare[name] = other_values(column, definition, side)
                return
        for name in concerned:
            spare = attempt.spare.setdefault(name, other_values(relation.column(name), definition, side))
            value = next(spare, None)
            if value is not None:
                attempt.values[name] = value
                return
        raise CannotPlant(f"no value satisfies {rule.name if rule else domain or 'its bounds'}")

    def _simplify(self, relation: Relation, attempt: Attempt) -> bool:
        """Leave out everything that may be left out; False when that was done before."""
        needed = {c.name for c in relation.columns if c.required and not c.default} | {relation.tenant, *relation.key}
        needed |= set(relation.parent.columns) if relation.parent else set()
        before = len(attempt.values)
        attempt.values = {name: value for name, value in attempt.values.items() if name in needed}
        return len(attempt.values) < before

    def _reference(self, relation: Relation, rule: Constraint, side: Side) -> dict[str, str]:
        """The columns of a reference, pointing at the clinic's own row; empty when it may stay empty and has no target."""
        target = self.surface.by_oid(rule.target_oid)
        if rule.target == "auth.users":
            return {rule.columns[0]: text(side.users["owner"])}
        if target is None or target is relation:
            return {}
        person = side.provider if any(PROVIDER in name for name in rule.columns) else side.users["owner"]
        if (target.schema, target.name) == ("public", "profiles"):
            known = {"id": text(person), "org_id": text(side.org_id)}
            return {name: known[to] for name, to in zip(rule.columns, rule.target_columns, strict=True) if to in known}
        try:
            row = self.row(target, side)
        except CannotPlant:
            return {}
        return {name: row.literal(to) for name, to in zip(rule.columns, rule.target_columns, strict=True)}

    def condition(self, relation: Relation, side: Side) -> str:
        """Which rows of a table are the clinic's, as SQL; empty for a table whose rows belong to nobody."""
        if relation.tenant:
            return f"{relation.column(relation.tenant).quoted}::text = {text(side.org_id)}"
        pairs = self._reference(relation, relation.parent, side) if relation.parent else {}
        return " and ".join(f"{relation.column(name).quoted} = {value}" for name, value in pairs.items())

    def _found(self, relation: Relation, side: Side) -> Planted | None:
        """A row that the clinic has already, by its own sign-up or by a trigger on what was planted before."""
        condition = self.condition(relation, side)
        if relation.partition or (not condition and relation.owned):
            return None
        shown = ", ".join(f"{column.quoted}::text" for column in relation.columns)
        where = f"where {condition}" if condition else ""
        row = self.connection.execute(f"select {shown} from {relation.quoted} {where} limit 1".encode()).fetchone()
        return Planted(relation, dict(zip([c.name for c in relation.columns], row, strict=True))) if row else None

    def _bound(self, relation: Relation) -> dict[str, str]:
        """For a partition the first value that it holds by its own bounds, for a partitioned table its partitions' first."""
        query = """
            select a.attname::text, i.inhrelid::bigint from pg_inherits i
            join pg_partitioned_table t on t.partrelid = i.inhparent
            join pg_attribute a on a.attrelid = t.partrelid and a.attnum = t.partattrs[0]
            where %s in (i.inhrelid, case when %s then i.inhparent end)"""
        if not relation.partition and relation.kind != "p":
            return {}
        for name, oid in self.connection.execute(query, [relation.oid, relation.kind == "p"]).fetchall():
            partition = self.surface.by_oid(oid)
            bound = partition.bound or "" if partition else ""
            start = bound.partition("(")[2].partition(")")[0].split(",")[0]
            if start and "modulus" not in bound and start not in ("MINVALUE", "MAXVALUE"):
                return {str(name): start}
        return {}
