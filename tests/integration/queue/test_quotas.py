"""What one caller may ask for: counted in the transaction that accepts, exact for all processes together."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from server.db.clock import now_s
from server.db.models import ImageRow, JobRow, WorkerRow
from server.db.session import Database
from server.db.usage_models import GenerationRow
from server.loras.errors import UnknownLora
from server.queue import workers
from server.queue.errors import LimitReached
from server.queue.model import LoraChoice
from server.queue.quotas import (
    DAY_S,
    HOUR_S,
    Quota,
    Quotas,
    Standing,
)
from server.usage.service import Usage
from tests.support.builders import draft
from tests.support.jobs_harness import JobsHarness, change_generation

pytestmark = pytest.mark.usefixtures("people")


async def accepted(shops: Sequence[JobsHarness], times: int, **fields: Any) -> list[str]:
    """The ids of the accepted ones of `times` parallel submissions."""

    async def attempt(shop: JobsHarness) -> str | None:
        try:
            return (await shop.accept(draft(**fields))).job_id
        except LimitReached as error:
            assert 1 <= error.retry_after_s <= DAY_S
            return None

    answers = await asyncio.gather(*(attempt(shops[i % len(shops)]) for i in range(times)))
    return [job_id for job_id in answers if job_id]


async def test_exactly_as_many_are_accepted_as_the_limit_says_in_all_processes_together(
    database: Database, database_url: str, tmp_path: Path
):
    other = Database(database_url)
    shops = [JobsHarness(each, tmp_path, quotas=Quotas(anonymous=Quota(per_hour=5))) for each in (database, other)]
    assert len(await accepted(shops, 24)) == 5
    assert len(await accepted(shops, 8, owner="ip:192.0.2.8")) == 5
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(JobRow)) == 10
    await other.close()


async def test_an_hour_later_each_job_is_given_back(database: Database, tmp_path: Path):
    shop = JobsHarness(database, tmp_path, quotas=Quotas(anonymous=Quota(per_hour=3)))
    ids: list[str] = []
    standings: list[Standing | None] = []
    for _ in range(3):
        acceptance = await shop.service.submit(draft())
        ids.append(acceptance.job_id)
        standings.append(acceptance.standing)
    assert [each and (each.limit, each.remaining) for each in standings] == [(3, 2), (3, 1), (3, 0)]
    assert all(each and HOUR_S - 60 < each.reset_s <= HOUR_S for each in standings)
    async with database.read() as session:
        first_s = (await session.get_one(GenerationRow, ids[0])).created_at_s
    await change_generation(database, ids[0], created_at_s=first_s - HOUR_S + 40)
    with pytest.raises(LimitReached, match="3 jobs an hour") as refused:
        await shop.accept(draft())
    assert 1 <= refused.value.retry_after_s <= 40
    await change_generation(database, ids[0], created_at_s=first_s - HOUR_S - 1)
    assert len(await accepted([shop], 3)) == 1


async def test_jobs_dated_in_the_future_count_in_no_window(database: Database, tmp_path: Path):
    """A clock that ran three days ahead and was set right."""
    quotas = Quotas(anonymous=Quota(per_hour=2, daily_pictures=4))
    shop = JobsHarness(database, tmp_path, quotas=quotas)
    for job_id in await accepted([shop], 2):
        async with database.read() as session:
            row = await session.get_one(GenerationRow, job_id)
        ahead = {"created_at_s": row.created_at_s + 3 * DAY_S, "day": row.day + 3}
        await change_generation(database, job_id, **ahead)
    requester = draft().requester
    left = await Usage(database, quotas).left(requester)
    assert left.jobs_per_hour == Standing(2, 2, 0)
    assert left.daily_pictures is not None and left.daily_pictures.remaining == 4
    assert await Usage(database, quotas).days(requester, 30) == []
    assert len(await accepted([shop], 3)) == 2


async def test_pictures_of_the_last_minute_are_none_of_the_future(database: Database, tmp_path: Path):
    shop = JobsHarness(database, tmp_path)
    await accepted([shop], 1, num_images=2)
    for ahead_s, count in ((-30.0, 2), (-90.0, 0), (3.0 * DAY_S, 0)):
        async with database.write() as session:
            await session.execute(update(ImageRow).values(finished_at_s=now_s() + ahead_s))
        assert await shop.counts.images_since(60.0) == count


@pytest.mark.parametrize(("ahead_s", "is_alive"), [(0.0, True), (3.0 * DAY_S, False)])
async def test_a_heartbeat_of_a_clock_that_ran_ahead_proves_no_life(database: Database, ahead_s: float, is_alive: bool):
    report = workers.WorkerReport("w" * 32, "ready", "demo", "a" * 64, {}, (), None, "")
    async with database.write() as session:
        await workers.report(session, report)
        await session.execute(update(WorkerRow).values(heartbeat_at_s=WorkerRow.heartbeat_at_s + ahead_s))
    async with database.read() as session:
        assert [row.id for row in await workers.alive(session)] == ["w" * 32] * is_alive


async def test_cookies_count_by_address_accounts_and_end_users_by_themselves(database: Database, tmp_path: Path):
    quotas = Quotas(anonymous=Quota(per_hour=2), users=Quota(per_hour=3))
    shop = JobsHarness(database, tmp_path, quotas=quotas)
    address = "ip:192.0.2.9"
    one_address = [
        len(await accepted([shop], 2, owner=owner, address=address)) for owner in ("anon:a", "anon:b", address)
    ]
    assert one_address == [2, 0, 0]
    assert len(await accepted([shop], 4, owner="user:1", address=address)) == 3
    for end_user in ("a", "b"):
        assert len(await accepted([shop], 4, owner="user:1", address=address, key_id="k", end_user=end_user)) == 3


async def test_what_is_refused_does_not_count_and_what_is_deleted_does(database: Database, tmp_path: Path):
    shop = JobsHarness(database, tmp_path, quotas=Quotas(anonymous=Quota(per_hour=2)))
    for _ in range(3):
        with pytest.raises(UnknownLora):
            await shop.accept(draft(model=LoraChoice("ruby", 0.9, "model_name")))
    (job_id,) = await accepted([shop], 1)
    async with database.write() as session:
        await session.delete(await session.get_one(JobRow, job_id))
    assert len(await accepted([shop], 3)) == 1


async def test_a_user_s_pictures_of_a_day_are_limited(database: Database, tmp_path: Path):
    shop = JobsHarness(database, tmp_path, quotas=Quotas(users=Quota(daily_pictures=7)))
    (yesterday,) = await accepted([shop], 1, owner="user:1", num_images=7)
    async with database.read() as session:
        row = await session.get_one(GenerationRow, yesterday)
    await change_generation(database, yesterday, created_at_s=row.created_at_s - DAY_S, day=row.day - 1)
    assert len(await accepted([shop], 9, owner="user:1", num_images=2)) == 3
    with pytest.raises(LimitReached, match="7 pictures a day are allowed, 1 are left"):
        await shop.accept(draft(owner="user:1", num_images=2))
    assert len(await accepted([shop], 2, owner="user:1", num_images=1)) == 1
    assert len(await accepted([shop], 1, owner="user:2", num_images=7)) == 1


async def test_a_user_s_seconds_of_a_day_count_what_waits_and_then_what_it_took(database: Database, tmp_path: Path):
    shop = JobsHarness(database, tmp_path, quotas=Quotas(users=Quota(daily_gpu_s=1)))
    (job_id,) = await accepted([shop], 1, owner="user:1")
    async with database.read() as session:
        expected_s = (await session.get_one(GenerationRow, job_id)).reserved_gpu_s
    assert expected_s > 0
    await change_generation(database, job_id, reserved_gpu_s=1.0)
    assert not await accepted([shop], 1, owner="user:1")
    shop.start()
    await shop.ended(job_id)
    async with database.read() as session:
        row = await session.get_one(GenerationRow, job_id)
    assert (row.num_finished, row.reserved_gpu_s) == (2, 0.0)
    assert 0 < row.gpu_s < 1
    assert len(await accepted([shop], 1, owner="user:1")) == 1
    await shop.stop()
