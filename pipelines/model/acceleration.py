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
MAX_GRAPHS = 512
"""Of a block's code: one for each shape of block, row count, image size, with and without LoRAs."""


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
    """Compile the transformer blocks in place, at their first forwards (`compile_forwards`). Blocks of the same shape
    share a graph: SDXL has 70 blocks of two shapes. Every forward has one of a few static row counts
    (STUDIO_ROW_BUCKETS), so shapes are compiled as constants."""
    config: Any = getattr(torch, "_dynamo").config  # noqa: B009 - neither limit is public
    config.recompile_limit = config.accumulated_recompile_limit = MAX_GRAPHS
    unet.compile_repeated_blocks(backend=backend, fullgraph=True, dynamic=False)
