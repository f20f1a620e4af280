"""What a planted fault is, and the register of all of them."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

SQL = Path(__file__).parent / "sql"
Plant = Callable[[], None]
Rebuilt = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """One defect: `sql` is laid on top of the migrations, `plant` replaces behaviour of the backend from outside,
    and `platform` rebuilds what Supabase gives for as long as its context lasts.

    Each entry of `caught_by` begins a scenario's name; of every entry at least one scenario must turn red.
    `origin` is the defect's number in the field, 0 when it has none.
    """

    name: str
    defect: str
    caught_by: Sequence[str]
    origin: int = 0
    sql: Path | None = None
    plant: Plant | None = None
    platform: Rebuilt | None = None

    @property
    def needs_its_own_stack(self) -> bool:
        """Whether more than the backend is at fault."""
        return self.sql is not None or self.platform is not None


FAULTS: dict[str, Fault] = {}


def fault(
    defect: str, *, caught_by: Sequence[str], origin: int = 0, sql: str | None = None
) -> Callable[[Plant], Plant]:
    """Register the decorated function as a fault of its own name; it is called in the backend's process."""

    def register(plant: Plant) -> Plant:
        name = plant.__name__.replace("_", "-")
        FAULTS[name] = Fault(name, defect, tuple(caught_by), origin, SQL / sql if sql else None, plant)
        return plant

    return register


def sql_fault(name: str, defect: str, *, caught_by: Sequence[str], origin: int = 0) -> None:
    """Register `sql/<name>.sql` as a fault."""
    FAULTS[name] = Fault(name, defect, tuple(caught_by), origin, SQL / f"{name}.sql")


def platform_fault(defect: str, *, caught_by: Sequence[str], origin: int = 0) -> Callable[[Rebuilt], Rebuilt]:
    """Register the decorated context manager as a fault of its own name; it is entered before the stack boots."""

    def register(rebuilt: Rebuilt) -> Rebuilt:
        name = rebuilt.__name__.replace("_", "-")
        FAULTS[name] = Fault(name, defect, tuple(caught_by), origin, platform=rebuilt)
        return rebuilt

    return register
