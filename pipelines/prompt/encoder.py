"""Encode prompts as stock SDXL does: the penultimate layers of both text encoders, concatenated. Torch thread.

Prompts that stock diffusers cannot encode, with weights or longer than one window, are encoded by compel.
"""

from typing import Any

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

_Key = tuple[str, AdapterSet, int]  # text, LoRAs, clip_skip


class PromptEncoder:
    """Encodes one text at a time, so that an embedding depends only on its text and LoRAs.

    An LRU cache of at most `cache_bytes` is keyed by text, exact LoRA set and clip_skip: a negative prompt that many
    images share is encoded once. `num_hits` and `num_misses` count its lookups. Raises BaseModelError if the model has
    no tokenizer.
    """

    def __init__(self, model: LoadedModel, loras: LoraBackend, cache_bytes: int) -> None:
        self._model = model
        self._loras = loras
        self._tokenizers = read_tokenizers(model.configs)
        self._windows = PromptWindows(self._tokenizers)
        self._cache = LRUCache[_Key, Embedding](cache_bytes, lambda embedding: embedding.num_bytes)
        self.num_hits = 0
        self.num_misses = 0

    def encode_pair(self, spec: ImageSpec, adapters: AdapterSet) -> tuple[Embedding, Embedding | None]:
        """Encode prompt and negative prompt, None without guidance, with contexts of the same length: the shorter one
        is padded with windows of the empty text, as compel does. clip_skip works on the prompt alone, as in diffusers.
        `adapters` are admitted."""
        clip_skip = spec.sampling.clip_skip
        positive = self.encode(spec.prompt, adapters, clip_skip)
        if spec.rows == 1:
            return positive, None
        negative = self.encode(spec.negative_prompt, adapters)
        if positive.num_tokens == negative.num_tokens:
            return positive, negative
        num_tokens = max(positive.num_tokens, negative.num_tokens)
        if positive.num_tokens < num_tokens:
            return positive.padded(num_tokens, self.encode("", adapters, clip_skip)), negative
        return positive, negative.padded(num_tokens, self.encode("", adapters))

    def encode(self, text: str, adapters: AdapterSet, clip_skip: int = 0) -> Embedding:
        """The cached embedding, or a new one, which is cached if it fits. `adapters` are admitted."""
        key = (text, adapters, clip_skip)
        cached = self._cache.get(key)
        if cached is not None:
            self.num_hits += 1
            return cached
        self.num_misses += 1
        embedding = self._encode(text, adapters, clip_skip)
        if embedding.num_bytes <= self._cache.maxsize:
            self._cache[key] = embedding
        return embedding

    def _encode(self, text: str, adapters: AdapterSet, clip_skip: int) -> Embedding:
        model = self._model
        text_encoders = [_ShortenedEncoder(encoder, clip_skip) for encoder in model.text_encoders]
        layout = self._loras.prepare([adapters])
        terms = self._loras.place(layout, to_device(layout.numbers, model.device))
        fitted = self._windows.fit(text)
        with self._loras.applied(terms):
            if not fitted.is_plain:
                return encode_parts(text_encoders, self._tokenizers, fitted.parts).to(model.dtype)
            words = plain_text(fitted.parts)
            outputs = [
                encoder(torch.tensor([tokenizer.window(words)]).to(model.device), output_hidden_states=True)
                for tokenizer, encoder in zip(self._tokenizers, text_encoders, strict=True)
            ]
        context = torch.cat([output.hidden_states[-2] for output in outputs], dim=-1)
        return Embedding(context, outputs[1][0]).to(model.dtype)


class _ShortenedEncoder:
    """A text encoder that returns its hidden states without those of the last `clip_skip` layers; two are left."""

    def __init__(self, encoder: Any, clip_skip: int) -> None:
        self._encoder = encoder
        self._clip_skip = clip_skip

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        output = self._encoder(*args, **kwargs)
        if self._clip_skip and output.hidden_states is not None:
            num_kept = max(2, len(output.hidden_states) - self._clip_skip)
            output.hidden_states = output.hidden_states[:num_kept]
        return output

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)
