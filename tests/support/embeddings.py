"""Textual inversion files for the demo model."""

import hashlib
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from pipelines.spec import EmbeddingRef

WIDTHS = (64, 96)
"""Of the demo model's text encoders."""


def matrices(num_vectors: int, seed: int = 0, widths: tuple[int, int] = WIDTHS) -> dict[str, np.ndarray]:
    """`clip_l` and `clip_g` in the size of token embeddings that change an image visibly."""
    random = np.random.default_rng(seed)
    first, second = (random.normal(0, 0.5, (num_vectors, width)).astype(np.float32) for width in widths)
    return {"clip_l": first, "clip_g": second}


def embedding_bytes(num_vectors: int, seed: int = 0, widths: tuple[int, int] = WIDTHS) -> bytes:
    return save(matrices(num_vectors, seed, widths))


def write_embedding(
    folder: Path, name: str, num_vectors: int, seed: int = 0, widths: tuple[int, int] = WIDTHS
) -> EmbeddingRef:
    """Write a file under its content hash, as the data folder holds it."""
    data = embedding_bytes(num_vectors, seed, widths)
    sha256 = hashlib.sha256(data).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{sha256}.safetensors").write_bytes(data)
    return EmbeddingRef(name, sha256, num_vectors)
