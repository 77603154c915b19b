"""The loop around the scheduler, with runners that misbehave."""

import asyncio
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest
from msgspec import structs

from pipelines.plan import DeviceLost, StepPlan, StepResult
from pipelines.spec import LoraRef
from server.engine.cost_model import CostModel
from server.engine.engine import Engine, Turn
from server.engine.limits import Limits
from server.engine.requests import EngineEvent, Finished, ImageFailed, ImageRequest
from server.engine.scheduler import Scheduler
from tests.support.fake_runner import PaintRunner
from tests.support.jobs_harness import until
from tests.support.simulation import BUCKETS, images, params


class Listener:
    """Keeps the events."""

    def __init__(self) -> None:
        self.events: list[EngineEvent] = []

    def on_event(self, event: EngineEvent) -> None:
        self.events.append(event)

    def wants_preview(self, job_id: str) -> bool:
        return False

    def on_capacity(self) -> None:
        pass

    def on_turn(self, turn: Turn) -> None:
        pass


def engine(cost: CostModel | None = None) -> Engine:
    return Engine(Scheduler(cost or CostModel(BUCKETS), Limits()), ThreadPoolExecutor(1))


async def test_a_lost_device_ends_the_loop_and_fails_no_picture():
    def lost(_: StepPlan) -> StepResult:
        raise DeviceLost("the GPU has failed")

    listener, studio = Listener(), engine()
    studio.add(images("a", "ip:a"))
    with pytest.raises(DeviceLost):
        await studio.run(lost, listener)
    assert not listener.events
    assert not studio.running


async def test_a_runner_that_raises_fails_the_plan_and_forgets_its_pictures():
    released: list[str] = []

    def raising(plan: StepPlan) -> StepResult:
        if plan.step:
            raise KeyError("unforeseen")
        released.extend(plan.release)
        return StepResult()

    listener, studio = Listener(), engine()
    studio.add(images("a", "ip:a", count=2))
    running = asyncio.create_task(studio.run(raising, listener))
    await until(lambda: len(listener.events) == 2)
    studio.stop()
    await running
    assert {event.index for event in listener.events if isinstance(event, ImageFailed)} == {0, 1}
    assert set(released) == {"a-1", "a-2"}


async def test_calibration_teaches_the_cost_model_and_leaves_nothing_behind():
    cost, runner = CostModel(BUCKETS), PaintRunner(step_s=0.02)
    studio = engine(cost)
    await studio.calibrate(runner.execute, params(steps=12))
    assert cost.step_s(256 * 256, 2) == pytest.approx(0.02, rel=0.2)
    assert not runner.held


def with_lora(requests: list[ImageRequest], lora: LoraRef) -> list[ImageRequest]:
    for request in requests:
        request.spec = structs.replace(request.spec, loras=(lora,))
    return requests


class SlowLoras:
    """LoRAs that are read when a test says so."""

    def __init__(self) -> None:
        self.asked: list[frozenset[str]] = []
        self.reading: list[Future[None]] = []
        self.resident_loras: frozenset[str] = frozenset()

    def fetch_loras(self, sha256s: Collection[str]) -> Future[None]:
        self.asked.append(frozenset(sha256s))
        self.reading.append(Future())
        return self.reading[-1]


async def test_a_picture_whose_lora_is_being_read_waits_and_its_neighbors_step():
    runner, loras, listener = PaintRunner(), SlowLoras(), Listener()
    studio = engine()
    running = asyncio.create_task(studio.run(runner.execute, listener, loras))
    await until(lambda: studio.running)
    lora = LoraRef("jade", "1", "a" * 64, 0.9)
    studio.add(with_lora(images("styled", "ip:a"), lora))
    studio.add(images("plain", "ip:b"))
    await until(lambda: any(isinstance(event, Finished) for event in listener.events))
    assert runner.painted.keys() == {"plain-1"}
    assert "styled-1" not in runner.steps
    loras.reading[0].set_result(None)
    await until(lambda: "styled-1" in runner.painted)
    loras.resident_loras = frozenset({lora.sha256})
    assert studio.resident_loras == {lora.sha256}
    studio.add(with_lora(images("again", "ip:a"), lora))
    await until(lambda: "again-1" in runner.painted)
    assert loras.asked == [{lora.sha256}]  # the second time it was in memory
    studio.stop()
    await running


async def test_a_picture_that_the_runner_defers_is_begun_again_when_its_lora_is_read():
    runner, loras, listener = PaintRunner(), SlowLoras(), Listener()
    studio = engine()
    deferred: list[str] = []

    def execute(plan: StepPlan) -> StepResult:
        """Puts off what it is asked to begin, once."""
        waiting = tuple(order.image_id for order in plan.begin if order.image_id not in deferred)
        deferred.extend(waiting)
        begin = tuple(order for order in plan.begin if order.image_id not in waiting)
        step = tuple(image_id for image_id in plan.step if image_id not in waiting)
        return replace(runner.execute(replace(plan, begin=begin, step=step)), deferred=waiting)

    running = asyncio.create_task(studio.run(execute, listener, loras))
    await until(lambda: studio.running)
    studio.add(with_lora(images("styled", "ip:a"), LoraRef("jade", "1", "a" * 64, 0.9)))
    loras.reading[0].set_result(None)
    await until(lambda: len(loras.reading) == 2)
    assert (deferred, "styled-1" in runner.painted) == (["styled-1"], False)
    loras.reading[1].set_result(None)
    await until(lambda: "styled-1" in runner.painted)
    studio.stop()
    await running
