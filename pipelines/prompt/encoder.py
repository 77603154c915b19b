"""Prompts to embeddings, exactly as stock SDXL: both text encoders, penultimate layers side by side. What stock cannot
read, weights and more than one window, goes through compel (weighted_text.py). Torch thread."""

from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from pipelines.device import to_device
from pipelines.lora.backend import AdapterSet, LoraBackend
from pipelines.model.load import LoadedModel
from pipelines.prompt.cache import EmbeddingCache
from pipelines.prompt.compel_encoder import encode_parts
from pipelines.prompt.embedding import Embedding
from pipelines.prompt.weights import plain_text
from pipelines.prompt.windows import PromptWindows


class PromptEncoder:
    """One text at a time, so that an embedding depends on nothing but its text and the LoRAs at work.

    Keyed by text and exact LoRA set: a negative prompt shared by many pictures is encoded once.
    """

    def __init__(self, model: LoadedModel, loras: LoraBackend, cache_bytes: int) -> None:
        self._model = model
        self._loras = loras
        self._windows = PromptWindows([_uncut(tokenizer) for tokenizer in model.tokenizers])
        self.cache: EmbeddingCache[Embedding] = EmbeddingCache(cache_bytes)

    def encode_pair(
        self, prompt: str, negative_prompt: str | None, adapters: AdapterSet
    ) -> tuple[Embedding, Embedding | None]:
        """Both with contexts of one length: the shorter one is padded with windows of the empty text, as compel does
        it. `adapters` must have been admitted."""
        positive = self.encode(prompt, adapters)
        if negative_prompt is None:
            return positive, None
        negative = self.encode(negative_prompt, adapters)
        if positive.num_tokens == negative.num_tokens:
            return positive, negative
        num_tokens = max(positive.num_tokens, negative.num_tokens)
        empty = self.encode("", adapters)
        return positive.padded(num_tokens, empty), negative.padded(num_tokens, empty)

    def encode(self, text: str, adapters: AdapterSet) -> Embedding:
        """`adapters` must have been admitted."""
        return self.cache.get_or_make((text, adapters), lambda: self._encode(text, adapters))

    def _encode(self, text: str, adapters: AdapterSet) -> Embedding:
        model = self._model
        layout = self._loras.prepare([adapters])
        terms = self._loras.place(layout, to_device(layout.numbers, model.device)) if layout.ranks else ()
        fitted = self._windows.fit(text)
        with self._loras.applied(terms):
            if not fitted.is_plain:
                return encode_parts(model, fitted.parts)
            outputs = [
                encoder(_token_ids(tokenizer, plain_text(fitted.parts)).to(model.device), output_hidden_states=True)
                for tokenizer, encoder in zip(model.tokenizers, model.text_encoders, strict=True)
            ]
        context = torch.cat([output.hidden_states[-2] for output in outputs], dim=-1)
        return Embedding(context.to(model.dtype), outputs[1][0].to(model.dtype))


def _uncut(tokenizer: Any) -> Tokenizer:
    """A copy of what is inside: the library switches cutting and padding on and off with each call."""
    copied = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    copied.no_truncation()
    copied.no_padding()
    return copied


def _token_ids(tokenizer: Any, text: str) -> Tensor:
    """(1, 77) token numbers, cut or padded to the window."""
    return tokenizer(
        text, padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt"
    ).input_ids
