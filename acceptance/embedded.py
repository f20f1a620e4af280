"""The embedded target: the one place where the suite reaches the reference system, to start it.

It imports little, as the system should be starting before anything else is read.
"""

import contextlib
from collections.abc import Iterator, Mapping

from acceptance.errors import CannotRun
from acceptance.settings import read_settings
from reference.attached import Attached, attached_reference, begin_reference, end_reference
from reference.errors import CannotStart

Begun = Attached


@contextlib.contextmanager
def begun_early(flags: Mapping[str, str]) -> Iterator[Begun | None]:
    """The reference system on its way up, if the flags choose it; it has ended when the context does."""
    begun = begin_reference() if _is_chosen(flags) else None
    try:
        yield begun
    finally:
        if begun:
            end_reference(begun)


@contextlib.contextmanager
def embedded(begun: Begun | None) -> Iterator[dict[str, str]]:
    """The settings of the reference system, begun before or started now; raises CannotRun."""
    with contextlib.ExitStack() as parts:
        try:
            given = parts.enter_context(attached_reference(begun=begun))
        except CannotStart as problem:
            raise CannotRun(str(problem)) from None
        yield {name.lower(): value for name, value in given.items()}


def _is_chosen(flags: Mapping[str, str]) -> bool:
    try:
        return read_settings(flags).get("target", "embedded") == "embedded"
    except CannotRun:
        return False  # whoever opens the target says why
