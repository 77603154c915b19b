"""`Embedding`: the output of the text encoders for one prompt."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """On the model's device: `context` (1, 77 * windows, width of both encoders), `pooled` (1, width of
    the second)."""

    context: Tensor
    pooled: Tensor

    @property
    def num_bytes(self) -> int:
        return self.context.nbytes + self.pooled.nbytes

    @property
    def num_tokens(self) -> int:
        return self.context.shape[1]

    def padded(self, num_tokens: int, empty: "Embedding") -> "Embedding":
        """Pad the context to `num_tokens` with windows of the empty text."""
        lacking = (num_tokens - self.num_tokens) // empty.num_tokens
        return Embedding(torch.cat([self.context, *[empty.context] * lacking], dim=1), self.pooled)

    def to(self, dtype: torch.dtype) -> "Embedding":
        return Embedding(self.context.to(dtype), self.pooled.to(dtype))
