"""`Embedding`: the output of the text encoders for one text. `Conditions`: those of all steps of an image."""

from collections.abc import Sequence
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

    @staticmethod
    def joined(embeddings: "Sequence[Embedding]") -> "Embedding":
        """The contexts one after the other, the pooled embedding of the first."""
        if len(embeddings) == 1:
            return embeddings[0]
        return Embedding(torch.cat([each.context for each in embeddings], dim=1), embeddings[0].pooled)


StepEmbeddings = tuple[Embedding, ...]
"""One for each step of a pass, from the first that is taken; a single one stands for all steps."""


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """What an image is conditioned on, by pass; all contexts have the same length. `negative` None: without
    guidance."""

    positive: tuple[StepEmbeddings, ...]
    negative: tuple[StepEmbeddings, ...] | None


def at_step(embeddings: StepEmbeddings, step: int) -> Embedding:
    return embeddings[min(step, len(embeddings) - 1)]
