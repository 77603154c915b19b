"""Deliver finished images: moderate, encode (I/O thread), write to the outbox, upload, then set the row and insert its
event in one transaction. Invariant: a row says `done` only of an object that is stored. Where moderation is on, an
image that has no score is not stored.

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
from typing import Any

from sqlalchemy import select
from structlog.contextvars import bind_contextvars

from pipelines.plan import ImageError, RawImage
from server.db.models import ImageRow, JobRow
from server.db.session import DATABASE_ERRORS, Database
from server.engine.requests import Finished, ImageFailed
from server.loras.catalog import withdraw
from server.moderation.errors import ClassifierAway
from server.moderation.service import Moderation
from server.queue import states
from server.queue.deletion import schedule_deletion
from server.queue.mapping import object_facts
from server.queue.model import ImageStatus, JobError, JobStatus, Moderated, StoredImage, Verdict
from server.storage.encoding import THUMBNAIL_TYPE, encode_image, image_key, thumbnail_key
from server.storage.infotext import Origin, embedded_text
from server.storage.store import ImageStore, StoreError
from server.worker.claimed_job import ClaimedJob
from server.worker.options import WorkerOptions
from server.worker.outbox import CorruptEntry, Outbox, OutboxEntry

log = logging.getLogger(__name__)

MAX_UPLOADS = 8
"""At the same time: a store that recovers is not overrun, and downloads find a thread."""

MAX_TRIES = 3
"""Of a classifier that scores other images: then it is the image that cannot be scored."""


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
        self.num_unscored = 0  # finished images that wait for the classifier

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

    async def settle(self) -> None:
        """Wait for the deliveries in flight, for `stop_timeout_s` at most."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._options.stop_timeout_s)

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
        image = await loop.run_in_executor(self._threads, job.overlaid, event.spec, event.image)
        moderated = None
        if job.moderation is not None:
            moderated = await self._moderated(job.moderation, job, event.index, image)
            if moderated is None:
                return
            if moderated.verdict is Verdict.BLOCKED:
                detail = job.moderation.detail(moderated.score)
                await self._record_blocked(job, event, {**_columns(moderated), "error_detail": detail})
                return
        entry = await loop.run_in_executor(self._threads, self._encode, job, event, image, moderated)
        await self._outbox.put(entry)
        if await self._deliver(job, event.index):
            wait_s = event.times.started_at_s - job.row.created_at_s
            self._options.on_stored(StoredImage(wait_s, time.perf_counter() - started_s, event.times.gpu_s))

    def _encode(self, job: ClaimedJob, event: Finished, image: RawImage, moderated: Moderated | None) -> OutboxEntry:
        spec, n = event.spec, event.index + 1
        mark = f"{moderated.verdict} {moderated.score:.2f}" if moderated and moderated.verdict.marks else ""
        origin = Origin(job.row.base_name, job.row.base_sha256, self._options.software, mark)
        encoded = encode_image(image, spec.output.format, embedded_text(spec, origin))
        stored = {
            "content_type": encoded.content_type,
            "num_bytes": len(encoded.data),
            "storage_key": image_key(job.id, n, spec.output.format),
            "thumbnail_key": thumbnail_key(job.id, n) if encoded.thumbnail else None,
            **_times(event),
        }
        if moderated is not None:
            stored |= _columns(moderated)
        return OutboxEntry(job.id, event.index, stored, object_facts(job.id, n, spec), encoded.data, encoded.thumbnail)

    async def _moderated(
        self, moderation: Moderation, job: ClaimedJob, index: int, image: RawImage
    ) -> Moderated | None:
        """What the classifier says, however long it is away. None: the image is not ours to store, or failed."""
        num_tries = 0
        pauses = chain(self._options.retry_s, repeat(self._options.retry_s[-1]))
        self.num_unscored += 1
        try:
            while not job.dropped:
                num_tries += moderation.trouble is None
                try:
                    moderated = await moderation.judge(image)
                    job.waiting.pop(index, None)
                    return moderated
                except ClassifierAway as error:
                    self._note_waiting(job, index, error)
                    if num_tries == MAX_TRIES:
                        job.waiting.pop(index, None)
                        await self._record_failure(job, index, ImageError("moderation", str(error)))
                        return None
                if await self._stopped_after(next(pauses)):
                    return None
        finally:
            self.num_unscored -= 1
        self._image_ended(job, index, is_ours=False)
        return None

    async def _record_blocked(self, job: ClaimedJob, event: Finished, columns: dict[str, Any]) -> None:
        async with self._database.write() as session:
            is_ours = await states.block_image(session, job.lease, event.index + 1, {**columns, **_times(event)})
        if is_ours:
            self._options.on_blocked()
        self._image_ended(job, event.index, is_ours)

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
                entry = await self._entry(job, index)
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

    async def _entry(self, job: ClaimedJob, index: int) -> OutboxEntry:
        """Raises CorruptEntry and StoreError."""
        entry = await self._outbox.get(job.id, index)
        if job.moderation is not None and not job.moderation.accepts(entry.stored.get("verdict")):
            raise CorruptEntry(f"{entry.key} in the outbox comes from a process with other settings of moderation")
        return entry

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
        if is_ours:
            self._options.on_failed(error.code)
        self._image_ended(job, index, is_ours)

    def _image_ended(self, job: ClaimedJob, index: int, is_ours: bool) -> None:
        job.ending.discard(index)
        if not is_ours or not (job.making or job.ending):
            self._on_ended(job)
        self._on_changed(job)

    # ---- waiting and tidying

    def _note_waiting(self, job: ClaimedJob, index: int, error: Exception) -> None:
        is_known = isinstance(error, (StoreError, ClassifierAway))
        reason = str(error) if is_known else "the database does not answer"
        if job.waiting.get(index) != reason:
            log.warning("a finished image cannot be stored and waits: %s", reason)
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


def _columns(moderated: Moderated) -> dict[str, Any]:
    """Columns of the row."""
    return {"verdict": moderated.verdict.value, "moderation_score": moderated.score}


def _times(event: Finished) -> dict[str, float]:
    """Columns of the row: what the image took."""
    times = event.times
    return {
        "started_at_s": times.started_at_s,
        "encode_s": times.begin_s,
        "step_share_s": times.step_share_s,
        "decode_s": times.decode_s,
        "prepare_s": times.prepare_s,
    }
