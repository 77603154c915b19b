"""Encode prompts as stock SDXL does: the penultimate layers of both text encoders, concatenated. Torch thread.

Prompts that stock diffusers cannot encode, with weights or longer than one window, are encoded by compel.
"""

import torch
from cachetools import LRUCache

from pipelines.device import to_device
from pipelines.lora.backend import AdapterSet, LoraBackend
from pipelines.model.load import LoadedModel
from pipelines.prompt.compel_encoder import encode_parts
from pipelines.prompt.embedding import Embedding
from pipelines.prompt.tokenizer import read_tokenizers
from pipelines.prompt.weights import plain_text
from pipelines.prompt.windows import PromptWindows
from pipelines.spec import ImageSpec


class PromptEncoder:
    """Encodes one text at a time, so that an embedding depends only on its text and LoRAs.

    An LRU cache of at most `cache_bytes` is keyed by text and exact LoRA set: a negative prompt that many images share
    is encoded once. `num_hits` and `num_misses` count its lookups. Raises BaseModelError if the model has no tokenizer.
    """

    def __init__(self, model: LoadedModel, loras: LoraBackend, cache_bytes: int) -> None:
        self._model = model
        self._loras = loras
        self._tokenizers = read_tokenizers(model.configs)
        self._windows = PromptWindows(self._tokenizers)
        self._cache = LRUCache[tuple[str, AdapterSet], Embedding](cache_bytes, lambda embedding: embedding.num_bytes)
        self.num_hits = 0
        self.num_misses = 0

    def encode_pair(self, spec: ImageSpec, adapters: AdapterSet) -> tuple[Embedding, Embedding | None]:
        """Encode prompt and negative prompt, None without guidance, with contexts of the same length: the shorter one
        is padded with windows of the empty text, as compel does. `adapters` are admitted."""
        positive = self.encode(spec.prompt, adapters)
        if spec.rows == 1:
            return positive, None
        negative = self.encode(spec.negative_prompt, adapters)
        if positive.num_tokens == negative.num_tokens:
            return positive, negative
        num_tokens = max(positive.num_tokens, negative.num_tokens)
        empty = self.encode("", adapters)
        return positive.padded(num_tokens, empty), negative.padded(num_tokens, empty)

    def encode(self, text: str, adapters: AdapterSet) -> Embedding:
        """The cached embedding, or a new one, which is cached if it fits. `adapters` are admitted."""
        key = (text, adapters)
        cached = self._cache.get(key)
        if cached is not None:
            self.num_hits += 1
            return cached
        self.num_misses += 1
        embedding = self._encode(text, adapters)
        if embedding.num_bytes <= self._cache.maxsize:
            self._cache[key] = embedding
        return embedding

    def _encode(self, text: str, adapters: AdapterSet) -> Embedding:
        model = self._model
        layout = self._loras.prepare([adapters])
        terms = self._loras.place(layout, to_device(layout.numbers, model.device)) if layout.ranks else ()
        fitted = self._windows.fit(text)
        with self._loras.applied(terms):
            if not fitted.is_plain:
                return encode_parts(model.text_encoders, self._tokenizers, fitted.parts).to(model.dtype)
            words = plain_text(fitted.parts)
            outputs = [
                encoder(torch.tensor([tokenizer.window(words)]).to(model.device), output_hidden_states=True)
                for tokenizer, encoder in zip(self._tokenizers, model.text_encoders, strict=True)
            ]
        context = torch.cat([output.hidden_states[-2] for output in outputs], dim=-1)
        return Embedding(context, outputs[1][0]).to(model.dtype)
