"""A value for any column: one that carries the clinic's tag where the type allows, and others where a rule forbids it."""

import re
from collections.abc import Iterator

from acceptance.isolation_people import Side, text
from acceptance.isolation_surface import Column

WHOLE_NUMBERS = ("int2", "int4", "int8")
NUMBERS = (*WHOLE_NUMBERS, "numeric", "float4", "float8", "money", "oid")
TEXTS = ("text", "varchar", "bpchar", "citext", "name")
PLAIN = {
    "bool": "false", "date": "'2031-03-03'", "time": "'10:00'", "timetz": "'10:00+00'", "interval": "'1 hour'",
    "inet": "'192.0.2.1'", "cidr": "'192.0.2.0/24'", "macaddr": "'08:00:2b:01:02:03'", "bytea": "'\\x00'",
    "point": "'(1,1)'", "bit": "'1'", "varbit": "'1'", "xml": "'<a/>'", "tsvector": "'word'", "json": "'{}'",
    "box": "'((0,0),(1,1))'", "hstore": "''", "int4range": "'[1,5)'", "daterange": "'[2031-03-03,2031-03-04)'",
    "numrange": "'[1,5)'", "int8range": "'[1,5)'",
}  # fmt: skip
OTHER_NUMBERS = ("1", "5", "30", "0", "100", "1000", "-1")
VECTORS = ("vector", "halfvec")
DEFAULT_DIMENSIONS = 3
MOST_LETTERS = 1000


def first_value(column: Column, side: Side, serial: int, place: int = 0) -> str | None:
    """The SQL expression that is tried first, None for a type that is not known."""
    base, when = column.base, f"(date_trunc('day', now()) + interval '{30 + serial} days 10 hours')"
    if column.labels:
        return f"{text(column.labels[0])}::{column.type}"
    if column.element is not None:
        return f"'{{}}'::{column.type}" if column.element not in TEXTS else f"array[{text(side.marker)}]::{column.type}"
    if base in TEXTS:
        word = f"{side.marker}-{serial}" if serial else side.marker
        return text(word[-column.length :] if column.length else word)
    if base == "uuid":
        return text(tagged_uuid(side, serial, place))
    if base in NUMBERS:
        return "30" if serial == 0 else str(30 + serial)
    if base in ("timestamptz", "timestamp"):
        return f"{when}::{base}"
    if base in ("tstzrange", "tsrange"):
        return f"{base}({when}::{'timestamptz' if base == 'tstzrange' else 'timestamp'}, null)"
    if base in ("json", "jsonb"):
        return f"jsonb_build_object('note', {text(side.marker)})::{base}"
    if base in VECTORS:
        return f"{text(direction(side, column.modifier))}::{column.type}"
    return f"{PLAIN[base]}::{column.type}" if base in PLAIN else None


def other_values(column: Column, rule: str, side: Side) -> Iterator[str]:
    """What may satisfy a check that the first value broke: what carries the tag, the check's own words, usual ones."""
    longest = column.length or len(rule) + MOST_LETTERS
    return (value for value in _any_values(column, rule, side) if len(value) - len("''") <= longest)


def _any_values(column: Column, rule: str, side: Side) -> Iterator[str]:
    tag = side.tag
    if column.base in TEXTS:
        yield from (f"'{tag}@example.com'", f"'https://example.com/{tag}'", f"'{tag}'")
    for word in re.findall(r"'((?:[^']|'')*)'", rule):
        yield f"'{word}'"
    if column.base in NUMBERS:
        for number in re.findall(r"-?\d+(?:\.\d+)?", rule):
            yield from (number, f"{number} + 1", f"{number} - 1")
        yield from OTHER_NUMBERS
    elif column.base in TEXTS:
        yield from ("'+15550000001'", "'UTC'")
        letters = "".join(chr(ord("A") + int(digit, 16)) for digit in tag)
        for length in (8, 5, 4, 3, 2, 1):
            yield from (f"'{letters[-length:]}'", f"'{letters[-length:].lower()}'", f"'{int(tag, 16) % 10**length}'")
        yield from ("'en'", "'GB'", "''")
    elif column.base in ("timestamptz", "timestamp", "date"):
        yield from ("now()", "now() - interval '1 day'", "now() + interval '10 years'")


def tagged_uuid(side: Side, serial: int, place: int = 0) -> str:
    """A uuid that begins with the clinic's tag; the same for the same serial and place."""
    last = (int(side.tag, 16) << 16 | serial & 0xFFFF) & 0xFFFFFFFFFFFF
    return f"{side.tag}-{place & 0xFFFF:04x}-4{serial & 0xFFF:03x}-8000-{last:012x}"


def direction(side: Side, dimensions: int) -> str:
    """A unit vector of the clinic's own."""
    size = dimensions if dimensions > 0 else DEFAULT_DIMENSIONS
    axis = int(side.tag, 16) % size
    return "[" + ",".join("1" if place == axis else "0" for place in range(size)) + "]"
