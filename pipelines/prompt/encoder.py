"""Encode prompts as stock SDXL does: the penultimate layers of both text encoders, concatenated. Torch thread.

Prompts that stock diffusers cannot encode, with weights or longer than one window, are encoded by compel.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from cachetools import LRUCache

from pipelines.device import to_device
from pipelines.inversions.vectors import Vectors, placed
from pipelines.lora.backend import AdapterSet, LoraBackend
from pipelines.model.load import LoadedModel
from pipelines.prompt.compel_encoder import encode_parts
from pipelines.prompt.embedding import Conditions, Embedding, StepEmbeddings
from pipelines.prompt.schedule import all_texts, pass_texts
from pipelines.prompt.tokenizer import ClipTokenizer, read_tokenizers
from pipelines.prompt.weights import plain_text
from pipelines.prompt.windows import PLAINLY, FittedSection, PromptWindows, Reading
from pipelines.spec import ImageSpec

_Key = tuple[str, AdapterSet, int, Reading]  # text, LoRAs, clip_skip
_ByText = Mapping[str, Embedding]


class PromptEncoder:
    """Encodes one text at a time, so that an embedding depends only on its text and LoRAs.

    An LRU cache of at most `cache_bytes` is keyed by text, exact LoRA set, clip_skip and the exact embeddings that the
    text names: a negative prompt that many images share is encoded once. `num_hits` and `num_misses` count its lookups.
    `vectors` None: no prompt names an embedding. Raises BaseModelError if the model has no tokenizer.
    """

    def __init__(
        self, model: LoadedModel, loras: LoraBackend, cache_bytes: int, vectors: Vectors | None = None
    ) -> None:
        self._model = model
        self._loras = loras
        self._vectors = vectors
        self._tokenizers = read_tokenizers(model.configs)
        self._windows = PromptWindows(self._tokenizers)
        self._cache = LRUCache[_Key, Embedding](cache_bytes, lambda embedding: embedding.num_bytes)
        self.num_hits = 0
        self.num_misses = 0

    def encode_pair(self, spec: ImageSpec, adapters: AdapterSet) -> Conditions:
        """Encode all texts of prompt and negative prompt, with contexts of the same length: shorter ones are padded
        with windows of the empty text, as compel does. clip_skip works on the prompt alone, as in diffusers. `adapters`
        are admitted. Raises InversionError and TooManyChanges."""
        clip_skip = spec.sampling.clip_skip
        positive = self._encode_texts(spec, spec.prompt, adapters, clip_skip)
        negative: _ByText = self._encode_texts(spec, spec.negative_prompt, adapters) if spec.rows == 2 else {}
        num_tokens = max(embedding.num_tokens for embedding in (*positive.values(), *negative.values()))
        positive = self._padded(positive, num_tokens, adapters, clip_skip)
        negative = self._padded(negative, num_tokens, adapters)

        def by_pass(prompt: str, embeddings: _ByText) -> tuple[StepEmbeddings, ...]:
            passes = range(len(spec.passes))
            return tuple(tuple(embeddings[text] for text in pass_texts(spec, prompt, index)) for index in passes)

        return Conditions(
            by_pass(spec.prompt, positive), by_pass(spec.negative_prompt, negative) if spec.rows == 2 else None
        )

    def _encode_texts(self, spec: ImageSpec, prompt: str, adapters: AdapterSet, clip_skip: int = 0) -> _ByText:
        reading = Reading.of(spec)
        return {text: self.encode(text, adapters, clip_skip, reading) for text in all_texts(spec, prompt)}

    def _padded(self, embeddings: _ByText, num_tokens: int, adapters: AdapterSet, clip_skip: int = 0) -> _ByText:
        if all(embedding.num_tokens == num_tokens for embedding in embeddings.values()):
            return embeddings
        empty = self.encode("", adapters, clip_skip)
        return {text: embedding.padded(num_tokens, empty) for text, embedding in embeddings.items()}

    def encode(self, text: str, adapters: AdapterSet, clip_skip: int = 0, reading: Reading = PLAINLY) -> Embedding:
        """The cached embedding, or a new one, which is cached if it fits. `adapters` are admitted."""
        reading = reading.of_text(text)
        key = (text, adapters, clip_skip, reading)
        cached = self._cache.get(key)
        if cached is not None:
            self.num_hits += 1
            return cached
        self.num_misses += 1
        embedding = self._encode(text, adapters, clip_skip, reading)
        if embedding.num_bytes <= self._cache.maxsize:
            self._cache[key] = embedding
        return embedding

    def _encode(self, text: str, adapters: AdapterSet, clip_skip: int, reading: Reading) -> Embedding:
        tokenizers = [tokenizer.naming(reading.embeddings) for tokenizer in self._tokenizers]
        text_encoders = [_TextEncoder(encoder, clip_skip) for encoder in self._model.text_encoders]
        if reading.embeddings:
            assert self._vectors is not None
            for encoder, tokenizer, vectors in zip(
                text_encoders, tokenizers, self._vectors.of(reading.embeddings), strict=True
            ):
                encoder.read_vectors(vectors, tokenizer.first_vector_id)
        layout = self._loras.prepare([adapters])
        terms = self._loras.place(layout, to_device(layout.numbers, self._model.device))
        fitted = self._windows.fit(text, reading)
        with self._loras.applied(terms):
            return Embedding.joined(
                [self._encode_section(text_encoders, tokenizers, section) for section in fitted.sections]
            )

    def _encode_section(
        self, text_encoders: Sequence[Any], tokenizers: Sequence[ClipTokenizer], section: FittedSection
    ) -> Embedding:
        model = self._model
        if not section.is_plain:
            return encode_parts(text_encoders, tokenizers, section.parts).to(model.dtype)
        words = plain_text(section.parts)
        outputs = [
            encoder(torch.tensor([tokenizer.window(words)]).to(model.device), output_hidden_states=True)
            for tokenizer, encoder in zip(tokenizers, text_encoders, strict=True)
        ]
        context = torch.cat([output.hidden_states[-2] for output in outputs], dim=-1)
        return Embedding(context, outputs[1][0]).to(model.dtype)


class _TextEncoder:
    """A text encoder that reads vectors in the place of some ids, and returns its hidden states without those of the
    last `clip_skip` layers; two are left."""

    def __init__(self, encoder: Any, clip_skip: int) -> None:
        self._encoder = encoder
        self._clip_skip = clip_skip
        self._vectors: torch.Tensor | None = None
        self._first_id = 0

    def read_vectors(self, vectors: torch.Tensor, first_id: int) -> None:
        """Row n of `vectors` in the place of the id `first_id` + n."""
        self._vectors, self._first_id = vectors, first_id

    def __call__(self, ids: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        if self._vectors is None:
            output = self._encoder(ids, *args, **kwargs)
        else:
            with placed(self._encoder, ids, self._first_id, self._vectors) as own_ids:
                output = self._encoder(own_ids, *args, **kwargs)
        if self._clip_skip and output.hidden_states is not None:
            num_kept = max(2, len(output.hidden_states) - self._clip_skip)
            output.hidden_states = output.hidden_states[:num_kept]
        return output

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)
