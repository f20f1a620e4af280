"""What finding a clinic's knowledge costs, and what it loses: `python -m benchmarks.knowledge [ROWS …]`.

Two measurements on an embedded PostgreSQL with the schema: one clinic that owns every row, and three documents of a small
clinic among the rows of a large one. Each is asked by an exact scan of the clinic's own rows, through an HNSW index that
filters afterwards, and through one that goes on searching (pgvector's iterative scan).
"""

import contextlib
import json
import random
import string
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import psycopg

from acceptance.knowledge_vectors import Matrix, close_to, random_directions
from reference.platform.postgres import Postgres
from reference.stack import MIGRATIONS, PLATFORM

SIZES = (10, 1_000, 10_000, 50_000)
QUESTIONS = 30
DIMENSIONS = 384
# Letters by chance, as a text that repeats itself is compressed to next to nothing.
LONG_TEXT = "".join(random.Random(1).choices(string.ascii_letters, k=1200))
NEAREST = """
select id from public.knowledge_base where org_id = (select private.org_id())
order by embedding operator(extensions.<=>) %s::extensions.vector limit 3
"""
HNSW = "create index benchmark on public.knowledge_base using hnsw (embedding extensions.vector_cosine_ops)"
ONLY_THE_INDEX = ("set local enable_sort = off", "set local enable_seqscan = off", "set local enable_bitmapscan = off")
WAYS: dict[str, tuple[str, ...]] = {
    "exact, own rows": (),
    "HNSW, filtered after": ONLY_THE_INDEX,
    "HNSW, iterative": (*ONLY_THE_INDEX, "set local hnsw.iterative_scan = 'strict_order'"),
}
Connection = psycopg.Connection[tuple[object, ...]]
Seed = Callable[[Connection, Matrix], UUID]


@contextlib.contextmanager
def database() -> Iterator[Connection]:
    """An embedded PostgreSQL with the schema, connected to as `postgres`."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Postgres.start(Path(folder)) as postgres:
        postgres.run_sql_files([PLATFORM / "platform.sql", PLATFORM / "auth.sql"])
        postgres.run_sql_files(sorted(MIGRATIONS.glob("*.sql")), user="postgres")
        with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
            yield connection


def add(connection: Connection, vectors: Matrix, text: str = "short") -> UUID:
    """A new clinic that owns these vectors."""
    org_id = uuid4()
    connection.execute("insert into public.organizations (id, name) values (%s, 'a clinic')", [org_id])
    with connection.cursor() as cursor:
        copying = cursor.copy("copy public.knowledge_base (org_id, content, embedding) from stdin")
        with copying as copy:
            for vector in vectors:
                copy.write_row((org_id, text, json.dumps(vector.tolist())))
    return org_id


def ask(connection: Connection, org_id: UUID, way: str, question: Matrix) -> tuple[float, list[object]]:
    """Milliseconds and the ids that were found, as a member of the clinic."""
    claims = json.dumps({"role": "authenticated", "org_id": str(org_id)})
    with connection.transaction():
        connection.execute(
            "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', %s, true)", [claims]
        )
        for setting in WAYS[way]:
            connection.execute(setting)
        began = time.perf_counter()
        rows = connection.execute(NEAREST, [json.dumps(question.tolist())]).fetchall()
        return (time.perf_counter() - began) * 1000, [row[0] for row in rows]


def figures(connection: Connection, org_id: UUID, way: str, questions: Matrix, truth: list[list[object]]) -> str:
    """p50, p95 and how much of the truth was found."""
    answers = [ask(connection, org_id, way, question) for question in questions]
    taken = sorted(milliseconds for milliseconds, _ids in answers)
    kept = sum(len(set(ids) & set(true)) for (_ms, ids), true in zip(answers, truth, strict=True))
    share = 100 * kept / max(1, sum(len(true) for true in truth))
    return f"p50 {taken[len(taken) // 2]:7.2f} ms  p95 {taken[int(len(taken) * 0.95)]:7.2f} ms  finds {share:5.1f} %"


def compare(rows: int, seed: Seed) -> None:
    """All ways on one data set."""
    generator = np.random.default_rng(rows)
    questions = random_directions(generator, QUESTIONS, DIMENSIONS)
    with database() as connection:
        org_id = seed(connection, questions)
        exact = next(iter(WAYS))
        truth = [ask(connection, org_id, exact, question)[1] for question in questions]
        print(f"{rows:>7}  {exact:<21} {figures(connection, org_id, exact, questions, truth)}", flush=True)
        began = time.perf_counter()
        connection.execute(HNSW)
        built = time.perf_counter() - began
        for way in list(WAYS)[1:]:
            told = figures(connection, org_id, way, questions, truth)
            print(f"{rows:>7}  {way:<21} {told}  (index built in {built:.1f} s)", flush=True)


def main() -> int:
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    for rows in sizes:
        documents = random_directions(np.random.default_rng(1), rows, DIMENSIONS)
        print(f"One clinic owns all {rows} documents, of 5 letters")
        compare(rows, one_clinic(documents, "short"))
        print(f"The same, of {len(LONG_TEXT)} letters")
        compare(rows, one_clinic(documents, LONG_TEXT))
        print("The same, with the vectors stored as PostgreSQL would by itself")
        compare(
            rows,
            one_clinic(documents, LONG_TEXT, "alter table public.knowledge_base alter embedding set storage external"),
        )
        print(f"Three documents among {rows} near-duplicates of a neighbour's")
        compare(rows, needle(rows))
    return 0


def one_clinic(documents: Matrix, text: str, first: str = "select") -> Seed:
    """Everything belongs to the clinic that asks."""

    def seed(connection: Connection, _questions: Matrix) -> UUID:
        connection.execute(first.encode())
        return add(connection, documents, text)

    return seed


def needle(rows: int) -> Seed:
    """A small clinic whose documents are a little further from every question than the neighbour's."""

    def seed(connection: Connection, questions: Matrix) -> UUID:
        generator, middle = np.random.default_rng(2), questions[0]
        add(connection, close_to(generator, middle, np.full(rows, 0.9)))
        return add(connection, close_to(generator, middle, np.full(3, 0.8)))

    return seed


if __name__ == "__main__":
    sys.exit(main())
