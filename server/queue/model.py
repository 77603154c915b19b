"""The nouns of the job queue as plain data: what a caller asked for, what readers are shown. No database, no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from server.generation.styles import Style
from server.queue.grid import Axes, Cell


class JobStatus(StrEnum):
    """States of a job. Status never goes back; each accepted job reaches exactly one of the last three."""

    QUEUED = "queued"  # accept() wrote it
    PROCESSING = "processing"  # the dispatcher claimed it; a rescued job stays here with attempt + 1
    COMPLETED = "completed"  # the transaction that added its last picture
    FAILED = "failed"  # a picture failed for good, or the job was given up
    CANCELLED = "cancelled"  # a caller's cancel

    @property
    def ended(self) -> bool:
        return not NEXT[self]


NEXT: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset({JobStatus.PROCESSING, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.PROCESSING: frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
}


@dataclass(slots=True)
class BaseModelRef:
    """The base model a job is pinned to when it is accepted. `sha256` is over its weights; None as long as they are
    still being read, and then no job is accepted."""

    name: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class LoraChoice:
    """A LoRA as a caller names it: `jade` (the operator's choice, or its newest version) or `jade-v1` (exactly that
    one). `weight` None: the LoRA's own. `field` is the request field to blame in an error."""

    name: str
    weight: float | None
    field: str


@dataclass(frozen=True, slots=True)
class Variant:
    """One column of a comparison: `model` None is the plain base model."""

    model: LoraChoice | None
    loras: tuple[LoraChoice, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Prompts as typed, seeds, and the LoRAs to compare: server/queue/grid.py."""

    prompts: tuple[str, ...]
    seeds: tuple[int, ...]
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True)
class Pinned:
    """What a job that is made again was resolved to; `loras` as (label, sha256, weight), the one of `model` first."""

    job_id: str
    final_prompt: str
    model: str | None
    loras: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True, slots=True)
class JobOrder:
    """A validated request with every default filled in but its LoRA names, which the accepting transaction resolves.

    `model` is None for the plain base model. `prompt` is as typed; the style's and the trigger words come with the
    resolution. `negative_prompt` is as encoded. `address`, `key_id` and `end_user` are the caller's
    (server/api/auth/caller.py).
    """

    owner: str
    prompt: str
    negative_prompt: str
    num_images: int
    quality: str
    num_inference_steps: int
    guidance_scale: float
    width: int
    height: int
    seed: int
    sampler: str
    image_format: str  # jpeg, png, webp
    model: LoraChoice | None
    loras: tuple[LoraChoice, ...] = ()
    style: Style | None = None
    embed_parameters: str = "full"  # or minimal, none
    guidance_start: float = 0.0
    guidance_end: float = 1.0
    address: str | None = None
    key_id: str | None = None
    end_user: str | None = None
    pinned: Pinned | None = None  # instead of `model` and `loras`
    comparison: Comparison | None = None  # instead of `prompt`, `seed`, `model` and `loras`


@dataclass(frozen=True, slots=True)
class JobError:
    """`code` is stable, `detail` is for people."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class ImageView:
    """One stored picture. `id` is `{job_id}-{n}`, `index` counts from 0. Addresses and the name that a download of it
    gets are computed at read. `finished_at_s` is since 1970. `cell`: of a comparison."""

    id: str
    index: int
    url: str
    thumbnail_url: str
    seed: int
    width: int
    height: int
    content_type: str
    num_bytes: int
    filename: str
    storage_key: str
    finished_at_s: float
    is_favorite: bool = False
    num_downloads: int = 0
    cell: Cell | None = None


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """How long a picture took that is stored now. `wait_s`: from the job's acceptance to the picture's first step;
    `store_s`: from its pixels to the commit that tells of it."""

    wait_s: float
    store_s: float


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as its readers see it. `progress` 0..1 over all its UNet evaluations; `remaining_s` until it is done (0
    once it has ended); `detail` what it waits for besides its turn. `metadata` holds the resolved parameters: prompt,
    final_prompt, negative_prompt, model (`jade-v1` or `base`), loras [{name, weight, sha256}], style, quality,
    num_images, steps, guidance_scale, guidance_start, guidance_end, width, height, seed, sampler, format,
    embed_parameters, base_model {name, sha256}; `axes` of a comparison, whose metadata has `final_prompts`,
    those of its first variant, and in `prompt` and `final_prompt` one line for each."""

    job_id: str
    owner: str
    end_user: str | None
    created_at_s: float
    status: JobStatus
    progress: float
    images_total: int
    queue_position: int
    remaining_s: float
    detail: str | None
    error: JobError | None
    images: tuple[ImageView, ...]
    metadata: Mapping[str, Any]
    axes: Axes | None = None


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One thing to tell a reader of a job's stream. `seq` is the durable number (the SSE id); None for progress and
    previews, which are never replayed. `data` is JSON-ready, by `name`:

    - progress: what the status call answers {job_id, status, progress, images_completed, images_total,
      queue_position, estimated_time (whole seconds, rounded up), detail, error}
    - preview: {index, image}, `image` a small `data:` address
    - image: {id, index, url, thumbnail_url, seed, width, height, content_type, bytes, filename}, addresses from the
      store
    - completed, failed, cancelled: {job_id, status, images_completed, images_total, error: null or {code, detail}}
    """

    name: str
    data: Mapping[str, Any] = field(repr=False)
    seq: int | None = None
