"""A job whose processes die: made again, then given up, so that a server is not brought down for ever by one job."""

from pathlib import Path

import pytest

from server.db.session import Database
from server.queue.model import JobStatus
from server.queue.states import MAX_LOST_LEASES
from tests.support.builders import draft
from tests.support.jobs_harness import JobsHarness, change_job


@pytest.mark.parametrize(
    ("num_before", "status"), [(MAX_LOST_LEASES - 2, JobStatus.COMPLETED), (MAX_LOST_LEASES - 1, JobStatus.FAILED)]
)
async def test_a_job_is_given_up_after_so_many_broken_attempts(
    database: Database, tmp_path: Path, num_before: int, status: JobStatus
):
    """Its last process has just died under it, after others."""
    shop = JobsHarness(database, tmp_path)
    job_id = (await shop.accept(draft(num_images=1))).job_id
    await change_job(
        database, job_id, status="processing", lease_owner="gone", lease_until=0.0, lost_leases=num_before, attempt=1
    )
    shop.start()
    view = await shop.ended(job_id)
    assert (view.status, view.error and view.error.code) == (
        status,
        "given_up" if status is JobStatus.FAILED else None,
    )
    await shop.stop()
