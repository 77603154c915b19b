"""Prompts to embeddings, exactly as stock SDXL: both text encoders, penultimate layers side by side. Torch thread."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pipelines.embedding_cache import EmbeddingCache
from pipelines.load import LoadedModel
from pipelines.loras import AdapterSet, Loras
from pipelines.send import send


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """`context` (1, 77, width of both encoders), `pooled` (1, width of the second), model dtype, on the device."""

    context: Tensor
    pooled: Tensor

    @property
    def num_bytes(self) -> int:
        return self.context.nbytes + self.pooled.nbytes


class PromptEncoder:
    """One text at a time, so that an embedding depends on nothing but its text and the LoRAs at work.

    Keyed by text and exact LoRA set: a negative prompt shared by many pictures is encoded once.
    """

    def __init__(self, model: LoadedModel, loras: Loras, cache_bytes: int) -> None:
        self._model = model
        self._loras = loras
        self.cache: EmbeddingCache[Embedding] = EmbeddingCache(cache_bytes)

    def encode(self, text: str, adapters: AdapterSet) -> Embedding:
        """`adapters` must have been admitted."""
        return self.cache.get_or_make((text, adapters), lambda: self._encode(text, adapters))

    def _encode(self, text: str, adapters: AdapterSet) -> Embedding:
        model = self._model
        layout = self._loras.prepare([adapters])
        terms = self._loras.place(layout, send(layout.numbers, model.device)) if layout.ranks else ()
        with self._loras.at_work(terms):
            outputs = [
                encoder(_token_ids(tokenizer, text).to(model.device), output_hidden_states=True)
                for tokenizer, encoder in zip(model.tokenizers, model.text_encoders, strict=True)
            ]
        context = torch.cat([output.hidden_states[-2] for output in outputs], dim=-1)
        return Embedding(context.to(model.dtype), outputs[1][0].to(model.dtype))


def _token_ids(tokenizer: Any, text: str) -> Tensor:
    """(1, 77) token numbers, cut or padded to the window."""
    return tokenizer(
        text, padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt"
    ).input_ids
