"""Textual inversion files for the demo model."""

import hashlib
from pathlib import Path

import torch
from safetensors.torch import save

from pipelines.spec import EmbeddingRef

WIDTHS = (64, 96)
"""Of the demo model's text encoders."""


def matrices(num_vectors: int, seed: int = 0) -> dict[str, torch.Tensor]:
    """`clip_l` and `clip_g` in the size of token embeddings that change an image visibly."""
    generator = torch.Generator().manual_seed(seed)
    first, second = (torch.randn((num_vectors, width), generator=generator) * 0.5 for width in WIDTHS)
    return {"clip_l": first, "clip_g": second}


def write_embedding(folder: Path, name: str, num_vectors: int, seed: int = 0) -> EmbeddingRef:
    """Write a file under its content hash, as the data folder holds it."""
    data = save(matrices(num_vectors, seed))
    sha256 = hashlib.sha256(data).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{sha256}.safetensors").write_bytes(data)
    return EmbeddingRef(name, sha256, num_vectors)
