"""The table of samplers (diffusers calls them schedulers). Torch-free; `sampler_factory` creates them.

A base model's `scheduler_config.json` records how it was trained (betas, prediction type, timestep spacing). A sampler
is `from_config` of it with the table's overrides, as if `pipe.scheduler` of a stock pipeline were replaced.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_STEPS = 150


@dataclass(frozen=True, slots=True)
class SamplerSpec:
    """One row of the table. `class_name`: diffusers' class. `label`, `schedule_type`: its names in A1111's metadata.
    `overrides`: keys of the base model's scheduler config that it replaces. Requests are limited to
    `min_steps`..`max_steps`."""

    class_name: str
    label: str
    schedule_type: str | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict[str, Any])
    min_steps: int = 1
    max_steps: int = MAX_STEPS


def _dpm(algorithm: str, karras: bool = False) -> Mapping[str, Any]:
    return {"algorithm_type": algorithm, "solver_order": 2, "use_karras_sigmas": karras}


SAMPLERS: Mapping[str, SamplerSpec] = {
    "euler": SamplerSpec("EulerDiscreteScheduler", "Euler"),
    "euler_a": SamplerSpec("EulerAncestralDiscreteScheduler", "Euler a"),
    "ddim": SamplerSpec("DDIMScheduler", "DDIM"),
    "dpmpp_2m": SamplerSpec("DPMSolverMultistepScheduler", "DPM++ 2M", overrides=_dpm("dpmsolver++")),
    "dpmpp_2m_karras": SamplerSpec(
        "DPMSolverMultistepScheduler", "DPM++ 2M", "Karras", overrides=_dpm("dpmsolver++", karras=True)
    ),
    "dpmpp_2m_sde": SamplerSpec("DPMSolverMultistepScheduler", "DPM++ 2M SDE", overrides=_dpm("sde-dpmsolver++")),
    "unipc": SamplerSpec("UniPCMultistepScheduler", "UniPC"),
    "heun": SamplerSpec("HeunDiscreteScheduler", "Heun"),
    "lms": SamplerSpec("LMSDiscreteScheduler", "LMS"),
    "lcm": SamplerSpec("LCMScheduler", "LCM", max_steps=50),  # they are chosen from 50 original steps
    # For LoRAs that are distilled to few steps: the first step is at the last timestep of the training. From 61 steps
    # on, diffusers makes one timestep too many at some counts.
    "euler_trailing": SamplerSpec(
        "EulerDiscreteScheduler", "Euler", "SGM Uniform", overrides={"timestep_spacing": "trailing"}, max_steps=60
    ),
    "tcd": SamplerSpec("TCDScheduler", "TCD", max_steps=50),  # they are chosen from 50 original steps
}
