"""What the call that compares takes."""

from typing import Annotated

from msgspec import Meta, Struct

from server.api.jobs.schemas import (
    MAX_EXTRA_LORAS,
    EmbedParameters,
    ExtraLora,
    Format,
    Guidance,
    ModelName,
    ModelWeight,
    NegativePrompt,
    Prompt,
    Quality,
    Sampler,
    Seed,
    Size,
    Steps,
    StyleName,
)
from server.queue.grid import MAX_CELLS


class CompareVariant(Struct, frozen=True, forbid_unknown_fields=True):
    """A column: what `model_name`, `model_weight` and `loras` are to generate. Without any: the plain base model."""

    model_name: ModelName | None = None
    model_weight: ModelWeight | None = None
    loras: Annotated[list[ExtraLora], Meta(max_length=MAX_EXTRA_LORAS)] | None = None


class CompareRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture for each prompt, seed and variant, 64 at most in all; everything else is the same for all."""

    prompts: Annotated[list[Prompt], Meta(min_length=1, max_length=MAX_CELLS)]
    seeds: Annotated[list[Seed], Meta(min_length=1, max_length=MAX_CELLS, description="Each once.")]
    variants: Annotated[list[CompareVariant], Meta(min_length=1, max_length=MAX_CELLS)]
    quality: Annotated[Quality, Meta(description="12, 20 or 30 steps.")] = "high"
    negative_prompt: NegativePrompt | None = None
    width: Size | None = None
    height: Size | None = None
    steps: Steps | None = None
    guidance_scale: Guidance | None = None
    sampler: Sampler | None = None
    style: StyleName | None = None
    format: Annotated[Format, Meta(description="File format. Default jpeg.")] | None = None
    embed_parameters: EmbedParameters | None = None
