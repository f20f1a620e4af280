"""Any server that speaks OpenAI's `/v1/embeddings`."""

from collections.abc import Sequence

import httpx

from reference.backend.embedding import Vector
from reference.backend.errors import Unavailable

TIMEOUT_SECONDS = 5.0


class RemoteEmbedder:
    """A model behind a URL, with a key where it asks for one."""

    def __init__(self, url: str, key: str | None, model: str, dimensions: int | None = None) -> None:
        self.name = model
        self._dimensions = {} if dimensions is None else {"dimensions": dimensions}
        self._url = url
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.AsyncClient(headers=headers, timeout=TIMEOUT_SECONDS)

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        try:
            answer = await self._http.post(
                self._url, json={"model": self.name, "input": list(texts), **self._dimensions}
            )
            answer.raise_for_status()
            entries = sorted(answer.json()["data"], key=lambda entry: entry["index"])
            vectors: list[Vector] = [[float(number) for number in entry["embedding"]] for entry in entries]
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            raise Unavailable("The knowledge base cannot be searched at the moment.") from None
        if len(vectors) != len(texts):
            raise Unavailable("The knowledge base cannot be searched at the moment.")
        return vectors
