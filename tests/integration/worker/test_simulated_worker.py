"""The simulated worker makes the jobs of a queue in the order in which the real one makes them."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select

from pipelines.plan import StepPlan, StepResult
from scripts.fleet_simulation.demand import Arrival
from scripts.fleet_simulation.fleet import Fleet
from scripts.fleet_simulation.gpu import REFERENCE_PX, AssumedGpu
from scripts.fleet_simulation.worker import scheduler_for
from server.db.models import ImageRow, JobRow
from server.db.session import Database
from server.engine.limits import Limits
from tests.support.builders import draft
from tests.support.fake_runner import PaintRunner
from tests.support.jobs_harness import JobsHarness, until

NUM_PX = 16 * 16
STEP_S = 0.05
GPU = AssumedGpu(
    fixed_s=STEP_S * REFERENCE_PX / NUM_PX, row_s=0.0, decode_px_s=0.0, begin_s=0.0, claim_s=0.002, deliver_s=0.001
)
JOBS = [
    ("ip:1", 12, 1),
    ("ip:1", 4, 4),
    ("ip:2", 20, 2),
    ("ip:3", 3, 1),
    ("ip:1", 3, 2),
    ("ip:2", 6, 4),
    ("ip:4", 9, 2),
]


class CountingRunner(PaintRunner):
    def __init__(self) -> None:
        super().__init__(step_s=STEP_S)
        self.rows: list[int] = []

    def execute(self, plan: StepPlan) -> StepResult:
        result = super().execute(plan)
        if plan.step:
            self.rows.append(plan.pad_to_rows)
        return result


@pytest.mark.alone
async def test_the_same_jobs_end_in_the_same_order_with_the_same_forwards(database: Database, tmp_path: Path):
    runner = CountingRunner()
    scheduler = scheduler_for(GPU, Limits(), (NUM_PX,))
    shop = JobsHarness(database, tmp_path, runner=runner, scheduler=scheduler)
    ids = [(await shop.accept(draft(owner=owner, steps=steps, num_images=num))).job_id for owner, steps, num in JOBS]
    runner.open_gate.clear()  # the first forward ends when all are claimed
    shop.start()
    await until(lambda: len(shop.progress.active) == len(JOBS))
    runner.open_gate.set()
    await asyncio.gather(*map(shop.ended, ids))
    async with database.read() as session:
        jobs = {job.id: job for job in await session.scalars(select(JobRow))}
        specs = {image.job_id: image.spec for image in await session.scalars(select(ImageRow))}
    await shop.stop()
    first_s = min(job.created_at_s for job in jobs.values())
    asked = [
        Arrival(jobs[job_id].created_at_s - first_s, job_id, owner, specs[job_id], num)
        for job_id, (owner, _, num) in zip(ids, JOBS, strict=True)
    ]
    fleet = Fleet(1, GPU, sizes_px=(NUM_PX,), starts_at_s=asked[-1].at_s + 1.0)
    run = fleet.make(asked)
    decoded = [image_id.rpartition("-")[0] for image_id in runner.painted]
    real_order = sorted(set(decoded), key=lambda job_id: len(decoded) - decoded[::-1].index(job_id))
    assert [job.job_id for job in sorted(run.ended, key=lambda job: job.ended_s)] == real_order
    (worker,) = run.workers
    assert sorted(worker.rows.elements()) == sorted(runner.rows)
