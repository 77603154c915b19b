"""What people do with pictures: favorites, downloads, deletions, each with a dated row. Units of work of their own."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.clock import now_s
from server.db.history_models import EngagementRow
from server.db.models import EventRow, ImageRow, JobRow
from server.db.session import Database
from server.queue.deletion import Remover, schedule_deletion
from server.queue.model import JobStatus
from server.storage.picture import sheet_key
from server.worker.saver import DATABASE_ERRORS

log = logging.getLogger(__name__)

MayChange = Callable[[str, str | None], bool]
"""(owner, end user) of a job → may this caller change what belongs to them?"""


@dataclass(frozen=True, slots=True)
class Deletion:
    """Ids of pictures: `deleted`; `missing` are not there, or not this caller's; those of jobs that are still being
    made are `kept`."""

    deleted: tuple[str, ...]
    missing: tuple[str, ...]
    kept: tuple[str, ...]


class Engagement:
    """Runs on the event loop."""

    def __init__(self, database: Database, remover: Remover) -> None:
        self._database = database
        self._remover = remover

    async def set_favorite(self, image_id: str, is_favorite: bool) -> None:
        """Again changes nothing and is no second row."""
        async with self._database.write() as session:
            changed = await session.scalar(
                update(ImageRow)
                .where(ImageRow.id == image_id, ImageRow.is_favorite.is_not(is_favorite))
                .values(is_favorite=is_favorite)
                .returning(ImageRow.id)
                .execution_options(synchronize_session=False)
            )
            if changed is not None:
                await _note(session, "favorited" if is_favorite else "unfavorited", [image_id])

    async def count_downloads(self, image_ids: Sequence[str]) -> None:
        """One more of each of these pictures. Never fails: it runs when the download is under way."""
        try:
            async with self._database.write() as session:
                more = update(ImageRow).where(ImageRow.id.in_(image_ids)).values(downloads=ImageRow.downloads + 1)
                await session.execute(more.execution_options(synchronize_session=False))
                await _note(session, "downloaded", image_ids)
        except DATABASE_ERRORS as error:
            log.warning("a download of %s is not counted: %s", ", ".join(image_ids), error)

    async def delete(self, image_ids: Collection[str], may_change: MayChange) -> Deletion:
        """Delete the rows now and the files soon, for sure. A job whose last picture goes goes with it."""
        async with self._database.write() as session:
            found = await session.execute(
                select(ImageRow, JobRow).join(JobRow).where(ImageRow.id.in_(image_ids)).order_by(ImageRow.id)
            )
            theirs = [(image, job) for image, job in found if may_change(job.owner, job.end_user)]
            ended = [(image, job) for image, job in theirs if JobStatus(job.status).ended]
            deleted = [image.id for image, _ in ended]
            await _note(session, "deleted", deleted)
            await schedule_deletion(
                session, [key for image, _ in ended for key in (image.storage_key, image.thumbnail_key)]
            )
            await schedule_deletion(
                session, {sheet_key(job.id) for _, job in ended if job.comparison}
            )  # made anew when asked for
            await _delete_rows(session, deleted, {job.id for _, job in ended})
        self._remover.removed([])
        kept = {image.id for image, _ in theirs}.difference(deleted)
        missing = set(image_ids).difference(deleted, kept)
        return Deletion(tuple(deleted), tuple(sorted(missing)), tuple(sorted(kept)))


async def note_again(session: AsyncSession, job_id: str) -> None:
    """In the caller's transaction: the whole job is made once more. One that was deleted meanwhile leaves no row."""
    if (job := await session.get(JobRow, job_id)) is not None:
        session.add(_row("again", job, None, await session.scalar(select(now_s())) or 0.0))


async def _note(session: AsyncSession, kind: str, image_ids: Collection[str]) -> None:
    found = await session.execute(select(ImageRow.id, JobRow).join(JobRow).where(ImageRow.id.in_(image_ids)))
    now = await session.scalar(select(now_s())) or 0.0
    session.add_all(_row(kind, job, image_id, now) for image_id, job in found)
    await session.flush()


def _row(kind: str, job: JobRow, image_id: str | None, now: float) -> EngagementRow:
    return EngagementRow(
        kind=kind,
        created_at_s=now,
        owner=job.owner,
        job_id=job.id,
        image_id=image_id,
        model=job.model,
        lora_sha256s=[lora["sha256"] for lora in job.loras],
    )


async def _delete_rows(session: AsyncSession, image_ids: Collection[str], job_ids: Collection[str]) -> None:
    """The pictures, what streams tell of them, and the jobs that have no other."""
    quietly = {"synchronize_session": False}
    events = await session.scalars(select(EventRow).where(EventRow.job_id.in_(job_ids), EventRow.name == "image"))
    for event in events:
        if event.data["id"] in image_ids:
            await session.delete(event)
    await session.flush()
    await session.execute(delete(ImageRow).where(ImageRow.id.in_(image_ids)).execution_options(**quietly))
    num_left = select(func.count()).where(ImageRow.job_id == JobRow.id).correlate(JobRow).scalar_subquery()
    empty = delete(JobRow).where(JobRow.id.in_(job_ids), num_left == 0)
    await session.execute(empty.execution_options(**quietly))
