"""Keep the unmasked part of a source while the rest is repainted (inpainting). Torch thread."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from pipelines.denoise.sampler_factory import Sampler, noise_level


class Blend(Protocol):
    """`clean`, `noise`: the source's latents and the image's one noise, (1, 4, H/8, W/8) float32."""

    def blended(self, latents: Tensor, sampler: Sampler, timesteps: Tensor, index: int) -> Tensor:
        """The latents before evaluation `index` of `timesteps`; after the last one, `index` is their number."""
        ...


@dataclass(slots=True, eq=False)
class HardBlend:
    """As in diffusers' StableDiffusionXLInpaintPipeline with a UNet of 4 channels: after every evaluation the latents
    outside the `mask` ((1, 1, H/8, W/8), 1 is repainted, else 0) are the source's with the noise of the next one."""

    clean: Tensor
    noise: Tensor
    mask: Tensor

    def blended(self, latents: Tensor, sampler: Sampler, timesteps: Tensor, index: int) -> Tensor:
        return (1 - self.mask) * _noised(self, sampler, timesteps, index) + self.mask * latents


@dataclass(slots=True, eq=False)
class SoftBlend:
    """Differential diffusion (arXiv 2306.00950): a latent pixel is the source's with the noise of the step until its
    own first step. `first_steps` (1, 1, H/8, W/8): that step's index in the whole schedule; the number of steps means
    never, and the pixel is the source's in the end. `start`: index of the image's first step."""

    clean: Tensor
    noise: Tensor
    first_steps: Tensor
    start: int

    def blended(self, latents: Tensor, sampler: Sampler, timesteps: Tensor, index: int) -> Tensor:
        if index % sampler.order and index < len(timesteps):
            return latents  # between the two evaluations of a step of Heun's method
        step = self.start + -(-index // sampler.order)
        return torch.where(self.first_steps > step, _noised(self, sampler, timesteps, index), latents)

    @classmethod
    def of(cls, mask: Tensor, clean: Tensor, noise: Tensor, steps: int, strength: float, start: int) -> "SoftBlend":
        """`mask` (1, 1, H/8, W/8) in 0..1: a pixel with mask m starts at step N - int(N * strength * m)."""
        first_steps = steps - torch.floor(steps * strength * mask + 1e-6)
        # after the last evaluation step == steps: what never starts must be greater
        return cls(clean, noise, torch.where(first_steps >= steps, steps + 1, first_steps), start)


def _noised(blend: HardBlend | SoftBlend, sampler: Sampler, timesteps: Tensor, index: int) -> Tensor:
    """The source's latents with the noise of evaluation `index`; clean after the last."""
    if index >= len(timesteps):
        return blend.clean
    level, sigma = noise_level(sampler, timesteps[index])
    return level * blend.clean + sigma * blend.noise
