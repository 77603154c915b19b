"""Encode weighted and long prompts with compel's embeddings provider. Torch thread.

compel's parser is not used: it would read signs of ordinary text (`+`, `-`, quotes) as its own syntax. The provider
takes texts and weights. Parts of weight 1 and more are scaled away from the empty text; for each part below 1 the
prompt is encoded once more with the part masked out, and mixed in. https://github.com/damian0815/compel
"""

from collections.abc import Sequence
from typing import Any

import torch
from compel.embeddings_provider import (  # pyright: ignore[reportMissingTypeStubs]
    EmbeddingsProvider,
    ReturnedEmbeddingsType,
    SplitLongTextMode,
)

from pipelines.prompt.embedding import Embedding
from pipelines.prompt.tokenizer import MAX_TOKENS, ClipTokenizer
from pipelines.prompt.weights import WeightedText


def encode_parts(
    text_encoders: Sequence[Any], tokenizers: Sequence[ClipTokenizer], parts: Sequence[WeightedText]
) -> Embedding:
    """Encode with both text encoders of SDXL, in their dtype and on their device. The pooled embedding is that of the
    plain words in the first window: a single vector has no parts to weight. (compel 2.5.1 makes it from the words with
    their brackets and numbers.)"""
    device = text_encoders[0].device
    texts, weights = [part.text for part in parts], [part.weight for part in parts]
    providers = [_provider(encoder, tokenizer) for encoder, tokenizer in zip(text_encoders, tokenizers, strict=True)]
    contexts = [
        provider.get_embeddings_for_weighted_prompt_fragments([texts], [weights], device=device)
        for provider in providers
    ]
    padded: list[torch.Tensor] = []
    num_tokens = max(context.shape[1] for context in contexts)
    for context, provider in zip(contexts, providers, strict=True):  # pad with windows of the empty text: CompelForSDXL
        lacking = (num_tokens - context.shape[1]) // provider.max_token_count
        padded.append(torch.cat([context, *[provider.empty_z.to(context)] * lacking], dim=1))
    pooled = providers[1].get_pooled_embeddings(["".join(texts)], device=device)
    return Embedding(torch.cat(padded, dim=-1), pooled)


def _provider(text_encoder: Any, tokenizer: ClipTokenizer) -> Any:
    """A new provider for each prompt: it caches the empty text's embedding, which depends on the current LoRAs."""
    return EmbeddingsProvider(
        _CompelTokenizer(tokenizer),  # pyright: ignore[reportArgumentType]
        text_encoder,
        truncate=False,
        returned_embeddings_type=ReturnedEmbeddingsType.PENULTIMATE_HIDDEN_STATES_NON_NORMALIZED,
        split_long_text_mode=SplitLongTextMode.SENTENCES,
    )


class _CompelTokenizer:
    """The part of transformers' tokenizer interface that compel's provider uses (compel 2.5.1)."""

    model_max_length = MAX_TOKENS

    def __init__(self, tokenizer: ClipTokenizer) -> None:
        self._tokenizer = tokenizer
        self.bos_token_id = tokenizer.start_id
        self.eos_token_id = tokenizer.end_id
        self.pad_token_id = tokenizer.pad_id

    def __call__(self, texts: Sequence[str], truncation: bool, **_: object) -> dict[str, list[list[int]]]:
        max_tokens = MAX_TOKENS if truncation else None
        return {"input_ids": [self._tokenizer.with_ends(text, max_tokens) for text in texts]}

    def convert_ids_to_tokens(self, ids: Sequence[int]) -> list[str]:
        return self._tokenizer.texts(ids)
