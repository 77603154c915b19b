"""From a `JobView` to what the API answers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request

from server.api.jobs.schemas import (
    Accepted,
    ComparisonAxes,
    Failure,
    FinishedJob,
    JobState,
    Output,
    Result,
)
from server.queue.model import ImageView, JobView


@dataclass(frozen=True, slots=True)
class Addresses:
    """Makes addresses absolute. `public_url` None: the host the request was sent to."""

    public_url: str | None

    def base(self, request: Request[Any, Any, Any]) -> str:
        return self.public_url or str(request.base_url).rstrip("/")


def absolute(base: str, address: str) -> str:
    """Addresses of this server begin with "/"; those of another store are absolute already."""
    return base + address if address.startswith("/") else address


def estimated_time(view: JobView) -> int:
    """Whole seconds, rounded up."""
    return math.ceil(view.remaining_s)


def failure(view: JobView) -> Failure | None:
    return Failure(view.error.code, view.error.detail) if view.error else None


def accepted(view: JobView, warnings: list[str]) -> Accepted:
    return Accepted(
        job_id=view.job_id, status=view.status.value, estimated_time=estimated_time(view), warnings=warnings
    )


def state(view: JobView) -> JobState:
    return JobState(
        job_id=view.job_id,
        status=view.status.value,
        progress=view.progress,
        images_completed=len(view.images),
        images_total=view.images_total,
        queue_position=view.queue_position,
        estimated_time=estimated_time(view),
        detail=view.detail,
        error=failure(view),
    )


def result(view: JobView, base: str) -> Result:
    outputs = [output(image, base) for image in sorted(view.images, key=lambda image: image.index)]
    return Result(
        job_id=view.job_id,
        status=view.status.value,
        images=[output.url for output in outputs],
        outputs=outputs,
        metadata=dict(view.metadata),
        comparison=_axes(view, base),
    )


def _axes(view: JobView, base: str) -> ComparisonAxes | None:
    if view.axes is None:
        return None
    has_sheet = view.status.ended and view.images
    return ComparisonAxes(
        prompts=list(view.axes.prompts),
        seeds=list(view.axes.seeds),
        variants=list(view.axes.variants),
        contact_sheet_url=f"{base}/api/jobs/{view.job_id}/contact-sheet" if has_sheet else None,
    )


def finished(view: JobView, base: str, warnings: list[str]) -> FinishedJob:
    told = result(view, base)
    return FinishedJob(
        job_id=told.job_id,
        status=told.status,
        estimated_time=0,
        warnings=warnings,
        images=told.images,
        outputs=told.outputs,
        metadata=told.metadata,
        error=failure(view),
        comparison=told.comparison,
    )


def fields_of(output: Output) -> dict[str, Any]:
    return msgspec.structs.asdict(output)


def with_absolute_addresses(data: Mapping[str, Any], base: str) -> dict[str, Any]:
    """The data of a feed event, its addresses made absolute; a picture's has the address of its download too."""
    told = {key: absolute(base, value) if key in ("url", "thumbnail_url") else value for key, value in data.items()}
    return told | {"download_url": download_url(base, told["id"])} if "filename" in told else told


def download_url(base: str, image_id: str) -> str:
    """Always this server's, wherever the picture is stored."""
    return f"{base}/api/images/{image_id}/download"


def output(image: ImageView, base: str) -> Output:
    return Output(
        id=image.id,
        index=image.index,
        url=absolute(base, image.url),
        thumbnail_url=absolute(base, image.thumbnail_url),
        seed=image.seed,
        width=image.width,
        height=image.height,
        content_type=image.content_type,
        bytes=image.num_bytes,
        filename=image.filename,
        download_url=download_url(base, image.id),
        prompt_index=image.cell.prompt_index if image.cell else None,
        variant_index=image.cell.variant_index if image.cell else None,
    )
