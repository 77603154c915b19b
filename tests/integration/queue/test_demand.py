"""How many workers are wanted: the view follows the queue, the leases, what workers measured, and the bounds."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from server.db.clock import now_s
from server.db.models import WorkerRow
from server.db.session import Database
from server.queue import states, workers
from server.queue.demand import Demand, Target, demand, set_target
from server.queue.workers import WorkerReport
from tests.support.builders import draft
from tests.support.jobs_harness import JobsHarness

MPX_OF_A_JOB = 2 * 10 * 2 * 0.25
"""Two pictures of 10 steps with guidance, at 512 x 512: 2 x 10 x 2 rows of a quarter of 1,048,576 pixels."""
UNIT = 1.048576
REPORT = WorkerReport("w" * 32, "ready", "painted", "c" * 64, {}, (), None, "", {"row": 2.0})


async def wanted(database: Database) -> Demand:
    async with database.read() as session:
        return await demand(session)


async def with_target(database: Database, target_s: float, low: int, high: int) -> Demand:
    async with database.write() as session:
        await set_target(session, Target(target_s, low, high))
    return await wanted(database)


async def report(database: Database, **changes: Any) -> None:
    async with database.write() as session:
        await workers.report(session, replace(REPORT, **changes))


async def age(database: Database, worker_id: str, seconds: float) -> None:
    async with database.write() as session:
        await session.execute(
            update(WorkerRow).where(WorkerRow.id == worker_id).values(heartbeat_at_s=now_s() - seconds)
        )


async def test_workers_wanted_follow_the_seconds_of_the_queue(database: Database, tmp_path: Path) -> None:
    nothing = await wanted(database)
    assert (nothing.wanted, nothing.queued_gpu_s, nothing.num_workers, nothing.row_mpx_s) == (0, 0.0, 0, 1.0)
    harness = JobsHarness(database, tmp_path)
    job = draft(num_images=2, steps=10, width=512, height=512)
    first = await harness.accept(job)
    assert (await wanted(database)).queued_gpu_s == pytest.approx(MPX_OF_A_JOB * UNIT)  # 1 s a megapixel row: unknown
    await report(database)
    one = await with_target(database, 15.0, 0, 4)
    assert (one.wanted, one.num_workers) == (2, 1)  # 21 s / 15 s
    assert one.queued_gpu_s == pytest.approx(MPX_OF_A_JOB * 2.0 * UNIT)
    for _ in range(3):
        await harness.accept(job)
    assert (await wanted(database)).wanted == 4  # 84 s / 15 s, at most 4
    assert (await with_target(database, 15.0, 0, 100)).wanted == 6
    assert (await with_target(database, 1e6, 0, 100)).wanted == 1
    assert (await with_target(database, 1e6, 3, 100)).wanted == 3

    async with database.write() as session:
        await states.claim(session, first.job_id, REPORT.id, 60.0)
    held = await with_target(database, 1e6, 0, 4)
    assert held.held_gpu_s == pytest.approx(held.queued_gpu_s / 3)
    async with database.write() as session:  # the lease ends: the job waits again
        await session.execute(text("UPDATE job SET lease_until = 1 WHERE status = 'processing'"))
        await session.execute(text("UPDATE job SET status = 'cancelled' WHERE status = 'queued'"))
    lost = await wanted(database)
    assert (lost.wanted, lost.held_gpu_s) == (1, 0.0)
    assert lost.queued_gpu_s == pytest.approx(held.held_gpu_s)


async def test_a_fleet_is_not_scaled_to_zero_under_its_work(database: Database, tmp_path: Path) -> None:
    harness = JobsHarness(database, tmp_path)
    job = await harness.accept(draft(num_images=1, steps=1))
    await report(database)
    async with database.write() as session:
        await states.claim(session, job.job_id, REPORT.id, 60.0)
    held = await wanted(database)
    assert (held.wanted, held.queued_gpu_s) == (1, 0.0)
    assert 0.0 < held.held_gpu_s < 0.01


async def test_what_the_last_living_workers_measured_counts(database: Database) -> None:
    """Also while all of them are off: the fleet starts from zero by it."""
    await report(database, id="old" * 10, mpx_s={"row": 50.0})
    await age(database, "old" * 10, 3600.0)
    await report(database, id="a" * 32, mpx_s={"row": 1.0})
    await report(database, id="b" * 32, mpx_s={"row": 3.0})
    await report(database, id="c" * 32, state="loading", mpx_s={})
    await report(database, id="d" * 32, state="draining", mpx_s={"row": 2.0})
    now = await wanted(database)
    assert (now.row_mpx_s, now.num_workers) == (2.0, 3)
    for name in "abcd":
        await age(database, name * 32, 600.0)
    later = await wanted(database)
    assert (later.row_mpx_s, later.num_workers) == (2.0, 0)
