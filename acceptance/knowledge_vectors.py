"""Vectors at an exact angle to another, and their form on the wire of a binary COPY."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.floating[Any]]

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # PostgreSQL, COPY, file formats: no flags, no header extension
TRAILER = b"\xff\xff"


def random_directions(generator: np.random.Generator, count: int, dimensions: int) -> Matrix:
    """Unit vectors that point anywhere; in many dimensions they are nearly at right angles to each other."""
    return unit(generator.standard_normal((count, dimensions), dtype=np.float32))


def close_to(generator: np.random.Generator, question: Matrix, cosines: Matrix) -> Matrix:
    """Unit vectors whose cosines to the question are exactly these: part along it, part at right angles to it."""
    along = unit(question)
    aside = random_directions(generator, len(cosines), len(along))
    aside = unit(aside - np.outer(aside @ along, along))
    return np.outer(cosines, along) + np.sqrt(1 - cosines**2)[:, np.newaxis] * aside


def unit(vectors: Matrix) -> Matrix:
    """The same directions with length one; raises ValueError for one that has no direction."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if not np.all(lengths > 0):
        raise ValueError("a vector of zeros points nowhere")
    return np.asarray(vectors / lengths)


def as_text(vector: Matrix) -> str:
    """As pgvector reads it, with all that four bytes can hold."""
    return "[" + ",".join(repr(float(np.float32(number))) for number in vector) + "]"


def binary_copy(org_id: str, contents: Sequence[str], vectors: Matrix) -> bytes:
    """What `COPY knowledge_base (org_id, content, embedding) FROM STDIN (FORMAT binary)` takes.

    All rows have the same length, so that numpy writes them at once: each text is filled up with blanks.
    """
    encoded = [content.encode() for content in contents]
    longest, dimensions = max(map(len, encoded)), vectors.shape[1]
    row: list[tuple[Any, ...]] = [
        ("fields", ">i2"), ("org_length", ">i4"), ("org", "V16"), ("content_length", ">i4"), ("content", f"V{longest}"),
        ("vector_length", ">i4"), ("dimensions", ">i2"), ("unused", ">i2"), ("vector", ">f4", (dimensions,)),
    ]  # fmt: skip
    rows = np.zeros(len(encoded), np.dtype(row))
    rows["fields"], rows["org_length"], rows["org"] = 3, 16, np.void(UUID(org_id).bytes)
    rows["content_length"], rows["content"] = longest, [np.void(text.ljust(longest)) for text in encoded]
    rows["vector_length"], rows["dimensions"], rows["vector"] = 4 + 4 * dimensions, dimensions, vectors
    return SIGNATURE + rows.tobytes() + TRAILER
