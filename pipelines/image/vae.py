"""The VAE: latents to pixels and back, one image at a time. Torch thread."""

import logging
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor

from pipelines.device import free_cached
from pipelines.errors import NotFinite, is_out_of_memory
from pipelines.model.acceleration import in_tiles
from pipelines.model.load import LoadedModel
from pipelines.model.memory_model import MemoryModel
from pipelines.plan import RawImage

log = logging.getLogger(__name__)


def decode_image(model: LoadedModel, latents: Tensor, memory: MemoryModel | None = None) -> RawImage:
    """Decode `latents` (1, 4, H/8, W/8) float32. Raises NotFinite.

    If the VAE overflows in half precision, this image and all later ones are decoded in float32. If memory is too small
    for a whole decode, as `memory` says or as it turns out, the image is decoded in tiles.
    """
    if not torch.isfinite(latents).all():
        raise NotFinite("its latents are not finite numbers")
    if model.vae.dtype != torch.float32:
        if model.half_vae:
            pixels = _decode(model, latents.to(model.vae.dtype), memory)
            if torch.isfinite(pixels).all():
                return _rounded(pixels)
            log.warning("the VAE overflows in %s: it stays in float32 from now on (STUDIO_VAE_DTYPE)", model.vae.dtype)
        _cast(model.vae, torch.float32)
    pixels = _decode(model, latents, memory)
    if torch.isfinite(pixels).all():
        return _rounded(pixels)
    raise NotFinite("the VAE made pixels that are not finite numbers")


def encode_pixels(model: LoadedModel, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Encode pixels (1, 3, H, W) in -1..1, in float32, to the mean and the standard deviation of their latents,
    (1, 4, H/8, W/8) each, scaled for the UNet."""
    with vae_in_float32(model):
        posterior = model.vae.encode(pixels.to(model.device)).latent_dist
    mean, std = _latent_statistics(model, posterior.mean)
    scale = model.vae.config.scaling_factor / std
    return (posterior.mean - mean) * scale, posterior.std * scale


@contextmanager
def vae_in_float32(model: LoadedModel) -> Generator[None]:
    """Run the VAE in float32 within this context. The round trip does not change half precision weights."""
    before = model.vae.dtype
    if before == torch.float32:
        yield
        return
    try:  # also if the first cast fails half way
        _cast(model.vae, torch.float32)
        yield
    finally:
        if model.half_vae:
            _cast(model.vae, before)


def _cast(vae: Any, dtype: torch.dtype) -> None:
    """The VAE's own method warns of each cast."""
    torch.nn.Module.to(vae, dtype)


def _decode(model: LoadedModel, latents: Tensor, memory: MemoryModel | None) -> Tensor:
    """(1, 4, H/8, W/8) -> (1, 3, H, W) around -1..1, float32."""
    mean, std = _latent_statistics(model, latents)
    scaled = (latents * std / model.vae.config.scaling_factor + mean).contiguous(memory_format=torch.channels_last)
    try:
        with in_tiles(model.vae) if _is_large(model, latents, memory) else nullcontext():
            return model.vae.decode(scaled, return_dict=False)[0].float()
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        log.warning("out of memory: decoding an image in tiles")
    free_cached(model.device)
    with in_tiles(model.vae):
        return model.vae.decode(scaled, return_dict=False)[0].float()


def _is_large(model: LoadedModel, latents: Tensor, memory: MemoryModel | None) -> bool:
    """Where memory has not been measured: beyond 1.5 times the native side, squared, a whole decode takes more than all
    steps do."""
    num_latents = latents.shape[-2] * latents.shape[-1]
    if memory is not None:
        return not memory.decodes_whole(num_latents * model.pixels_per_latent**2)
    return num_latents > model.unet.config.sample_size**2 * 9 // 4


def _latent_statistics(model: LoadedModel, like: Tensor) -> tuple[Tensor | float, Tensor | float]:
    """Mean and standard deviation of each latent channel, (1, 4, 1, 1), from the VAE's config; else 0 and 1."""
    config = model.vae.config
    if config.latents_mean is None or config.latents_std is None:
        return 0.0, 1.0
    mean, std = (like.new_tensor(values).view(1, -1, 1, 1) for values in (config.latents_mean, config.latents_std))
    return mean, std


def _rounded(pixels: Tensor) -> RawImage:
    """(1, 3, H, W) around -1..1 -> 8 bits a channel, rounded as stock diffusers does."""
    levels = ((pixels[0] * 0.5 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
    return to_raw_image(levels)


def to_raw_image(levels: Tensor) -> RawImage:
    """Copy pixels (3, H, W) uint8 from any device."""
    _, height, width = levels.shape
    return RawImage(width, height, levels.permute(1, 2, 0).contiguous().cpu().numpy().tobytes())
