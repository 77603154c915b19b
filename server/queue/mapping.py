"""From rows to what the engine and the image files need. Pure."""

from collections.abc import Callable, Iterable, Sequence

from pipelines.spec import ImageSpec
from server.db.batch_models import BatchRow
from server.db.models import ImageRow, JobRow
from server.engine.requests import Candidate, ImageRequest
from server.queue.model import Requester


def requester_of(job: JobRow | BatchRow) -> Requester:
    return Requester(job.owner, job.address, job.key_id, job.end_user)


def object_facts(job_id: str, n: int, spec: ImageSpec) -> dict[str, str]:
    """Metadata of the stored object, in ASCII. Readers of a public bucket see it: an image that keeps its parameters
    out of its file keeps its seed out of here."""
    facts = {"job-id": job_id, "index": str(n - 1)}
    return facts if spec.output.embed_parameters == "none" else facts | {"seed": str(spec.sampling.seed)}


def candidate_of(job: JobRow, images: Sequence[ImageRow]) -> Candidate:
    """The job as the scheduler sees it while `images` are queued."""
    return Candidate(
        job_id=job.id,
        owner=requester_of(job).counted_as,
        work=sum(image.work for image in images),
        num_images=len(images),
        arrival_s=job.created_at_s,
        num_px=max((image.num_px for image in images), default=0),
        rows=max((image.rows for image in images), default=1),
        vae_px=sum(image.vae_px for image in images),
        encode_px=sum(image.encode_px for image in images),
        upscale_px=sum(image.upscale_px for image in images),
        in_batch=job.batch_id is not None,
    )


def requests_of(
    job: JobRow, images: Iterable[ImageRow], num_context_tokens: Callable[[ImageSpec], int]
) -> list[ImageRequest]:
    """The images to be made."""
    return [
        ImageRequest(
            job_id=job.id,
            index=image.n - 1,
            owner=requester_of(job).counted_as,
            spec=image.spec,
            arrival_s=job.created_at_s,
            num_context_tokens=num_context_tokens(image.spec),
            in_batch=job.batch_id is not None,
        )
        for image in images
    ]
