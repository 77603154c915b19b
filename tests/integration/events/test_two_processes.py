"""Two processes on one PostgreSQL, each with an engine, a runner and a data folder of its own: whichever is asked
answers for both. `poll_s=30`: what arrives in time came through the channel, not from a look at the tables."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from server.db.models import JobLoraRow
from server.db.session import Database
from server.queue.model import FeedEvent, JobStatus
from server.storage.local import LocalStore
from tests.fixtures.databases import PostgresServer
from tests.support.builders import draft
from tests.support.fake_runner import PaintRunner
from tests.support.jobs_harness import JobsHarness, event_names, job_row, read_stream, until

SLOW = 30.0


@pytest.fixture
async def address(postgres_server: PostgresServer) -> str:
    name = "two_processes"
    await postgres_server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await postgres_server.execute(f"CREATE DATABASE {name}")
    return postgres_server.url(name)


@asynccontextmanager
async def two(
    address: str, folder: Path, of_other: Mapping[str, Any] | None = None, **options: Any
) -> AsyncIterator[tuple[JobsHarness, JobsHarness]]:
    """`(maker, other)`: only the first has a runner that works; they share a store, as with a bucket."""
    first, second = Database(address), Database(address)
    await first.migrate()
    store = LocalStore(folder / "pictures")
    shut = PaintRunner()
    shut.open_gate.clear()
    async with (
        JobsHarness.running(first, folder / "1", lease_owner="1" * 32 + "/a", store=store, **options) as maker,
        JobsHarness.running(
            second,
            folder / "2",
            lease_owner="2" * 32 + "/b",
            store=store,
            **(options | {"runner": shut} | dict(of_other or {})),
        ) as other,
    ):
        await until(lambda: maker.peers.has_peers and other.peers.has_peers)
        yield maker, other
    await first.close()
    await second.close()


async def test_streams_and_status_work_whichever_process_makes_the_job(address: str, tmp_path: Path) -> None:
    async with two(address, tmp_path, poll_s=SLOW, runner=PaintRunner(0.02)) as (maker, other):
        await other.dispatcher.stop()
        job_id = (await other.accept(draft(steps=100, num_images=2))).job_id
        reading = asyncio.create_task(read_stream(other.feed, job_id))
        seen: set[float] = set()
        while not reading.done():
            view = await other.service.get(job_id)
            assert view is not None
            seen.add(view.progress)
            await asyncio.sleep(0.05)
        events: list[FeedEvent] = reading.result()
    assert [event.seq for event in events if event.seq is not None] == [1, 2, 3]
    sent = [event.data["progress"] for event in events if event.name == "progress"]
    assert sent == sorted(sent) and len(set(sent)) > 4
    assert len([progress for progress in seen if 0 < progress < 1]) > 3
    assert maker.runner.painted == {f"{job_id}-1": 1, f"{job_id}-2": 1}


async def test_a_cancel_reaches_the_process_that_makes_the_job(address: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {"poll_s": SLOW, "heartbeat_s": SLOW, "lease_s": 100.0, "runner": PaintRunner(0.02)}
    async with two(address, tmp_path, **options) as (maker, other):
        await other.dispatcher.stop()
        job_id = (await other.accept(draft(steps=150, num_images=1))).job_id
        await until(lambda: maker.runner.steps[f"{job_id}-1"] > 2)
        await other.service.cancel(job_id)
        await until(lambda: maker.engine.num_images == 0, timeout_s=1)
        assert maker.runner.steps[f"{job_id}-1"] < 100
        assert await event_names(maker.database, job_id) == ["cancelled"]


async def test_two_processes_share_the_queue_and_make_no_picture_twice(address: str, tmp_path: Path) -> None:
    async with two(address, tmp_path, runner=PaintRunner(0.01)) as (one, other):
        other.runner.step_s = 0.01
        other.runner.open_gate.set()
        jobs = [(await shop.accept(draft())).job_id for _ in range(20) for shop in (one, other)]
        for job_id in jobs:
            assert (await one.ended(job_id)).status is JobStatus.COMPLETED
        assert len(one.runner.painted) > 10 and len(other.runner.painted) > 10
        assert one.runner.painted + other.runner.painted == {f"{job_id}-{n}": 1 for job_id in jobs for n in (1, 2)}
        assert {(await job_row(one.database, job_id)).attempt for job_id in jobs} == {1}


async def test_a_job_handed_back_is_taken_at_once(address: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {"poll_s": SLOW, "lease_s": 100.0, "runner": PaintRunner(0.02)}
    async with two(address, tmp_path, **options) as (maker, other):
        other.runner.open_gate.set()
        jobs = [(await maker.accept(draft(steps=60))).job_id for _ in range(8)]
        await until(lambda: len(maker.runner.steps) > 0)
        await maker.dispatcher.stop()
        for job_id in jobs:
            assert (await other.ended(job_id, timeout_s=10)).status is JobStatus.COMPLETED


async def test_a_process_that_stalled_cannot_take_back_what_its_successor_stored(address: str, tmp_path: Path) -> None:
    """Its picture is the same object: it must not be deleted when the late commit is refused."""
    late = asyncio.Event()

    class StalledStore(LocalStore):
        async def put(self, *arguments: Any, **more: Any) -> None:
            await late.wait()
            await super().put(*arguments, **more)

    first, second = Database(address), Database(address)
    await first.migrate()
    stalled = JobsHarness(
        first,
        tmp_path / "1",
        lease_owner="1" * 32 + "/a",
        store=StalledStore(tmp_path / "pictures"),
        lease_s=0.5,
        heartbeat_s=SLOW,
    )
    stalled.start()
    job_id = (await stalled.accept(draft(num_images=1))).job_id
    await until(lambda: stalled.runner.painted[f"{job_id}-1"] == 1)
    async with JobsHarness.running(
        second, tmp_path / "2", lease_owner="2" * 32 + "/b", store=LocalStore(tmp_path / "pictures")
    ) as successor:
        view = await successor.ended(job_id)
        late.set()
        await stalled.stop()
        assert view.status is JobStatus.COMPLETED
        assert await successor.store.get(view.images[0].storage_key)
        assert await event_names(second, job_id) == ["image", "completed"]
        assert (await job_row(second, job_id)).attempt == 2
    await first.close()
    await second.close()


async def test_jobs_whose_lora_is_only_elsewhere_are_left_to_that_process(address: str, tmp_path: Path) -> None:
    asked: list[None] = []
    usable = False
    lacks: dict[str, Any] = {
        "has_lora": lambda sha256: sha256 != "a" * 64,
        "fetch_loras": lambda sha256s: bool(asked.append(None)),
        "store_trouble": lambda: None if usable else "not yet",
    }
    waits: dict[str, Any] = {"store_trouble": lambda: None if asked else "not yet"}
    async with two(address, tmp_path, of_other=lacks, **waits) as (maker, other):
        other.runner.open_gate.set()
        jobs = [(await maker.accept(draft(num_images=1))).job_id for _ in range(6)]
        async with maker.database.write() as session:
            lora = {"sha256": "a" * 64, "name": "jade", "version": "1", "weight": 1.0}
            session.add_all(JobLoraRow(job_id=job_id, **lora) for job_id in jobs[::2])
        # the other process may have read a job before its LoRA was there: it reads what its view does not know
        await until(lambda: all(other.view.loras_of(each) or other.view.remove(each) for each in jobs[::2]))
        usable = True
        for job_id in jobs:
            assert (await other.ended(job_id)).status is JobStatus.COMPLETED
        assert not {f"{job_id}-1" for job_id in jobs[::2]} & other.runner.painted.keys()
        assert asked
