"""The retrieval function in a real database: the boundary, the caller's rights, and what cannot be compared."""

import json
import math
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pytest

from acceptance.knowledge_vectors import as_text, close_to, random_directions
from tests.backend_support import Clinic, Observer, World

pytest_plugins = ("tests.backend_support",)

SEARCH = "select content, similarity from public.search_knowledge(%s::extensions.vector"
QUESTION = random_directions(np.random.default_rng(1), 1, 384)[0]


def write(see: Observer, clinic: Clinic, *cosines: float) -> None:
    vectors = close_to(np.random.default_rng(2), QUESTION, np.array(cosines))
    for cosine, vector in zip(cosines, vectors, strict=True):
        add = "insert into public.knowledge_base (org_id, content, embedding) values (%s, %s, %s::extensions.vector)"
        see.rows(add, clinic.id, str(cosine), as_text(vector))


def search(see: Observer, org_id: UUID | None, rest: str = ")", *values: Any, role: str = "authenticated") -> list[Any]:
    """As somebody with this role and claim, within a transaction of its own."""
    claims = json.dumps({"role": role, **({"org_id": str(org_id)} if org_id else {})})
    with see.connection.transaction():
        see.rows("select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)", role, claims)
        return see.rows(SEARCH + rest, as_text(QUESTION), *values)


def test_the_best_three_above_the_threshold(world: World) -> None:
    write(world.see, world.clinic, 0.2, 0.69, 0.71, 0.95, 0.8, 0.9)
    write(world.see, world.neighbour, 0.99)
    found = search(world.see, world.clinic.id)
    assert [(text, round(similarity, 3)) for text, similarity in found] == [("0.95", 0.95), ("0.9", 0.9), ("0.8", 0.8)]
    assert [text for text, _similarity in search(world.see, world.clinic.id, ", 0.7, 9)")] == [
        "0.95",
        "0.9",
        "0.8",
        "0.71",
    ]


def test_exactly_at_the_threshold_is_not_above_it(world: World) -> None:
    write(world.see, world.clinic, 0.95, 0.8, 0.31)
    for place, (_text, similarity) in enumerate(search(world.see, world.clinic.id, ", -1)")):
        assert len(search(world.see, world.clinic.id, ", %s)", similarity)) == place
        assert len(search(world.see, world.clinic.id, ", %s)", math.nextafter(similarity, -1))) == place + 1


@pytest.mark.parametrize("count", ["0", "-5", "null"])
def test_asking_for_none_gives_none(world: World, count: str) -> None:
    write(world.see, world.clinic, 0.9)
    assert search(world.see, world.clinic.id, f", 0.7, {count})") == []


def test_no_threshold_finds_nothing(world: World) -> None:
    write(world.see, world.clinic, 0.9)
    assert search(world.see, world.clinic.id, ", null)") == []


def test_a_vector_of_zeros_is_close_to_nothing(world: World) -> None:
    zeros = as_text(np.zeros(384))
    world.see.rows(
        "insert into public.knowledge_base (org_id, content, embedding) values (%s, 'nowhere', %s::extensions.vector)",
        world.clinic.id,
        zeros,
    )
    assert search(world.see, world.clinic.id, ", -1)") == []


def test_without_a_clinic_nothing_is_found(world: World) -> None:
    write(world.see, world.clinic, 0.9)
    assert search(world.see, None) == []


@pytest.mark.parametrize("role", ["anon", "service_role"])
def test_nobody_else_may_execute_it(world: World, role: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        search(world.see, world.clinic.id, role=role)


def test_a_long_text_leaves_the_vector_in_its_row(world: World) -> None:
    storage = "select attstorage from pg_attribute where attrelid = 'public.knowledge_base'::regclass and attname = 'embedding'"
    assert world.see.value(storage) in ("p", b"p")
