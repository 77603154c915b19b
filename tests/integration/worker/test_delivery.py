"""From the engine to the store: what is tried again, what waits on this disk, what is not left behind."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.session import Database, DatabaseAway
from server.queue import states
from server.queue.model import JobError, JobStatus
from server.queue.states import Lease
from server.storage.encoding import EncodedImage
from server.storage.local import LocalStore
from tests.support.builders import draft
from tests.support.full_store import FullStore
from tests.support.jobs_harness import JobsHarness, event_names, until


async def test_a_store_that_fails_for_a_moment_is_tried_again(database: Database, tmp_path: Path):
    store = FullStore(tmp_path)
    async with JobsHarness.running(database, tmp_path, store=store) as shop:
        shop.runner.open_gate.clear()
        job_id = (await shop.accept(draft(num_images=1))).job_id
        store.refused, store.num_refusals = {job_id}, 2
        shop.runner.open_gate.set()
        assert (await shop.ended(job_id)).status is JobStatus.COMPLETED


async def test_pictures_wait_on_disk_for_a_store_that_stays_away(database: Database, tmp_path: Path):
    store = FullStore(tmp_path)
    async with JobsHarness.running(database, tmp_path, store=store) as shop:
        shop.runner.open_gate.clear()
        bad = (await shop.accept(draft())).job_id
        good = (await shop.accept(draft())).job_id
        store.refused = {bad}
        shop.runner.open_gate.set()
        assert (await shop.ended(good)).status is JobStatus.COMPLETED
        reason = "2 finished picture(s) wait to be stored: no space left on device"
        await until(lambda: shop.progress.waiting.get(bad) == reason)
        assert shop.outbox.indexes(bad) == {0, 1}
        view = await shop.service.get(bad)
        assert view is not None and (view.status, view.detail) == (JobStatus.PROCESSING, reason)
        assert (view.images, await event_names(database, bad)) == ((), [])
    store.refused = set()
    async with JobsHarness.running(database, tmp_path, store=store) as shop:
        view = await shop.ended(bad)
        assert (view.status, view.detail, len(view.images)) == (JobStatus.COMPLETED, None, 2)
        assert shop.runner.painted == {}, "what lay on disk was made again"
        assert len(shop.outbox) == 0
    assert list((tmp_path / "spool").iterdir()) == []


async def test_a_spooled_picture_of_a_cancelled_job_leaves_no_file(database: Database, tmp_path: Path):
    store = FullStore(tmp_path / "pictures")
    async with JobsHarness.running(database, tmp_path, store=store) as shop:
        shop.runner.open_gate.clear()
        job_id = (await shop.accept(draft(num_images=1))).job_id
        store.refused = {job_id}
        shop.runner.open_gate.set()
        await until(lambda: len(shop.outbox) == 1)
        await shop.service.cancel(job_id)
        store.refused = set()
        await until(lambda: len(shop.outbox) == 0)
    assert await event_names(database, job_id) == ["cancelled"]
    assert [path for path in (tmp_path / "pictures").rglob("*") if path.is_file()] == []


async def test_a_damaged_file_in_the_spool_is_made_again(database: Database, tmp_path: Path):
    store = FullStore(tmp_path / "pictures")
    async with JobsHarness.running(database, tmp_path, store=store) as shop:
        shop.runner.open_gate.clear()
        job_id = (await shop.accept(draft(num_images=1))).job_id
        store.refused = {job_id}
        shop.runner.open_gate.set()
        await until(lambda: len(shop.outbox) == 1)
    (file,) = (tmp_path / "spool").iterdir()
    file.write_bytes(file.read_bytes()[:100])
    store.refused = set()
    async with JobsHarness.running(database, tmp_path, store=store) as shop:
        assert (await shop.ended(job_id)).status is JobStatus.COMPLETED
        assert shop.runner.painted == {f"{job_id}-1": 1}


async def test_nothing_is_claimed_while_pictures_cannot_be_stored(database: Database, tmp_path: Path):
    usable = False
    trouble = "the store of pictures does not answer"
    async with JobsHarness.running(database, tmp_path, store_trouble=lambda: None if usable else trouble) as shop:
        job_id = (await shop.accept(draft())).job_id
        await asyncio.sleep(0.3)  # six looks at the queue
        view = await shop.service.get(job_id)
        assert view is not None and view.status is JobStatus.QUEUED
        usable = True
        assert (await shop.ended(job_id)).status is JobStatus.COMPLETED


class HeldBackStore(LocalStore):
    """Keeps each picture until it is let go."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.let_go, self.holding = asyncio.Event(), 0

    async def put(self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str] | None = None) -> None:
        self.holding += 1
        await self.let_go.wait()
        await super().put(key, data, content_type, metadata)


async def test_a_picture_cancelled_on_its_way_to_the_store_is_not_left_there(database: Database, tmp_path: Path):
    store = HeldBackStore(tmp_path / "pictures")
    async with JobsHarness.running(database, tmp_path, store=store) as shop:
        job_id = (await shop.accept(draft(num_images=1))).job_id
        await until(lambda: store.holding == 1)
        await shop.service.cancel(job_id)
        store.let_go.set()
        await shop.dispatcher.stop()
        assert not [path for path in (tmp_path / "pictures").rglob("*") if path.is_file()]


async def test_a_job_whose_failure_cannot_be_written_is_put_back(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Its lease runs out, and the next claim ends it."""

    def refuse(picture: object, image_format: str, text: str) -> EncodedImage:
        raise ValueError("this text does not fit")

    fail, away = states.fail_mine, [DatabaseAway("it does not answer")]

    async def fail_later(session: AsyncSession, lease: Lease, error: JobError) -> bool:
        if away:
            raise away.pop()
        return await fail(session, lease, error)

    monkeypatch.setattr("server.worker.delivery.encode_image", refuse)
    monkeypatch.setattr("server.queue.states.fail_mine", fail_later)
    async with JobsHarness.running(database, tmp_path, lease_s=0.5) as shop:
        job_id = (await shop.accept(draft(num_images=1))).job_id
        view = await shop.ended(job_id)
        assert view.error is not None and view.error.code == "internal"
        assert shop.runner.painted[f"{job_id}-1"] == 2
