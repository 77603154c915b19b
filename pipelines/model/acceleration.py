"""How the loaded parts compute: attention, compilation, decoding in tiles. Torch thread."""

import importlib.util
import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import torch

from pipelines.model.checkpoint import BaseModelError

log = logging.getLogger(__name__)

TILE_PX = 512
MAX_COMPILED_FORWARDS = 64
"""Row counts times picture sizes (and LoRA sets) that are kept compiled; beyond it torch runs uncompiled."""


def accelerate(unet: Any, vae: Any, attention: str, compiled: bool, tiled_vae: bool) -> None:
    """Raises BaseModelError where xformers is asked for and cannot be used. Attention is torch's own
    (`scaled_dot_product_attention`) unless `attention` is `xformers`."""
    if attention == "xformers":
        use_xformers(unet, vae)
    if tiled_vae:
        use_tiles(vae)
    if compiled:
        compile_unet(unet)


def use_xformers(unet: Any, vae: Any) -> None:
    if importlib.util.find_spec("xformers") is None:
        raise BaseModelError(
            "STUDIO_ATTENTION is xformers, but that package is not installed: pip install '.[cuda]', or leave the"
            " setting out for torch's own attention"
        )
    if not torch.cuda.is_available():
        raise BaseModelError("STUDIO_ATTENTION is xformers, which needs a CUDA device; leave it out or set it to sdpa")
    for part in (unet, vae):
        part.enable_xformers_memory_efficient_attention()


def use_tiles(vae: Any) -> None:
    """Pictures above TILE_PX are decoded in tiles that overlap by a quarter: less memory, a little more time, edges
    blended. SDXL's own tiles are as large as its pictures, which would save nothing."""
    vae.enable_tiling()
    vae.tile_sample_min_size = TILE_PX
    vae.tile_latent_min_size = TILE_PX // 2 ** (len(vae.config.block_out_channels) - 1)


@contextmanager
def in_tiles(vae: Any) -> Generator[None]:
    """Decode in tiles for once."""
    before = (vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size)
    use_tiles(vae)
    try:
        yield
    finally:
        vae.use_tiling, vae.tile_sample_min_size, vae.tile_latent_min_size = before


def compile_unet(unet: Any, backend: str | Callable[..., Any] = "inductor") -> None:
    """In place: LoRAs go on living inside. Every forward has one of a few static row counts (STUDIO_ROW_BUCKETS), so
    shapes are compiled as they are; torch logs each compilation after the first and what made it necessary."""
    private: Any = torch  # there is no public way to either
    private._dynamo.config.recompile_limit = MAX_COMPILED_FORWARDS
    private._logging.set_logs(recompiles=True)
    unet.compile(backend=backend, dynamic=False)
    log.info("the UNet is compiled for each row count before the server is ready; that takes minutes")
