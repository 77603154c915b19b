"""A source in latent space: encoded once, sampled by each image that is made from it. Torch thread."""

from dataclasses import dataclass

import torch
from PIL import Image
from torch import Generator, Tensor

from pipelines.errors import NotFinite
from pipelines.image.source_pixels import resized_to
from pipelines.image.vae import encode_pixels
from pipelines.model.load import LoadedModel
from pipelines.plan import EncodeOrder, Pieces, SourceImage
from pipelines.spec import Source
from pipelines.upscaling.upscalers import Upscalers


@dataclass(slots=True, eq=False)
class EncodedSource:
    """`mean`, `std`: moments of the VAE's posterior, scaled for the UNet, (1, 4, H/8, W/8) float32. `mask`: None, or
    (1, 1, H/8, W/8) float32, 1 is repainted."""

    mean: Tensor
    std: Tensor
    mask: Tensor | None = None

    def sample(self, generator: Generator) -> Tensor:
        """Latents, with the noise of this CPU generator."""
        noise = torch.randn(self.mean.shape, generator=generator, dtype=torch.float32)
        return self.mean + self.std * noise.to(self.mean.device)


def encode_in_pieces(model: LoadedModel, upscalers: Upscalers, order: EncodeOrder) -> Pieces[EncodedSource]:
    """The source, enlarged by the network that its key names. Raises NotFinite and UpscalerError."""
    key, image = order.key, order.image
    if key.network is not None:
        pixels = Image.frombytes("RGB", (image.width, image.height), image.rgb)
        larger = yield from upscalers.enlarged(key.network, pixels)
        resized = resized_to(larger, (key.width, key.height), key.source.resize)
        image = SourceImage(resized.width, resized.height, resized.tobytes())
    return encode_source(model, image, key.source)


def encode_source(model: LoadedModel, image: SourceImage, source: Source | None = None) -> EncodedSource:
    """`source` says how the mask is meant. Raises NotFinite."""
    levels = torch.frombuffer(bytearray(image.rgb), dtype=torch.uint8).view(image.height, image.width, 3)
    pixels = levels.permute(2, 0, 1)[None].to(torch.float32) / 255 * 2 - 1
    mean, std = encode_pixels(model, pixels)
    if not (torch.isfinite(mean).all() and torch.isfinite(std).all()):
        raise NotFinite("the VAE made latents of the source that are not finite numbers")
    mask = None
    if image.mask is not None and source is not None and source.mask is not None:
        mask = _latent_mask(image, source.mask.mode == "hard", model.pixels_per_latent).to(model.device)
    return EncodedSource(mean, std, mask)


def _latent_mask(image: SourceImage, is_hard: bool, scale: int) -> Tensor:
    """(1, 1, H/8, W/8). Hard as diffusers does: binary at half, then the nearest pixel; soft: the mean of the
    pixels."""
    assert image.mask is not None
    levels = torch.frombuffer(bytearray(image.mask), dtype=torch.uint8).view(1, 1, image.height, image.width)
    mask = levels.to(torch.float32) / 255
    size = (image.height // scale, image.width // scale)
    if is_hard:
        return torch.nn.functional.interpolate((mask >= 0.5).to(torch.float32), size=size)
    return torch.nn.functional.interpolate(mask, size=size, mode="area")
