"""Tables of a feature: the header is checked before a cell is read."""

from collections.abc import Iterator, Mapping
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
