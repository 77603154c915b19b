"""Deleted jobs leave no file behind, whatever happens to the store and the process meanwhile."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from server.db.account_models import PendingDeletionRow
from server.db.models import EventRow, ImageRow, JobRow
from server.db.session import Database
from server.queue.deletion import Remover, remove_jobs, schedule_deletion
from server.storage.local import LocalStore
from server.storage.store import StoreUnreachable
from tests.support.builders import draft
from tests.support.jobs_harness import JobsHarness, until

pytestmark = pytest.mark.usefixtures("people")


class DeadStore(LocalStore):
    """Deletes nothing while `away`."""

    away = True

    async def delete(self, key: str) -> None:
        if self.away:
            raise StoreUnreachable("the store does not answer")
        await super().delete(key)


async def num_rows(database: Database) -> dict[str, int]:
    async with database.read() as session:
        tables = (JobRow, ImageRow, EventRow, PendingDeletionRow)
        counts = [await session.scalar(select(func.count()).select_from(table)) for table in tables]
        return {table.__tablename__: count or 0 for table, count in zip(tables, counts, strict=True)}


def owners_of_files(folder: Path) -> set[str]:
    """The jobs whose pictures are stored."""
    return {path.name[:32] for path in folder.rglob("*.png")}


async def make_all_due(database: Database) -> None:
    async with database.write() as session:
        await session.execute(update(PendingDeletionRow).values(due_at_s=0.0))


async def test_what_is_removed_while_the_store_is_away_is_deleted_by_the_next_process(
    database: Database, tmp_path: Path
) -> None:
    store = DeadStore(tmp_path / "pictures")
    async with JobsHarness.running(database, tmp_path, store=store) as workshop:
        jobs = [(await workshop.accept(draft(owner=owner))).job_id for owner in ("user:a", "user:a", "user:b")]
        for job_id in jobs:
            await workshop.ended(job_id)
        async with database.write() as session:
            removed = await remove_jobs(session, JobRow.owner == "user:a")
    assert sorted(removed) == sorted(jobs[:2])
    assert await num_rows(database) == {"job": 1, "image": 2, "job_event": 3, "doomed_object": 4}
    first = Remover(database, store, forget=lambda _: None)
    assert await first.run_once() is False
    assert await num_rows(database) == {"job": 1, "image": 2, "job_event": 3, "doomed_object": 4}
    store.away = False
    await make_all_due(database)
    await Remover(database, store, forget=lambda _: None).run_once()  # another process: nothing is remembered
    assert (await num_rows(database))["doomed_object"] == 0
    assert owners_of_files(tmp_path) == {jobs[2]}


async def test_a_job_is_removed_while_it_is_made_and_leaves_no_file(database: Database, tmp_path: Path) -> None:
    async with JobsHarness.running(database, tmp_path) as workshop:
        workshop.runner.open_gate.clear()
        job_id = (await workshop.accept(draft())).job_id
        await until(lambda: job_id in workshop.progress.active)
        async with database.write() as session:
            removed = await remove_jobs(session, JobRow.id == job_id)
        remover = Remover(database, workshop.store, workshop.signals.job_ended)
        remover.removed(removed)
        workshop.runner.open_gate.set()
        after = (await workshop.accept(draft())).job_id
        await workshop.ended(after)
        assert workshop.runner.held == frozenset()
        await make_all_due(database)
        await remover.run_once()
    assert await workshop.service.get(job_id) is None
    assert owners_of_files(tmp_path) == {after}


async def test_dooming_twice_and_waking_are_harmless(database: Database, tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    await store.put("generations/a.png", b"a", "image/png")
    remover = Remover(database, store, forget=lambda _: None)
    running = asyncio.create_task(remover.run())
    for _ in range(2):
        async with database.write() as session:
            await schedule_deletion(session, ["generations/a.png", None, "generations/never-stored.png", "not a key!"])
    remover.removed([])
    for _ in range(500):
        if not (await num_rows(database))["doomed_object"]:
            break
        await asyncio.sleep(0.01)
    running.cancel()
    assert (await num_rows(database))["doomed_object"] == 0
    assert not await store.exists("generations/a.png")
