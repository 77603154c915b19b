"""Create samplers from the table, one instance for each image. Torch thread."""

import copy
import functools
import inspect
from collections.abc import Mapping
from typing import Any, Protocol, cast

import diffusers
import torch
from diffusers.schedulers.scheduling_lms_discrete import LMSDiscreteScheduler
from diffusers.schedulers.scheduling_tcd import TCDScheduler
from torch import Generator, Tensor

from pipelines.denoise.samplers import SAMPLERS
from pipelines.denoise.unipc import TabledUniPC

_OURS: Mapping[str, Any] = {"UniPCMultistepScheduler": TabledUniPC}
"""Subclasses of diffusers' samplers that take the same steps."""


class Sampler(Protocol):
    """The part of a diffusers scheduler that the runner uses. Latents (1, 4, H/8, W/8), timesteps on the CPU."""

    timesteps: Tensor
    order: int

    @property
    def init_noise_sigma(self) -> float | Tensor: ...

    def set_timesteps(self, num_inference_steps: int, device: str) -> None: ...

    def scale_model_input(self, sample: Tensor, timestep: Tensor) -> Tensor: ...

    def add_noise(self, original_samples: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor: ...

    def step(self, model_output: Tensor, timestep: Tensor, sample: Tensor, **options: Any) -> tuple[Tensor, ...]: ...


def make_sampler(name: str, base_config: Mapping[str, Any], subclasses: Mapping[str, Any] | None = None) -> Any:
    """A new diffusers scheduler from the base model's scheduler config. Takes 3 to 9 ms. `subclasses`: classes to use
    in place of diffusers', by its names."""
    spec = SAMPLERS[name]
    sampler_class: Any = (subclasses or {}).get(spec.class_name) or getattr(diffusers, spec.class_name)
    accepted = inspect.signature(sampler_class.__init__).parameters
    config = {key: value for key, value in base_config.items() if key in accepted or key.startswith("_")}
    return sampler_class.from_config(config, **spec.overrides)


class SamplerFactory:
    """Creates samplers that are ready for their first step. Each image has its own: a sampler keeps the history of its
    steps.

    The factory keeps one unused prototype for each (name, steps), with its timesteps set, and copies it. Torch thread.
    """

    def __init__(self, base_config: Mapping[str, Any]) -> None:
        self._base_config = base_config
        self._prototypes: dict[tuple[str, int], Any] = {}

    def create(self, name: str, num_inference_steps: int, start: int = 0) -> Sampler:
        """A new sampler whose first step is number `start` (from `timesteps[start * order]` on). With trailing timestep
        spacing, diffusers makes one timestep more than requested at a few counts (61, 103, 121, 122): callers rely on
        the length of `timesteps`."""
        key = (name, num_inference_steps)
        if key not in self._prototypes:
            prototype = make_sampler(name, self._base_config, _OURS)
            prototype.set_timesteps(num_inference_steps, device="cpu")
            if hasattr(prototype, "set_begin_index"):
                prototype.set_begin_index(0)  # else the first step searches its index, which waits for the device
            if isinstance(prototype, LMSDiscreteScheduler):  # integrals that depend only on the steps
                setattr(prototype, "get_lms_coefficient", functools.cache(prototype.get_lms_coefficient))  # noqa: B010
            self._prototypes[key] = prototype
        sampler = _fresh_copy(self._prototypes[key])
        if start and hasattr(sampler, "set_begin_index"):
            sampler.set_begin_index(start * sampler.order)
        return sampler


def _fresh_copy(prototype: Any) -> Any:
    """Copy the lists, which steps write to; share the tables, which steps only read."""
    fresh = copy.copy(prototype)
    for name, value in cast(dict[str, object], vars(prototype)).items():
        if type(value) is list:
            setattr(fresh, name, list(cast(list[object], value)))
    return fresh


def noise_level(sampler: Sampler, timestep: Tensor) -> tuple[float, float]:
    """(a, s): latents with the noise of `timestep` (a scalar tensor, the next one of this sampler) are a * clean + s *
    noise. Computed on the CPU: the host waits for no device."""
    one, zero = torch.ones(1, 1, 1, 1), torch.zeros(1, 1, 1, 1)
    at = timestep.reshape(1)
    return float(sampler.add_noise(one, zero, at)), float(sampler.add_noise(zero, one, at))


def takes_generator(sampler: Sampler) -> bool:
    """True if `step` accepts a generator; stock diffusers passes it whether or not the sampler draws noise."""
    return "generator" in inspect.signature(sampler.step).parameters


def predicted_x0(
    sampler: Sampler, stepped: tuple[Tensor, ...], timestep: Tensor, before: Tensor, prediction: Tensor
) -> Tensor:
    """The predicted clean latents: the second output of `step` or, for multistep solvers, the last of `model_outputs`;
    without either, the stepped latents. TCD's second output is noised again: there they follow from the latents
    `before` the step and the model's prediction."""
    latents, *predictions = stepped
    if isinstance(sampler, TCDScheduler):
        tcd: Any = sampler
        alpha = float(tcd.alphas_cumprod[int(timestep)])
        noise_share = (1 - alpha) ** 0.5
        if tcd.config.prediction_type == "v_prediction":
            return before * alpha**0.5 - prediction * noise_share
        return (before - prediction * noise_share) / alpha**0.5
    history: list[Tensor | None] = getattr(sampler, "model_outputs", [])
    latest = predictions[0] if predictions else (history[-1] if history else None)
    return latents if latest is None else latest


def noise_generator(seed: int) -> Generator:
    """The generator of all noise of one image; on the CPU, so that the noise is the same for every device."""
    return torch.Generator("cpu").manual_seed(seed)
