"""Between the queue in the database and the engine: claims, keeps leases, and hands what comes out to the keeper.

server/container.py makes it. Stop in this order: `feed.close()`, `await dispatcher.stop()`, `engine.stop()`,
`await database.close()`.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Awaitable, Callable

from server.db.session import Database
from server.engine.engine import Engine
from server.engine.requests import Candidate, EngineEvent, Finished, PictureFailed, Previewed, Progressed
from server.events.hub import EventHub
from server.events.peers import PeerBus
from server.events.progress import ProgressTracker
from server.queue import claims, states
from server.queue.mapping import evaluations_of, requests_of
from server.queue.model import StoredPicture
from server.storage.store import ImageStore
from server.worker.claimed_job import ActiveJob
from server.worker.keeper import Keeper
from server.worker.options import DispatcherOptions
from server.worker.outbox import Outbox

log = logging.getLogger(__name__)

MAX_UNSAVED = 32
"""Finished pictures in memory on their way to the store; with more of them nothing is claimed."""

BEATS_A_TIDY = 20
"""Heartbeats between two looks whether the spool holds what nobody waits for."""


class Dispatcher:
    """Runs on the event loop. `on_stored` is called with each picture that is in the store and the database."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        outlook: ProgressTracker,
        store: ImageStore,
        spool: Outbox,
        feed: EventHub,
        relay: PeerBus,
        options: DispatcherOptions,
        on_stored: Callable[[StoredPicture], None] = lambda picture: None,
    ) -> None:
        self._database = database
        self._engine = engine
        self._outlook = outlook
        self._feed = feed
        self._relay = relay
        self._options = options
        self._spool = spool
        self._keeper = Keeper(database, engine, outlook, store, spool, feed, options, self._forget, on_stored)
        self._jobs: dict[str, ActiveJob] = {}
        self._claiming: str | None = None
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._stopped = asyncio.Event()
        self._stopped.set()

    # ---- from outside

    async def run(self) -> None:
        """Take over what a predecessor in this data folder left, then claim and keep jobs until `stop`."""
        self._stopped.clear()
        beating = asyncio.create_task(self._beat())
        try:
            taken_over = False
            while not self._stopping.is_set():
                self._woken.clear()
                taken_over = taken_over or await self._surviving(self._take_over)
                if taken_over:
                    await self._surviving(self._claim)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._options.poll_s):
                        await self._woken.wait()
            await self._let_go()
        finally:
            beating.cancel()
            self._keeper.close()
            self._stopped.set()

    async def stop(self) -> None:
        """Claim nothing more, finish the stores in flight, let go of the leases: the jobs stay unfinished and the
        next server goes on with them."""
        self.begin_stop()
        await self._stopped.wait()

    def begin_stop(self) -> None:
        """The same, without waiting for it."""
        self._stopping.set()
        self._woken.set()

    def wake(self) -> None:
        """Look at the queue now."""
        self._woken.set()

    def accepted(self) -> None:
        """A job is in the queue: whoever is free may take it."""
        self.wake()
        self._relay.accepted()

    def drop(self, job_id: str) -> None:
        """The job has ended or is another's: its pictures take no further step here, and its listeners look at once."""
        if self._claiming == job_id:
            self._claiming = None  # it ended while its claim was being committed
        if (job := self._jobs.pop(job_id, None)) is not None:
            job.dropped = True
            self._outlook.active.discard(job_id)
            self._outlook.num_evaluations.pop(job_id, None)
            self._outlook.waiting.pop(job_id, None)
            self._engine.abort(job_id)
        else:
            self._relay.ended(job_id)
        self._feed.notify(job_id)
        self.wake()

    def stop_making(self, job_id: str) -> None:
        """Another process has ended the job."""
        if job_id in self._jobs or self._claiming == job_id:
            self.drop(job_id)

    def on_event(self, event: EngineEvent) -> None:
        """The engine's sink."""
        job = self._jobs.get(event.job_id)
        if job is None:
            return
        match event:
            case Progressed():
                self._feed.progressed(event.job_id)
            case Previewed():
                self._feed.preview(event.job_id, event.index, event.picture)
            case Finished() if event.index in job.making:
                self._keeper.finished(job, event)
            case PictureFailed() if event.index in job.making:
                self._keeper.failed(job, event)
            case _:  # of an earlier attempt: the picture is here already
                pass

    # ---- claiming

    async def _take_over(self) -> None:
        await claims.take_over(self._database, self._options.lease_owner)

    async def _claim(self) -> None:
        """Ask the engine which of the waiting jobs to make, and claim those."""
        if self._options.base_model.sha256 is None:
            return  # nobody knows yet which jobs are meant for it
        queue = await claims.read_queue(
            self._database, self._options.base_model, self._options.max_queue, self._jobs.keys()
        )
        self._outlook.set_queue(queue.candidates)
        if self._keeper.num_held >= MAX_UNSAVED or self._spool.full or self._options.store_trouble() is not None:
            return
        for job_id in self._engine.choose(self._makeable(queue)):
            if self._stopping.is_set():
                return
            self._claiming = job_id
            claimed = await claims.claim(self._database, job_id, self._options.lease_owner, self._options.lease_s)
            if claimed is None or self._claiming != job_id:
                continue  # another process was faster, or it was cancelled
            self._begin(claimed)

    def _makeable(self, queue: claims.Queue) -> list[Candidate]:
        """Without those whose LoRAs are not here. They are another process's to make; where there is none, their
        pictures fail with what is wrong."""
        named = {sha256 for sha256s in queue.lora_sha256s.values() for sha256 in sha256s}
        lacking = {sha256 for sha256 in named if not self._options.has_lora(sha256)}
        if not lacking or not self._relay.has_peers:
            return queue.candidates
        self._options.fetch_loras()
        return [each for each in queue.candidates if not queue.lora_sha256s[each.job_id] & lacking]

    def _begin(self, claimed: claims.Claimed) -> None:
        """What lies in the spool need not be made again."""
        spooled = claimed.lacking & self._spool.indexes(claimed.row.id)
        job = ActiveJob(claimed.row, set(claimed.lacking - spooled), set(spooled))
        self._jobs[job.row.id] = job
        self._outlook.active.add(job.row.id)
        self._outlook.num_evaluations[job.row.id] = evaluations_of(job.row) * job.row.num_images
        self._engine.add(requests_of(job.row, job.making, self._options.num_context_tokens))
        for index in spooled:
            self._keeper.spooled(job, index)
        self._feed.notify(job.row.id)

    async def _beat(self) -> None:
        """Renew our leases; what could not be renewed is another's or has ended."""
        for beat in itertools.count():
            await asyncio.sleep(self._options.heartbeat_s)
            await self._surviving(self._renew)
            if len(self._spool) and beat % BEATS_A_TIDY == 0:
                await self._surviving(self._tidy_spool)

    async def _renew(self) -> None:
        leases = {job_id: job.lease for job_id, job in self._jobs.items()}
        if not leases:
            return
        async with self._database.write() as session:
            ours = await states.renew(session, leases, self._options.lease_owner, self._options.lease_s)
        for job_id, lease in leases.items():
            job = self._jobs.get(job_id)
            if job_id not in ours and job is not None and job.lease == lease:
                self.drop(job_id)

    async def _tidy_spool(self) -> None:
        """Remove pictures whose job ended elsewhere."""
        held = self._spool.job_ids - self._jobs.keys()
        for job_id in held - await claims.unfinished_of(self._database, held):
            for index in self._spool.indexes(job_id):
                await self._spool.remove(job_id, index)

    async def _let_go(self) -> None:
        """Finish what is on its way to the store, then leave our jobs to the next process."""
        for job_id in self._jobs:
            self._engine.abort(job_id)
        await self._keeper.finish()
        self._jobs.clear()
        self._outlook.active.clear()
        self._outlook.num_evaluations.clear()
        await self._surviving(self._release)

    async def _release(self) -> None:
        async with self._database.write() as session:
            await states.release(session, self._options.lease_owner)
        self._relay.accepted()  # they can be claimed like new ones

    def _forget(self, job: ActiveJob) -> None:
        """Drop the job unless it is here again under a newer lease."""
        if self._jobs.get(job.row.id) is job:
            self.drop(job.row.id)

    async def _surviving(self, work: Callable[[], Awaitable[None]]) -> bool:
        """False: it raised, and was logged. The loops outlive a database that is away for a while."""
        try:
            await work()
        except Exception:
            log.exception("the queue cannot be worked on, next try in %s s", self._options.poll_s)
            return False
        return True
