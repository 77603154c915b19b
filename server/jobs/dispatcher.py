"""Between the queue in the database and the engine: claims, keeps leases, stores what comes out.

The composition, in the order server/parts.py makes it:

    engine = Engine(scheduler, torch_thread, sink=lambda event: dispatcher.on_event(event),
                    wants_preview=lambda job_id: feed.listeners(job_id) > 0, on_capacity=lambda: dispatcher.wake())
    outlook = Outlook(engine)
    reader = JobReader(database, store, outlook)
    relay = Relay(database, outlook)
    feed = JobFeed(database, reader, relay)
    spool = Spool(folder, max_bytes)
    dispatcher = Dispatcher(database, engine, outlook, store, spool, feed, relay, DispatcherOptions(...))
    relay.listen_with(HereEars(dispatcher, feed))
    service = JobService(database, reader, dispatcher, base_model, max_queue)

Stop in this order: `feed.close()`, `await dispatcher.stop()`, `engine.stop()`, `await database.close()`.
"""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from structlog.contextvars import bind_contextvars

from pipelines.params import GenerationParams
from pipelines.prompt_windows import MAX_TOKENS
from server.db.session import DATABASE_ERRORS, Database
from server.engine.engine import Engine
from server.engine.requests import Candidate, EngineEvent, Finished, PictureFailed, Previewed, Progressed
from server.jobs import claims, transitions
from server.jobs.active import ActiveJob
from server.jobs.feed import JobFeed
from server.jobs.model import BaseModelRef, JobError, StoredPicture
from server.jobs.outlook import Outlook
from server.jobs.relay import Relay
from server.jobs.rows import evaluations_of, requests_of
from server.jobs.saver import PictureSaver
from server.storage.spool import DamagedParcel, Spool
from server.storage.store import ImageStore

log = logging.getLogger(__name__)

MAX_UNSAVED = 32
"""Finished pictures in memory on their way to the store; with more of them nothing is claimed."""

BEATS_A_TIDY = 20
"""Heartbeats between two looks whether the spool holds what nobody waits for."""


@dataclass(frozen=True, slots=True)
class DispatcherOptions:
    """`lease_owner` from the DataFolder; `software` is told in every picture (`LoRA Studio 0.1.0`). `retry_s`: pauses
    between the tries of a store or database write, the last one again and again. While `store_trouble` names one, no
    job is claimed and no picture is put; `on_store_error` is called when a put fails. `has_lora`: are the bytes of
    this hash here? `fetch_loras` looks for them. `num_context_tokens`: how long the base model's context of
    a picture is."""

    lease_owner: str
    base_model: BaseModelRef
    software: str
    max_queue: int = 500
    lease_s: float = 10.0
    heartbeat_s: float = 3.0
    poll_s: float = 1.0
    stop_timeout_s: float = 10.0
    retry_s: tuple[float, ...] = (0.2, 1.0, 3.0, 5.0)
    store_trouble: Callable[[], str | None] = lambda: None
    on_store_error: Callable[[], None] = lambda: None
    has_lora: Callable[[str], bool] = lambda sha256: True
    fetch_loras: Callable[[], None] = lambda: None
    num_context_tokens: Callable[[GenerationParams], int] = lambda params: MAX_TOKENS


class Dispatcher:
    """Runs on the event loop. `on_stored` is called with each picture that is in the store and the database."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        outlook: Outlook,
        store: ImageStore,
        spool: Spool,
        feed: JobFeed,
        relay: Relay,
        options: DispatcherOptions,
        on_stored: Callable[[StoredPicture], None] = lambda picture: None,
    ) -> None:
        self._database = database
        self._engine = engine
        self._outlook = outlook
        self._feed = feed
        self._relay = relay
        self._options = options
        self._on_stored = on_stored
        self._spool = spool
        self._saver = PictureSaver(
            database,
            store,
            spool,
            options.software,
            options.retry_s,
            options.store_trouble,
            options.on_store_error,
            self._on_waiting,
        )
        self._jobs: dict[str, ActiveJob] = {}
        self._claiming: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()
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
            self._saver.close()
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
                job.making.discard(event.index)
                job.saving.add(event.index)
                save = partial(self._saver.save, job, event)
                self._start(job, partial(self._save, job, event.index, save, event.times.started_at_s))
            case PictureFailed() if event.index in job.making:
                job.making.discard(event.index)
                job.failures[event.index] = event.error
                self._start(job, partial(self._end_if_failed, job))
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
        self._outlook.look_at(queue.candidates)
        if self._saver.num_held >= MAX_UNSAVED or self._spool.full or self._options.store_trouble() is not None:
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
            self._start(job, partial(self._save, job, index, partial(self._saver.save_spooled, job, index)))
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
            ours = await transitions.renew(session, leases, self._options.lease_owner, self._options.lease_s)
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
        self._saver.stop_waiting()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self._options.stop_timeout_s)
            for task in late:
                task.cancel()
        self._jobs.clear()
        self._outlook.active.clear()
        self._outlook.num_evaluations.clear()
        await self._surviving(self._release)

    async def _release(self) -> None:
        async with self._database.write() as session:
            await transitions.release(session, self._options.lease_owner)
        self._relay.accepted()  # they can be claimed like new ones

    # ---- what the engine made

    async def _save(
        self, job: ActiveJob, index: int, save: Callable[[], Awaitable[bool]], started_at_s: float | None = None
    ) -> None:
        """Store one picture, and end the job where it was the last."""
        begun_s = time.perf_counter()
        try:
            still_ours = await save()
        except DamagedParcel as error:
            log.error("%s; it is made again", error)
            job.saving.discard(index)
            job.making.add(index)
            if not job.dropped:
                self._engine.add(requests_of(job.row, [index], self._options.num_context_tokens))
            return
        job.saving.discard(index)
        if still_ours and started_at_s is not None:
            self._on_stored(StoredPicture(started_at_s - job.row.created_at_s, time.perf_counter() - begun_s))
        if not still_ours or not (job.making or job.saving or job.failures):
            self._forget(job)
        self._feed.notify(job.row.id)
        await self._end_if_failed(job)

    def _on_waiting(self, job: ActiveJob) -> None:
        if job.dropped or not job.waiting:
            self._outlook.waiting.pop(job.row.id, None)
        else:
            count, reason = len(job.waiting), next(iter(job.waiting.values()))
            self._outlook.waiting[job.row.id] = f"{count} finished picture(s) wait to be stored: {reason}"
        self._feed.notify(job.row.id)

    async def _end_if_failed(self, job: ActiveJob) -> None:
        """Once every other picture is stored, a job with a failed picture fails."""
        if (failure := job.failure) is not None:
            await self._fail(job, failure)

    async def _fail(self, job: ActiveJob, error: JobError) -> None:
        async with self._database.write() as session:
            await transitions.fail_mine(session, job.lease, error)
        self._forget(job)
        self._feed.notify(job.row.id)

    def _forget(self, job: ActiveJob) -> None:
        """Drop the job unless it is here again under a newer lease."""
        if self._jobs.get(job.row.id) is job:
            self.drop(job.row.id)

    # ---- tasks

    def _start(self, job: ActiveJob, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` beside the loop. What it does not handle ends the job here; its lease runs out, and the next
        claim makes what is lacking."""

        async def watched() -> None:
            bind_contextvars(job_id=job.row.id)
            try:
                await work()
            except DATABASE_ERRORS:
                log.exception("job %s is put back: what the engine made could not be kept", job.row.id)
                self._forget(job)
            except Exception:
                log.exception("job %s fails: what the engine made could not be kept", job.row.id)
                await self._fail(job, JobError("internal", "the server could not keep a picture; its log says more"))

        task = asyncio.create_task(watched())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _surviving(self, work: Callable[[], Awaitable[None]]) -> bool:
        """False: it raised, and was logged. The loops outlive a database that is away for a while."""
        try:
            await work()
        except Exception:
            log.exception("the queue cannot be worked on, next try in %s s", self._options.poll_s)
            return False
        return True
