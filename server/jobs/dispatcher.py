"""Between the queue in the database and the engine: claims, keeps leases, stores what comes out.

The composition, in the order app.py makes it:

    engine = Engine(scheduler, torch_thread, sink=lambda event: dispatcher.on_event(event),
                    wants_preview=lambda job_id: feed.listeners(job_id) > 0, on_capacity=lambda: dispatcher.wake())
    outlook = Outlook(engine)
    reader = JobReader(database, store, outlook)
    feed = JobFeed(database, reader)
    dispatcher = Dispatcher(database, engine, outlook, store, feed, DispatcherOptions(...))
    service = JobService(database, reader, dispatcher, base_model, max_queue)

Stop in this order: `feed.close()`, `await dispatcher.stop()`, `engine.stop()`, `await database.close()`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.engine.engine import Engine
from server.engine.requests import EngineEvent
from server.jobs.feed import JobFeed
from server.jobs.model import BaseModelRef
from server.jobs.outlook import Outlook
from server.storage.store import ImageStore

if TYPE_CHECKING:
    from server.db.session import Database


@dataclass(frozen=True, slots=True)
class DispatcherOptions:
    """`lease_owner` from the DataFolder; `software` is told in every picture (`LoRA Studio 0.1.0`)."""

    lease_owner: str
    base_model: BaseModelRef
    software: str
    max_queue: int = 500
    lease_s: float = 10.0
    heartbeat_s: float = 3.0
    poll_s: float = 1.0
    stop_timeout_s: float = 10.0


class Dispatcher:
    """Runs on the event loop."""

    def __init__(
        self,
        database: "Database",
        engine: Engine,
        outlook: Outlook,
        store: ImageStore,
        feed: JobFeed,
        options: DispatcherOptions,
    ) -> None:
        self._database = database
        self._engine = engine
        self._outlook = outlook
        self._store = store
        self._feed = feed
        self._options = options

    async def run(self) -> None:
        """Take over what a predecessor in this data folder left, then claim and keep jobs until `stop`."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Claim nothing more, finish the stores in flight, let go of the leases: the jobs stay unfinished and the
        next server goes on with them."""
        raise NotImplementedError

    def wake(self) -> None:
        """Look at the queue now."""
        raise NotImplementedError

    def on_event(self, event: EngineEvent) -> None:
        """The engine's sink."""
        raise NotImplementedError

    def drop(self, job_id: str) -> None:
        """The job was cancelled: its pictures take no further step here, and its listeners look at once."""
        raise NotImplementedError
