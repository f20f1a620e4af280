"""What a product shares between its tenants on purpose, declared in one place with a reason."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from acceptance.errors import CannotRun

DECLARATION = Path(__file__).with_name("sharing.toml")


@dataclass(frozen=True)
class Sharing:
    """`shared` are (surface pattern, operations, reason); `untouched` are functions that must not be called."""

    shared: Sequence[tuple[str, Sequence[str], str]] = ()
    untouched: Sequence[str] = ()

    @classmethod
    def declared(cls, path: Path = DECLARATION) -> "Sharing":
        """Raises CannotRun for a declaration that cannot be read or gives no reason."""
        try:
            told = tomllib.loads(path.read_text())
            shared = [
                (entry["surface"], tuple(entry["operations"]), _reason(entry)) for entry in told.get("shared", ())
            ]
            untouched = [entry["function"] for entry in told.get("untouched", ()) if _reason(entry)]
        except (tomllib.TOMLDecodeError, KeyError, TypeError) as problem:
            raise CannotRun(f"{path.name} cannot be read: {problem}.") from None
        return cls(tuple(shared), tuple(untouched))

    def reason(self, surface: str, operation: str) -> str | None:
        """Why this may be done by everybody, None when it may not."""
        for pattern, operations, reason in self.shared:
            if fnmatchcase(surface, pattern) and any(fnmatchcase(operation, allowed) for allowed in operations):
                return reason
        return None


def _reason(entry: dict[str, Any]) -> str:
    reason = str(entry.get("reason", "")).strip()
    if not reason:
        raise CannotRun("Everything in sharing.toml needs a reason.")
    return reason
