"""What people do with images: favorites, downloads, deletions, each with a dated row and in the daily roll-ups. Units
of work of their own."""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pipelines.inversions.mentions import PREFIX
from pipelines.spec import ImageSpec
from server.db.clock import now_s
from server.db.history_models import CollectionImageRow, EngagementRow
from server.db.models import EventRow, ImageRow, JobLoraRow, JobRow
from server.db.session import DATABASE_ERRORS, Database
from server.queue.deletion import Remover, schedule_deletion
from server.queue.model import ImageStatus, JobStatus
from server.storage.encoding import sheet_key
from server.tallies import days, facts
from server.tallies.days import Measure

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
                .returning(ImageRow)
                .execution_options(synchronize_session=False)
            )
            if changed is not None:
                facts.favored(session, changed, is_favorite)
                await _note(session, "favorited" if is_favorite else "unfavorited", [image_id])

    async def count_downloads(self, image_ids: Sequence[str]) -> None:
        """One more of each of these images. Never raises: it runs while the download is under way."""
        try:
            async with self._database.write() as session:
                more = update(ImageRow).where(ImageRow.id.in_(image_ids)).values(downloads=ImageRow.downloads + 1)
                counted = await session.scalars(
                    more.returning(ImageRow), execution_options={"synchronize_session": False}
                )
                now = await session.scalar(select(now_s())) or 0.0
                for image in list(counted):
                    facts.downloaded(session, image, now)
                await _note(session, "downloaded", image_ids)
        except DATABASE_ERRORS as error:
            log.warning("a download of %s is not counted: %s", ", ".join(image_ids), error)

    async def delete(
        self, image_ids: Collection[str], may_change: MayChange, on_deleted: OnDeleted | None = None
    ) -> Deletion:
        """Mark the rows deleted now; their files follow. A job whose last image is deleted is deleted with it."""
        async with self._database.write() as session:
            await _lock_jobs(session, image_ids)
            stored = select(ImageRow, JobRow).join(JobRow).where(ImageRow.id.in_(image_ids), is_stored())
            rows = (await session.execute(stored.order_by(ImageRow.id))).tuples()
            theirs = [(image, job) for image, job in rows if may_change(job.owner, job.end_user)]
            ended = [(image, job) for image, job in theirs if JobStatus(job.status).ended]
            if on_deleted is not None:
                for image, job in ended:
                    on_deleted(session, image, job)
            deleted = [image.id for image, _ in ended]
            await _note(session, "deleted", deleted)
            now = await session.scalar(select(now_s())) or 0.0
            facts.bytes_changed(session, -sum(image.num_bytes or 0 for image, _ in ended), now)
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
    remade = (ImageRow.job_id == job_id) & is_stored() & ~ImageRow.is_remade
    await _mark(session, remade, Measure.REMADE, is_remade=True)


async def note_varied(session: AsyncSession, specs: Iterable[ImageSpec]) -> None:
    """In the caller's transaction: images of these specs will be made, from the images that they name."""
    sources = {spec.source.from_image for spec in specs if spec.source and spec.source.from_image}
    if sources:
        await _note(session, "varied", sources)
        await _mark(session, ImageRow.id.in_(sources) & ~ImageRow.is_varied, Measure.VARIED, is_varied=True)


async def _mark(session: AsyncSession, which: ColumnElement[bool], measure: Measure, **values: bool) -> None:
    """Count the images that were not marked before."""
    marked = update(ImageRow).where(which).values(**values).returning(ImageRow.finished_at_s)
    for stored_at_s in await session.scalars(marked, execution_options={"synchronize_session": False}):
        days.add(session, measure, stored_at_s or 0.0)


async def _lock_jobs(session: AsyncSession, image_ids: Collection[str]) -> None:
    """As `remove_jobs` does, in the same order: what one of them deletes, the other one does not count."""
    jobs = select(JobRow.id).where(JobRow.id.in_(select(ImageRow.job_id).where(ImageRow.id.in_(image_ids))))
    await session.execute(jobs.order_by(JobRow.id).with_for_update())


async def _note(session: AsyncSession, kind: str, image_ids: Collection[str]) -> None:
    rows = await session.execute(select(ImageRow, JobRow).join(JobRow).where(ImageRow.id.in_(image_ids)))
    for image, job in rows.tuples():
        session.add(await _row(session, kind, job, image, image.id))
    await session.flush()


async def _row(session: AsyncSession, kind: str, job: JobRow, image: ImageRow, image_id: str | None) -> EngagementRow:
    """`image_id` None: the whole job is meant, `image` is its first."""
    if image_id is None:
        is_lora = JobLoraRow.name.not_like(f"{PREFIX}%")
        loras = list(await session.scalars(select(JobLoraRow.sha256).where(JobLoraRow.job_id == job.id, is_lora)))
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
    """The images keep their spec only, streams and collections no longer list them, and jobs without an image are
    deleted."""
    for image in images:
        image.status, image.is_favorite = ImageStatus.DELETED, False
        image.storage_key = image.thumbnail_key = image.content_type = image.num_bytes = None
    ids = {image.id for image in images}
    await session.execute(delete(CollectionImageRow).where(CollectionImageRow.image_id.in_(ids)))
    events = await session.scalars(select(EventRow).where(EventRow.job_id.in_(job_ids), EventRow.name == "image"))
    for event in events:
        if event.data["id"] in ids:
            await session.delete(event)
    await session.flush()
    num_left = select(func.count()).where(ImageRow.job_id == JobRow.id, is_stored()).correlate(JobRow).scalar_subquery()
    empty = delete(JobRow).where(JobRow.id.in_(job_ids), num_left == 0)
    await session.execute(empty.execution_options(synchronize_session=False))
