"""What people do with images: favorites, downloads, deletions, each with a dated row. Units of work of their own."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.clock import now_s
from server.db.history_models import EngagementRow
from server.db.models import EventRow, ImageRow, JobLoraRow, JobRow
from server.db.session import DATABASE_ERRORS, Database
from server.queue.deletion import Remover, schedule_deletion
from server.queue.model import ImageStatus, JobStatus
from server.storage.encoding import sheet_key

log = logging.getLogger(__name__)

MayChange = Callable[[str, str | None], bool]
"""(owner, end user) of a job → True if this caller may change what belongs to them."""

OnDeleted = Callable[[AsyncSession, ImageRow, JobRow], None]
"""Called in the transaction, with each image that is deleted."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """Ids of images: `deleted`; `missing` do not exist or are not this caller's; `kept` belong to unfinished jobs."""

    deleted: tuple[str, ...]
    missing: tuple[str, ...]
    kept: tuple[str, ...]


class Engagement:
    """Runs on the event loop."""

    def __init__(self, database: Database, remover: Remover) -> None:
        self._database = database
        self._remover = remover

    async def set_favorite(self, image_id: str, is_favorite: bool) -> None:
        """Idempotent: a repeated call inserts no second row."""
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
        """One more of each of these images. Never raises: it runs while the download is under way."""
        try:
            async with self._database.write() as session:
                more = update(ImageRow).where(ImageRow.id.in_(image_ids)).values(downloads=ImageRow.downloads + 1)
                await session.execute(more.execution_options(synchronize_session=False))
                await _note(session, "downloaded", image_ids)
        except DATABASE_ERRORS as error:
            log.warning("a download of %s is not counted: %s", ", ".join(image_ids), error)

    async def delete(
        self, image_ids: Collection[str], may_change: MayChange, on_deleted: OnDeleted | None = None
    ) -> Deletion:
        """Mark the rows deleted now; their files follow. A job whose last image is deleted is deleted with it."""
        async with self._database.write() as session:
            stored = select(ImageRow, JobRow).join(JobRow).where(ImageRow.id.in_(image_ids), is_stored())
            rows = (await session.execute(stored.order_by(ImageRow.id))).tuples()
            theirs = [(image, job) for image, job in rows if may_change(job.owner, job.end_user)]
            ended = [(image, job) for image, job in theirs if JobStatus(job.status).ended]
            if on_deleted is not None:
                for image, job in ended:
                    on_deleted(session, image, job)
            deleted = [image.id for image, _ in ended]
            await _note(session, "deleted", deleted)
            files = [key for image, _ in ended for key in (image.storage_key, image.thumbnail_key)]
            sheets = [sheet_key(job.id) for _, job in ended if job.axes]  # a sheet is made again without the image
            await schedule_deletion(session, [*files, *sheets])
            await _mark_deleted(session, [image for image, _ in ended], {job.id for _, job in ended})
        self._remover.removed([])
        kept = {image.id for image, _ in theirs}.difference(deleted)
        missing = set(image_ids).difference(deleted, kept)
        return Deletion(tuple(deleted), tuple(sorted(missing)), tuple(sorted(kept)))


def is_stored() -> ColumnElement[bool]:
    """Of an image row: it is done and not deleted."""
    return ImageRow.status == ImageStatus.DONE


async def note_again(session: AsyncSession, job_id: str) -> None:
    """In the caller's transaction: the whole job is made again. A job that was deleted meanwhile leaves no row."""
    first = await session.execute(select(ImageRow, JobRow).join(JobRow).where(JobRow.id == job_id, ImageRow.n == 1))
    for image, job in first.tuples():
        session.add(await _row(session, "again", job, image, None))


async def _note(session: AsyncSession, kind: str, image_ids: Collection[str]) -> None:
    rows = await session.execute(select(ImageRow, JobRow).join(JobRow).where(ImageRow.id.in_(image_ids)))
    for image, job in rows.tuples():
        session.add(await _row(session, kind, job, image, image.id))
    await session.flush()


async def _row(session: AsyncSession, kind: str, job: JobRow, image: ImageRow, image_id: str | None) -> EngagementRow:
    """`image_id` None: the whole job is meant, `image` is its first."""
    if image_id is None:
        loras = list(await session.scalars(select(JobLoraRow.sha256).where(JobLoraRow.job_id == job.id)))
    else:
        loras = [lora.sha256 for lora in image.spec.loras]
    return EngagementRow(
        kind=kind,
        created_at_s=await session.scalar(select(now_s())) or 0.0,
        owner=job.owner,
        job_id=job.id,
        image_id=image_id,
        model=image.spec.model,
        lora_sha256s=loras,
    )


async def _mark_deleted(session: AsyncSession, images: Sequence[ImageRow], job_ids: Collection[str]) -> None:
    """The images keep their spec only, streams no longer list them, and jobs without an image are deleted."""
    for image in images:
        image.status, image.is_favorite = ImageStatus.DELETED, False
        image.storage_key = image.thumbnail_key = image.content_type = image.num_bytes = None
    ids = {image.id for image in images}
    events = await session.scalars(select(EventRow).where(EventRow.job_id.in_(job_ids), EventRow.name == "image"))
    for event in events:
        if event.data["id"] in ids:
            await session.delete(event)
    await session.flush()
    num_left = select(func.count()).where(ImageRow.job_id == JobRow.id, is_stored()).correlate(JobRow).scalar_subquery()
    empty = delete(JobRow).where(JobRow.id.in_(job_ids), num_left == 0)
    await session.execute(empty.execution_options(synchronize_session=False))
