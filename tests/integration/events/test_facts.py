"""The facts of a job are read once for all of its readers, and read again once its rows have changed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from server.db.session import Database
from server.queue.model import JobStatus
from tests.support.builders import draft
from tests.support.jobs_harness import JobsHarness, change_job


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are executed in the block."""
    statements: list[str] = []

    def add(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", add)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", add)


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> JobsHarness:
    """Its dispatcher does not run: jobs stay queued."""
    return JobsHarness(database, tmp_path)


async def test_callers_at_the_same_time_and_later_ones_share_a_query(shop: JobsHarness) -> None:
    job_id = (await shop.accept(draft())).job_id
    shop.facts.forget(job_id)
    with counted() as statements:
        found = await asyncio.gather(*(shop.facts.get(job_id) for _ in range(20)))
        found += [await shop.facts.get(job_id) for _ in range(20)]
    assert found == [found[0]] * 40
    assert len([each for each in statements if "FROM job" in each]) == 1
    assert await shop.facts.get("0" * 32) is None


async def test_streams_of_a_queued_job_read_no_table(shop: JobsHarness) -> None:
    job_id = (await shop.accept(draft())).job_id
    streams = [shop.feed.subscribe(job_id) for _ in range(20)]
    assert {(await anext(stream)).name for stream in streams} == {"progress"}
    with counted() as statements:
        waits = [asyncio.create_task(anext(stream)) for stream in streams]
        await asyncio.sleep(0.5)  # ten times the harness's poll
    assert statements == []
    await shop.service.cancel(job_id)
    assert {(await wait).name for wait in waits} == {"cancelled"}
    for stream in streams:
        await stream.aclose()


async def test_an_ended_job_is_read_each_time(shop: JobsHarness) -> None:
    job_id = (await shop.accept(draft())).job_id
    state = await shop.service.cancel(job_id)
    assert state is not None and state.status is JobStatus.CANCELLED
    assert await shop.facts.get(job_id) is not await shop.facts.get(job_id)


async def test_what_another_process_changed_is_found_by_the_next_look(shop: JobsHarness, database: Database) -> None:
    changed, same, gone = [(await shop.accept(draft())).job_id for _ in range(3)]
    before = {job_id: await shop.facts.get(job_id) for job_id in (changed, same, gone)}
    await change_job(database, changed, status="processing", attempt=1)
    with shop.hub.waiting(changed) as reader, shop.hub.waiting(same) as other:
        await shop.facts.look()
        assert (reader.rows_changed, other.rows_changed) == (True, False)
    assert await shop.facts.get(same) is before[same]
    facts = await shop.facts.get(changed)
    assert facts is not None and facts.job.status == "processing"


async def test_a_read_from_before_a_change_is_not_kept(shop: JobsHarness) -> None:
    job_id = (await shop.accept(draft())).job_id
    shop.facts.forget(job_id)
    reading = asyncio.create_task(shop.facts.get(job_id))
    await asyncio.sleep(0)
    shop.hub.rows_changed(job_id)
    early = await reading
    assert await shop.facts.get(job_id) is not early
