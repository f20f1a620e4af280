"""What a planted fault is, and the register of all of them."""

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

SQL = Path(__file__).parent / "sql"
Plant = Callable[[], None]
Rebuilt = Callable[[], AbstractContextManager[None]]

# For a fault that breaks the chain at its beginning: whatever stands behind it may turn red.
EVERYTHING = ("",)
# Not a scenario, but judged like one at the end of each run.
NOTHING_LEFT = "The run leaves nothing behind"


@dataclass(frozen=True)
class Fault:
    """One defect: `sql` is laid on top of the migrations, `plant` replaces behaviour of the backend from outside,
    and `platform` rebuilds what Supabase gives for as long as its context lasts.

    Each entry of `caught_by` begins a scenario's name; of every entry at least one scenario must turn red, and no
    other scenario that could see the fault, save those that `also` begins. Without any, the change is harmless.
    Those that could see it are the Rules that hold the named ones, or all that stands under the paths `within`, of which
    only those in `scenarios` if there are any; where the first to turn red is enough, those behind it do not run.
    `told` hears the name of each before it runs.
    `origin` is the defect's number in the field, 0 when it has none. `area` is the family it belongs to.
    """

    name: str
    defect: str
    caught_by: Sequence[str]
    origin: int = 0
    sql: Path | None = None
    plant: Plant | None = None
    platform: Rebuilt | None = None
    also: Sequence[str] = ()
    within: str | tuple[str, ...] = ""
    area: str = ""
    first_is_enough: bool = False
    scenarios: frozenset[str] | None = None
    told: Callable[[str], None] | None = None

    @property
    def makes_roles(self) -> bool:
        """Roles belong to the whole cluster, so such a fault cannot share one."""
        return self.sql is not None and bool(re.search(r"(create|alter|drop) role", self.sql.read_text()))

    @property
    def is_of_the_backend(self) -> bool:
        """Whether all but the backend is as it should be, so that others of this kind can share the rest."""
        return self.sql is None and self.platform is None

    @property
    def dialect(self) -> str:
        """Vapi's own; both where the wire itself is at fault, or nothing is."""
        return "both" if self.area in ("wire", "clean", "random") else "tool-calls"


FAULTS: dict[str, Fault] = {}


def fault(
    defect: str, *, caught_by: Sequence[str], also: Sequence[str] = (), origin: int = 0, sql: str | None = None
) -> Callable[[Plant], Plant]:
    """Register the decorated function as a fault of its own name; it is called in the backend's process."""
    area = _area_of(sys._getframe(1).f_globals["__name__"])

    def register(plant: Plant) -> Plant:
        path = SQL / sql if sql else None
        _register(Fault(_name(plant), defect, tuple(caught_by), origin, path, plant, also=tuple(also), area=area))
        return plant

    return register


def sql_fault(
    name: str, defect: str, *, caught_by: Sequence[str], also: Sequence[str] = (), origin: int = 0, within: str = ""
) -> None:
    """Register `sql/<name>.sql` as a fault."""
    area = _area_of(sys._getframe(1).f_globals["__name__"])
    sql = SQL / f"{name}.sql"
    _register(Fault(name, defect, tuple(caught_by), origin, sql, also=tuple(also), within=within, area=area))


def platform_fault(
    defect: str, *, caught_by: Sequence[str], also: Sequence[str] = (), origin: int = 0
) -> Callable[[Rebuilt], Rebuilt]:
    """Register the decorated context manager as a fault of its own name; it is entered before the system starts."""
    area = _area_of(sys._getframe(1).f_globals["__name__"])

    def register(rebuilt: Rebuilt) -> Rebuilt:
        _register(
            Fault(_name(rebuilt), defect, tuple(caught_by), origin, platform=rebuilt, also=tuple(also), area=area)
        )
        return rebuilt

    return register


def _register(fault: Fault) -> None:
    if fault.name in FAULTS:
        raise ValueError(f"There are two faults called {fault.name}.")
    FAULTS[fault.name] = fault


def _name(planted: Callable[[], object]) -> str:
    return planted.__name__.replace("_", "-")


def _area_of(module: str) -> str:
    """`sabotage.token_api_faults` holds the family "token api"."""
    return module.rpartition(".")[2].removesuffix("_faults").replace("_", " ")
