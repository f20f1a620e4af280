"""What a request can reach: tables, views, functions and sequences, and whose rows they hold, read from the catalogue."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row

from acceptance import isolation_catalogue as catalogue

API_ROLES = ("anon", "authenticated")
SERVICE = "service_role"
# The suite's own contract says `org_id`; the others are what teams call it elsewhere.
TENANT_COLUMNS = ("org_id", "organization_id", "organisation_id", "clinic_id", "tenant_id")
ORGANIZATIONS = ("public", "organizations")
CONTRACT = {
    "organizations", "profiles", "clinic_settings", "appointments", "calendar_events", "knowledge_base", "audit_log",
}  # fmt: skip
TABLE_KINDS = ("r", "p", "f")
KINDS = {"r": "table", "p": "partitioned table", "v": "view", "m": "materialised view", "f": "foreign table"}


@dataclass(frozen=True)
class Column:
    """One column; `rights` are such as "anon.SELECT"."""

    name: str
    type: str
    base: str
    required: bool
    default: bool
    computed: bool
    rights: frozenset[str]
    domain: str | None = None
    element: str | None = None
    length: int | None = None
    modifier: int = -1
    labels: tuple[str, ...] = ()

    @property
    def quoted(self) -> str:
        return quote(self.name)


@dataclass(frozen=True)
class Constraint:
    """A rule on rows; `kind` as in pg_constraint.contype."""

    relation: int
    name: str
    kind: str
    definition: str
    columns: Sequence[str]
    target: str | None
    target_oid: int | None
    target_columns: Sequence[str]
    domain: str | None


@dataclass
class Relation:
    """Anything that can be selected from, and by which of its columns it belongs to somebody."""

    oid: int
    schema: str
    name: str
    kind: str
    partition: bool
    bound: str | None
    readable: bool
    invoker: bool
    updatable: int
    rights: frozenset[str]
    columns: list[Column]
    constraints: list[Constraint] = field(default_factory=list)
    tenant: str | None = None
    parent: Constraint | None = None

    @property
    def quoted(self) -> str:
        return f"{quote(self.schema)}.{quote(self.name)}"

    @property
    def label(self) -> str:
        return f"{KINDS[self.kind]} {self.schema}.{self.name}"

    @property
    def is_table(self) -> bool:
        return self.kind in TABLE_KINDS

    @property
    def owned(self) -> bool:
        """Whether its rows belong to somebody, by a column of their own or by the row they hang on."""
        return self.tenant is not None or self.parent is not None

    @property
    def key(self) -> list[str]:
        return next((list(rule.columns) for rule in self.constraints if rule.kind == "p"), [])

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def open_columns(self, role: str, right: str) -> list[Column]:
        return [column for column in self.columns if f"{role}.{right}" in column.rights]

    def allows(self, role: str, right: str) -> bool:
        """By a grant on the whole or on any column."""
        return f"{role}.{right}" in self.rights or bool(self.open_columns(role, right))

    @property
    def reachable(self) -> bool:
        granted = self.rights | frozenset(right for column in self.columns for right in column.rights)
        return any(not right.startswith(f"{SERVICE}.") for right in granted)


@dataclass(frozen=True)
class Routine:
    """A function or procedure; `settled` when it fixes where it looks names up."""

    oid: int
    schema: str
    name: str
    kind: str
    definer: bool
    body: str
    settled: bool
    volatility: str
    required: int
    names: Sequence[str]
    types: Sequence[str]
    roles: Sequence[str]

    @property
    def quoted(self) -> str:
        return f"{quote(self.schema)}.{quote(self.name)}"

    @property
    def label(self) -> str:
        return f"function {self.schema}.{self.name}({', '.join(self.types)})"


@dataclass(frozen=True)
class Surface:
    """All of it; `lent` are the further roles that an API role may turn into, True where the suite may too."""

    relations: Sequence[Relation]
    routines: Sequence[Routine]
    sequences: Sequence[tuple[str, str, int]]
    lent: dict[str, bool]
    decisions: Sequence[str]
    domains: dict[str, str]

    def by_oid(self, oid: int | None) -> Relation | None:
        return self._by_oid.get(oid)

    @cached_property
    def _by_oid(self) -> dict[int | None, Relation]:
        return {relation.oid: relation for relation in self.relations}

    def tables(self) -> list[Relation]:
        """Those that hold somebody's rows and that a request can reach, or that the contract names."""
        return [
            relation
            for relation in self.relations
            if relation.is_table and relation.owned and (relation.reachable or is_contract(relation))
        ]

    def words_near(self, *signs: str) -> list[str]:
        """Every quoted word in the texts that decide who may see what and that mention one of the signs."""
        texts = [text for text in self.decisions if any(sign in text for sign in signs)]
        return sorted({word for text in texts for word in re.findall(r"'([^'\s{},]{1,60})'", text)})


def is_contract(relation: Relation) -> bool:
    return relation.schema == "public" and relation.name in CONTRACT


def quote(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def read_surface(connection: "psycopg.Connection[Any]") -> Surface:
    """One look at the catalogue."""
    power = "set" if connection.info.server_version >= 160000 else "member"
    rows = connection.execute(_query(catalogue.ROLES.replace("{power}", power))).fetchall()
    lent = {str(name): bool(mine) for name, mine in rows}
    asked = {"roles": [*API_ROLES, SERVICE, *lent], "platform": list(catalogue.PLATFORM_SCHEMAS)}
    with connection.cursor(row_factory=dict_row) as cursor:
        relations = [_relation(row) for row in cursor.execute(_query(catalogue.RELATIONS), asked).fetchall()]
    with connection.cursor(row_factory=class_row(Constraint)) as constraints:
        rules = constraints.execute(_query(catalogue.CONSTRAINTS), asked).fetchall()
    with connection.cursor(row_factory=class_row(Routine)) as routines:
        functions = routines.execute(_query(catalogue.ROUTINES), asked).fetchall()
    sequences = connection.execute(_query(catalogue.SEQUENCES), asked).fetchall()
    decisions = [str(text) for (text,) in connection.execute(_query(catalogue.DECISIONS), asked).fetchall()]
    by_oid = {relation.oid: relation for relation in relations}
    for rule in rules:
        if rule.relation in by_oid:
            by_oid[rule.relation].constraints.append(rule)
    _find_owners(relations)
    domains = {rule.domain: rule.definition for rule in rules if rule.domain}
    return Surface(relations, functions, [(str(a), str(b), int(c)) for a, b, c in sequences], lent, decisions, domains)


def _query(text: str) -> bytes:
    return text.encode()  # psycopg takes a computed text only as bytes


def _relation(row: dict[str, Any]) -> Relation:
    columns = [
        Column(
            **{key: value for key, value in told.items() if key not in ("rights", "labels", "kind")},
            rights=frozenset(told["rights"] or ()),
            labels=tuple(told["labels"] or ()),
        )
        for told in row.pop("columns") or ()
    ]
    rights = frozenset(row.pop("rights") or ())
    return Relation(**row, rights=rights, columns=columns)


def _find_owners(relations: Sequence[Relation]) -> None:
    """A row belongs to whom its tenant column names, else to whom the row belongs that it refers to."""
    for relation in relations:
        names = {column.name for column in relation.columns}
        if (relation.schema, relation.name) == ORGANIZATIONS:
            relation.tenant = "id"
            continue
        to_organisation = [
            r.columns[0] for r in relation.constraints if r.target in ("organizations", "public.organizations")
        ]
        relation.tenant = next((name for name in TENANT_COLUMNS if name in names), next(iter(to_organisation), None))
    found = True
    while found:
        found = False
        owned = {relation.oid for relation in relations if relation.owned}
        for relation in (r for r in relations if r.is_table and not r.owned):
            rules = [r for r in relation.constraints if r.kind == "f"]
            relation.parent = next((r for r in rules if r.target_oid in owned or r.target == "auth.users"), None)
            found = found or relation.parent is not None
