"""Check on the device itself that the bits of a row do not depend on its place in the forward. Torch thread."""

from torch import equal

from pipelines.denoise.forward import predict
from pipelines.denoise.sampler_factory import SamplerFactory
from pipelines.denoise.samplers import SAMPLERS
from pipelines.denoise.state import begin_pass
from pipelines.lora.backend import LoraBackend
from pipelines.model.load import LoadedModel
from pipelines.prompt.embedding import Conditions, Embedding
from pipelines.spec import ImageSpec, Pass, Sampling


def rows_are_exact(
    model: LoadedModel, loras: LoraBackend, samplers: SamplerFactory, empty: Embedding, exact_rows: int
) -> bool:
    """True if different images get the same bits in the reverse order: each in another slot, next to others. Two
    forwards at the native size. `empty`: the embedding of the empty text."""
    side = model.unet.config.sample_size * model.pixels_per_latent
    sampling = Sampling(next(iter(SAMPLERS)), steps=1, guidance_scale=0.0, seed=0)
    spec = ImageSpec("", "", sampling, (Pass(side, side),))
    conditions = Conditions(((empty,),), None)
    states = [begin_pass(model, samplers, spec.with_seed(seed), (), conditions) for seed in range(exact_rows)]
    there = predict(model, loras, states, exact_rows, exact_rows)
    back = predict(model, loras, states[::-1], exact_rows, exact_rows)
    return all(equal(one, other) for one, other in zip(there, reversed(back), strict=True))
