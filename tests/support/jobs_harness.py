"""One server process without its HTTP side: real database, store, engine and jobs, and a runner that paints."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from server.db.models import EventRow, JobRow
from server.db.session import Database
from server.db.usage_models import GenerationRow
from server.engine.cost_model import CostModel
from server.engine.engine import Engine
from server.engine.scheduler import Limits, Scheduler
from server.events.hub import EventHub
from server.events.peers import HereEars, PeerBus
from server.events.progress import ProgressTracker
from server.events.reader import JobReader
from server.generation.service import JobService
from server.queue.model import (
    BaseModelRef,
    FeedEvent,
    JobOrder,
    JobView,
)
from server.queue.quotas import Quotas
from server.storage.local import LocalStore
from server.storage.store import ImageStore
from server.worker.dispatcher import Dispatcher
from server.worker.options import DispatcherOptions
from server.worker.outbox import Outbox
from tests.support.fake_runner import PaintRunner

BASE = BaseModelRef("painted", "c" * 64)
SOFTWARE = "LoRA Studio test"


def order(**changed: Any) -> JobOrder:
    values: dict[str, Any] = {
        "owner": "ip:127.0.0.1",
        "prompt": "red dress, beach sunset",
        "negative_prompt": "",
        "num_images": 2,
        "quality": "low",
        "num_inference_steps": 3,
        "guidance_scale": 7.0,
        "width": 16,
        "height": 16,
        "seed": 100,
        "sampler": "euler",
        "image_format": "png",
        "model": None,
        "loras": (),
    }
    return JobOrder(**(values | changed))


class Workshop:
    """`start` begins to claim and make, `stop` ends as a server does, `kill` as a crash does: leases stay behind."""

    feed: EventHub
    dispatcher: Dispatcher

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
        **options: Any,
    ) -> None:
        self.database = database
        self.runner = runner or PaintRunner()
        self.store = store or LocalStore(folder / "pictures")
        self._torch_thread = ThreadPoolExecutor(1)
        self.engine = Engine(
            Scheduler(CostModel((1, 2, 4, 8, 16)), Limits(preview_every=1)),
            self._torch_thread,
            sink=lambda event: self.dispatcher.on_event(event),
            wants_preview=lambda job_id: self.feed.wants_preview(job_id),
            on_capacity=lambda: self.dispatcher.wake(),
        )
        self.outlook = ProgressTracker(self.engine)
        self.reader = JobReader(database, self.store, self.outlook)
        self.relay = PeerBus(database, self.outlook)
        self.feed = EventHub(database, self.reader, self.relay, poll_s=poll_s)
        quick: dict[str, Any] = {"heartbeat_s": 0.1, "poll_s": poll_s, "retry_s": (0.01, 0.02)}
        dispatcher_options = DispatcherOptions(lease_owner, base_model, SOFTWARE, max_queue, **(quick | options))
        self.spool = Outbox(folder / "spool", 1_000_000)
        self.dispatcher = Dispatcher(
            database, self.engine, self.outlook, self.store, self.spool, self.feed, self.relay, dispatcher_options
        )
        self.relay.listen_with(HereEars(self.dispatcher, self.feed))
        self.service = JobService(database, self.reader, self.dispatcher, base_model, max_queue, quotas or Quotas())
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self.engine.run(self.runner.execute)),
            asyncio.create_task(self.dispatcher.run()),
            asyncio.create_task(self.relay.run()),
        ]

    async def stop(self) -> None:
        self.feed.close()
        await self.dispatcher.stop()
        self.engine.stop()
        relaying = self._tasks.pop()
        relaying.cancel()
        await asyncio.gather(*self._tasks)
        await asyncio.gather(relaying, return_exceptions=True)
        self._torch_thread.shutdown()

    async def kill(self) -> None:
        self.feed.close()
        self.runner.open_gate.set()
        for task in (*self._tasks, *self.dispatcher._keeper._tasks):  # pyright: ignore[reportPrivateUsage]
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._torch_thread.shutdown()

    @classmethod
    @asynccontextmanager
    async def running(cls, database: Database, folder: Path, **options: Any) -> AsyncIterator["Workshop"]:
        workshop = cls(database, folder, **options)
        workshop.start()
        try:
            yield workshop
        finally:
            workshop.runner.open_gate.set()
            await workshop.stop()

    async def ended(self, job_id: str, timeout_s: float = 20) -> JobView:
        """The job once it has ended."""
        view = await self.feed.wait(job_id, timeout_s)
        assert view is not None and view.status.ended, f"not ended after {timeout_s} s: {view}"
        return view


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


async def change_job(database: Database, job_id: str, **values: Any) -> None:
    """What only time or a crash does: for tests that cannot wait for it."""
    async with database.write() as session:
        await session.execute(update(JobRow).where(JobRow.id == job_id).values(**values))


async def change_generation(database: Database, job_id: str, **values: Any) -> None:
    """What only time does, to a job's place in the account."""
    async with database.write() as session:
        await session.execute(update(GenerationRow).where(GenerationRow.job_id == job_id).values(**values))


async def read_stream(feed: EventHub, job_id: str, after_seq: int | None = None, limit: int = 1000) -> list[FeedEvent]:
    """Events until the stream ends, or the first `limit` of them."""
    events: list[FeedEvent] = []
    async with asyncio.timeout(20), contextlib.aclosing(feed.subscribe(job_id, after_seq)) as stream:
        async for event in stream:
            events.append(event)
            if len(events) == limit:
                break
    return events
