"""One server process without its HTTP side: real database, store, engine and jobs, and a runner that paints."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import undefer

from pipelines.prompt.analysis import PromptAnalyzer
from server.api.jobs import presenters
from server.assets.service import Assets
from server.billing.charges import Charges
from server.db.models import EventRow, ImageRow, JobRow
from server.db.session import Database
from server.db.usage_models import GenerationRow
from server.engine.backlog import Backlog
from server.engine.cost_model import CostModel
from server.engine.engine import Engine, Turn
from server.engine.limits import Limits
from server.engine.requests import EngineEvent
from server.engine.scheduler import Scheduler
from server.events.facts import JobFactsCache
from server.events.feed import JobFeed
from server.events.hub import EventHub
from server.events.peers import LocalPeer, PeerBus
from server.events.progress import ProgressTracker
from server.events.reader import JobReader
from server.events.signals import QueueSignals
from server.generation.service import JobService
from server.queue.counts import QueueCounts
from server.queue.deletion import Remover
from server.queue.model import BaseModelRef, FeedEvent, ImageStatus, JobDraft, JobView
from server.queue.quotas import Quotas
from server.queue.view import QueueView
from server.storage.local import LocalStore
from server.storage.store import ImageStore
from server.worker.dispatcher import Dispatcher
from server.worker.options import WorkerOptions
from server.worker.outbox import Outbox
from tests.support.demo_model import ROOT
from tests.support.fake_runner import PaintRunner

BASE = BaseModelRef("painted", "c" * 64)
SOFTWARE = "LoRA Studio test"


@cache
def demo_analyzer() -> PromptAnalyzer:
    return PromptAnalyzer(ROOT / "pipelines" / "demo")


def metadata(job: JobView) -> dict[str, Any]:
    """As the API answers it."""
    return msgspec.to_builtins(presenters.metadata(job))


class JobsHarness:
    """`start` begins to claim and make, `stop` ends as a server does, `kill` as a crash does: leases stay behind."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        lease_owner: str = "1" * 32 + "/a",
        runner: PaintRunner | None = None,
        store: ImageStore | None = None,
        base_model: BaseModelRef = BASE,
        max_queue: int = 100,
        quotas: Quotas | None = None,
        poll_s: float = 0.05,
        durable: bool = False,
        charges: Charges | None = None,
        **options: Any,
    ) -> None:
        self.database = database
        self.runner = runner or PaintRunner()
        self.store = store or LocalStore(folder / "pictures")
        self._torch_thread = ThreadPoolExecutor(1)
        self.engine = Engine(Scheduler(CostModel((1, 2, 4, 8, 16)), Limits(preview_every=1)), self._torch_thread)
        backlog = Backlog(self.engine.seconds_alone)
        self.view = QueueView(database, backlog, base_model, max_queue, refresh_s=poll_s)
        self.progress = ProgressTracker(self.engine, backlog)
        self.peers = PeerBus(database, self.progress)
        self.hub = EventHub(self.peers.rows_changed)
        quick: dict[str, Any] = {"heartbeat_s": 0.1, "poll_s": poll_s, "retry_s": (0.01, 0.02)}
        worker_options = WorkerOptions(lease_owner, base_model, SOFTWARE, **(quick | options))
        self.outbox = Outbox(folder / "spool", 1_000_000, durable)
        self.dispatcher = Dispatcher(
            database,
            self.engine,
            self.progress,
            self.view,
            self.store,
            self.outbox,
            self.hub,
            self.peers,
            worker_options,
        )
        self.peers.handler = LocalPeer(self.hub, lambda: None, self.dispatcher)
        self.signals = QueueSignals(self.hub, self.peers, self.dispatcher)
        active = self.progress.active
        self.facts = JobFactsCache(database, active.__contains__, self.hub.rows_changed, lambda: True, poll_s)
        self.hub.on_change = self.facts.forget
        self.reader = JobReader(database, self.store, self.progress, self.facts)
        self.feed = JobFeed(database, self.reader, self.hub, poll_s=poll_s)
        self.counts = QueueCounts(database)
        self.assets = Assets(database, self.store, Remover(database, self.store, lambda job_id: None), 3600.0)
        self.service = JobService(
            database,
            self.reader,
            self.signals,
            base_model,
            demo_analyzer(),
            self.counts,
            self.assets,
            max_queue,
            quotas or Quotas(),
            charges,
        )
        self._tasks: list[asyncio.Task[None]] = []

    async def accept(self, wanted: JobDraft) -> JobView:
        """Submit it; the job as its readers see it then."""
        view = await self.service.get((await self.service.submit(wanted)).job_id)
        assert view is not None
        return view

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self.engine.run(self.runner.execute, self, self.runner)),
            asyncio.create_task(self.dispatcher.run()),
            asyncio.create_task(self.peers.run()),
            asyncio.create_task(self.facts.follow()),
        ]

    async def stop(self) -> None:
        self.hub.close()
        await self.dispatcher.stop()
        self.engine.stop()
        *making, peering, following = self._tasks
        await asyncio.gather(*making)
        peering.cancel()
        following.cancel()
        await asyncio.gather(peering, following, return_exceptions=True)
        await self.facts.close()
        self._torch_thread.shutdown()

    async def kill(self) -> None:
        self.hub.close()
        self.runner.open_gate.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self.dispatcher.delivery.cancel(), return_exceptions=True)
        await self.facts.close()
        self._torch_thread.shutdown()

    @classmethod
    @asynccontextmanager
    async def running(cls, database: Database, folder: Path, **options: Any) -> AsyncIterator["JobsHarness"]:
        harness = cls(database, folder, **options)
        harness.start()
        try:
            yield harness
        finally:
            harness.runner.open_gate.set()
            await harness.stop()

    async def ended(self, job_id: str, timeout_s: float = 20) -> JobView:
        """The job once it has ended."""
        state = await self.feed.wait(job_id, timeout_s)
        assert state is not None and state.status.ended, f"not ended after {timeout_s} s: {state}"
        view = await self.service.get(job_id)
        assert view is not None
        return view

    # ---- what the engine calls

    def on_event(self, event: EngineEvent) -> None:
        self.dispatcher.on_event(event)

    def wants_preview(self, job_id: str) -> bool:
        return self.dispatcher.wants_preview(job_id)

    def on_capacity(self) -> None:
        self.dispatcher.wake()

    def on_turn(self, turn: Turn) -> None:
        """Nothing is measured here."""


async def until(condition: Callable[[], bool], timeout_s: float = 10) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, "waited in vain"
        await asyncio.sleep(0.005)


async def job_row(database: Database, job_id: str) -> JobRow:
    async with database.read() as session:
        return await session.get_one(JobRow, job_id)


async def event_names(database: Database, job_id: str) -> list[str]:
    """The durable events in order; their numbers must run from 1 without a gap."""
    async with database.read() as session:
        rows = list(await session.scalars(select(EventRow).where(EventRow.job_id == job_id).order_by(EventRow.seq)))
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    return [row.name for row in rows]


async def copy_job(database: Database, job_id: str, ids_and_times: Sequence[tuple[str, float]]) -> None:
    """The same job with other ids, accepted at other times."""
    async with database.read() as session:
        job = await session.get_one(JobRow, job_id, options=[undefer("*")])
        images = list(await session.scalars(select(ImageRow).where(ImageRow.job_id == job_id)))
    async with database.write() as session:
        for new_id, created_at_s in ids_and_times:
            session.add(JobRow(**columns_of(job) | {"id": new_id, "created_at_s": created_at_s}))
        await session.flush()
        for new_id, _ in ids_and_times:
            ids = ({"id": f"{new_id}-{image.n}", "job_id": new_id} for image in images)
            session.add_all(ImageRow(**columns_of(image) | own) for image, own in zip(images, ids, strict=True))


def columns_of(row: JobRow | ImageRow) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in type(row).__table__.columns}


async def image_statuses(database: Database, job_id: str) -> list[ImageStatus]:
    """By n."""
    async with database.read() as session:
        rows = select(ImageRow.status).where(ImageRow.job_id == job_id).order_by(ImageRow.n)
        return [ImageStatus(status) for status in await session.scalars(rows)]


async def change_job(database: Database, job_id: str, **values: Any) -> None:
    """What only time or a crash does: for tests that cannot wait for it."""
    async with database.write() as session:
        await session.execute(update(JobRow).where(JobRow.id == job_id).values(**values))


async def change_generation(database: Database, job_id: str, **values: Any) -> None:
    """What only time does, to a job's place in the account."""
    async with database.write() as session:
        await session.execute(update(GenerationRow).where(GenerationRow.job_id == job_id).values(**values))


async def read_stream(feed: JobFeed, job_id: str, after_seq: int | None = None, limit: int = 1000) -> list[FeedEvent]:
    """Events until the stream ends, or the first `limit` of them."""
    events: list[FeedEvent] = []
    async with asyncio.timeout(20), contextlib.aclosing(feed.subscribe(job_id, after_seq)) as stream:
        async for event in stream:
            events.append(event)
            if len(events) == limit:
                break
    return events
