"""The embedding without a model: it compares words and their parts, and understands nothing.

Texts that begin with the same words lie close to each other, also where a word is inflected or misspelt; texts that say the
same in other words do not. It needs no download and answers alike on every machine, which is what a test bench needs of it.
"""

import asyncio
import hashlib
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from reference.backend.embedding import Vector

DIMENSIONS = 384
PART_LENGTH = 4
PART_WEIGHT = 0.25
WORD = re.compile(r"\w+")
# Words that every question has say nothing of what it is about.
COMMON = frozenset(
    WORD.findall(
        "a about am an and any are as at be by can could do does for from have how i if in is it its me my of on or our please s"
        " should tell that the there this to us was we what when where which who will with would you your"
    )
)


class LexicalEmbedder:
    """Hashed words and parts of words, in 384 dimensions of length one."""

    name = f"lexical-{DIMENSIONS}"

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        return await asyncio.to_thread(lambda: [lexical_vector(text) for text in texts])


def lexical_vector(text: str) -> Vector:
    """The same text gives the same vector; there is none of length zero."""
    vector = [0.0] * DIMENSIONS
    for feature, weight in _features(text):
        place, sign = _place(feature)
        vector[place] += sign * weight
    length = math.sqrt(sum(number * number for number in vector))
    if length == 0:
        return [1.0] + [0.0] * (DIMENSIONS - 1)
    return [number / length for number in vector]


def _features(text: str) -> Iterator[tuple[str, float]]:
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = WORD.findall(plain)
    telling = [word for word in words if word not in COMMON] or words or list(plain)
    # What is asked or told about comes first as a rule, so the first word weighs most.
    for place, word in enumerate(telling):
        weight = 1 / (1 + place)
        yield word, weight
        framed = f"<{word}>"
        for start in range(len(framed) - PART_LENGTH + 1):
            yield f"part {framed[start : start + PART_LENGTH]}", weight * PART_WEIGHT


@lru_cache(maxsize=20_000)
def _place(feature: str) -> tuple[int, int]:
    digest = hashlib.blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    number = int.from_bytes(digest, "big")
    return number // 2 % DIMENSIONS, 1 if number % 2 else -1
