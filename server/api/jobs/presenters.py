"""From job states and views to the API's answers."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from litestar import Request
from msgspec import UNSET, UnsetType

from pipelines.spec import PIXEL_UPSCALER, ImageSpec
from server.api.jobs import schemas
from server.api.jobs.schemas import (
    Accepted,
    Blocked,
    ComparisonAxes,
    Failure,
    FinishedJob,
    Mark,
    Metadata,
    Output,
    Result,
)
from server.generation.lora_choices import NO_LORA
from server.generation.requests import Extension, Hires, InitImage, MaskImage
from server.generation.service import Acceptance
from server.queue.model import ImageView, JobState, JobView, Moderated


@dataclass(frozen=True, slots=True)
class Addresses:
    """Makes addresses absolute. `public_url` None: the host the request was sent to."""

    public_url: str | None

    def base(self, request: Request[Any, Any, Any]) -> str:
        return self.public_url or str(request.base_url).rstrip("/")


def absolute(base: str, address: str) -> str:
    """Addresses of this server begin with "/"; those of another store are absolute already."""
    return base + address if address.startswith("/") else address


def failure(state: JobState) -> Failure | None:
    return Failure(state.error.code, state.error.detail) if state.error else None


def accepted(acceptance: Acceptance) -> Accepted:
    return Accepted(
        job_id=acceptance.job_id,
        status="queued",
        estimated_time=acceptance.estimated_time,
        warnings=acceptance.warnings,
    )


def state(job: JobState) -> schemas.JobState:
    return schemas.JobState(
        job_id=job.job_id,
        status=job.status.value,
        progress=job.progress,
        images_completed=job.images_completed,
        images_total=job.images_total,
        queue_position=job.queue_position,
        estimated_time=math.ceil(job.remaining_s),
        detail=job.detail,
        error=failure(job),
        images_blocked=job.images_blocked or UNSET,
    )


def metadata(job: JobView) -> Metadata:
    spec, final_prompts = job.first, job.final_prompts
    if job.axes is None:  # more than one where an expansion gave the images different words
        final_prompts = tuple(dict.fromkeys(each.prompt for each in job.specs))
    values: dict[str, Any] = {
        **msgspec.structs.asdict(spec.sampling),
        **msgspec.structs.asdict(spec.output),
        "prompt": job.prompt,
        "final_prompt": "\n".join(final_prompts),
        "negative_prompt": spec.negative_prompt,
        "model": spec.model or NO_LORA,
        "loras": [schemas.UsedLora(lora.label, lora.weight, lora.sha256) for lora in job.loras],
        "embeddings": [schemas.UsedEmbedding(each.name, each.num_vectors, each.sha256) for each in job.embeddings]
        or UNSET,
        "style": spec.style,
        "quality": spec.quality,
        "num_images": job.images_total,
        "width": spec.passes[0].width,
        "height": spec.passes[0].height,
        **source_fields(spec),
        "base_model": schemas.UsedBaseModel(job.base.name, job.base.sha256),
    }
    return Metadata(**values) if job.axes is None else Metadata(**values, final_prompts=list(final_prompts))


def source_fields(spec: ImageSpec) -> dict[str, Any]:
    """In the form of a request; null ones are left out."""
    fields: dict[str, Any] = {}
    source, first = spec.source, spec.passes[0]
    if source is not None:
        asset_id = source.sha256 if source.from_image is None else None
        named = (asset_id, source.from_image)
        fields["init"] = InitImage(*named, first.strength, source.resize, first.upscaler)  # pyright: ignore[reportArgumentType]
        if (mask := source.mask) is not None and mask.sha256 is not None:
            values = msgspec.structs.asdict(mask)
            fields["mask"] = MaskImage(asset_id=values.pop("sha256"), **values)
        if source.extend is not None:
            fields["extend"] = Extension(**msgspec.structs.asdict(source.extend))
    if len(spec.passes) > 1:
        last = spec.passes[-1]
        fields["hires"] = Hires(
            width=last.width,
            height=last.height,
            upscaler=last.upscaler or PIXEL_UPSCALER,
            steps=last.steps,
            strength=last.strength,
        )
    return fields


def result(view: JobView, base: str) -> Result:
    outputs = [output(image, base) for image in sorted(view.images, key=lambda image: image.index)]
    if view.axes is None and len({spec.prompt for spec in view.specs}) > 1:
        outputs = [msgspec.structs.replace(each, final_prompt=view.specs[each.index].prompt) for each in outputs]
    return Result(
        job_id=view.job_id,
        status=view.status.value,
        images=[output.url for output in outputs],
        outputs=outputs,
        metadata=metadata(view),
        comparison=_axes(view, base),
        blocked=[Blocked(**asdict(image)) for image in view.blocked] or UNSET,
    )


def _axes(view: JobView, base: str) -> ComparisonAxes | None:
    if view.axes is None:
        return None
    has_sheet = view.status.ended and view.images
    firsts = [spec.sampling for spec in view.specs[: len(view.axes.variants)]]
    return ComparisonAxes(
        prompts=list(view.axes.prompts),
        seeds=list(view.axes.seeds),
        variants=list(view.axes.variants),
        sampled=[schemas.Sampled(each.steps, each.sampler, each.guidance_scale) for each in firsts],
        contact_sheet_url=f"{base}/api/jobs/{view.job_id}/contact-sheet" if has_sheet else None,
    )


def finished(view: JobView, base: str, warnings: list[str]) -> FinishedJob:
    answer = result(view, base)
    return FinishedJob(
        job_id=answer.job_id,
        status=answer.status,
        estimated_time=0,
        warnings=warnings,
        images=answer.images,
        outputs=answer.outputs,
        metadata=answer.metadata,
        error=failure(view),
        comparison=answer.comparison,
        blocked=answer.blocked,
    )


def fields_of(output: Output) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(output).items() if value is not UNSET}


def with_absolute_addresses(data: Mapping[str, Any], base: str) -> dict[str, Any]:
    """The data of a feed event with absolute URLs; an image's has its download URL, too."""
    shown = {key: absolute(base, value) if key in ("url", "thumbnail_url") else value for key, value in data.items()}
    return shown | {"download_url": download_url(base, shown["id"])} if "filename" in shown else shown


def download_url(base: str, image_id: str) -> str:
    """Always this server's, wherever the picture is stored."""
    return f"{base}/api/images/{image_id}/download"


def _mark(moderated: Moderated | None) -> Mark | UnsetType:
    return Mark(moderated.verdict.value, moderated.score) if moderated else UNSET  # pyright: ignore[reportArgumentType]


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
        from_image=image.from_image,
        prompt_index=image.cell.prompt_index if image.cell else None,
        variant_index=image.cell.variant_index if image.cell else None,
        moderation=_mark(image.moderation),
    )
