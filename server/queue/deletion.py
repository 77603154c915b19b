"""Delete images for good: the rows in one transaction, their files after it, however long the store takes.

A file cannot be deleted in the transaction that deletes its row: it may roll back, the store may be away, the process
may die in between. So the transaction inserts pending deletions (table `doomed_object`), and the `Remover` of each
process carries them out, with back-off until the store has done it. How to delete:

    async with database.write() as session:
        job_ids = await remove_jobs(session, JobRow.owner == owner)              # whole jobs, or
        await schedule_deletion(session, [image.storage_key, image.thumbnail_key])  # the files of a row that you delete
        await session.delete(image)
    remover.removed(job_ids)                                                    # after the commit; [] for images

`remove_jobs` takes unfinished jobs too: what is stored of them later is deleted as well.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.billing import ledger
from server.db.account_models import PendingDeletionRow
from server.db.clock import now_s
from server.db.models import ImageRow, JobRow
from server.db.session import DATABASE_ERRORS, Database
from server.queue.model import ImageStatus, JobStatus
from server.storage.encoding import image_key, sheet_key, thumbnail_key
from server.storage.store import ImageStore, InvalidKey, StoreError
from server.tallies import facts

log = logging.getLogger(__name__)

LATE_S = 180.0
"""An upload of a removed job that was in flight has ended by then."""
POLL_S = 30.0
ROUND = 200  # files deleted between two reads of the table
FIRST_RETRY_S, LONGEST_RETRY_S = 5.0, 3600.0
MAX_KEYS = 500  # of one IN (...)


async def schedule_deletion(session: AsyncSession, keys: Iterable[str | None], delay_s: float = 0.0) -> None:
    """Delete these files once the caller's transaction is committed, `delay_s` from now at the earliest. None among
    `keys` is skipped, as are keys that are scheduled already."""
    wanted = sorted({key for key in keys if key is not None})
    due_at_s = (await session.scalar(select(now_s())) or 0.0) + delay_s
    for start in range(0, len(wanted), MAX_KEYS):
        chunk = wanted[start : start + MAX_KEYS]
        known = set(
            await session.scalars(
                select(PendingDeletionRow.storage_key)
                .where(PendingDeletionRow.storage_key.in_(chunk))
                .with_for_update()
            )
        )
        session.add_all(PendingDeletionRow(storage_key=key, due_at_s=due_at_s) for key in chunk if key not in known)
    await session.flush()


async def cancel_deletion(session: AsyncSession, key: str) -> bool:
    """Keep a file whose deletion is scheduled for later. False: it is due, or was not scheduled."""
    scheduled = delete(PendingDeletionRow).where(PendingDeletionRow.storage_key == key)
    cancelled = scheduled.where(PendingDeletionRow.due_at_s > now_s()).returning(PendingDeletionRow.storage_key)
    return await session.scalar(cancelled.execution_options(synchronize_session=False)) is not None


async def remove_jobs(session: AsyncSession, which: ColumnElement[bool]) -> list[str]:
    """Delete these jobs with all that belongs to them, in the caller's transaction. Returns their ids."""
    jobs = (
        await session.execute(
            select(JobRow.id, JobRow.kind, JobRow.finished_at_s).where(which).order_by(JobRow.id).with_for_update()
        )
    ).all()
    images = (
        await session.execute(
            select(
                ImageRow.storage_key,
                ImageRow.thumbnail_key,
                ImageRow.spec,
                ImageRow.n,
                ImageRow.num_bytes,
                ImageRow.status.label("image_status"),
                JobRow.id,
                JobRow.status,
            )
            .join(JobRow)
            .where(which)
        )
    ).all()
    stored = [key for image in images for key in (image.storage_key, image.thumbnail_key)]
    await schedule_deletion(session, [*stored, *(sheet_key(job.id) for job in jobs if job.kind == "compare")])
    late = [
        key
        for image in images
        if image.status != JobStatus.COMPLETED
        for key in (image_key(image.id, image.n, image.spec.output.format), thumbnail_key(image.id, image.n))
    ]
    await schedule_deletion(session, late, LATE_S)
    await _count(session, jobs, images)
    await _release_credit(session, which)
    await session.execute(delete(JobRow).where(which).execution_options(synchronize_session=False))
    return [job.id for job in jobs]


async def _count(session: AsyncSession, jobs: Sequence[Row[Any]], images: Sequence[Row[Any]]) -> None:
    """In the daily roll-ups."""
    now = await session.scalar(select(now_s())) or 0.0
    facts.bytes_changed(session, -sum(image.num_bytes or 0 for image in images), now)
    unmade = Counter(image.id for image in images if image.image_status == ImageStatus.QUEUED)
    for job in jobs:
        if job.finished_at_s is None:
            facts.job_cancelled(session, unmade[job.id], now)


async def _release_credit(session: AsyncSession, which: ColumnElement[bool]) -> None:
    """Of the unfinished jobs among these: their rows are deleted, so no other transaction ends them."""
    charged = JobRow.price_micro_usd.is_not(None) & JobRow.finished_at_s.is_(None)
    for job in list(await session.scalars(select(JobRow).where(which, charged).with_for_update())):
        await ledger.release(session, job)


class Remover:
    """Deletes scheduled files. Several processes may: a file that is gone already is no error. Calls `forget` with each
    removed job, so that no worker goes on with it. Runs on the event loop."""

    def __init__(self, database: Database, store: ImageStore, forget: Callable[[str], None]) -> None:
        self._database = database
        self._store = store
        self._forget = forget
        self._woken = asyncio.Event()

    def removed(self, job_ids: Iterable[str]) -> None:
        """A transaction that schedules deletions is committed, and these jobs are gone."""
        for job_id in job_ids:
            self._forget(job_id)
        self._woken.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._woken.clear()
            try:
                while await self.run_once():
                    pass
            except DATABASE_ERRORS as error:
                log.warning("files of deleted pictures wait, the database does not answer: %s", error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL_S)

    async def run_once(self) -> bool:
        """Delete what is due, up to the first file that cannot be deleted; that one and the rest are tried again later.
        Returns True if there may be more. Raises DATABASE_ERRORS."""
        due = (
            select(PendingDeletionRow.storage_key, PendingDeletionRow.num_tries)
            .where(PendingDeletionRow.due_at_s <= now_s())
            .order_by(PendingDeletionRow.due_at_s, PendingDeletionRow.storage_key)
            .limit(ROUND)
        )
        async with self._database.read() as session:
            scheduled = (await session.execute(due)).all()
        done: list[str] = []
        for key, num_tries in scheduled:
            try:
                await self._store.delete(key)
            except InvalidKey:
                log.error("%r is no name of a file and cannot be deleted", key)
            except StoreError as error:
                await self._put_off(key, num_tries, error)
                break
            done.append(key)
        if done:
            await self._delete_rows_of(done)
        return len(done) == ROUND

    async def _put_off(self, key: str, num_tries: int, error: StoreError) -> None:
        pause_s = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(num_tries, 20))
        log.warning("the file %s of a deleted picture is still stored, next try in %.0f s: %s", key, pause_s, error)
        async with self._database.write() as session:
            await session.execute(
                update(PendingDeletionRow)
                .where(PendingDeletionRow.storage_key == key)
                .values(num_tries=num_tries + 1, due_at_s=now_s() + pause_s)
                .execution_options(synchronize_session=False)
            )

    async def _delete_rows_of(self, keys: list[str]) -> None:
        async with self._database.write() as session:
            for start in range(0, len(keys), MAX_KEYS):
                these = PendingDeletionRow.storage_key.in_(keys[start : start + MAX_KEYS])
                await session.execute(
                    delete(PendingDeletionRow).where(these).execution_options(synchronize_session=False)
                )
