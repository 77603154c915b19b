"""Owners take turns, in the queue as it lies in the database."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from server.db.models import ImageRow, JobRow
from server.db.session import Database
from tests.support.fake_runner import PaintRunner
from tests.support.jobs_harness import (
    Workshop,
    job_row,
    order,
    until,
)

NUM_QUEUED = 200


@pytest.mark.usefixtures("people")
async def test_two_hundred_queued_jobs_delay_another_user_s_first_picture_by_one_job_at_most(
    database: Database, tmp_path: Path
):
    shop = Workshop(database, tmp_path, runner=PaintRunner(step_s=0.01), max_queue=NUM_QUEUED + 10)
    first = await job_row(database, (await shop.service.accept(order(owner="user:1", num_images=1))).job_id)
    template = {column.key: getattr(first, column.key) for column in JobRow.__table__.columns}
    async with database.write() as session:
        for n in range(1, NUM_QUEUED):
            session.add(JobRow(**template | {"id": f"{n:032x}", "created_at_s": first.created_at_s + n * 1e-6}))
    shop.start()
    await until(lambda: len(shop.runner.painted) > 3)
    shop.runner.open_gate.clear()  # no step is taken until the job is claimed: what that takes is the machine's matter
    other = await shop.service.accept(order(owner="user:2", num_images=1))
    await until(lambda: other.job_id in shop.outlook.active)
    shop.runner.open_gate.set()
    ended = await shop.ended(other.job_id)
    async with database.read() as session:
        mine = await session.get_one(ImageRow, ended.images[0].id)
        between = (ImageRow.started_at_s > mine.queued_at_s) & (ImageRow.started_at_s < mine.started_at_s)
        before_it = await session.scalar(
            select(func.count()).select_from(ImageRow).join(JobRow).where(between, JobRow.owner == "user:1")
        )
        num_left = await session.scalar(select(func.count()).select_from(JobRow).where(JobRow.status == "queued"))
    assert (before_it or 0) <= 1
    assert (num_left or 0) > NUM_QUEUED / 2
    await shop.kill()
