"""What the engine made, from its event to the end of the job: stored, failed or made again."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial

from structlog.contextvars import bind_contextvars

from server.db.session import DATABASE_ERRORS, Database
from server.engine.engine import Engine
from server.engine.requests import Finished, PictureFailed
from server.events.hub import EventHub
from server.events.progress import ProgressTracker
from server.queue import states
from server.queue.mapping import requests_of
from server.queue.model import JobError, StoredPicture
from server.storage.store import ImageStore
from server.worker.claimed_job import ActiveJob
from server.worker.options import DispatcherOptions
from server.worker.outbox import CorruptEntry, Outbox
from server.worker.saver import PictureSaver

log = logging.getLogger(__name__)


class Keeper:
    """Runs on the event loop. `forget` is called with a job that has ended or is another's, `on_stored` with each
    picture that is in the store and the database."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        outlook: ProgressTracker,
        store: ImageStore,
        spool: Outbox,
        feed: EventHub,
        options: DispatcherOptions,
        forget: Callable[[ActiveJob], None],
        on_stored: Callable[[StoredPicture], None],
    ) -> None:
        self._database = database
        self._engine = engine
        self._outlook = outlook
        self._feed = feed
        self._options = options
        self._forget = forget
        self._on_stored = on_stored
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
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def num_held(self) -> int:
        """Finished pictures in memory on their way to the store."""
        return self._saver.num_held

    def finished(self, job: ActiveJob, event: Finished) -> None:
        job.making.discard(event.index)
        job.saving.add(event.index)
        save = partial(self._saver.save, job, event)
        self._start(job, partial(self._save, job, event.index, save, event.times.started_at_s))

    def failed(self, job: ActiveJob, event: PictureFailed) -> None:
        job.making.discard(event.index)
        job.failures[event.index] = event.error
        self._start(job, partial(self._end_if_failed, job))

    def spooled(self, job: ActiveJob, index: int) -> None:
        """A picture that an earlier attempt left in the spool."""
        self._start(job, partial(self._save, job, index, partial(self._saver.save_spooled, job, index)))

    async def finish(self) -> None:
        """Finish what is on its way to the store, for `stop_timeout_s` at most."""
        self._saver.stop_waiting()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self._options.stop_timeout_s)
            for task in late:
                task.cancel()

    def close(self) -> None:
        self._saver.close()

    async def _save(
        self, job: ActiveJob, index: int, save: Callable[[], Awaitable[bool]], started_at_s: float | None = None
    ) -> None:
        """Store one picture, and end the job where it was the last."""
        begun_s = time.perf_counter()
        try:
            still_ours = await save()
        except CorruptEntry as error:
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
            await states.fail_mine(session, job.lease, error)
        self._forget(job)
        self._feed.notify(job.row.id)

    def _start(self, job: ActiveJob, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` beside the loop. What it does not handle ends the job here; its lease runs out, and the next
        claim makes what is lacking."""

        async def watched() -> None:
            bind_contextvars(job_id=job.row.id)
            try:
                try:
                    await work()
                except DATABASE_ERRORS:
                    raise
                except Exception:
                    log.exception("job %s fails: what the engine made could not be kept", job.row.id)
                    error = JobError("internal", "the server could not keep a picture; its log says more")
                    await self._fail(job, error)
            except DATABASE_ERRORS:
                log.exception("job %s is put back: what the engine made could not be kept", job.row.id)
                self._forget(job)

        task = asyncio.create_task(watched())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
