"""Faults of the schema alone."""

from sabotage.fault import FAULTS, NOTHING_LEFT, sql_fault

ONE_CALLER = "One caller, one slot"
_BEFORE = frozenset(FAULTS)

sql_fault(
    "move-checks-no-conflict",
    "Nothing in the database forbids an overlap, so moving an appointment onto a taken slot succeeds.",
    caught_by=["Not onto a taken slot"],
    origin=38,
)
sql_fault(
    "calendar-never-hears-of-changes",
    "Cancelling and moving an appointment never reach the calendar.",
    caught_by=["A cancelled slot can be had again", "The calendar follows", "Moved after its event was deleted"],
    origin=38,
)
sql_fault(
    "receptionist-can-be-booked",
    "Any colleague counts as a provider.",
    caught_by=["Asking for the receptionist"],
)
sql_fault(
    "schema-and-code-never-met",
    "A column was renamed in a migration, and the code still asks for the old name.",
    caught_by=[ONE_CALLER, "Callers are not kept waiting"],
    also=[NOTHING_LEFT],
    origin=31,
)
sql_fault(
    "claim-in-another-place",
    "The token hook writes the organisation where nobody reads it.",
    caught_by=[ONE_CALLER, "Callers are not kept waiting"],
    also=[NOTHING_LEFT],
    origin=44,
)
sql_fault(
    "sign-up-fails",
    "The sign-up trigger fails on a clean install.",
    caught_by=[ONE_CALLER, "Callers are not kept waiting"],
    origin=45,
)
sql_fault(
    "no-settings-for-a-fresh-clinic",
    "A sign-up creates the organisation without its settings.",
    caught_by=[ONE_CALLER, "Callers are not kept waiting"],
    also=[NOTHING_LEFT],
    origin=30,
)
sql_fault(
    "name-cut-off",
    "A column is too short, and a trigger cuts names to fit.",
    caught_by=["A patient whose name is 200 characters long"],
)
sql_fault(
    "outbox-leaks-to-the-neighbour",
    "A trigger that copies rows writes every appointment into another clinic's diary as well.",
    caught_by=[ONE_CALLER],
)

NAMES = frozenset(FAULTS) - _BEFORE
