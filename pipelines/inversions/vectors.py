"""The vectors of embeddings on the model's device, and their place in a text encoder's input. Torch thread."""

import hashlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from cachetools import LRUCache
from safetensors.torch import load
from torch import Tensor

from pipelines.inversions.file import KEYS, InversionError, num_vectors, read_widths
from pipelines.model.load import LoadedModel
from pipelines.spec import EmbeddingRef

CACHE_BYTES = 64_000_000
STAND_IN = 0
"""The token id in the place of a vector. The text encoder looks for the end of the text among the ids, and some models
take the largest for it."""

_Pair = tuple[Tensor, Tensor]


class Vectors:
    """Reads `{folder}/{sha256}.safetensors` when an embedding is first used, and keeps the vectors on the device."""

    def __init__(self, folder: Path, model: LoadedModel) -> None:
        self._folder = folder
        self._device = model.device
        self._configs = model.configs
        self._kept = LRUCache[str, _Pair](CACHE_BYTES, lambda pair: sum(each.nbytes for each in pair))

    def of(self, embeddings: Sequence[EmbeddingRef]) -> _Pair:
        """(vectors of all, width) for each text encoder. Raises InversionError."""
        pairs = [self._pair(embedding) for embedding in embeddings]
        first, second = (torch.cat(part) for part in zip(*pairs, strict=True))
        return first, second

    def _pair(self, embedding: EmbeddingRef) -> _Pair:
        pair = self._kept.get(embedding.sha256)
        if pair is None:
            try:
                pair = self._read(embedding)
            except InversionError as error:
                named = f"the embedding {embedding.name} with the SHA-256 {embedding.sha256}"
                raise InversionError(f"{named} cannot be used: {error}") from error
            self._kept[embedding.sha256] = pair
        return pair

    def _read(self, embedding: EmbeddingRef) -> _Pair:
        try:
            data = (self._folder / f"{embedding.sha256}.safetensors").read_bytes()
        except FileNotFoundError as error:
            raise InversionError("its file is not on this server (STUDIO_EMBEDDING_DIR)") from error
        except OSError as error:
            raise InversionError(f"its file cannot be read: {error.strerror or error}") from error
        if hashlib.sha256(data).hexdigest() != embedding.sha256:
            raise InversionError("its bytes are not those it was accepted with")
        if num_vectors(data, read_widths(self._configs)) != embedding.num_vectors:
            raise InversionError(f"it does not have {embedding.num_vectors} vectors")
        tensors = load(data)
        first, second = (self._to_device(tensors[key]) for key in KEYS)
        return first, second

    def _to_device(self, vectors: Tensor) -> Tensor:
        rows = vectors.reshape(-1, vectors.shape[-1]).to(torch.float32)
        on_host = rows.pin_memory() if self._device.type == "cuda" else rows
        return on_host.to(self._device, non_blocking=True)


@contextmanager
def placed(encoder: Any, ids: Tensor, first_id: int, vectors: Tensor) -> Generator[Tensor]:
    """Within, the text encoder reads row n of `vectors` where `ids` are `first_id` + n. Yields the ids to call it with.
    Launches only: no value is read back."""
    is_vector = ids >= first_id
    rows = vectors[(ids - first_id).clamp(min=0)]

    def replace(_module: Any, _inputs: Any, output: Tensor) -> Tensor:
        return torch.where(is_vector.unsqueeze(-1), rows.to(output.dtype), output)

    hook = encoder.get_input_embeddings().register_forward_hook(replace)
    try:
        yield torch.where(is_vector, STAND_IN, ids)
    finally:
        hook.remove()
