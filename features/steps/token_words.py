"""Words about tokens that mean one thing wherever they stand: whole tables of them, row by row."""

from collections.abc import Iterator, Mapping
from typing import Any

from behave.model import Table

from acceptance.doors import DOORS, Door
from acceptance.tokens_judged import REPLIES, Reply

Rows = dict[str, dict[Door, Reply]]


def replies(table: Table, heading: str, words: Mapping[str, Any]) -> Rows:
    """A table of what is shown and what each door must answer; raises LookupError for another table or word."""
    if table is None or table.headings != [heading, *DOORS]:
        raise LookupError(f"This phrase needs a table with the columns {', '.join((heading, *DOORS))}.")
    return dict(_rows(table, words))


def _rows(table: Table, words: Mapping[str, Any]) -> Iterator[tuple[str, dict[Door, Reply]]]:
    for row in table:
        if row[0] not in words:
            raise LookupError(f"`{row[0]}` is not known; these are: {', '.join(words)}.")
        yield row[0], {door: _reply(door, row[door]) for door in DOORS}


def _reply(door: Door, words: str) -> Reply:
    if words not in REPLIES[door]:
        raise LookupError(f"{door} has no reply `{words}`; it has: {', '.join(REPLIES[door])}.")
    return REPLIES[door][words]
