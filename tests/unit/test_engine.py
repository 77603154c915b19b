"""The loop around the scheduler, with runners that misbehave."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipelines.plan import DeviceLost, StepPlan, StepResult
from server.engine.cost_model import CostModel
from server.engine.engine import Engine
from server.engine.requests import EngineEvent, PictureFailed
from server.engine.scheduler import Limits, Scheduler
from tests.paint_runner import PaintRunner
from tests.simulation import BUCKETS, params, pictures
from tests.workshop import until


def engine(events: list[EngineEvent]) -> Engine:
    return Engine(
        Scheduler(CostModel(BUCKETS), Limits()),
        ThreadPoolExecutor(1),
        sink=events.append,
        wants_preview=lambda _: False,
        on_capacity=lambda: None,
    )


async def test_a_lost_device_ends_the_loop_and_fails_no_picture():
    def lost(_: StepPlan) -> StepResult:
        raise DeviceLost("the GPU has failed")

    events: list[EngineEvent] = []
    studio = engine(events)
    studio.add(pictures("a", "ip:a"))
    with pytest.raises(DeviceLost):
        await studio.run(lost)
    assert not events
    assert not studio.running


async def test_a_runner_that_raises_fails_the_plan_and_forgets_its_pictures():
    released: list[str] = []

    def raising(plan: StepPlan) -> StepResult:
        if plan.step:
            raise KeyError("unforeseen")
        released.extend(plan.release)
        return StepResult()

    events: list[EngineEvent] = []
    studio = engine(events)
    studio.add(pictures("a", "ip:a", count=2))
    running = asyncio.create_task(studio.run(raising))
    await until(lambda: len(events) == 2)
    studio.stop()
    await running
    assert {event.index for event in events if isinstance(event, PictureFailed)} == {0, 1}
    assert set(released) == {"a-1", "a-2"}


async def test_calibration_teaches_the_cost_model_and_leaves_nothing_behind():
    cost, runner = CostModel(BUCKETS), PaintRunner(step_s=0.02)
    studio = Engine(
        Scheduler(cost, Limits()),
        ThreadPoolExecutor(1),
        sink=lambda _: None,
        wants_preview=lambda _: False,
        on_capacity=lambda: None,
    )
    await studio.calibrate(runner.execute, params(steps=12))
    assert cost.step_s(256 * 256, 2) == pytest.approx(0.02, rel=0.2)
    assert not runner.held
