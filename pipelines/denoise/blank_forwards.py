"""Forwards of blank images at the start: to compile what requests need, and to measure memory. Torch thread."""

import logging
import time
from collections.abc import Sequence

import torch

from pipelines.denoise.compiled_kinds import CompiledKinds
from pipelines.denoise.forward import Rows, forward
from pipelines.image.vae import decode_image
from pipelines.lora.backend import LoraBackend, LoraTerms
from pipelines.model.load import LoadedModel
from pipelines.model.memory_model import MemoryModel, measure_memory
from pipelines.model.weights import unet_layout
from pipelines.prompt.embedding import Embedding

log = logging.getLogger(__name__)


def compile_forwards(
    model: LoadedModel,
    loras: LoraBackend,
    empty: Embedding,
    sizes: Sequence[tuple[int, int]],
    row_counts: Sequence[int],
) -> CompiledKinds:
    """For images of `sizes` (width, height), with and without a LoRA in each row. `empty`: an encoded prompt of one
    window. What no graph fits afterwards is computed without one: nothing is compiled while images wait."""
    started_s = time.perf_counter()
    for width, height in sizes:
        for num_rows in row_counts:
            kinds: list[LoraTerms] = [(), terms] if (terms := loras.blank_terms(num_rows)) else [()]
            for kind in kinds:
                before_s = time.perf_counter()
                forward(model, loras, blank_rows(model, empty, width, height, num_rows, kind))
                taken_s = time.perf_counter() - before_s
                what = f"{num_rows} rows at {width} x {height} with{'' if kind else 'out'} LoRAs"
                log.info("compiled a forward of %s in %.1f s", what, taken_s)
    torch.compiler.set_stance("eager_on_recompile")
    num_forwards = len(sizes) * len(row_counts) * (2 if loras.blank_terms(1) else 1)
    log.info("compiled %d kinds of forwards in %.0f s", num_forwards, time.perf_counter() - started_s)
    rank = next((term.rank for term in loras.blank_terms(1)), 0)
    return CompiledKinds(sizes, row_counts, empty.num_tokens, rank, model.pixels_per_latent)


def measured_memory(
    model: LoadedModel, loras: LoraBackend, empty: Embedding, width: int, height: int, cache_bytes: int
) -> MemoryModel:
    """With a forward of two rows and a decode of images of this size. `cache_bytes`: what LoRAs may still take."""
    rows = blank_rows(model, empty, width, height, 2, ())
    latents = rows.sample[:1].float()
    work = (lambda: forward(model, loras, rows), lambda: decode_image(model, latents))
    return measure_memory(model.device, cache_bytes, width * height, 2, *work)


def blank_rows(model: LoadedModel, empty: Embedding, width: int, height: int, num_rows: int, terms: LoraTerms) -> Rows:
    """As `predict` stacks them."""
    scale, device = model.pixels_per_latent, model.device
    sample = torch.zeros(num_rows, model.unet.config.in_channels, height // scale, width // scale, device=device)
    return Rows(
        sample=sample.to(model.dtype).contiguous(memory_format=unet_layout(device)),
        timesteps=torch.zeros(num_rows, device=device),
        context=torch.cat([empty.context] * num_rows),
        pooled=torch.cat([empty.pooled] * num_rows),
        time_ids=torch.zeros(num_rows, 6, dtype=model.dtype, device=device),
        loras=terms,
    )
