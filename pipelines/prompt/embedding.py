"""What the text encoders make of a prompt."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """`context` (1, 77 a window, width of both encoders), `pooled` (1, width of the second), model dtype, on the
    device."""

    context: Tensor
    pooled: Tensor

    @property
    def num_bytes(self) -> int:
        return self.context.nbytes + self.pooled.nbytes

    @property
    def num_tokens(self) -> int:
        return self.context.shape[1]

    def padded(self, num_tokens: int, empty: "Embedding") -> "Embedding":
        """With windows of the empty text behind it, up to `num_tokens`."""
        lacking = (num_tokens - self.num_tokens) // empty.num_tokens
        return Embedding(torch.cat([self.context, *[empty.context] * lacking], dim=1), self.pooled)
