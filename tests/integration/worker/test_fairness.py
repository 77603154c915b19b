"""Owners take turns, in the queue as it lies in the database."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from server.db.models import ImageRow, JobRow
from server.db.session import Database
from tests.support.builders import draft
from tests.support.fake_runner import PaintRunner
from tests.support.jobs_harness import JobsHarness, copy_job, until

NUM_QUEUED = 200


@pytest.mark.usefixtures("people")
async def test_two_hundred_queued_jobs_delay_another_user_s_first_picture_by_one_job_at_most(
    database: Database, tmp_path: Path
):
    shop = JobsHarness(database, tmp_path, runner=PaintRunner(step_s=0.01), max_queue=NUM_QUEUED + 10)
    first = await shop.accept(draft(owner="user:1", num_images=1))
    copies = [(f"{n:032x}", first.created_at_s + n * 1e-6) for n in range(1, NUM_QUEUED)]
    await copy_job(database, first.job_id, copies)
    shop.start()
    await until(lambda: len(shop.runner.painted) > 3)
    shop.runner.open_gate.clear()  # no step is taken until the job is claimed: what that takes is the machine's matter
    other = await shop.accept(draft(owner="user:2", num_images=1))
    await until(lambda: other.job_id in shop.progress.active)
    shop.runner.open_gate.set()
    ended = await shop.ended(other.job_id)
    async with database.read() as session:
        mine = await session.get_one(ImageRow, ended.images[0].id)
        between = (ImageRow.started_at_s > ended.created_at_s) & (ImageRow.started_at_s < mine.started_at_s)
        before_it = await session.scalar(
            select(func.count()).select_from(ImageRow).join(JobRow).where(between, JobRow.owner == "user:1")
        )
        num_left = await session.scalar(select(func.count()).select_from(JobRow).where(JobRow.status == "queued"))
    assert (before_it or 0) <= 1
    assert (num_left or 0) > NUM_QUEUED / 2
    await shop.kill()
