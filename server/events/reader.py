"""From rows to what readers are shown."""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.models import ImageRow, JobRow
from server.db.session import Database
from server.engine.requests import Forecast
from server.events.filenames import picture_filename
from server.events.progress import ProgressTracker
from server.queue.grid import Axes
from server.queue.mapping import candidate_of, evaluations_of, lora_refs
from server.queue.model import (
    ImageView,
    JobError,
    JobStatus,
    JobView,
)
from server.storage.store import ImageStore

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job's rows as they were read."""

    job: JobRow
    images: tuple[ImageRow, ...]


class JobReader:
    """Builds `JobView`s: rows, addresses from the store, progress and time left from the outlook."""

    def __init__(self, database: Database, store: ImageStore, outlook: ProgressTracker) -> None:
        self._database = database
        self._store = store
        self.outlook = outlook

    async def view(self, job_id: str) -> JobView | None:
        """None: there is no such job."""

        async def read() -> JobRecord | None:
            async with self._database.read() as session:
                return await self.record(session, job_id)

        record = await self.settled(job_id, read)
        return self.view_of(record) if record else None

    async def settled(self, job_id: str, read: Callable[[], Awaitable[T]]) -> T:
        """What `read` reads, read again where the job left this process meanwhile: progress is told from the rows and
        from the engine, and rows from before the end beside an engine from after it would make it go back."""
        while True:
            was_active = job_id in self.outlook.active
            found = await read()
            if not was_active or job_id in self.outlook.active:
                return found

    async def record(self, session: AsyncSession, job_id: str) -> JobRecord | None:
        """One statement: status is what is asked for most."""
        found = await session.execute(
            select(JobRow, ImageRow)
            .outerjoin(ImageRow, ImageRow.job_id == JobRow.id)
            .where(JobRow.id == job_id)
            .order_by(ImageRow.n)
        )
        rows = found.tuples().all()
        return JobRecord(rows[0][0], tuple(image for _, image in rows if image)) if rows else None

    def view_of(self, record: JobRecord) -> JobView:
        """The rows as read, progress and forecast as they are now."""
        job, num_stored = record.job, len(record.images)
        status = JobStatus(job.status)
        forecast = self._forecast(job, status, num_stored)
        return JobView(
            job_id=job.id,
            owner=job.owner,
            end_user=job.end_user,
            created_at_s=job.created_at_s,
            status=status,
            progress=round(self._progress(job, status, num_stored), 4),
            images_total=job.num_images,
            queue_position=forecast.queue_position,
            remaining_s=forecast.remaining_s,
            detail=None if status.ended else self.outlook.waits_for(job.id),
            error=JobError(job.error_code, job.error_detail or "") if job.error_code else None,
            images=tuple(self._image(image, job) for image in record.images),
            metadata=_metadata(job),
            axes=Axes.of(job.comparison) if job.comparison else None,
        )

    def addressed(self, facts: dict[str, Any], job: JobRow) -> dict[str, Any]:
        """The facts of an image event of this job with addresses and a name in place of keys."""
        shown = dict(facts)
        key, thumbnail = shown.pop("storage_key"), shown.pop("thumbnail_key")
        return shown | {
            "url": self._store.url(key),
            "thumbnail_url": self._store.url(thumbnail or key),
            "filename": picture_filename(_title(job, shown["index"]), shown["seed"], key),
        }

    def _image(self, image: ImageRow, job: JobRow) -> ImageView:
        return ImageView(
            id=image.id,
            index=image.n - 1,
            url=self._store.url(image.storage_key),
            thumbnail_url=self._store.url(image.thumbnail_key or image.storage_key),
            seed=image.seed,
            width=image.width,
            height=image.height,
            content_type=image.content_type,
            num_bytes=image.num_bytes,
            filename=picture_filename(_title(job, image.n - 1), image.seed, image.storage_key),
            storage_key=image.storage_key,
            finished_at_s=image.finished_at_s,
            is_favorite=image.is_favorite,
            num_downloads=image.downloads,
            cell=Axes.of(job.comparison).cell(image.n - 1) if job.comparison else None,
        )

    def _progress(self, job: JobRow, status: JobStatus, num_stored: int) -> float:
        if status.ended:
            return num_stored / job.num_images
        return self.outlook.progress(job.id, evaluations_of(job), job.num_images, num_stored)

    def _forecast(self, job: JobRow, status: JobStatus, num_stored: int) -> Forecast:
        if status.ended:
            return Forecast(0, 0.0)
        forecast = self.outlook.forecast(candidate_of(job, num_stored))
        elsewhere = status is JobStatus.PROCESSING and job.id not in self.outlook.active
        return Forecast(0, forecast.remaining_s) if elsewhere else forecast


def progress_data(view: JobView) -> dict[str, Any]:
    """The data of a progress event, and what the status call answers."""
    return {
        "job_id": view.job_id,
        "status": view.status.value,
        "progress": view.progress,
        "images_completed": len(view.images),
        "images_total": view.images_total,
        "queue_position": view.queue_position,
        "estimated_time": math.ceil(view.remaining_s),
        "detail": view.detail,
        "error": {"code": view.error.code, "detail": view.error.detail} if view.error else None,
    }


def _title(job: JobRow, index: int) -> str:
    """What a picture's file is named after."""
    if job.comparison is None:
        return job.prompt
    axes = Axes.of(job.comparison)
    return axes.title(axes.cell(index))


def _metadata(job: JobRow) -> dict[str, Any]:
    rows: list[Any] = job.comparison["cells"] if job.comparison else []
    finals: dict[str, Any] = {"final_prompts": [row[0]["final_prompt"] for row in rows]} if rows else {}
    return {
        "prompt": job.prompt,
        "final_prompt": job.final_prompt,
        "negative_prompt": job.negative_prompt,
        "model": job.model or "base",
        "loras": [{"name": ref.label, "weight": ref.weight, "sha256": ref.sha256} for ref in lora_refs(job)],
        "style": job.style,
        "quality": job.quality,
        "num_images": job.num_images,
        "steps": job.num_inference_steps,
        "guidance_scale": job.guidance_scale,
        "guidance_start": job.guidance_start,
        "guidance_end": job.guidance_end,
        "width": job.width,
        "height": job.height,
        "seed": job.seed,
        "sampler": job.sampler,
        "format": job.image_format,
        "embed_parameters": job.embed_parameters,
        "base_model": {"name": job.base_name, "sha256": job.base_sha256},
    } | finals
