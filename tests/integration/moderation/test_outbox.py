"""Entries of the outbox, and jobs, that a process with other settings of moderation left behind."""

import asyncio
from pathlib import Path

import pytest

from server.db.session import Database
from server.moderation.service import Moderation
from server.queue.model import ImageStatus, JobStatus
from tests.support.builders import draft
from tests.support.classifiers import ScriptedClassifier
from tests.support.full_store import FullStore
from tests.support.jobs_harness import JobsHarness, image_statuses, until


@pytest.mark.parametrize("left_by", ["off", "flag"])
async def test_an_entry_of_another_mode_is_made_again_and_blocked(
    database: Database, tmp_path: Path, left_by: str
) -> None:
    store = FullStore(tmp_path / "pictures")
    async with (
        moderation(database, left_by) as earlier,
        JobsHarness.running(database, tmp_path, store=store, moderation=earlier) as shop,
    ):
        shop.runner.open_gate.clear()
        job_id = (await shop.accept(draft(num_images=1))).job_id
        store.refused = {job_id}
        shop.runner.open_gate.set()
        await until(lambda: len(shop.outbox) == 1)
    store.refused = set()
    async with (
        moderation(database, "block") as strict,
        JobsHarness.running(database, tmp_path, store=store, moderation=strict) as shop,
    ):
        view = await shop.ended(job_id)
        assert (view.status, view.images, len(view.blocked)) == (JobStatus.FAILED, (), 1)
        assert await image_statuses(database, job_id) == [ImageStatus.BLOCKED]
        assert shop.runner.painted[f"{job_id}-1"] == 1
    assert [path for path in (tmp_path / "pictures").rglob("*") if path.is_file()] == []
    assert list((tmp_path / "spool").iterdir()) == []


class moderation:
    """The service with a classifier that finds everything explicit; None for `off`."""

    def __init__(self, database: Database, mode: str) -> None:
        self._service = None if mode == "off" else Moderation(database, mode, 0.8, ScriptedClassifier)

    async def __aenter__(self) -> Moderation | None:
        if self._service is None:
            return None
        self._loop = asyncio.create_task(self._service.run())
        await until(lambda: self._service is not None and self._service.trouble is None)
        return self._service

    async def __aexit__(self, *_: object) -> None:
        if self._service is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
            self._service.close()
