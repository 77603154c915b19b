"""Claims prefer a worker whose resident LoRAs fit, for a second at most. Two workers on one PostgreSQL."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from server.db.models import ImageRow, LoraRow
from server.db.session import Database
from server.queue.model import LoraChoice
from server.queue.workers import WorkerReport, report
from server.storage.local import LocalStore
from tests.fixtures.databases import PostgresServer
from tests.support.builders import draft
from tests.support.fake_runner import LoraPaintRunner
from tests.support.jobs_harness import BASE, JobsHarness, until

FIRST, SECOND = "1" * 32 + "/" + "a" * 8, "2" * 32 + "/" + "b" * 8
JADE, INK = "a" * 64, "b" * 64


@asynccontextmanager
async def two_workers(
    server: PostgresServer, folder: Path, resident: dict[str, list[str]], lora_wait_s: float = 1.0
) -> AsyncIterator[list[JobsHarness]]:
    """`resident`: worker → the LoRAs that it has, and has reported, in memory."""
    await server.execute("DROP DATABASE IF EXISTS lora_claims WITH (FORCE)")
    await server.execute("CREATE DATABASE lora_claims")
    databases = [Database(server.url("lora_claims")) for _ in resident]
    await databases[0].migrate()
    store = LocalStore(folder / "pictures")
    workers: list[JobsHarness] = []
    for (owner, loras), database in zip(resident.items(), databases, strict=True):
        runner = LoraPaintRunner(0.0, 4, 0.0)
        runner.fetch_loras(loras).result()
        runner.num_loads = 0
        options: dict[str, Any] = {"runner": runner, "store": store, "lora_wait_s": lora_wait_s}
        workers.append(JobsHarness(database, folder / owner[0], lease_owner=owner, **options))
        async with database.write() as session:
            await report(session, WorkerReport(owner, "ready", BASE.name, BASE.sha256, {}, loras, None, ""))
            if len(workers) == 1:
                session.add_all([lora_row("jade", JADE), lora_row("ink", INK)])
    for worker in workers:
        worker.start()
    try:
        await until(lambda: all(worker.peers.has_peers for worker in workers))
        yield workers
    finally:
        for worker in workers:
            worker.runner.open_gate.set()
            await worker.stop()
        for database in databases:
            await database.close()


def lora_row(name: str, sha256: str) -> LoraRow:
    return LoraRow(
        label=name,
        name=name,
        version=None,
        sha256=sha256,
        short_hash=sha256[:12],
        num_bytes=1,
        rank=4,
        num_modules=1,
        has_text_encoder=False,
        trigger=None,
        title=None,
        base_model=None,
        file_metadata={},
        loaded_at_s=0.0,
    )


def job(name: str, seed: int):
    return draft(num_images=1, steps=2, seed=seed, model=LoraChoice(name, None, "model_name"))


def num_loads(worker: JobsHarness) -> int:
    assert isinstance(worker.runner, LoraPaintRunner)
    return worker.runner.num_loads


async def test_each_worker_makes_the_jobs_of_its_loras(postgres_server: PostgresServer, tmp_path: Path) -> None:
    async with two_workers(postgres_server, tmp_path, {FIRST: [JADE], SECOND: [INK]}, 20.0) as workers:
        for n in range(10):  # the other worker accepts it, and sees it first
            accepted = await workers[1].accept(job("jade", n))
            other = await workers[0].accept(job("ink", n))
            for view in (accepted, other):
                assert (await workers[0].ended(view.job_id)).images
        assert [num_loads(worker) for worker in workers] == [0, 0]
        assert [len(worker.runner.painted) for worker in workers] == [10, 10]


@pytest.mark.alone
async def test_a_job_waits_a_second_at_most_for_the_worker_that_fits(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    async with two_workers(postgres_server, tmp_path, {FIRST: [JADE], SECOND: []}) as (away, here):
        away.dispatcher.begin_stop()  # it lives, by its row, and claims nothing
        begun_s = time.monotonic()
        view = await here.accept(job("jade", 1))
        assert (await here.ended(view.job_id)).images
        assert 0.2 < time.monotonic() - begun_s < 0.9  # nothing else is to be made here

        assert isinstance(here.runner, LoraPaintRunner)
        here.runner.step_s = 0.02
        here.runner.forget()
        long = await here.accept(draft(num_images=1, steps=150))
        await until(lambda: long.job_id in here.progress.active)
        view = await here.accept(job("jade", 2))
        done = await here.ended(view.job_id)
        async with here.database.read() as session:
            image = await session.get_one(ImageRow, done.images[0].id)
        assert 0.9 < (image.started_at_s or 0.0) - view.created_at_s < 1.6
        assert num_loads(here) == 2
