"""From text to the vector that finds it: one small interface, and the choice of what stands behind it."""

from collections.abc import Sequence
from typing import Protocol

from reference.backend.config import Config
from reference.backend.errors import Unavailable

Vector = Sequence[float]


class Embedder(Protocol):
    """Turns texts into vectors, all of one length; `name` is what answers call the model."""

    @property
    def name(self) -> str: ...

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector for each text, in order; raises Unavailable."""
        ...


def embedder_for(config: Config) -> Embedder:
    """The model behind a URL where one is named, the local model where it is asked for, else the lexical one."""
    if config.embeddings_url is not None:
        from reference.backend.embedding_remote import RemoteEmbedder

        return RemoteEmbedder(
            config.embeddings_url, config.embeddings_key, config.embeddings_model, config.embeddings_dimensions
        )
    if config.embedder == "minilm":
        from reference.backend.embedding_minilm import MiniLmEmbedder

        return MiniLmEmbedder()
    from reference.backend.embedding_lexical import LexicalEmbedder

    return LexicalEmbedder()


async def embed_one(embedder: Embedder, text: str) -> Vector:
    """The vector of one text; raises Unavailable when the model answers with anything else."""
    vectors = await embedder.embed([text])
    if len(vectors) != 1 or not vectors[0]:
        raise Unavailable("The knowledge base cannot be searched at the moment.")
    return vectors[0]


def as_sql(vector: Vector) -> str:
    """A vector as pgvector reads it."""
    return "[" + ",".join(map(repr, vector)) + "]"
