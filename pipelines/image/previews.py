"""Preview images: a linear map from latent channels to colors, without the VAE. Torch thread.

The idea is from https://discuss.huggingface.co/t/decoding-latents-to-rgb-without-upscaling/23204; the map is fitted to
the model's own VAE.
"""

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn.functional import avg_pool2d, interpolate

from pipelines.image.vae import encode_pixels, to_raw_image
from pipelines.model.load import LoadedModel
from pipelines.plan import RawImage

FIT_SIZE_PX = 256


class Previewer:
    """Fits the map at its first preview, which takes one VAE encode."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._factors: Tensor | None = None

    def preview(self, latents: Tensor) -> RawImage:
        """A preview of W/8 x H/8 pixels from clean `latents` (1, 4, H/8, W/8) float32. Waits for the device."""
        if self._factors is None:
            self._factors = fit_colors(self._model)
        colors = _with_constant(latents) @ self._factors  # (H/8 * W/8, 3), -1..1
        levels = ((colors.nan_to_num() * 0.5 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
        return to_raw_image(levels.T.reshape(3, *latents.shape[2:]))


def fit_colors(model: LoadedModel) -> Tensor:
    """Fit the map by least squares over one synthetic image.

    Returns (4 + 1, 3) float32 on the device: from latent channels and a constant to colors in -1..1.
    """
    pixels = synthetic_image()
    latents = encode_pixels(model, pixels)[0].cpu()
    colors = avg_pool2d(pixels, model.pixels_per_latent)[0].flatten(1).T
    factors, *_ = np.linalg.lstsq(_with_constant(latents).numpy(), colors.numpy(), rcond=None)
    return torch.tensor(factors, device=model.device)


def synthetic_image() -> Tensor:
    """(1, 3, 256, 256) in -1..1: smooth gradients of random colors on the left, flat patches on the right."""
    generator = Generator("cpu").manual_seed(0)
    smooth = torch.rand((1, 3, 8, 8), generator=generator) * 2 - 1
    patches = torch.rand((1, 3, 16, 16), generator=generator) * 2 - 1
    image = interpolate(smooth, size=FIT_SIZE_PX, mode="bilinear", align_corners=True)
    hard = interpolate(patches, size=FIT_SIZE_PX, mode="nearest")
    image[..., FIT_SIZE_PX // 2 :] = hard[..., FIT_SIZE_PX // 2 :]
    return image


def _with_constant(latents: Tensor) -> Tensor:
    """(1, 4, h, w) -> (h * w, 5)."""
    rows = latents[0].flatten(1).T.float()
    return torch.cat([rows, rows.new_ones(len(rows), 1)], dim=1)
