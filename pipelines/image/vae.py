"""Latents to pixels, one picture at a time. Torch thread."""

import logging
from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch import Tensor

from pipelines.model.acceleration import in_tiles
from pipelines.model.load import LoadedModel
from pipelines.out_of_memory import free_cached, is_out_of_memory
from pipelines.plan import RawPicture

log = logging.getLogger(__name__)


class NotFinite(Exception):
    """Latents or pixels hold NaN or infinity; there is no picture."""


def decode_picture(model: LoadedModel, latents: Tensor) -> RawPicture:
    """`latents` (1, 4, H/8, W/8) float32. A VAE that overflows in half precision is run again in float32; one that is
    known to (`force_upcast`) only there. Where memory is not enough for the whole, it is decoded in tiles. Raises
    NotFinite."""
    if not torch.isfinite(latents).all():
        raise NotFinite("its latents are not finite numbers")
    half = model.dtype != torch.float32
    if not (half and model.vae.config.force_upcast):
        pixels = _decode(model, latents.to(model.dtype))
        if torch.isfinite(pixels).all():
            return _to_picture(pixels)
    if half:
        with vae_in_float32(model):
            pixels = _decode(model, latents)
        if torch.isfinite(pixels).all():
            return _to_picture(pixels)
    raise NotFinite("the VAE made pixels that are not finite numbers")


def encode_pixels(model: LoadedModel, pixels: Tensor) -> Tensor:
    """(1, 3, H, W) in -1..1 -> the mean of its latents (1, 4, H/8, W/8) as the UNet knows them, float32."""
    with vae_in_float32(model):
        latents: Tensor = model.vae.encode(pixels.to(model.device)).latent_dist.mode()
    mean, std = _latent_statistics(model, latents)
    return (latents - mean) * model.vae.config.scaling_factor / std


@contextmanager
def vae_in_float32(model: LoadedModel) -> Generator[None]:
    """Half precision survives the way there and back unchanged."""
    if model.dtype == torch.float32:
        yield
        return
    cast = torch.nn.Module.to  # the VAE's own warns of each cast
    try:  # an error half-way leaves some parts converted: those go back too
        cast(model.vae, torch.float32)
        yield
    finally:
        cast(model.vae, model.dtype)


def _decode(model: LoadedModel, latents: Tensor) -> Tensor:
    """(1, 4, H/8, W/8) -> (1, 3, H, W) around -1..1, float32."""
    mean, std = _latent_statistics(model, latents)
    scaled = (latents * std / model.vae.config.scaling_factor + mean).contiguous(memory_format=torch.channels_last)
    try:
        return model.vae.decode(scaled, return_dict=False)[0].float()
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        log.warning("not enough memory to decode a picture as a whole; it is decoded in tiles")
    free_cached(model.device)
    with in_tiles(model.vae):
        return model.vae.decode(scaled, return_dict=False)[0].float()


def _latent_statistics(model: LoadedModel, like: Tensor) -> tuple[Tensor | float, Tensor | float]:
    """Mean and deviation of each latent channel, (1, 4, 1, 1), where the VAE's config gives them."""
    config = model.vae.config
    if config.latents_mean is None or config.latents_std is None:
        return 0.0, 1.0
    mean, std = (like.new_tensor(values).view(1, -1, 1, 1) for values in (config.latents_mean, config.latents_std))
    return mean, std


def _to_picture(pixels: Tensor) -> RawPicture:
    """(1, 3, H, W) around -1..1 -> 8 bits a channel, rounded as stock does."""
    levels = ((pixels[0] * 0.5 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
    return to_raw_picture(levels)


def to_raw_picture(levels: Tensor) -> RawPicture:
    """(3, H, W) uint8 on any device."""
    _, height, width = levels.shape
    return RawPicture(width, height, levels.permute(1, 2, 0).contiguous().cpu().numpy().tobytes())
