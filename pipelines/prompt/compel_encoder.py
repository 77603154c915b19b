"""Weighted and long prompts to embeddings, by compel. Torch thread.

compel's parser is passed by, and with it the signs it would read in people's words: its embeddings provider takes texts
and weights. Parts of weight 1 and more are scaled away from the empty text; for each part below 1 the prompt is encoded
once more with the part masked out, and mixed in.
"""

from collections.abc import Sequence
from typing import Any

import torch
from compel.embeddings_provider import (  # pyright: ignore[reportMissingTypeStubs]
    EmbeddingsProvider,
    ReturnedEmbeddingsType,
    SplitLongTextMode,
)

from pipelines.model.load import LoadedModel
from pipelines.prompt.embedding import Embedding
from pipelines.prompt.weights import WeightedText


def encode_parts(model: LoadedModel, parts: Sequence[WeightedText]) -> Embedding:
    """The pooled embedding is the plain words', of the first window: a vector of the whole prompt has no parts to weigh
    (compel 2.5.1 makes it from the words with their brackets and numbers)."""
    texts, weights = [part.text for part in parts], [part.weight for part in parts]
    providers = [_provider(model, index) for index in range(2)]
    contexts = [
        provider.get_embeddings_for_weighted_prompt_fragments([texts], [weights], device=model.device)
        for provider in providers
    ]
    padded: list[torch.Tensor] = []
    num_tokens = max(context.shape[1] for context in contexts)
    for context, provider in zip(contexts, providers, strict=True):  # as CompelForSDXL: with windows of the empty text
        lacking = (num_tokens - context.shape[1]) // provider.max_token_count
        padded.append(torch.cat([context, *[provider.empty_z.to(context)] * lacking], dim=1))
    pooled = providers[1].get_pooled_embeddings(["".join(texts)], device=model.device)
    return Embedding(torch.cat(padded, dim=-1).to(model.dtype), pooled.to(model.dtype))


def _provider(model: LoadedModel, index: int) -> Any:
    """A fresh one each time: it remembers what the empty text is with the LoRAs that are at work when it asks."""
    tokenizer: Any = model.tokenizers[index]
    # No warning of a text that is too long: it is cut into windows.
    tokenizer.deprecation_warnings["sequence-length-is-longer-than-the-specified-maximum"] = True
    return EmbeddingsProvider(
        tokenizer,
        model.text_encoders[index],
        truncate=False,
        returned_embeddings_type=ReturnedEmbeddingsType.PENULTIMATE_HIDDEN_STATES_NON_NORMALIZED,
        split_long_text_mode=SplitLongTextMode.SENTENCES,
    )
