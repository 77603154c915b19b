"""A finished picture's way out: encoded on an I/O thread, put into the store, then told to the database."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from server.db.models import ImageRow, JobRow
from server.db.session import Database
from server.engine.requests import Finished
from server.jobs import transitions
from server.jobs.active import ActiveJob
from server.jobs.model import JobStatus
from server.jobs.rows import object_facts, origin_of
from server.storage.infotext import embedded_text
from server.storage.picture import THUMBNAIL_TYPE, EncodedPicture, encode_picture
from server.storage.store import ImageStore, StoreError

log = logging.getLogger(__name__)

T = TypeVar("T")

DATABASE_ERRORS = (SQLAlchemyError, OSError)
"""What a database that cannot be reached, or not now, raises."""


class PictureSaver:
    """`retry_s`: pauses before the second, third ... try of a store or database write."""

    def __init__(self, database: Database, store: ImageStore, software: str, retry_s: Sequence[float]) -> None:
        self._database = database
        self._store = store
        self._software = software
        self._retry_s = retry_s
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="picture-io")

    async def save(self, job: ActiveJob, made: Finished) -> bool:
        """Store the picture, then add its row. False: the job is not ours any more. Raises StoreError and
        DATABASE_ERRORS when the last try fails."""
        encoded = await asyncio.get_running_loop().run_in_executor(self._threads, self._encode, job, made)
        row = job.image_row(made, encoded)
        await self._retrying(lambda: self._put(row, encoded, object_facts(job.row, row)), StoreError)
        added = await self._retrying(lambda: self._record(job, made, encoded), *DATABASE_ERRORS)
        if not added and await self._retrying(lambda: self._has_ended(job), *DATABASE_ERRORS):
            await self._retrying(lambda: self._take_back(row), StoreError)
        return added

    def close(self) -> None:
        self._threads.shutdown(wait=False)

    def _encode(self, job: ActiveJob, made: Finished) -> EncodedPicture:
        text = embedded_text(job.row.embed_parameters, made.params, origin_of(job.row, self._software))
        return encode_picture(made.picture, job.row.image_format, text)

    async def _put(self, row: ImageRow, encoded: EncodedPicture, facts: Mapping[str, str]) -> None:
        if encoded.thumbnail is not None and row.thumbnail_key is not None:
            await self._store.put(row.thumbnail_key, encoded.thumbnail, THUMBNAIL_TYPE, facts)
        await self._store.put(row.storage_key, encoded.data, encoded.content_type, facts)

    async def _record(self, job: ActiveJob, made: Finished, encoded: EncodedPicture) -> bool:
        async with self._database.write() as session:
            return await transitions.add_picture(session, job.lease, job.image_row(made, encoded))

    async def _has_ended(self, job: ActiveJob) -> bool:
        """Cancelled or deleted while the picture was on its way. Where it is another's now, so is the file."""
        async with self._database.read() as session:
            status = await session.scalar(select(JobRow.status).where(JobRow.id == job.row.id))
        return status is None or JobStatus(status).ended

    async def _take_back(self, row: ImageRow) -> None:
        """No row tells of these objects."""
        for key in (row.storage_key, row.thumbnail_key):
            if key is not None:
                await self._store.delete(key)

    async def _retrying(self, attempt: Callable[[], Awaitable[T]], *errors: type[Exception]) -> T:
        for pause_s in self._retry_s:
            try:
                return await attempt()
            except errors as error:
                log.warning("a finished picture could not be stored, next try in %s s: %s", pause_s, error)
                await asyncio.sleep(pause_s)
        return await attempt()
