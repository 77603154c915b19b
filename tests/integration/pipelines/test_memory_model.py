"""Forwards and decodes are chosen to fit into memory before it runs out. The model of it is given: a CPU has none."""

from pathlib import Path

import pytest
import torch

from pipelines.image import vae
from pipelines.model.load import LoadedModel, load_model
from pipelines.model.memory_model import MemoryModel
from pipelines.plan import BatchKey, StepPlan, StepResult
from pipelines.sdxl import RunnerOptions, SDXLRunner
from server.engine.cost_model import CostModel
from server.engine.limits import Limits
from server.engine.scheduler import Scheduler
from tests.support.demo_model import begin, demo_folder, params, pixels, share_within_one_level

SIDE_PX = 64
FOUR = {f"image-{n}": params(width=SIDE_PX, height=SIDE_PX, steps=2, seed=n) for n in range(4)}


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load_model(demo_folder(), "cpu", "float32")


def room_for(rows: float, decodes: float = 100.0) -> MemoryModel:
    """Of images of this side: so many rows, so many whole decodes."""
    return MemoryModel(1e6 * SIDE_PX**2, 1e6 / rows, 1e6 / decodes)


def runner_with(model: LoadedModel, memory: MemoryModel | None, exact_rows: int = 0) -> SDXLRunner:
    runner = SDXLRunner(model, Path(), RunnerOptions(exact_rows))
    runner._forward.memory = memory
    begin(runner, FOUR)
    return runner


def test_what_fits_grows_smaller_with_the_image() -> None:
    memory = room_for(8, decodes=1)
    assert [memory.max_rows(SIDE_PX**2 * scale) for scale in (1, 2, 4, 16)] == [8, 4, 2, 1]
    assert memory.decodes_whole(SIDE_PX**2) and not memory.decodes_whole(SIDE_PX**2 + 1)


def test_a_forward_that_would_not_fit_is_never_tried(model: LoadedModel) -> None:
    """Four images with guidance have eight rows; five fit, so two images at a time. Nothing failed, and the latents are
    those of one forward."""
    rows: list[int] = []
    whole, parted = runner_with(model, None), runner_with(model, room_for(5.5))
    whole.execute(StepPlan(step=tuple(FOUR)))
    hook = model.unet.register_forward_pre_hook(lambda _, inputs: rows.append(len(inputs[0])))
    result = parted.execute(StepPlan(step=tuple(FOUR), pad_to_rows=8))
    hook.remove()
    assert rows == [4, 4]
    assert (result.stepped, result.too_many_rows, result.step_rows) == (tuple(FOUR), 6, 0)
    assert not result.failed
    for image_id in FOUR:
        assert torch.allclose(parted.latents(image_id), whole.latents(image_id), atol=1e-4)


def test_the_scheduler_plans_no_such_forward_again() -> None:
    scheduler = Scheduler(CostModel((1, 2, 3, 4, 6, 8)), Limits(max_rows=8))
    scheduler.note_memory(SIDE_PX**2, StepResult(too_many_rows=6))
    assert scheduler._budget(BatchKey(SIDE_PX, SIDE_PX, 77), 2) <= 4


def test_exact_rows_stay_exact(model: LoadedModel) -> None:
    runner = runner_with(model, room_for(2), exact_rows=4)
    assert runner.execute(StepPlan(step=tuple(FOUR))).too_many_rows == 0


@pytest.mark.parametrize(("decodes", "in_tiles"), [(1.0, False), (0.9, True)])
def test_a_decode_is_made_whole_where_it_fits(
    model: LoadedModel, monkeypatch: pytest.MonkeyPatch, decodes: float, in_tiles: bool
) -> None:
    calls: list[bool] = []
    tiles = vae.in_tiles
    monkeypatch.setattr(vae, "in_tiles", lambda each: calls.append(True) or tiles(each))
    plain, fitted = runner_with(model, None), runner_with(model, room_for(100, decodes))
    image_id = next(iter(FOUR))
    made = fitted.execute(StepPlan(decode=(image_id,))).decoded[image_id]
    assert bool(calls) is in_tiles
    expected = plain.execute(StepPlan(decode=(image_id,))).decoded[image_id]
    assert share_within_one_level(pixels(made), pixels(expected)) >= 0.999  # one tile is larger than the image
