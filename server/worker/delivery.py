"""Deliver finished images: encode (I/O thread), write to the outbox, upload, then set the row and insert its event in
one transaction. Invariant: a row says `done` only of an object that is stored.

While the store or the database is unavailable, an entry waits in the outbox and is retried. There is one path: an entry
that a crash left in the outbox is delivered like a fresh one.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, repeat

from sqlalchemy import select
from structlog.contextvars import bind_contextvars

from pipelines.plan import ImageError
from server.db.models import ImageRow, JobRow
from server.db.session import DATABASE_ERRORS, Database
from server.engine.requests import Finished, ImageFailed
from server.loras.catalog import withdraw
from server.queue import states
from server.queue.deletion import schedule_deletion
from server.queue.mapping import object_facts
from server.queue.model import ImageStatus, JobError, JobStatus, StoredImage
from server.storage.encoding import THUMBNAIL_TYPE, encode_image, image_key, thumbnail_key
from server.storage.infotext import Origin, embedded_text
from server.storage.store import ImageStore, StoreError
from server.worker.claimed_job import ClaimedJob
from server.worker.options import WorkerOptions
from server.worker.outbox import CorruptEntry, Outbox, OutboxEntry

log = logging.getLogger(__name__)

MAX_UPLOADS = 8
"""At the same time: a store that recovers is not overrun, and downloads find a thread."""


class Delivery:
    """Runs on the event loop. Calls `on_changed` with a job whose rows or whose `waiting` changed, `on_ended` with one
    that has ended or that another process has, `make_again` with an image whose outbox entry is corrupt."""

    def __init__(
        self,
        database: Database,
        store: ImageStore,
        outbox: Outbox,
        options: WorkerOptions,
        on_changed: Callable[[ClaimedJob], None],
        on_ended: Callable[[ClaimedJob], None],
        make_again: Callable[[ClaimedJob, int], None],
    ) -> None:
        self._database = database
        self._store = store
        self._outbox = outbox
        self._options = options
        self._on_changed = on_changed
        self._on_ended = on_ended
        self._make_again = make_again
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="image-io")
        self._uploads = asyncio.Semaphore(MAX_UPLOADS)
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    # ---- from the dispatcher

    def finished(self, job: ClaimedJob, event: Finished) -> None:
        job.making.discard(event.index)
        job.ending.add(event.index)
        self._start(job, partial(self._finish, job, event))

    def failed(self, job: ClaimedJob, event: ImageFailed) -> None:
        job.making.discard(event.index)
        job.ending.add(event.index)
        self._start(job, partial(self._record_failure, job, event.index, event.error))

    def resume(self, job: ClaimedJob, index: int) -> None:
        """Deliver an entry that an earlier attempt left in the outbox."""
        job.ending.add(index)
        self._start(job, partial(self._deliver, job, index))

    async def finish(self) -> None:
        """Complete the deliveries in flight, for `stop_timeout_s` at most. Durable entries wait for the next
        process."""
        self._stopping.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self._options.stop_timeout_s)
            for task in late:
                task.cancel()

    def cancel(self) -> list[asyncio.Task[None]]:
        """End as a crash does."""
        for task in self._tasks:
            task.cancel()
        return list(self._tasks)

    def close(self) -> None:
        self._threads.shutdown(wait=False)

    # ---- one image

    async def _finish(self, job: ClaimedJob, event: Finished) -> None:
        started_s = time.perf_counter()
        loop = asyncio.get_running_loop()
        await self._outbox.put(await loop.run_in_executor(self._threads, self._encode, job, event))
        if await self._deliver(job, event.index):
            wait_s = event.times.started_at_s - job.row.created_at_s
            self._options.on_stored(StoredImage(wait_s, time.perf_counter() - started_s))

    def _encode(self, job: ClaimedJob, event: Finished) -> OutboxEntry:
        spec, n = event.spec, event.index + 1
        origin = Origin(job.row.base_name, job.row.base_sha256, self._options.software)
        finished = job.overlaid(spec, event.image)
        encoded = encode_image(finished, spec.output.format, embedded_text(spec, origin))
        stored = {
            "content_type": encoded.content_type,
            "num_bytes": len(encoded.data),
            "storage_key": image_key(job.id, n, spec.output.format),
            "thumbnail_key": thumbnail_key(job.id, n) if encoded.thumbnail else None,
            "started_at_s": event.times.started_at_s,
            "encode_s": event.times.begin_s,
            "step_share_s": event.times.step_share_s,
            "decode_s": event.times.decode_s,
        }
        return OutboxEntry(job.id, event.index, stored, object_facts(job.id, n, spec), encoded.data, encoded.thumbnail)

    async def _deliver(self, job: ClaimedJob, index: int) -> bool:
        """Upload and record the entry, however long the store or the database is away. Returns True once it is
        recorded; False if the job is not ours any more, or the server stops first."""
        try:
            is_recorded = await self._delivered(job, index)
        except CorruptEntry as error:
            log.error("%s; the image is made again", error)
            await self._outbox.remove(job.id, index)
            job.ending.discard(index)
            if not job.dropped:
                self._make_again(job, index)
            return False
        if is_recorded is not None:
            self._image_ended(job, index, is_recorded)
        return is_recorded is True

    async def _delivered(self, job: ClaimedJob, index: int) -> bool | None:
        """None: the server stops, and the entry waits on disk. Raises CorruptEntry."""
        is_uploaded = is_recorded = False
        pauses = chain(self._options.retry_s, repeat(self._options.retry_s[-1]))
        while not job.dropped:
            try:
                entry = await self._outbox.get(job.id, index)
                if not is_uploaded:
                    await self._upload(entry)
                    is_uploaded = True
                is_recorded = await self._record(job, entry)
                break
            except (StoreError, *DATABASE_ERRORS) as error:
                await self._outbox.persist(job.id, index)
                if isinstance(error, StoreError):
                    self._options.on_store_error()
                self._note_waiting(job, index, error)
            if await self._stopped_after(next(pauses)) and self._outbox.is_durable(job.id, index):
                return None
        await self._tidy(job, index, is_recorded)
        return is_recorded

    async def _upload(self, entry: OutboxEntry) -> None:
        if (trouble := self._options.store_trouble()) is not None:
            raise StoreError(trouble)
        stored = entry.stored
        async with self._uploads:
            if entry.thumbnail is not None:
                await self._store.put(stored["thumbnail_key"], entry.thumbnail, THUMBNAIL_TYPE, entry.facts)
            await self._store.put(stored["storage_key"], entry.data, stored["content_type"], entry.facts)

    async def _record(self, job: ClaimedJob, entry: OutboxEntry) -> bool:
        async with self._database.write() as session:
            return await states.finish_image(session, job.lease, entry.index + 1, entry.stored)

    async def _record_failure(self, job: ClaimedJob, index: int, error: ImageError) -> None:
        """Fail the image, and withdraw the LoRAs that are at fault, also where another process has the job."""
        async with self._database.write() as session:
            if error.broken_loras:
                await self._database.lock(session, "queue")  # as a switch of the table: before any row is locked
                await withdraw(session, error.broken_loras)
            is_ours = await states.fail_image(session, job.lease, index + 1, JobError(error.code, error.detail))
        if error.broken_loras:
            log.error("LoRAs are no longer offered, because they make no picture: %s", dict(error.broken_loras))
            self._options.on_lora_failed()
        self._image_ended(job, index, is_ours)

    def _image_ended(self, job: ClaimedJob, index: int, is_ours: bool) -> None:
        job.ending.discard(index)
        if not is_ours or not (job.making or job.ending):
            self._on_ended(job)
        self._on_changed(job)

    # ---- waiting and tidying

    def _note_waiting(self, job: ClaimedJob, index: int, error: Exception) -> None:
        reason = str(error) if isinstance(error, StoreError) else "the database does not answer"
        if job.waiting.get(index) != reason:
            log.warning("a finished image cannot be stored and waits in the outbox: %s", reason)
            job.waiting[index] = reason
            self._on_changed(job)

    async def _stopped_after(self, pause_s: float) -> bool:
        if self._stopping.is_set():
            await asyncio.sleep(pause_s)
            return True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._stopping.wait()
        return self._stopping.is_set()

    async def _tidy(self, job: ClaimedJob, index: int, is_recorded: bool) -> None:
        """The image has its row, or is not ours to keep. What cannot be tidied now is tidied later."""
        if job.waiting.pop(index, None) is not None:
            self._on_changed(job)
        try:
            await self._outbox.remove(job.id, index)
            if not is_recorded:
                await self._delete_orphan(job, index)
        except (StoreError, *DATABASE_ERRORS) as error:
            log.warning("what is left of image %s-%d could not be tidied up: %s", job.id, index + 1, error)

    async def _delete_orphan(self, job: ClaimedJob, index: int) -> None:
        """The job was cancelled or deleted during the upload: no row will name its files. Where another process goes on
        with the job, or has stored the same image there, the files are its own."""
        n = index + 1
        async with self._database.read() as session:
            status = await session.scalar(select(JobRow.status).where(JobRow.id == job.id))
            image = await session.scalar(select(ImageRow.status).where(ImageRow.id == f"{job.id}-{n}"))
        may_still_come = status is not None and not JobStatus(status).ended
        if may_still_come or image == ImageStatus.DONE:
            return
        keys = (image_key(job.id, n, job.images[index].spec.output.format), thumbnail_key(job.id, n))
        try:
            for key in keys:
                await self._store.delete(key)
        except StoreError:
            async with self._database.write() as session:
                await schedule_deletion(session, keys)

    def _start(self, job: ClaimedJob, work: Callable[[], Awaitable[object]]) -> None:
        """Run `work` as a task. An error that it does not handle fails the job; a database error drops it here: its
        lease expires, and the next claim makes what is missing."""

        async def watched() -> None:
            bind_contextvars(job_id=job.id)
            try:
                try:
                    await work()
                except DATABASE_ERRORS:
                    raise
                except Exception:
                    log.exception("job %s fails: an image could not be delivered", job.id)
                    error = JobError("internal", "the server could not keep a picture; its log says more")
                    async with self._database.write() as session:
                        await states.fail_mine(session, job.lease, error)
                    self._on_ended(job)
                    self._on_changed(job)
            except DATABASE_ERRORS:
                log.exception("job %s is put back: an image could not be recorded", job.id)
                self._on_ended(job)

        task = asyncio.create_task(watched())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
