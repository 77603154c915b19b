"""How soon the server answers and reacts while it makes pictures."""

import asyncio
import time
from collections.abc import Callable

from scripts.benchmark.figures import Figure, percentile
from scripts.benchmark.jobs import LONG_STEPS
from scripts.benchmark.meters import Readings
from scripts.benchmark.report import say
from scripts.benchmark.scenarios.bench import Bench
from scripts.benchmark.scenarios.pollers import poll_all

NUM_POLLERS = 100
USERS = 16
LOOK_S = 0.02
MAX_WAIT_S = 600.0
UNDER_WAY_STEPS = 2


async def status(bench: Bench) -> list[Figure]:
    """100 pollers, each once a second, while 16 jobs are made."""
    jobs = [bench.book.one(steps=LONG_STEPS, user=user) for user in range(USERS)]
    job_ids = await asyncio.gather(*(bench.crowd.submit(job) for job in jobs))
    await _steps_later(bench, UNDER_WAY_STEPS)
    before = await bench.crowd.readings()
    latencies_s = await poll_all(bench.crowd.url, job_ids, NUM_POLLERS, duration_s=10.0 * bench.rounds)
    num_steps = (await bench.crowd.readings() - before).num_steps
    await asyncio.gather(*(bench.crowd.cancel(job_id) for job_id in job_ids))
    await _idle(bench)
    say(f"status: {len(latencies_s)} answers during {num_steps} steps")
    if not num_steps:
        raise RuntimeError("the server took no step while its status was asked for")
    name = f"status, {NUM_POLLERS} pollers"
    return [
        Figure(name, f"p{percent} of the answers", "s", percentile(latencies_s, percent), target=target)
        for percent, target in ((50, ""), (99, "<= 0.05"))
    ]


async def cancel(bench: Bench) -> list[Figure]:
    """DELETE while a job alone is made: until the answer, and the steps of it that end after the answer."""
    answered_s: list[float] = []
    steps_after: list[float] = []
    for _ in range(10 * bench.rounds):
        job_id = await bench.crowd.submit(bench.book.one(steps=LONG_STEPS))
        step_s = await _steps_later(bench, UNDER_WAY_STEPS)
        await asyncio.sleep(step_s * len(answered_s) / (10 * bench.rounds))  # at every point of a step
        started_s = time.perf_counter()
        await bench.crowd.cancel(job_id)
        answered_s.append(time.perf_counter() - started_s)
        at_answer = await bench.crowd.readings()
        await asyncio.sleep(3 * step_s)
        steps_after.append((await bench.crowd.readings() - at_answer).num_steps)
        await _idle(bench)
    say(f"cancel: {len(answered_s)} times")
    return [
        Figure("cancel", "p99 of the seconds to the answer", "s", percentile(answered_s, 99)),
        Figure("cancel", "p99 of the steps that end after it", "steps", percentile(steps_after, 99), target="<= 1"),
    ]


async def join(bench: Bench) -> list[Figure]:
    """A job arrives while another is made: from its acceptance to its first step, in steps of that other."""
    waits: list[float] = []
    waits_s: list[float] = []
    for number in range(10 * bench.rounds):
        background = await bench.crowd.submit(bench.book.one(steps=150, user=1))
        step_s = await _steps_later(bench, UNDER_WAY_STEPS)
        await asyncio.sleep(step_s * number / (10 * bench.rounds))
        before = await bench.crowd.readings()
        await bench.crowd.make(bench.book.one(steps=2))
        waits_s.append((await bench.crowd.readings() - before)["studio_wait_seconds_sum"])
        waits.append(waits_s[-1] / step_s)
        await bench.crowd.cancel(background)
        await _idle(bench)
    say(f"join: {len(waits)} times")
    return [
        Figure("join", "p99 of the seconds to the first step", "s", percentile(waits_s, 99)),
        Figure("join", "median of the steps it waits", "steps", percentile(waits, 50)),
        Figure("join", "p99 of the steps it waits", "steps", percentile(waits, 99), target="<= 1"),
    ]


async def _steps_later(bench: Bench, num_steps: int) -> float:
    """Returns after so many more steps; their mean seconds."""
    first = await bench.crowd.readings()
    moved = await _readings_when(bench, lambda now: (now - first).num_steps >= num_steps) - first
    return moved["studio_step_seconds_sum"] / moved.num_steps


async def _idle(bench: Bench) -> None:
    """Returns when the engine holds no picture."""
    await _readings_when(bench, lambda now: not now["studio_engine_pictures"])


async def _readings_when(bench: Bench, holds: Callable[[Readings], bool]) -> Readings:
    """Raises TimeoutError."""
    async with asyncio.timeout(MAX_WAIT_S):
        while True:
            readings = await bench.crowd.readings()
            if holds(readings):
                return readings
            await asyncio.sleep(LOOK_S)
