"""The sampler table against diffusers itself."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from diffusers import EulerDiscreteScheduler, LMSDiscreteScheduler, TCDScheduler, UniPCMultistepScheduler

from pipelines.denoise.sampler_factory import (
    Sampler,
    SamplerFactory,
    make_sampler,
    noise_generator,
    predicted_x0,
    takes_generator,
)
from pipelines.denoise.samplers import MAX_STEPS, SAMPLERS
from tests.support.builders import image_spec

SDXL_CONFIG: dict[str, Any] = {
    "_class_name": "EulerDiscreteScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "timestep_spacing": "leading",
    "prediction_type": "epsilon",
}


def denoise(sampler: Sampler, latents: torch.Tensor, seed: int, steps: int | None = None) -> torch.Tensor:
    """With a made-up model that always predicts the tanh of its input."""
    noise = {"generator": noise_generator(seed)} if takes_generator(sampler) else {}
    for timestep in sampler.timesteps[:steps]:
        prediction = torch.tanh(sampler.scale_model_input(latents, timestep))
        latents = sampler.step(prediction, timestep, latents, return_dict=False, **noise)[0]
    return latents


def noise(sampler: Sampler, seed: int = 1) -> torch.Tensor:
    return torch.randn((1, 4, 2, 2), generator=noise_generator(seed)) * sampler.init_noise_sigma


@pytest.mark.parametrize("name", SAMPLERS)
def test_evaluations_are_known_before_the_sampler_is_made(name: str) -> None:
    spec = SAMPLERS[name]
    sampler = make_sampler(name, SDXL_CONFIG)
    for steps in range(spec.min_steps, spec.max_steps + 1):
        sampler.set_timesteps(steps, device="cpu")
        assert len(sampler.timesteps) == image_spec(sampler=name, steps=steps).evaluations, steps


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_bounds_of_the_table_are_the_samplers_own(name: str) -> None:
    spec = SAMPLERS[name]
    for steps in (spec.min_steps, spec.min_steps + 1, spec.max_steps):
        sampler = SamplerFactory(SDXL_CONFIG).create(name, steps)
        assert torch.isfinite(denoise(sampler, noise(sampler), seed=2)).all(), steps
    if name == "euler_trailing":
        assert len(SamplerFactory(SDXL_CONFIG).create(name, spec.max_steps + 1).timesteps) == spec.max_steps + 2
    elif spec.max_steps < MAX_STEPS:
        with pytest.raises(ValueError, match="num_inference_steps"):
            SamplerFactory(SDXL_CONFIG).create(name, spec.max_steps + 1)


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("name", SAMPLERS)
def test_two_images_in_turns_do_not_change_each_other_s_history(name: str, prediction_type: str) -> None:
    config = {**SDXL_CONFIG, "prediction_type": prediction_type}
    factory = SamplerFactory(config)
    first, second = factory.create(name, 5), factory.create(name, 5)
    fresh = SamplerFactory(config).create(name, 5)
    alone = denoise(fresh, noise(fresh), seed=3)

    latents, others = noise(first), noise(second, seed=9)
    sources = [{"generator": noise_generator(seed)} if takes_generator(first) else {} for seed in (3, 4)]
    for timestep in first.timesteps:
        prediction = torch.tanh(first.scale_model_input(latents, timestep))
        latents = first.step(prediction, timestep, latents, return_dict=False, **sources[0])[0]
        prediction = torch.tanh(second.scale_model_input(others, timestep))
        others = second.step(prediction, timestep, others, return_dict=False, **sources[1])[0]
    assert torch.equal(latents, alone)

    third = factory.create(name, 5)  # the prototype is as new
    assert torch.equal(denoise(third, noise(third), seed=3), alone)


@pytest.mark.parametrize("name", SAMPLERS)
def test_previews_get_the_clean_latents(name: str) -> None:
    sampler = SamplerFactory(SDXL_CONFIG).create(name, 10)
    clean, added = noise(sampler, seed=5) * 0 + 0.7, torch.randn((1, 4, 2, 2), generator=noise_generator(6))
    timestep = sampler.timesteps[0]
    alpha = make_sampler("ddim", SDXL_CONFIG).alphas_cumprod[int(timestep)]
    sigma = ((1 - alpha) / alpha) ** 0.5
    by_sigma = sampler.init_noise_sigma != 1
    latents = clean + sigma * added if by_sigma else alpha**0.5 * clean + (1 - alpha) ** 0.5 * added
    sampler.scale_model_input(latents, timestep)
    stepped = sampler.step(added, timestep, latents, return_dict=False)
    assert torch.allclose(predicted_x0(sampler, stepped, timestep, latents, added), clean, atol=0.02)


def test_a_sampler_is_what_from_config_makes_of_the_base() -> None:
    from diffusers import DPMSolverMultistepScheduler

    theirs: Any = DPMSolverMultistepScheduler.from_config(
        SDXL_CONFIG, algorithm_type="dpmsolver++", use_karras_sigmas=True
    )
    ours = make_sampler("dpmpp_2m_karras", SDXL_CONFIG)
    settings = {key: value for key, value in ours.config.items() if not key.startswith("_")}
    assert settings == {key: theirs.config[key] for key in settings}
    assert settings["algorithm_type"] == "dpmsolver++" and settings["use_karras_sigmas"]
    assert not make_sampler("dpmpp_2m", {**SDXL_CONFIG, "use_karras_sigmas": True}).config.use_karras_sigmas


def test_labels_and_schedule_types_are_those_of_the_metadata_convention() -> None:
    named = {name: (spec.label, spec.schedule_type) for name, spec in SAMPLERS.items()}
    assert named["dpmpp_2m_karras"] == ("DPM++ 2M", "Karras")
    assert len(set(named.values())) == len(SAMPLERS) == 12


FEW_STEPS: dict[str, Callable[[], Any]] = {
    "euler_trailing": lambda: EulerDiscreteScheduler.from_config(SDXL_CONFIG, timestep_spacing="trailing"),
    "tcd": lambda: TCDScheduler.from_config(SDXL_CONFIG),
}
"""As the cards of SDXL-Lightning and Hyper-SD set them up."""


@pytest.mark.parametrize("steps", [1, 2, 4, 8])
@pytest.mark.parametrize("name", FEW_STEPS)
def test_samplers_for_few_steps_take_stock_s_steps(name: str, steps: int) -> None:
    theirs = FEW_STEPS[name]()
    theirs.set_timesteps(steps, device="cpu")
    ours = SamplerFactory(SDXL_CONFIG).create(name, steps)
    assert ours.timesteps.tolist() == theirs.timesteps.tolist()
    assert ours.timesteps[0] == 999
    assert torch.equal(denoise(ours, noise(ours), seed=4), denoise(theirs, noise(theirs), seed=4))


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 20, 50])
def test_unipc_by_tables_takes_stock_s_steps(steps: int, prediction_type: str) -> None:
    theirs: Any = UniPCMultistepScheduler.from_config(SDXL_CONFIG, prediction_type=prediction_type)
    theirs.set_timesteps(steps, device="cpu")
    expected = denoise(theirs, noise(theirs), seed=4)
    factory = SamplerFactory({**SDXL_CONFIG, "prediction_type": prediction_type})
    for _ in range(2):  # the second reads the table
        ours = factory.create("unipc", steps)
        assert torch.allclose(denoise(ours, noise(ours), seed=4), expected, rtol=1e-5, atol=1e-5)


def test_the_integrals_of_lms_are_computed_once_for_each_number_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    integral = LMSDiscreteScheduler.get_lms_coefficient

    def counted(self: Any, order: int, t: int, current_order: int) -> float:
        calls.append(t)
        return integral(self, order, t, current_order)

    monkeypatch.setattr(LMSDiscreteScheduler, "get_lms_coefficient", counted)
    factory = SamplerFactory(SDXL_CONFIG)
    made: list[torch.Tensor] = []
    for _ in range(3):
        sampler = factory.create("lms", 6)
        made.append(denoise(sampler, noise(sampler), seed=4))
        assert len(calls) == 1 + 2 + 3 + 4 + 4 + 4
    assert torch.equal(made[0], made[2])
