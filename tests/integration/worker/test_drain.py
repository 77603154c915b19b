"""An operator's order to drain: nothing more is claimed; what is here is finished, or another process makes it."""

import asyncio
from pathlib import Path

from server.db.session import Database
from server.queue.workers import DrainOrder
from server.storage.local import LocalStore
from server.usage.workers import Workers
from server.worker.registration import Registration
from tests.support.builders import draft
from tests.support.fake_runner import PaintRunner
from tests.support.jobs_harness import BASE, JobsHarness, job_row, until

FIRST, SECOND = "1" * 32 + "/" + "a" * 8, "2" * 32 + "/" + "b" * 8


def registered(database: Database, harness: JobsHarness, worker_id: str) -> Registration:
    registration = Registration(
        database, harness.engine, BASE, worker_id, "http://w", on_order=harness.dispatcher.on_order
    )
    registration.set_state("ready")
    return registration


async def test_finish_hand_back_and_undo_go_through_the_database(database: Database, tmp_path: Path) -> None:
    store, workers = LocalStore(tmp_path / "pictures"), Workers(database)
    async with JobsHarness.running(
        database, tmp_path / "1", lease_owner=FIRST, store=store, runner=PaintRunner(0.01)
    ) as first:
        registration = registered(database, first, FIRST)
        await registration.report()
        begun = (await first.accept(draft(steps=40, num_images=1))).job_id
        await until(lambda: begun in first.progress.active)
        _, (view,) = await workers.list()
        assert (view.is_alive, view.row.state, view.job_ids, view.order) == (True, "ready", (begun,), None)

        order = DrainOrder(hand_back=False, exits=False)
        assert await workers.give_order("3" * 32 + "-" + "c" * 8, order) is None
        given = await workers.give_order(view.id, order)
        assert given is not None and given.order == order
        await registration.report()  # reads the order
        await registration.report()  # says so
        waiting = (await first.accept(draft(num_images=1))).job_id
        assert (await first.ended(begun)).images
        await asyncio.sleep(0.2)
        assert (await job_row(database, waiting)).status == "queued"
        assert first.dispatcher.is_empty
        demand, (view,) = await workers.list()
        assert (demand.wanted, demand.num_workers, view.row.state, view.job_ids) == (1, 0, "draining", ())

        assert await workers.give_order(view.id, None) is not None
        await registration.report()
        assert (await first.ended(waiting)).images

        long = (await first.accept(draft(steps=1000, num_images=2))).job_id
        await until(lambda: long in first.progress.active)
        await workers.give_order(view.id, DrainOrder(hand_back=True, exits=False))
        await registration.report()
        await until(lambda: first.dispatcher.is_empty)
        row = await job_row(database, long)
        assert (row.status, row.lease_owner, row.lost_leases, row.attempt) == ("processing", None, 0, 1)
        async with JobsHarness.running(database, tmp_path / "2", lease_owner=SECOND, store=store) as second:
            assert len((await second.ended(long)).images) == 2
        assert first.dispatcher.is_empty
