"""The state of one image between its first noise and its last latents. Torch thread."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from pipelines.denoise.sampler_factory import (
    Sampler,
    SamplerFactory,
    noise_generator,
    predicted_x0,
    takes_generator,
)
from pipelines.lora.backend import AdapterSet
from pipelines.model.load import LoadedModel
from pipelines.prompt.embedding import Embedding
from pipelines.spec import ImageSpec


@dataclass(slots=True, eq=False)
class DenoiseState:
    """One begun image. `latents` (1, 4, H/8, W/8) float32 on the device, whatever the model's dtype; `timesteps` (T,)
    on the CPU. `negative`: None if guidance is off; `guided`: the steps that use it. `noise_source`: the generator
    argument of the sampler's step, if it takes one."""

    spec: ImageSpec
    adapters: AdapterSet
    sampler: Sampler
    timesteps: Tensor
    latents: Tensor
    positive: Embedding
    negative: Embedding | None
    time_ids: Tensor
    noise_source: Mapping[str, Generator]
    guided: range
    step_index: int = 0

    @property
    def negative_now(self) -> Embedding | None:
        """Negative-prompt embedding for the next step; None if guidance is off at that step."""
        return self.negative if self.step_index in self.guided else None

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
        stepped = self.sampler.step(prediction, self.timestep, self.latents, return_dict=False, **self.noise_source)
        self.latents = stepped[0]
        self.step_index += 1
        return predicted_x0(self.sampler, stepped)


def begin_image(
    model: LoadedModel,
    samplers: SamplerFactory,
    spec: ImageSpec,
    adapters: AdapterSet,
    embeddings: tuple[Embedding, Embedding | None],
) -> DenoiseState:
    """Set up an image as stock diffusers does with a CPU generator of the same seed: same noise, original size = target
    size, no crop."""
    sampler = samplers.create(spec.sampling.sampler, spec.sampling.steps)
    generator = noise_generator(spec.sampling.seed)
    scale = model.pixels_per_latent
    shape = (1, model.unet.config.in_channels, spec.height // scale, spec.width // scale)
    noise = torch.randn(shape, generator=generator, dtype=torch.float32).to(model.device)
    size = (spec.height, spec.width)
    time_ids = torch.tensor([[*size, 0, 0, *size]], dtype=model.dtype).to(model.device)
    positive, negative = embeddings
    return DenoiseState(
        spec=spec,
        adapters=adapters,
        sampler=sampler,
        timesteps=sampler.timesteps,
        latents=noise * sampler.init_noise_sigma,
        positive=positive,
        negative=negative,
        time_ids=time_ids,
        noise_source={"generator": generator} if takes_generator(sampler) else {},
        guided=spec.guided(len(sampler.timesteps)),
    )
