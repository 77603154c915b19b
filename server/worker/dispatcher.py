"""Between the queue in the database and the engine: claims jobs, renews leases, passes engine events on.

server/container.py makes it. Stop in this order: `hub.close()`, `await dispatcher.stop()`, `engine.stop()`,
`await database.close()`.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping

from server.db.session import Database, DatabaseAway, DatabaseFull
from server.engine.engine import Engine
from server.engine.requests import Candidate, EngineEvent, Finished, ImageFailed, ImageRequest, Previewed, Progressed
from server.events.hub import EventHub
from server.events.peers import PeerBus
from server.events.progress import ProgressTracker
from server.moderation.service import Moderation
from server.queue import claims, states
from server.queue.mapping import requests_of
from server.queue.view import QueueView
from server.queue.workers import DrainOrder
from server.storage.store import ImageStore
from server.worker.claimed_job import ClaimedJob
from server.worker.delivery import Delivery
from server.worker.eligibility import Eligibility
from server.worker.options import WorkerOptions
from server.worker.outbox import Outbox
from server.worker.sources import SourceLoader

log = logging.getLogger(__name__)

MAX_UNDELIVERED = 32
"""Outbox entries in memory, and images that wait for the classifier; with more of them nothing is claimed."""

BEATS_A_TIDY = 20
"""Heartbeats between two removals of outbox entries whose job has ended."""


class Dispatcher:
    """Runs on the event loop."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        progress: ProgressTracker,
        view: QueueView,
        store: ImageStore,
        outbox: Outbox,
        hub: EventHub,
        peers: PeerBus,
        options: WorkerOptions,
    ) -> None:
        self._database = database
        self._engine = engine
        self._progress = progress
        self._view = view
        self._hub = hub
        self._peers = peers
        self._options = options
        self._outbox = outbox
        self.delivery = Delivery(database, store, outbox, options, self._on_changed, self._forget, self._make_again)
        self._sources = SourceLoader(
            database, store, options.retry_s, engine.wake, self._source_failed, self._on_source_waits
        )
        self._eligibility = Eligibility(database, options, engine, lambda: self._peers.has_peers)
        self._jobs: dict[str, ClaimedJob] = {}
        self._offered: set[str] = set()
        self._claiming: str | None = None
        self._order: DrainOrder | None = None
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._stopped = asyncio.Event()
        self._stopped.set()

    # ---- from outside

    async def run(self) -> None:
        """Take over the jobs that a predecessor in this data folder left, then claim and keep jobs until `stop`."""
        self._stopped.clear()
        beating = asyncio.create_task(self._beat())
        try:
            taken_over = False
            while not self._stopping.is_set():
                self._woken.clear()
                taken_over = taken_over or await self._surviving(self._take_over)
                if taken_over:
                    await self._surviving(self._claim if self._order is None else self._drain)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pause_s()):
                        await self._woken.wait()
            await self._let_go()
        finally:
            beating.cancel()
            self._sources.cancel()
            self.delivery.close()
            self._stopped.set()

    def _pause_s(self) -> float:
        """Until the next look at the queue. If the last one failed, not sooner than the poll."""
        due_in_s = self._view.due_in_s
        return min(due_in_s if due_in_s > 0 else self._options.poll_s, self._eligibility.due_in_s)

    async def stop(self) -> None:
        """Claim nothing more, complete the deliveries in flight, release the leases: the jobs stay unfinished and the
        next process goes on with them."""
        self.begin_stop()
        await self._stopped.wait()

    def begin_stop(self) -> None:
        """The same, without waiting for it."""
        self._stopping.set()
        self._woken.set()

    def on_order(self, order: DrainOrder | None) -> None:
        """The operator's: None to claim, else to drain."""
        self._order = order
        self.queue_changed()

    @property
    def is_empty(self) -> bool:
        """True if no job is here, and no finished image waits for its delivery."""
        outbox = self._outbox
        return not self._jobs and self._claiming is None and len(outbox) + outbox.num_in_memory == 0

    def wake(self) -> None:
        """The engine has room: claim now."""
        self._woken.set()

    def job_accepted(self, candidate: Candidate, loras: Collection[str]) -> None:
        """By this process."""
        self._view.add(candidate, loras)
        self._woken.set()

    def queue_changed(self, job_id: str | None = None, loras: Collection[str] = ()) -> None:
        """By another process: read the queue soon; immediately a job all of whose LoRAs are in memory here, for other
        workers leave it to this one."""
        if job_id is not None and loras and self._order is None and self._engine.resident_loras.issuperset(loras):
            self._offered.add(job_id)
        self._view.invalidate()
        self._woken.set()

    def stop_making(self, job_id: str) -> bool:
        """The job has ended: its images take no further step here. Returns False if it is not made here."""
        self._view.remove(job_id)
        if self._claiming == job_id:
            self._claiming = None  # it ended while its claim was being committed
        job = self._jobs.get(job_id)
        if job is None:
            return False
        self._drop(job)
        return True

    def wants_preview(self, job_id: str) -> bool:
        """True if a stream of the job is open, and moderation does not hide its previews."""
        job = self._jobs.get(job_id)
        is_hidden = job is None or (job.moderation is not None and job.moderation.hides_previews)
        return not is_hidden and self._hub.wants_preview(job_id)

    def on_event(self, event: EngineEvent) -> None:
        """The engine's sink."""
        job = self._jobs.get(event.job_id)
        if job is None:
            return
        match event:
            case Progressed():
                self._hub.progressed(event.job_id)
            case Previewed():
                if self.wants_preview(job.id):
                    is_blurred = job.moderation is not None and job.moderation.blurs_previews
                    self._hub.preview(job.id, event.index, event.image, is_blurred)
            case Finished() if event.index in job.making:
                self.delivery.finished(job, event)
            case ImageFailed() if event.index in job.making:
                self.delivery.failed(job, event)
            case _:  # of an earlier attempt: the image is here already
                pass

    # ---- claiming

    async def _take_over(self) -> None:
        await claims.take_over(self._database, self._options.lease_owner)

    async def _claim(self) -> None:
        """Claim the jobs that the scheduler chooses."""
        self._claiming = None
        if self._options.base_model.sha256 is None:
            return  # not hashed yet: it is unknown which jobs are pinned to it
        if self._view.due_in_s <= 0:
            for stale in await self._view.refresh(self._jobs):
                await claims.fail_stale(self._database, stale.job_id, stale.error)
                self._hub.notify(stale.job_id)
        offered, self._offered = self._offered, set()
        await self._view.learn(offered - self._jobs.keys())
        num_undelivered = self._outbox.num_in_memory + self.delivery.num_unscored
        is_full = num_undelivered >= MAX_UNDELIVERED or self._outbox.full
        moderation = self._options.moderation
        if is_full or self._options.store_trouble() is not None or (moderation is not None and moderation.trouble):
            return
        await self._eligibility.refresh()
        for job_id in self._engine.choose(self._view.backlog, self._is_makeable):
            if self._stopping.is_set() or self._order is not None:
                return
            self._claiming = job_id
            claimed = await claims.claim(self._database, job_id, self._options.lease_owner, self._options.lease_s)
            self._view.remove(job_id)
            if claimed is None:
                continue  # another process was faster
            requests = await self._requests_of(claimed)
            is_exempt = moderation is None or await moderation.is_exempt(claimed.row.owner)
            if self._claiming == job_id:  # else it was cancelled
                self._begin(claimed, requests, None if is_exempt else moderation)
        self._claiming = None

    def _is_makeable(self, job_id: str) -> bool:
        return self._eligibility.permits(job_id, self._view.loras_of(job_id))

    async def _requests_of(self, claimed: claims.Claimed) -> dict[int, ImageRequest]:
        """By index. On a thread, because counting the windows of a prompt tokenizes it."""
        count = self._options.num_context_tokens
        requests = await asyncio.to_thread(requests_of, claimed.row, claimed.queued, count)
        return {request.index: request for request in requests}

    def _begin(
        self, claimed: claims.Claimed, requests: Mapping[int, ImageRequest], moderation: Moderation | None
    ) -> None:
        """Images in the outbox need not be made again."""
        job_id = claimed.row.id
        queued = {image.n - 1 for image in claimed.queued}
        in_outbox = queued & self._outbox.indexes(job_id)
        job = ClaimedJob(claimed.row, {image.n - 1: image for image in claimed.images}, requests, queued - in_outbox)
        job.moderation = moderation
        self._jobs[job_id] = job
        self._progress.active.add(job_id)
        self._progress.num_evaluations[job_id] = job.num_evaluations
        self._engine.add([requests[index] for index in sorted(job.making)])
        self._sources.start(job)
        for index in in_outbox:
            self.delivery.resume(job, index)
        self._hub.notify(job_id)

    async def _drain(self) -> None:
        """Claim nothing; if ordered so, hand the jobs back once the images that are finished are delivered."""
        self._claiming = None
        if self._order is None or not self._order.hand_back or not self._jobs:
            return
        for job_id in self._jobs:
            self._engine.abort(job_id)
        await self.delivery.settle()
        await self._release()
        for job in list(self._jobs.values()):
            self._drop(job)

    # ---- leases

    async def _beat(self) -> None:
        """Renew our leases. A lease that cannot be renewed is another process's, or the job has ended."""
        for beat in itertools.count():
            await asyncio.sleep(self._options.heartbeat_s)
            await self._surviving(self._renew)
            if len(self._outbox) and beat % BEATS_A_TIDY == 0:
                await self._surviving(self._tidy_outbox)

    async def _renew(self) -> None:
        leases = {job_id: job.lease for job_id, job in self._jobs.items()}
        if not leases:
            return
        async with self._database.write() as session:
            ours = await states.renew(session, leases, self._options.lease_owner, self._options.lease_s)
        for job_id, lease in leases.items():
            job = self._jobs.get(job_id)
            if job_id not in ours and job is not None and job.lease == lease:
                self._drop(job)
                self._hub.notify(job_id)

    async def _tidy_outbox(self) -> None:
        """Remove entries whose job ended elsewhere."""
        held = self._outbox.job_ids - self._jobs.keys()
        for job_id in held - await claims.unfinished_of(self._database, held):
            for index in self._outbox.indexes(job_id):
                await self._outbox.remove(job_id, index)

    async def _let_go(self) -> None:
        """Complete the deliveries in flight, then release our jobs."""
        for job_id in self._jobs:
            self._engine.abort(job_id)
        await self.delivery.finish()
        self._jobs.clear()
        self._progress.active.clear()
        self._progress.num_evaluations.clear()
        await self._surviving(self._release)

    async def _release(self) -> None:
        async with self._database.write() as session:
            await states.release(session, self._options.lease_owner)
        self._peers.job_accepted()  # they are claimable like new ones

    # ---- jobs leave

    def _drop(self, job: ClaimedJob) -> None:
        """Its images take no further step here."""
        job.dropped = True
        del self._jobs[job.id]
        self._progress.active.discard(job.id)
        self._progress.num_evaluations.pop(job.id, None)
        self._progress.waiting.pop(job.id, None)
        self._engine.abort(job.id)
        self.wake()

    def _forget(self, job: ClaimedJob) -> None:
        """Drop the job unless it is here again under a newer lease."""
        if self._jobs.get(job.id) is job:
            self._drop(job)

    def _make_again(self, job: ClaimedJob, index: int) -> None:
        job.making.add(index)
        job.requests[index].restart()
        self._engine.add([job.requests[index]])

    def _source_failed(self, job: ClaimedJob, event: ImageFailed) -> None:
        if event.index in job.making and not job.dropped:
            self.delivery.failed(job, event)

    def _on_source_waits(self, job: ClaimedJob, reason: str | None) -> None:
        if reason is not None and not job.dropped:
            self._progress.waiting[job.id] = reason
            self._hub.notify(job.id)
        elif self._progress.waiting.pop(job.id, None) is not None:
            self._hub.notify(job.id)

    def _on_changed(self, job: ClaimedJob) -> None:
        if job.dropped or not job.waiting:
            self._progress.waiting.pop(job.id, None)
        else:
            count, reason = len(job.waiting), next(iter(job.waiting.values()))
            self._progress.waiting[job.id] = f"{count} finished picture(s) wait to be stored: {reason}"
        self._hub.notify(job.id)

    async def _surviving(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Returns False if it raised, which is logged. The loops outlive a database that is away for a while."""
        try:
            await work()
        except (DatabaseAway, DatabaseFull) as error:
            log.warning("the queue cannot be worked on, next try in %s s: %s", self._options.poll_s, error)
            return False
        except Exception:
            log.exception("the queue cannot be worked on, next try in %s s", self._options.poll_s)
            return False
        return True
