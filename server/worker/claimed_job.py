"""A job that this process works on."""

from dataclasses import dataclass, field

from pipelines.plan import PictureError
from server.db.models import ImageRow, JobRow
from server.engine.requests import Finished
from server.queue.model import JobError
from server.queue.states import Lease
from server.storage.picture import EncodedPicture, picture_key, thumbnail_key


@dataclass(slots=True)
class ActiveJob:
    """`making` holds the indexes of the pictures that the engine still owes, `saving` those on their way to the store,
    `failures` those that will never come, `waiting` why pictures of `saving` are not stored yet. `dropped`: it has
    ended or is another's."""

    row: JobRow
    making: set[int]
    saving: set[int] = field(default_factory=set[int])
    failures: dict[int, PictureError] = field(default_factory=dict[int, PictureError])
    waiting: dict[int, str] = field(default_factory=dict[int, str])
    dropped: bool = False

    @property
    def lease(self) -> Lease:
        return Lease(self.row.id, self.row.attempt)

    @property
    def failure(self) -> JobError | None:
        """Why the job ends as failed; None while a picture may still come, or where none has failed."""
        if self.making or self.saving or not self.failures:
            return None
        index = min(self.failures)
        first = self.failures[index]
        others = f" ({len(self.failures)} of {self.row.num_images} failed)" if len(self.failures) > 1 else ""
        return JobError(first.code, f"picture {index + 1}: {first.detail}{others}")

    def image_row(self, made: Finished, encoded: EncodedPicture) -> ImageRow:
        job, n = self.row, made.index + 1
        return ImageRow(
            id=f"{job.id}-{n}",
            job_id=job.id,
            n=n,
            seed=made.params.seed,
            width=made.picture.width,
            height=made.picture.height,
            content_type=encoded.content_type,
            num_bytes=len(encoded.data),
            storage_key=picture_key(job.id, n, job.image_format),
            thumbnail_key=thumbnail_key(job.id, n) if encoded.thumbnail else None,
            queued_at_s=job.created_at_s,
            started_at_s=made.times.started_at_s,
            encode_s=made.times.begin_s,
            step_share_s=made.times.step_share_s,
            decode_s=made.times.decode_s,
            lora_sha256s=[lora.sha256 for lora in made.params.loras],
            base_sha256=job.base_sha256,
        )
