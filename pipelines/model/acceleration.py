"""Configure how the loaded parts compute: attention, compilation, tiled decoding. Torch thread."""

import importlib.util
import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import torch

from pipelines.model.attention import use_plain_attention
from pipelines.model.checkpoint import BaseModelError

log = logging.getLogger(__name__)

TILE_PX = 512
MAX_COMPILED_FORWARDS = 64
"""Graphs that are kept compiled, one for each row count, image size and kind of LoRA forward; beyond it torch runs
uncompiled."""


def accelerate(unet: Any, vae: Any, attention: str, compiled: bool, tiled_vae: bool) -> None:
    """`attention`: `sdpa` (torch's `scaled_dot_product_attention`) or `xformers`. Raises BaseModelError if xformers is
    requested and unavailable."""
    if attention == "xformers":
        use_xformers(unet, vae)
    else:
        use_plain_attention(unet)
    if tiled_vae:
        use_tiles(vae)
    if compiled:
        compile_unet(unet)


def use_xformers(unet: Any, vae: Any) -> None:
    if importlib.util.find_spec("xformers") is None:
        raise BaseModelError(
            "STUDIO_ATTENTION is xformers, but that package is not installed: pip install '.[xformers]', or leave the"
            " setting out for torch's own attention"
        )
    if not torch.cuda.is_available():
        raise BaseModelError("STUDIO_ATTENTION is xformers, which needs a CUDA device; leave it out or set it to sdpa")
    for part in (unet, vae):
        part.enable_xformers_memory_efficient_attention()


def use_tiles(vae: Any) -> None:
    """Decode images above TILE_PX in tiles that overlap by a quarter, edges blended: less memory, a little more time.

    SDXL's default tiles are as large as its images, which would save nothing.
    """
    vae.enable_tiling()
    vae.tile_sample_min_size = TILE_PX
    vae.tile_latent_min_size = TILE_PX // 2 ** (len(vae.config.block_out_channels) - 1)


@contextmanager
def in_tiles(vae: Any) -> Generator[None]:
    """Decode in tiles within this context."""
    before = (vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size)
    use_tiles(vae)
    try:
        yield
    finally:
        vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size = before


def compile_unet(unet: Any, backend: str | Callable[..., Any] = "inductor") -> None:
    """Compile in place, so that the bank's hooks stay on the layers.

    Every forward has one of a few static row counts (STUDIO_ROW_BUCKETS), so shapes are compiled as constants. torch
    logs each later compilation and its cause.
    """
    private: Any = torch  # neither setting is public
    private._dynamo.config.recompile_limit = MAX_COMPILED_FORWARDS
    private._logging.set_logs(recompiles=True)
    unet.compile(backend=backend, dynamic=False)
    log.info("compiling the UNet for each row count before the server is ready; this takes minutes")
