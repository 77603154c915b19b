"""Makes samplers from the table and hands out one instance a picture. Torch thread."""

import copy
import inspect
from collections.abc import Mapping
from typing import Any, Protocol, cast

import diffusers
import torch
from torch import Generator, Tensor

from pipelines.denoise.samplers import SAMPLERS


class Sampler(Protocol):
    """What the runner uses of a diffusers noise scheduler. Latents (1, 4, H/8, W/8), timesteps on the CPU."""

    timesteps: Tensor

    @property
    def init_noise_sigma(self) -> float | Tensor: ...

    def set_timesteps(self, num_inference_steps: int, device: str) -> None: ...

    def scale_model_input(self, sample: Tensor, timestep: Tensor) -> Tensor: ...

    def step(self, model_output: Tensor, timestep: Tensor, sample: Tensor, **options: Any) -> tuple[Tensor, ...]: ...


def make_sampler(name: str, base_config: Mapping[str, Any]) -> Any:
    """A new diffusers scheduler; `base_config` is the base model's scheduler config. Takes 3 to 9 ms."""
    spec = SAMPLERS[name]
    sampler_class: Any = getattr(diffusers, spec.class_name)
    accepted = inspect.signature(sampler_class.__init__).parameters
    config = {key: value for key, value in base_config.items() if key in accepted or key.startswith("_")}
    return sampler_class.from_config(config, **spec.overrides)


class SamplerFactory:
    """Hands out samplers ready for their first step. One instance a picture: they carry the history of their steps.

    Keeps one untouched prototype for each (name, steps), timesteps set, and copies it. Torch thread.
    """

    def __init__(self, base_config: Mapping[str, Any]) -> None:
        self._base_config = base_config
        self._prototypes: dict[tuple[str, int], Any] = {}

    def create(self, name: str, num_inference_steps: int) -> Sampler:
        """A fresh sampler. On a base with trailing timestep spacing diffusers makes one timestep more than asked for
        at a few counts (61, 103, 121, 122): the length of `timesteps` is what counts."""
        key = (name, num_inference_steps)
        if key not in self._prototypes:
            prototype = make_sampler(name, self._base_config)
            prototype.set_timesteps(num_inference_steps, device="cpu")
            if hasattr(prototype, "set_begin_index"):
                prototype.set_begin_index(0)  # else the first step looks its index up, which syncs the device
            self._prototypes[key] = prototype
        return _fresh_copy(self._prototypes[key])


def _fresh_copy(prototype: Any) -> Any:
    """Shares the tables, which steps only read, and copies the lists that steps write into."""
    fresh = copy.copy(prototype)
    for name, value in cast(dict[str, object], vars(prototype)).items():
        if type(value) is list:
            setattr(fresh, name, list(cast(list[object], value)))
    return fresh


def takes_generator(sampler: Sampler) -> bool:
    """True where `step` draws noise (or accepts that it could) from the picture's generator, as stock passes it."""
    return "generator" in inspect.signature(sampler.step).parameters


def predicted_x0(sampler: Sampler, stepped: tuple[Tensor, ...]) -> Tensor:
    """The clean latents the sampler expects, from what its `step` returned; multistep solvers keep theirs in
    `model_outputs`. Where there is neither, the stepped latents themselves."""
    latents, *predictions = stepped
    history: list[Tensor | None] = getattr(sampler, "model_outputs", [])
    latest = predictions[0] if predictions else (history[-1] if history else None)
    return latents if latest is None else latest


def picture_generator(seed: int) -> Generator:
    """The source of all noise of one picture, on the CPU so that every device draws the same."""
    return torch.Generator("cpu").manual_seed(seed)
