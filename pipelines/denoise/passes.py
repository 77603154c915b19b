"""From one pass to the next (hires): upscale, add noise, begin again at the new size. Torch thread."""

from collections.abc import Callable, Generator, Mapping

import torch
from PIL import Image
from torch import Tensor

from pipelines.denoise.sampler_factory import SamplerFactory
from pipelines.denoise.state import DenoiseState, begin_pass
from pipelines.image.source_latents import EncodedSource, encode_source
from pipelines.image.vae import decode_image
from pipelines.model.load import LoadedModel
from pipelines.plan import RawImage, SourceImage
from pipelines.spec import LATENT_UPSCALER, PIXEL_UPSCALER, Pass

Upscaler = Callable[[RawImage], Generator[None, None, RawImage]]
"""Makes an image larger by its own factor, a yield between two pieces of the work."""


def next_pass(
    model: LoadedModel, samplers: SamplerFactory, upscalers: Mapping[str, Upscaler], state: DenoiseState
) -> Generator[None, None, DenoiseState]:
    """The state of the next pass. Yields between two pieces of the work, each about as long as a decode."""
    index = state.pass_index + 1
    target = state.spec.passes[index]
    source: EncodedSource | Tensor
    if target.upscaler == LATENT_UPSCALER:
        scale = model.pixels_per_latent
        size = (target.height // scale, target.width // scale)
        source = torch.nn.functional.interpolate(state.latents, size=size, mode="bilinear")
    else:
        image = decode_image(model, state.latents)
        yield
        larger = yield from upscaled(image, target, upscalers)
        source = encode_source(model, larger)
    embeddings = (state.positive, state.negative)
    return begin_pass(model, samplers, state.spec, state.adapters, embeddings, index, source)


def upscaled(image: RawImage, target: Pass, upscalers: Mapping[str, Upscaler]) -> Generator[None, None, SourceImage]:
    """The image at the size of the pass, by its upscaler. Raises KeyError if that model is not here."""
    if target.upscaler not in (None, PIXEL_UPSCALER, LATENT_UPSCALER):
        image = yield from upscalers[target.upscaler](image)
    pixels = Image.frombytes("RGB", (image.width, image.height), image.rgb)
    resized = pixels.resize((target.width, target.height), Image.Resampling.LANCZOS)
    return SourceImage(target.width, target.height, resized.tobytes())
