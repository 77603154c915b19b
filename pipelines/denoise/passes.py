"""From one pass to the next (hires): enlarge, add noise, begin again at the new size. Torch thread."""

import torch
from PIL import Image
from torch import Tensor

from pipelines.denoise.sampler_factory import SamplerFactory
from pipelines.denoise.state import DenoiseState, begin_pass
from pipelines.image.source_latents import EncodedSource, encode_source
from pipelines.image.vae import decode_image
from pipelines.model.load import LoadedModel
from pipelines.model.memory_model import MemoryModel
from pipelines.plan import Piece, Pieces, SourceImage
from pipelines.spec import LATENT_UPSCALER
from pipelines.upscaling.upscalers import Upscalers


def next_pass(
    model: LoadedModel,
    samplers: SamplerFactory,
    upscalers: Upscalers,
    state: DenoiseState,
    memory: MemoryModel | None = None,
) -> Pieces[DenoiseState]:
    """The state of the next pass."""
    index = state.pass_index + 1
    target = state.spec.passes[index]
    source: EncodedSource | Tensor
    if target.upscaler == LATENT_UPSCALER:
        scale = model.pixels_per_latent
        size = (target.height // scale, target.width // scale)
        source = torch.nn.functional.interpolate(state.latents, size=size, mode="bilinear")
    else:
        raw = decode_image(model, state.latents, memory)
        yield Piece("decode", raw.width * raw.height)
        image = Image.frombytes("RGB", (raw.width, raw.height), raw.rgb)
        if target.network is not None:
            image = yield from upscalers.enlarged(target.network, image)
        larger = image.resize((target.width, target.height), Image.Resampling.LANCZOS)
        source = encode_source(model, SourceImage(larger.width, larger.height, larger.tobytes()))
    return begin_pass(model, samplers, state.spec, state.adapters, state.conditions, source, index)
