"""A finished picture's way out: encoded on an I/O thread, put into the store, then told to the database. What cannot go
on waits in the spool: no row tells of an object that is not stored, and no picture is lost."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat
from typing import Any

from sqlalchemy import select

from server.db.models import ImageRow, JobRow
from server.db.session import DATABASE_ERRORS, Database
from server.engine.requests import Finished
from server.queue import states
from server.queue.deletion import schedule_deletion
from server.queue.mapping import object_facts, origin_of
from server.queue.model import JobStatus
from server.storage.infotext import embedded_text
from server.storage.picture import THUMBNAIL_TYPE, encode_picture, picture_key, thumbnail_key
from server.storage.store import ImageStore, StoreError
from server.worker.claimed_job import ActiveJob
from server.worker.outbox import CorruptEntry, Outbox, OutboxEntry

log = logging.getLogger(__name__)

MAX_UPLOADS = 8
"""At once. A store that comes back is not run over, and downloads find a thread."""


class PictureSaver:
    """`retry_s`: pauses before the second, third ... try of a store or database write; the last one again and again.
    `store_trouble` tells why it need not be tried now, `on_store_error` is called when a put fails. `on_waiting` is
    told a job whenever what `ActiveJob.waiting` says of it has changed."""

    def __init__(
        self,
        database: Database,
        store: ImageStore,
        spool: Outbox,
        software: str,
        retry_s: Sequence[float],
        store_trouble: Callable[[], str | None],
        on_store_error: Callable[[], None],
        on_waiting: Callable[[ActiveJob], None],
    ) -> None:
        self._database = database
        self._store = store
        self._spool = spool
        self._software = software
        self._retry_s = retry_s
        self._store_trouble = store_trouble
        self._on_store_error = on_store_error
        self._on_waiting = on_waiting
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="picture-io")
        self._uploads = asyncio.Semaphore(MAX_UPLOADS)
        self._stopping = asyncio.Event()
        self.num_held = 0
        """Pictures on their way out whose bytes are in memory."""

    async def save(self, job: ActiveJob, made: Finished) -> bool:
        """Store the picture, then add its row, however long the store or the database are away: meanwhile it lies in
        the spool. False: the job is not ours any more."""
        parcel = await asyncio.get_running_loop().run_in_executor(self._threads, self._pack, job, made)
        return await self._deliver(job, made.index, parcel)

    async def save_spooled(self, job: ActiveJob, index: int) -> bool:
        """The same for a picture that lies in the spool already. Raises CorruptEntry; then it is out of the spool."""
        try:
            return await self._deliver(job, index, None)
        except CorruptEntry:
            await self._spool.remove(job.row.id, index)
            raise

    def stop_waiting(self) -> None:
        """What lies in the spool stays there for the next server; what is in memory is still tried."""
        self._stopping.set()

    def close(self) -> None:
        self._threads.shutdown(wait=False)

    def _pack(self, job: ActiveJob, made: Finished) -> OutboxEntry:
        text = embedded_text(job.row.embed_parameters, made.params, origin_of(job.row, self._software))
        encoded = encode_picture(made.picture, job.row.image_format, text)
        row = job.image_row(made, encoded)
        facts = object_facts(job.row, row)
        return OutboxEntry(job.row.id, made.index, image_values(row), facts, encoded.data, encoded.thumbnail)

    async def _deliver(self, job: ActiveJob, index: int, parcel: OutboxEntry | None) -> bool:
        """`parcel` None: it lies in the spool."""
        stored, pauses = False, chain(self._retry_s, repeat(self._retry_s[-1]))
        self.num_held += parcel is not None
        try:
            while not job.dropped:
                try:
                    if not stored:
                        await self._put(parcel or await self._spool.get(job.row.id, index))
                        stored = True
                    row = ImageRow(**(parcel or await self._spool.get(job.row.id, index)).image)
                    added = await self._record(job, row)
                    break
                except (StoreError, *DATABASE_ERRORS) as error:
                    if parcel is not None and await self._spooled(parcel):
                        parcel = None
                        self.num_held -= 1
                    if isinstance(error, StoreError):
                        self._on_store_error()
                    self._tell(job, index, error)
                if await self._stopped_after(next(pauses)) and parcel is None:
                    return False
            else:
                added = False
            await self._tidy(job, index, not added)
            return added
        finally:
            self.num_held -= parcel is not None

    async def _put(self, parcel: OutboxEntry) -> None:
        if (trouble := self._store_trouble()) is not None:
            raise StoreError(trouble)
        key, thumbnail_key = parcel.image["storage_key"], parcel.image.get("thumbnail_key")
        async with self._uploads:
            if parcel.thumbnail is not None and thumbnail_key is not None:
                await self._store.put(thumbnail_key, parcel.thumbnail, THUMBNAIL_TYPE, parcel.facts)
            await self._store.put(key, parcel.data, parcel.image["content_type"], parcel.facts)

    async def _record(self, job: ActiveJob, row: ImageRow) -> bool:
        async with self._database.write() as session:
            return await states.add_picture(session, job.lease, row)

    async def _spooled(self, parcel: OutboxEntry) -> bool:
        """False: this disk does not take it either; it stays in memory."""
        try:
            await self._spool.put(parcel)
        except StoreError as error:
            log.error("a finished picture could not be kept on disk and stays in memory: %s", error)
            return False
        return True

    def _tell(self, job: ActiveJob, index: int, error: Exception) -> None:
        reason = str(error) if isinstance(error, StoreError) else "the database does not answer"
        if job.waiting.get(index) != reason:
            log.warning("a finished picture could not be stored, it waits: %s", reason)
            job.waiting[index] = reason
            self._on_waiting(job)

    async def _stopped_after(self, pause_s: float) -> bool:
        if self._stopping.is_set():
            await asyncio.sleep(pause_s)
            return True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._stopping.wait()
        return self._stopping.is_set()

    async def _tidy(self, job: ActiveJob, index: int, in_vain: bool) -> None:
        """The picture has its row, or is not ours to keep. What cannot be tidied now, a later look does."""
        if job.waiting.pop(index, None) is not None:
            self._on_waiting(job)
        try:
            await self._spool.remove(job.row.id, index)
            if in_vain:
                await self._take_back(job.row, index)
        except (StoreError, *DATABASE_ERRORS) as error:
            log.warning("what is left of picture %s-%d could not be tidied up: %s", job.row.id, index + 1, error)

    async def _take_back(self, job: JobRow, index: int) -> None:
        """Cancelled or deleted while the picture was on its way: nothing tells of its files, and nothing ever will.
        Where another process goes on with the job, or has put the same picture there, they are its files."""
        async with self._database.read() as session:
            status = await session.scalar(select(JobRow.status).where(JobRow.id == job.id))
            may_still_come = status is not None and not JobStatus(status).ended
            if may_still_come or await session.get(ImageRow, f"{job.id}-{index + 1}") is not None:
                return
        keys = (picture_key(job.id, index + 1, job.image_format), thumbnail_key(job.id, index + 1))
        try:
            for key in keys:
                await self._store.delete(key)
        except StoreError:
            async with self._database.write() as session:
                await schedule_deletion(session, keys)


def image_values(row: ImageRow) -> dict[str, Any]:
    """The columns that are set."""
    values = {column.key: getattr(row, column.key) for column in ImageRow.__table__.columns}
    return {key: value for key, value in values.items() if value is not None}
