"""The wake hook over a real database: one process of several calls, again with backoff, within the day's limit."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from server.db.clock import now_s
from server.db.models import JobRow, WakeRow, WorkerRow
from server.db.session import Database
from server.db.usage_models import TallyRow
from server.queue import claims, workers
from server.queue.model import BaseModelRef
from server.queue.workers import WorkerReport
from server.tallies.days import Measure, day_of
from server.wake.calls import WakeError
from server.wake.keeper import WakeKeeper
from server.wake.notice import Outlook, WakePolicy
from tests.support.builders import draft
from tests.support.jobs_harness import BASE, JobsHarness

POLICY = WakePolicy(has_hook=True, retry_s=60)


class Api:
    """A process without a worker; `calls` are made by all of them."""

    def __init__(self, harness: JobsHarness, calls: list[int], policy: WakePolicy = POLICY, base: Any = BASE) -> None:
        self.calls = calls
        self.failure: str | None = None
        self.outlook = Outlook()
        self.keeper = WakeKeeper(harness.database, harness.progress, self.outlook, base, policy, [self.call])

    async def call(self, num_calls: int) -> None:
        self.calls.append(num_calls)
        if self.failure is not None:
            raise WakeError(self.failure)

    async def look(self) -> str | None:
        """The state that callers are shown, once a call that was due is made."""
        await self.keeper.look()
        if (calling := self.keeper._calling) is not None:
            await calling
        return self.outlook.notice.state if self.outlook.notice else None


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> JobsHarness:
    """Its dispatcher does not run: jobs stay queued."""
    return JobsHarness(database, tmp_path)


async def report(database: Database, state: str, name: str = "w" * 32) -> None:
    async with database.write() as session:
        await workers.report(session, WorkerReport(name, state, BASE.name, BASE.sha256, {}, (), None, ""))


async def pass_time(database: Database, seconds: float) -> None:
    """For the hook: its times lie further back."""
    async with database.write() as session:
        row = (await session.scalars(select(WakeRow))).one()
        row.next_at_s -= seconds
        row.called_at_s = row.called_at_s and row.called_at_s - seconds
        row.paid_since_s = row.paid_since_s and row.paid_since_s - seconds


async def test_one_of_several_calls_once_and_again_with_backoff_until_a_worker_is_ready(shop: JobsHarness) -> None:
    calls: list[int] = []
    apis = [Api(shop, calls) for _ in range(4)]
    assert [await api.look() for api in apis] == ["asleep"] * 4
    assert calls == []
    await shop.accept(draft())
    await asyncio.gather(*(api.look() for api in apis))
    assert calls == [1]
    for pause_s, expected in ((59, [1]), (2, [1, 2]), (119, [1, 2]), (2, [1, 2, 3])):
        await pass_time(shop.database, pause_s)
        await asyncio.gather(*(api.look() for api in apis))
        assert calls == expected
    await report(shop.database, "loading")
    await pass_time(shop.database, 9000)
    assert {await api.look() for api in apis} == {"starting"}
    await report(shop.database, "ready")
    assert {await api.look() for api in apis} == {None}
    await report(shop.database, "gone")  # it has left work behind: the next call is a first one
    await asyncio.gather(*(api.look() for api in apis))
    assert calls == [1, 2, 3, 1]


async def test_a_failed_call_is_said_and_repeated(shop: JobsHarness, caplog: pytest.LogCaptureFixture) -> None:
    api = Api(shop, [])
    await shop.accept(draft())
    api.failure = "no GPU is free"
    await api.look()
    assert "wake call 1 failed: no GPU is free" in caplog.text
    assert await api.look() == "failing"
    async with shop.database.read() as session:
        row = (await session.scalars(select(WakeRow))).one()
    assert (row.failure, row.paid_since_s) == ("no GPU is free", None)
    api.failure = None
    await pass_time(shop.database, 61)
    await api.look()
    assert api.calls == [1, 2] and await api.look() == "starting"


async def test_what_a_start_takes_is_learned_and_counts_for_the_day(shop: JobsHarness) -> None:
    api = Api(shop, [], replace(POLICY, max_s_per_day=3600))
    await shop.accept(draft())
    await api.look()
    await pass_time(shop.database, 30)
    await report(shop.database, "loading")
    async with shop.database.write() as session:
        await session.execute(update(WorkerRow).values(started_at_s=WorkerRow.started_at_s - 20))
        await session.execute(update(WorkerRow).values(woken_at_s=WorkerRow.woken_at_s - 20))
    await report(shop.database, "ready")
    async with shop.database.read() as session:
        times = await workers.start_times(session)
        tally = await session.scalar(select(TallyRow.value).where(TallyRow.measure == Measure.START_S))
    assert times.woken == pytest.approx(50, abs=2) and times.loaded == pytest.approx(20, abs=2)
    assert tally == pytest.approx(30, abs=2)
    await api.look()
    await report(shop.database, "gone")
    async with shop.database.write() as session:
        day = day_of(await session.scalar(select(now_s())) or 0.0)
        session.add(TallyRow(day=day - 1, measure=Measure.UP_S, label="", value=9000.0))  # another day's do not count
        session.add(TallyRow(day=day, measure=Measure.UP_S, label="", value=3500.0))
    await api.look()
    assert api.calls == [1, 1]
    assert api.outlook.notice is not None and api.outlook.notice.starts_in_s == 50
    await pass_time(shop.database, 71)  # with the 30 s of the first start the hour is full
    assert await api.look() == "resting"
    assert api.calls == [1, 1]


async def test_forecasts_and_details_of_jobs_contain_the_start(shop: JobsHarness) -> None:
    job = await shop.accept(draft())
    before = job.remaining_s
    assert await Api(shop, [], replace(POLICY, start_s=40)).look() == "starting"
    state = await shop.reader.state(job.job_id)
    assert state is not None
    assert state.detail == "no worker is running; one starts in about 40 s"
    assert state.remaining_s == pytest.approx(before + 40, abs=1)
    await report(shop.database, "ready")
    await Api(shop, []).look()
    state = await shop.reader.state(job.job_id)
    assert state is not None and state.detail is None and state.remaining_s == pytest.approx(before, abs=1)


async def test_a_worker_is_called_to_learn_the_base_model(shop: JobsHarness) -> None:
    api = Api(shop, [], base=BaseModelRef("film"))
    await api.look()
    assert api.calls == [1]


async def test_a_job_that_another_worker_makes_keeps_none_up_and_wakes_none(shop: JobsHarness) -> None:
    job = await shop.accept(draft())
    assert await shop.counts.any_claimable()
    await claims.claim(shop.database, job.job_id, "2" * 32 + "/b", 10.0)
    assert await shop.counts.any_unfinished() and not await shop.counts.any_claimable()
    api = Api(shop, [])
    assert await api.look() == "asleep"
    async with shop.database.write() as session:
        await session.execute(update(JobRow).values(lease_until=JobRow.lease_until - 60))
    await api.look()
    assert api.calls == [1], "its worker is dead"
