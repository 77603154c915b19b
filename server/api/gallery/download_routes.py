"""Pictures to keep: one as a download, all of a job as a zip."""

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

from litestar import Controller, HttpMethod, Response, get, route
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import PathParameter
from litestar.response import Redirect, Stream
from litestar.types import ASGIApp

from server.api.auth.caller import READ, Caller
from server.api.auth.guards import needs
from server.api.gallery.file_routes import EMBEDDABLE
from server.api.gallery.zip_stream import archive_bytes, each, stream_archive
from server.api.http.file_response import FileResponse
from server.api.http.openapi_errors import documented
from server.api.jobs import examples
from server.api.jobs.routes import KNOWN_OR_NOT, JobId, known_job
from server.errors import NOT_FOUND, STORE_AWAY, StudioError
from server.events.filenames import archive_filename
from server.gallery.engagement import Engagement
from server.generation.service import JobService
from server.queue.model import ImageView, JobView
from server.storage.store import ImageStore

ImageId = Annotated[
    str,
    PathParameter(
        description="The `id` of an output of /api/result.", examples=[Example("picture", value=examples.OUTPUT.id)]
    ),
]


class ImagesController(Controller):
    path = "/api"
    tags = ("jobs",)

    @get(
        "/images/{image_id:str}/download",
        guards=[needs(READ)],
        operation_id="download",
        summary="Download a picture",
        description=(
            "The stored bytes, to be saved under the picture's `filename`. Where pictures lie in a bucket, the answer"
            " is 302 to a signed address there, which works for a few minutes."
        ),
        responses={
            200: examples.file("image/*", "The picture: JPEG, PNG or WebP"),
            302: ResponseSpec(None, generate_examples=False, description="Pictures lie in a bucket: Location has it"),
            **KNOWN_OR_NOT,
            **documented(STORE_AWAY),
        },
    )
    async def download(
        self,
        image_id: ImageId,
        caller: NamedDependency[Caller],
        jobs: NamedDependency[JobService],
        engagement: NamedDependency[Engagement],
        store: NamedDependency[ImageStore],
    ) -> ASGIApp:
        image = await known_image(jobs, caller, image_id)
        count = partial(engagement.count_downloads, [image_id])
        place = store.attachment(image.storage_key, image.content_type, image.filename)
        if isinstance(place, Path):
            return _file(image, place, count)
        if not await store.exists(image.storage_key):
            raise gone(image_id)
        headers = {**EMBEDDABLE, "Cache-Control": "no-store"}
        redirect = Redirect(place, status_code=302, headers=headers, background=BackgroundTask(count))
        return redirect  # pyright: ignore[reportReturnType]  # Litestar takes both

    @route(
        "/images/{image_id:str}/download", http_method=[HttpMethod.HEAD], guards=[needs(READ)], include_in_schema=False
    )
    async def download_head(
        self,
        image_id: ImageId,
        caller: NamedDependency[Caller],
        jobs: NamedDependency[JobService],
        store: NamedDependency[ImageStore],
    ) -> ASGIApp:
        """Of a bucket's image too: its signed address is for GET only."""
        image = await known_image(jobs, caller, image_id)
        place = store.attachment(image.storage_key, image.content_type, image.filename)
        if isinstance(place, Path):
            return _file(image, place)
        if not await store.exists(image.storage_key):
            raise gone(image_id)
        headers = {**EMBEDDABLE, **attachment(image.filename), "Content-Length": str(image.num_bytes)}
        empty = Response(b"", headers=headers, media_type=image.content_type)
        return empty  # pyright: ignore[reportReturnType]  # Litestar takes both

    @get(
        "/jobs/{job_id:str}/zip",
        guards=[needs(READ)],
        operation_id="zip",
        summary="Download all pictures of a job",
        description=(
            "The pictures that are finished by now, in order, under their `filename`s, not compressed. Where one of"
            " them is no longer stored the answer is 404; should it vanish while the zip is sent, the download breaks"
            " off: a finished zip holds every picture."
        ),
        responses={
            200: examples.file("application/zip", "The zip"),
            **KNOWN_OR_NOT,
            **documented(STORE_AWAY),
        },
    )
    async def zip(
        self,
        job_id: JobId,
        caller: NamedDependency[Caller],
        jobs: NamedDependency[JobService],
        engagement: NamedDependency[Engagement],
        store: NamedDependency[ImageStore],
    ) -> Stream:
        job = await known_job(jobs, caller, job_id)
        images = sorted(job.images, key=lambda image: image.index)
        if not images:
            raise StudioError(NOT_FOUND, f"no picture of this job is finished; the job is {job.status.value}")
        return await zip_of(images, archive_filename(job.prompt, job_id), store, engagement)


async def zip_of(images: Sequence[ImageView], filename: str, store: ImageStore, engagement: Engagement) -> Stream:
    """Raises StudioError (404) where one of the pictures is no longer stored."""
    for image in images:
        if not await store.exists(image.storage_key):
            raise gone(image.id)
    headers = {
        **EMBEDDABLE,
        **attachment(filename),
        "Cache-Control": "no-store",
        "Content-Length": str(archive_bytes(images)),
    }
    counted = BackgroundTask(engagement.count_downloads, [image.id for image in images])
    archive = stream_archive(each(images), store)
    return Stream(archive, media_type="application/zip", headers=headers, background=counted)


async def known_image(jobs: JobService, caller: Caller, image_id: str) -> ImageView:
    """Raises StudioError (404), for what belongs to others too."""
    return (await known_image_with_job(jobs, caller, image_id))[1]


async def known_image_with_job(jobs: JobService, caller: Caller, image_id: str) -> tuple[JobView, ImageView]:
    """The same, with its job."""
    job = await jobs.get(image_id[:32]) if re.fullmatch(r"[0-9a-f]{32}-[1-9][0-9]?", image_id) else None
    if job is not None and caller.may_see(job.owner, job.end_user):
        for image in job.images:
            if image.id == image_id:
                return job, image
    raise StudioError(NOT_FOUND, f"no picture has the id {image_id[:64]}")


def _file(image: ImageView, path: Path, count: Callable[[], Awaitable[None]] | None = None) -> FileResponse:
    # private, no-cache: who may have the image can change
    headers = {**EMBEDDABLE, **attachment(image.filename), "Cache-Control": "private, no-cache"}
    return FileResponse(path, image.content_type, headers, gone(image.id), count)


def attachment(filename: str) -> dict[str, str]:
    """`filename` is ASCII without quotes."""
    return {"Content-Disposition": f'attachment; filename="{filename}"'}


def gone(image_id: str) -> StudioError:
    return StudioError(
        NOT_FOUND, f"the picture {image_id} was made, but is no longer stored; make it again from its seed"
    )
