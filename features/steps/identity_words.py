"""Words of the identity phrases; an unknown word matches no step."""

import re
from collections.abc import Iterable

from behave import register_type
from parse import with_pattern

from acceptance.entries import BROUGHT, ENTRIES
from acceptance.people import CLAIMS, FIELDS, MISTAKES, OCCASIONS, SIGN_UPS
from acceptance.views import RECORDS

NAMINGS: dict[str, str | None] = {"no business": None, "a blank business": "   "}


def one_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


@with_pattern(one_of(NAMINGS))
def read_naming(text: str) -> str | None:
    return NAMINGS[text]


@with_pattern(rf"{one_of(SIGN_UPS)}|an invitation to \"[^\"]*\"")
def read_second_way(text: str) -> str:
    return text


@with_pattern("owner|admin|staff|provider")
def read_role(text: str) -> str:
    return text


@with_pattern(one_of(CLAIMS))
def read_claim(text: str) -> str:
    return text


@with_pattern(one_of(FIELDS))
def read_field(text: str) -> str:
    return text


@with_pattern(one_of(MISTAKES))
def read_mistake(text: str) -> str:
    return text


@with_pattern(one_of(OCCASIONS))
def read_occasion(text: str) -> str:
    return text


@with_pattern(one_of(RECORDS))
def read_records(text: str) -> str:
    return text


@with_pattern(one_of(ENTRIES))
def read_entry(text: str) -> str:
    return text


@with_pattern(one_of(BROUGHT))
def read_brought(text: str) -> str:
    return text


register_type(
    Naming=read_naming,
    SecondWay=read_second_way,
    ClinicRole=read_role,
    SelfClaim=read_claim,
    ProfileField=read_field,
    Mistake=read_mistake,
    Occasion=read_occasion,
    Records=read_records,
    Entry=read_entry,
    Brought=read_brought,
)
