"""The state of one image between its first noise and its last latents. Torch thread."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from pipelines.denoise.blend import Blend, HardBlend, SoftBlend
from pipelines.denoise.sampler_factory import (
    Sampler,
    SamplerFactory,
    noise_generator,
    noise_level,
    predicted_x0,
    takes_generator,
)
from pipelines.image.source_latents import EncodedSource
from pipelines.lora.backend import AdapterSet
from pipelines.model.load import LoadedModel
from pipelines.prompt.embedding import Conditions, Embedding, at_step
from pipelines.spec import ImageSpec


@dataclass(slots=True, eq=False)
class DenoiseState:
    """One begun image. `latents` (1, 4, H/8, W/8) float32 on the device, whatever the model's dtype; `timesteps` (T,)
    on the CPU. `guided`: the steps that use the negative prompt. `noise_source`: the generator
    argument of the sampler's step, if it takes one; `blend` keeps the unmasked part of a source."""

    spec: ImageSpec
    adapters: AdapterSet
    sampler: Sampler
    timesteps: Tensor
    latents: Tensor
    conditions: Conditions
    time_ids: Tensor
    noise_source: Mapping[str, Generator]
    guided: range
    step_index: int = 0
    pass_index: int = 0
    blend: Blend | None = None

    @property
    def positive_now(self) -> Embedding:
        """Embedding of the prompt for the next step. Heun's method takes two evaluations a step."""
        return at_step(self.conditions.positive[self.pass_index], self.step_index // self.sampler.order)

    @property
    def negative_now(self) -> Embedding | None:
        """Negative-prompt embedding for the next step; None if guidance is off at that step."""
        negative = self.conditions.negative
        if negative is None or self.step_index not in self.guided:
            return None
        return at_step(negative[self.pass_index], self.step_index // self.sampler.order)

    @property
    def rows(self) -> int:
        """Rows of the next step."""
        return 1 if self.negative_now is None else 2

    @property
    def num_evaluations(self) -> int:
        return len(self.timesteps)

    @property
    def timestep(self) -> Tensor:
        return self.timesteps[self.step_index]

    def model_input(self) -> Tensor:
        """(1, 4, H/8, W/8) float32: the latents, scaled for the UNet at this timestep."""
        return self.sampler.scale_model_input(self.latents, self.timestep)

    def advance(self, prediction: Tensor) -> Tensor:
        """Take one sampler step with the guided prediction (1, 4, H/8, W/8) float32. Returns the predicted clean
        latents, for previews."""
        timestep, before = self.timestep, self.latents
        stepped = self.sampler.step(prediction, timestep, before, return_dict=False, **self.noise_source)
        self.latents = stepped[0]
        self.step_index += 1
        if self.blend is not None:
            self.latents = self.blend.blended(self.latents, self.sampler, self.timesteps, self.step_index)
        return predicted_x0(self.sampler, stepped, timestep, before, prediction)


def begin_pass(
    model: LoadedModel,
    samplers: SamplerFactory,
    spec: ImageSpec,
    adapters: AdapterSet,
    conditions: Conditions,
    source: EncodedSource | Tensor | None = None,
    pass_index: int = 0,
) -> DenoiseState:
    """Set up an image as stock diffusers does with a CPU generator of the same seed: same noise, original size = target
    size, no crop; with a `source` (moments, or latents (1, 4, H/8, W/8)) as in its image-to-image and inpainting
    pipelines."""
    this = spec.passes[pass_index]
    sampler = samplers.create(spec.sampling.sampler, spec.steps(pass_index), this.start)
    timesteps = sampler.timesteps[this.start * sampler.order :]
    generator = noise_generator(spec.sampling.seed)
    scale = model.pixels_per_latent
    shape = (1, model.unet.config.in_channels, this.height // scale, this.width // scale)
    clean = source.sample(generator) if isinstance(source, EncodedSource) else source
    noise = torch.randn(shape, generator=generator, dtype=torch.float32).to(model.device)
    mask = source.mask if isinstance(source, EncodedSource) else None
    blend = None if clean is None or mask is None else _blend(spec, mask, clean, noise)
    if isinstance(blend, HardBlend):
        torch.randn(shape, generator=generator)  # stock draws for latents that a UNet of 4 channels ignores
    if clean is None or (isinstance(blend, HardBlend) and this.strength == 1.0):
        latents = noise * sampler.init_noise_sigma
    else:
        level, sigma = noise_level(sampler, timesteps[0])
        latents = level * _begun_with(spec, mask, clean, noise) + sigma * noise
    size = (this.height, this.width)
    time_ids = torch.tensor([[*size, 0, 0, *size]], dtype=model.dtype).to(model.device)
    return DenoiseState(
        spec=spec,
        adapters=adapters,
        sampler=sampler,
        timesteps=timesteps,
        latents=latents,
        conditions=conditions,
        time_ids=time_ids,
        noise_source={"generator": generator} if takes_generator(sampler) else {},
        guided=spec.guided(len(timesteps)),
        pass_index=pass_index,
        blend=blend,
    )


def _blend(spec: ImageSpec, mask: Tensor, clean: Tensor, noise: Tensor) -> Blend:
    assert spec.source is not None and spec.source.mask is not None
    if spec.source.mask.mode == "hard":
        return HardBlend(clean, noise, mask)
    first = spec.passes[0]
    return SoftBlend.of(mask, clean, noise, spec.steps(0), first.strength, first.start)


def _begun_with(spec: ImageSpec, mask: Tensor | None, clean: Tensor, noise: Tensor) -> Tensor:
    """What the noise is added to."""
    asked = spec.source.mask if spec.source else None
    if mask is None or asked is None or asked.content != "noise":
        return clean
    return torch.where(mask >= 0.5, noise, clean)
