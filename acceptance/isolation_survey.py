"""One look at the whole surface: both clinics' rows planted, everybody at hand, and nothing that outlives it."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import psycopg

from acceptance.clinics import Clinic
from acceptance.diary import BOOKKEEPING
from acceptance.errors import Inconclusive
from acceptance.isolation_cells import Cell, Verdict
from acceptance.isolation_people import Identity, Side, signed_in, strangers, text
from acceptance.isolation_planting import CannotPlant, Planter
from acceptance.isolation_probe import Prober
from acceptance.isolation_sharing import Sharing
from acceptance.isolation_surface import Relation, Surface, read_surface
from acceptance.scene import Scene

# A probe must never make a shared database wait.
PATIENCE = "set local lock_timeout = '2s'; set local statement_timeout = '15s'"


@dataclass
class Survey:
    """The surface, the two clinics, everybody else, and the cells that were judged."""

    scene: Scene
    surface: Surface
    prober: Prober
    planter: Planter
    own: Side
    neighbour: Side
    strangers: list[Identity]
    neighbours_owner: Identity
    sharing: Sharing
    own_clinic: Clinic
    neighbour_clinic: Clinic
    standing: bool = False
    cells: list[Cell] = field(default_factory=list)
    left_out: set[tuple[int, str]] = field(default_factory=set)
    drafts: dict[tuple[int, str, int], dict[str, str]] = field(default_factory=dict)

    @property
    def owner(self) -> Identity:
        return self.strangers[0]

    def plant(self, *sides: Side, tables: Sequence[Relation] | None = None) -> None:
        """A row of each clinic in these tables, or in all that hold somebody's rows, and the refreshed copies of them."""
        self.prober.hold()
        for side in sides:
            self.planter.plant_all(self.surface.tables() if tables is None else tables, side)
        self.refresh()
        self.prober.hold()

    def refresh(self) -> None:
        """Materialised views show what was planted."""
        for relation in self.surface.relations:
            if relation.kind == "m":
                with contextlib.suppress(psycopg.Error), self.planter.connection.transaction():
                    self.planter.connection.execute(f"refresh materialized view {relation.quoted}".encode())

    def planted(self, relations: Sequence[Relation], operation: str) -> Iterator[Relation]:
        """Those that hold a row of both clinics; of the others a cell says that nothing is proved."""
        for relation in relations:
            trouble = self.planter.trouble.get(relation.label)
            if trouble is None:
                yield relation
            else:
                self.add(relation.label, operation, "everybody", "a row to try it on", trouble, Verdict.UNPROVED)

    def look(self, relation: Relation, *, members: bool) -> str:
        """A query that sees any touch of the neighbour's rows, also one that leaves them equal.

        For those who belong to no clinic, the rows of both clinics are a neighbour's.
        """
        sides = [self.neighbour] if members else [self.neighbour, self.own]
        conditions = [self.planter.condition(relation, side) for side in sides]
        where = " or ".join(f"({condition})" for condition in conditions if condition) or "true"
        # A row that stands is also touched by the product's own workers, in columns that are their bookkeeping.
        ignored = ", ".join(text(name) for name in sorted(BOOKKEEPING.get(relation.name, ())))
        row = f"(to_jsonb(t) - array[{ignored}])::text" if self.standing and ignored else "t.ctid::text || t::text"
        digest = f"md5(coalesce(string_agg({row}, '' order by t::text), ''))"
        return f"select count(*), {digest} from {relation.quoted} as t where {where}"

    def fitting(self, relation: Relation, side: Side, serial: int) -> dict[str, str]:
        """Values of one more row; where a further one cannot be made, those that were tried."""
        key = (relation.oid, side.tag, serial)
        if key not in self.drafts:
            self.prober.forget()
            known = len(self.planter.rows)
            try:
                self.drafts[key] = self.planter.fitting(relation, side, serial)
            except CannotPlant:
                self.drafts[key] = self.planter.draft(relation, side, serial).values
            if len(self.planter.rows) > known:  # a row that these values refer to has been planted for them
                self.prober.hold()
        return self.drafts[key]

    def write(self, statement: str) -> psycopg.Error | None:
        """Write with full rights for every statement to come; returns the refusal when a rule forbids it."""
        self.prober.forget()
        try:
            with self.planter.connection.transaction():
                self.planter.connection.execute(statement.encode())
                self.planter.connection.execute("set constraints all immediate")
        except psycopg.Error as refusal:
            return refusal
        self.prober.hold()
        return None

    def add(
        self, surface: str, operation: str, identity: str, expected: str, observed: str, verdict: Verdict,
        evidence: str = "", reproduce: str = "",
    ) -> None:  # fmt: skip
        """Keep a cell; what the declaration shares is kept whatever was seen."""
        reason = self.sharing.reason(surface, operation)
        if reason is not None and verdict is not Verdict.KEPT:
            expected, verdict = f"shared: {reason}", Verdict.KEPT
        self.cells.append(Cell(surface, operation, identity, expected, observed, verdict, evidence, reproduce))


@contextlib.contextmanager
def surveying(scene: Scene, own: Clinic, neighbour: Clinic) -> Iterator[Survey]:
    """A survey in a transaction that is rolled back in the end whatever happens."""
    people = strangers(scene, own)
    connection = scene.run.prober()
    for clinic in (own, neighbour):
        _must_be_seen(connection, clinic)
    if scene.run.surface is None:
        scene.run.surface = read_surface(connection)
    connection.execute(f"begin; {PATIENCE}".encode())
    try:
        yield Survey(
            scene,
            scene.run.surface,
            Prober(connection),
            Planter(connection, scene.run.surface),
            Side.of(own, scene.run.marker),
            Side.of(neighbour, scene.run.marker),
            people,
            signed_in(f"the owner of {neighbour.name}", neighbour.owner, member=True),
            Sharing.declared(),
            own,
            neighbour,
        )
    finally:
        connection.execute("rollback")
        connection.execute("discard all")


def _must_be_seen(connection: "psycopg.Connection[object]", clinic: Clinic) -> None:
    """The database that is surveyed is the one where the clinic was founded; raises Inconclusive."""
    query = "select count(*) from public.organizations where id = %s"
    if connection.execute(query, [clinic.org_id]).fetchone() != (1,):
        raise Inconclusive(f"The database holds nothing of {clinic.name}, so there is nothing to reach for.")


def unfiltered_is_safe(survey: Survey, relation: Relation, operation: str) -> bool:
    """A statement without a filter is tried only where it could at worst touch the rows of this run's own clinics.

    It is rolled back in any case, but on a shared database it would lock strangers' rows for a moment. Where it is left
    out, a cell says so.
    """
    if survey.scene.run.target.name == "embedded" or not _holds_strangers(survey, relation):
        return True
    if (relation.oid, operation) not in survey.left_out:
        survey.left_out.add((relation.oid, operation))
        survey.add(relation.label, operation, "everybody", "no filter", "strangers' rows stand there", Verdict.LEFT_OUT)
    return False


def _holds_strangers(survey: Survey, relation: Relation) -> bool:
    """Whether a row belongs to no organisation that carries this run's marker."""
    if relation.tenant:
        marked = f"select id::text from public.organizations where strpos(name, {text(survey.scene.run.marker)}) > 0"
        ours = f"{relation.column(relation.tenant).quoted}::text in ({marked})"
    else:
        conditions = [survey.planter.condition(relation, side) for side in (survey.own, survey.neighbour)]
        ours = " or ".join(f"({condition})" for condition in conditions if condition) or "false"
    query = f"select exists (select from {relation.quoted} where ({ours}) is not true)"
    return bool(survey.prober.ask(query)[0])
