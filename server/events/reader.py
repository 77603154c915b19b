"""From rows to what readers are shown."""

import math
from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.models import ImageRow, JobRow
from server.db.session import Database
from server.engine.requests import Forecast
from server.events.facts import JobFacts, JobFactsCache, settled
from server.events.filenames import image_filename
from server.events.progress import ProgressTracker
from server.queue.grid import Axes
from server.queue.mapping import candidate_of
from server.queue.model import (
    BaseModelRef,
    BlockedImage,
    ImageStatus,
    ImageView,
    JobError,
    JobState,
    JobStatus,
    JobView,
    Moderated,
    Verdict,
)
from server.queue.states import blocked_facts
from server.storage.store import ImageStore

T = TypeVar("T")


class JobReader:
    """Builds `JobState`s and `JobView`s: rows, URLs from the store, progress and forecast from the tracker."""

    def __init__(self, database: Database, store: ImageStore, progress: ProgressTracker, facts: JobFactsCache) -> None:
        self.facts = facts
        self._database = database
        self._store = store
        self.progress = progress

    async def state(self, job_id: str) -> JobState | None:
        """None: there is no such job. Reads no spec."""
        facts = await self.facts.get(job_id)
        return self.state_of(facts) if facts else None

    async def state_anew(self, job_id: str) -> JobState | None:
        """The same, from the database."""
        facts = await self.facts.get_anew(job_id)
        return self.state_of(facts) if facts else None

    async def view(self, job_id: str) -> JobView | None:
        """None: there is no such job."""

        async def read() -> tuple[JobRow, list[ImageRow]] | None:
            job_with_images = select(JobRow, ImageRow).join(ImageRow).where(JobRow.id == job_id).order_by(ImageRow.n)
            async with self._database.read() as session:
                rows = (await session.execute(job_with_images)).tuples().all()
            return (rows[0][0], [image for _, image in rows]) if rows else None

        rows = await settled(self.progress.active.__contains__, job_id, read)
        return self._view(*rows) if rows else None

    async def views(self, session: AsyncSession, jobs: Sequence[JobRow]) -> list[JobView]:
        """Of these jobs, in this order, with one more query."""
        by_job: dict[str, list[ImageRow]] = {job.id: [] for job in jobs}
        for image in await images_of(session, list(by_job)):
            by_job[image.job_id].append(image)
        return [self._view(job, by_job[job.id]) for job in jobs]

    def state_of(self, facts: JobFacts) -> JobState:
        """The rows as read, progress and forecast as they are now."""
        return JobState(**self._state(facts))

    def with_urls(self, event_data: dict[str, Any], job: JobRow) -> dict[str, Any]:
        """The data of an image event of this job with URLs and a file name in place of storage keys."""
        shown = dict(event_data)
        key, thumbnail = shown.pop("storage_key"), shown.pop("thumbnail_key")
        return shown | {
            "url": self._store.url(key),
            "thumbnail_url": self._store.url(thumbnail or key),
            "filename": image_filename(_title(job, _axes(job), shown["index"]), shown["seed"], key),
        }

    def _state(self, facts: JobFacts) -> dict[str, Any]:
        job = facts.job
        status = JobStatus(job.status)
        forecast = self._forecast(facts, status)
        return {
            "job_id": job.id,
            "owner": job.owner,
            "end_user": job.end_user,
            "created_at_s": job.created_at_s,
            "status": status,
            "progress": round(self._progress(facts, status), 4),
            "images_completed": facts.num_done,
            "images_total": job.num_images,
            "queue_position": forecast.queue_position,
            "remaining_s": forecast.remaining_s,
            "detail": None if status.ended else self.progress.waits_for(job.id),
            "error": JobError(job.error_code, job.error_detail or "") if job.error_code else None,
            "images_blocked": facts.num_blocked,
        }

    def _view(self, job: JobRow, images: Sequence[ImageRow]) -> JobView:
        done = [image for image in images if image.status == ImageStatus.DONE]
        queued = [image for image in images if image.status == ImageStatus.QUEUED]
        blocked = [image for image in images if image.status == ImageStatus.BLOCKED]
        axes = _axes(job)
        return JobView(
            **self._state(JobFacts(job, len(done), candidate_of(job, queued), len(blocked))),
            prompt=job.prompt,
            specs=tuple(image.spec for image in images),
            images=tuple(self._image(image, job, axes) for image in done),
            base=BaseModelRef(job.base_name, job.base_sha256),
            blocked=tuple(BlockedImage(**blocked_facts(image)) for image in blocked),
            axes=axes,
        )

    def _image(self, image: ImageRow, job: JobRow, axes: Axes | None) -> ImageView:
        """Of a stored image."""
        key, seed = image.storage_key or "", image.spec.sampling.seed
        return ImageView(
            id=image.id,
            index=image.n - 1,
            url=self._store.url(key),
            thumbnail_url=self._store.url(image.thumbnail_key or key),
            seed=seed,
            width=image.spec.width,
            height=image.spec.height,
            content_type=image.content_type or "",
            num_bytes=image.num_bytes or 0,
            filename=image_filename(_title(job, axes, image.n - 1), seed, key),
            storage_key=key,
            finished_at_s=image.finished_at_s or 0.0,
            from_image=image.spec.source.from_image if image.spec.source else None,
            is_favorite=image.is_favorite,
            num_downloads=image.downloads,
            cell=axes.cell(image.n - 1) if axes else None,
            moderation=_mark(image),
        )

    def _progress(self, facts: JobFacts, status: JobStatus) -> float:
        num_made = facts.num_done + facts.num_blocked
        if status.ended:
            return num_made / facts.job.num_images
        return self.progress.progress(facts.job.id, facts.job.num_images, num_made)

    def _forecast(self, facts: JobFacts, status: JobStatus) -> Forecast:
        if status.ended:
            return Forecast(0, 0.0)
        forecast = self.progress.forecast(facts.queued)
        is_remote = status is JobStatus.PROCESSING and facts.job.id not in self.progress.active
        return Forecast(0, forecast.remaining_s) if is_remote else forecast


async def images_of(session: AsyncSession, job_ids: Sequence[str]) -> list[ImageRow]:
    """Of these jobs, whatever their status, by job and n."""
    images = select(ImageRow).where(ImageRow.job_id.in_(job_ids)).order_by(ImageRow.job_id, ImageRow.n)
    return list(await session.scalars(images))


def progress_data(state: JobState) -> dict[str, Any]:
    """The data of a progress event, and what the status call answers."""
    blocked = {"images_blocked": state.images_blocked} if state.images_blocked else {}
    return {
        "job_id": state.job_id,
        "status": state.status.value,
        "progress": state.progress,
        "images_completed": state.images_completed,
        "images_total": state.images_total,
        "queue_position": state.queue_position,
        "estimated_time": math.ceil(state.remaining_s),
        "detail": state.detail,
        "error": {"code": state.error.code, "detail": state.error.detail} if state.error else None,
        **blocked,
    }


def _mark(image: ImageRow) -> Moderated | None:
    """None: it is not marked."""
    verdict = Verdict(image.verdict) if image.verdict else None
    return Moderated(verdict, image.moderation_score or 0.0) if verdict is not None and verdict.marks else None


def _axes(job: JobRow) -> Axes | None:
    return Axes.from_json(job.axes) if job.axes else None


def _title(job: JobRow, axes: Axes | None, index: int) -> str:
    """What an image's file is named after."""
    return job.prompt if axes is None else axes.title(axes.cell(index))
