"""Tables of a feature: the header is checked before a cell is read."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from behave.model import Table


def column(table: Table, heading: str, words: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The rows of a one-column table with what their words mean; raises LookupError for another table or word."""
    if table is None or table.headings != [heading]:
        raise LookupError(f"This phrase needs a table with the one column `{heading}`.")
    for row in table:
        if row[0] not in words:
            raise LookupError(f"`{row[0]}` is no {heading}; these are: {', '.join(words)}.")
        yield row[0], words[row[0]]


def text_column(table: Table) -> list[str]:
    """The rows of a table of texts; raises LookupError for another table."""
    if table is None or table.headings != ["text"]:
        raise LookupError("This phrase needs a table with the one column `text`.")
    return [row[0] for row in table]


def closeness_column(table: Table) -> list[float]:
    """The rows of a table of cosines; raises LookupError for another table."""
    if table is None or table.headings != ["closeness"]:
        raise LookupError("This phrase needs a table with the one column `closeness`.")
    return [float(row[0]) for row in table]


def pairs(table: Table, words: Mapping[str, Collection[str]]) -> list[tuple[str, str]]:
    """The rows of a two-column table whose cells are words of closed lists, one for each; raises LookupError."""
    if table is None or table.headings != list(words):
        raise LookupError(f"This phrase needs a table with the columns {', '.join(words)}.")
    for row in table:
        for heading, known in words.items():
            if row[heading] not in known:
                raise LookupError(f"`{row[heading]}` is no {heading}; these are: {', '.join(known)}.")
    return [(row[0], row[1]) for row in table]
