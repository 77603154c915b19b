"""The queue in memory: a look at the table reads the numbers of unknown jobs only."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from server.db.session import Database
from server.queue import claims
from tests.support.builders import draft
from tests.support.jobs_harness import JobsHarness, change_job


async def test_a_refresh_reads_the_jobs_that_it_does_not_know(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[list[str]] = []
    read_jobs = claims.read_jobs

    def noted(database: Database, job_ids: Sequence[str]) -> AsyncIterator[claims.Claimable]:
        read.append(sorted(job_ids))
        return read_jobs(database, job_ids)

    monkeypatch.setattr(claims, "read_jobs", noted)
    elsewhere, here = (JobsHarness(database, tmp_path / name) for name in "ab")
    first = sorted([(await elsewhere.accept(draft(seed=n))).job_id for n in range(20)])
    for _ in range(2):
        assert await here.view.refresh() == []
    own = (await here.accept(draft())).job_id
    another = (await elsewhere.accept(draft())).job_id
    await change_job(database, first[0], status="cancelled")
    await here.view.refresh()
    assert read == [first, [], [another]]
    assert set(here.view.backlog.job_ids) == {*first[1:], own, another}
