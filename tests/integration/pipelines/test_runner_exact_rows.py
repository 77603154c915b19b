"""With one fixed row count for every forward, latents are bitwise equal with any neighbors."""

from pathlib import Path

import pytest
import torch

from pipelines.model.load import LoadedModel, load_model
from pipelines.sdxl import RunnerOptions, SDXLRunner
from pipelines.spec import ImageSpec
from tests.support.demo_model import (
    begin,
    demo_folder,
    params,
    step,
    write_lora,
)

EXACT_ROWS = 8
TARGETS = {
    "euler_a": params(sampler="euler_a", steps=4),
    "dpmpp_2m_sde": params(sampler="dpmpp_2m_sde", steps=4, seed=6),
    "unguided": params(guidance_scale=1.0, steps=4, seed=7),
}
NEIGHBORS = {
    f"neighbor{index}": params(
        sampler=sampler,
        steps=5 + index % 3,
        guidance_scale=(1.0, 3.0, 8.0)[index % 3],
        seed=50 + index,
        prompt=f"{('man', 'boat', 'castle')[index % 3]}, night",
    )
    for index, sampler in enumerate(("heun", "lms", "unipc", "ddim", "lcm", "dpmpp_2m", "euler", "euler_a"))
}


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load_model(demo_folder(), "cpu", "float32")


@pytest.fixture(scope="module")
def runner(model: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> SDXLRunner:
    return SDXLRunner(model, tmp_path_factory.mktemp("loras"), RunnerOptions(exact_rows=EXACT_ROWS))


def final_latents(
    runner: SDXLRunner, target: ImageSpec, neighbors: dict[str, ImageSpec], first: bool = True
) -> torch.Tensor:
    """`first`: the target's place in the plan, before or after its neighbors."""
    together = {"target": target, **neighbors} if first else {**neighbors, "target": target}
    begin(runner, together)
    result = step(runner, together, times=4)
    assert not result.failed
    assert result.step_rows % EXACT_ROWS == 0
    return runner.latents("target").clone()


@pytest.mark.parametrize("name", TARGETS)
def test_latents_are_bitwise_equal_alone_and_in_any_crowd(name: str, runner: SDXLRunner) -> None:
    target = TARGETS[name]
    few = dict(list(NEIGHBORS.items())[:3])
    alone = final_latents(runner, target, {})
    assert torch.isfinite(alone).all()
    assert torch.equal(final_latents(runner, target, few), alone)
    assert torch.equal(final_latents(runner, target, NEIGHBORS, first=False), alone)  # more than one forward


def test_latents_are_bitwise_equal_with_a_lora(model: LoadedModel, tmp_path: Path) -> None:
    lora = write_lora(model, tmp_path, strength=0.05)
    runner = SDXLRunner(model, tmp_path, RunnerOptions(exact_rows=EXACT_ROWS))
    target = params(steps=4, loras=(lora,))
    neighbors = {f"n{seed}": params(steps=6, seed=seed, guidance_scale=2.0, loras=(lora,)) for seed in (1, 2)}
    assert torch.equal(final_latents(runner, target, neighbors), final_latents(runner, target, {}))
