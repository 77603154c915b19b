"""The nouns of the queue as plain data: what is accepted, what readers are shown. No database, no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pipelines.spec import EmbeddingRef, ImageSpec, LoraRef
from server.queue.grid import Axes, Cell


class JobStatus(StrEnum):
    """States of a job. A status never goes back; each accepted job reaches exactly one of the last three."""

    QUEUED = "queued"  # the accepting transaction inserts it
    PROCESSING = "processing"  # the dispatcher claims it; a rescued job stays here with attempt + 1
    COMPLETED = "completed"  # the transaction that finishes its last image
    FAILED = "failed"  # the transaction that ends its last image where one has failed, or the job is given up
    CANCELLED = "cancelled"  # a caller cancels it

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


class ImageStatus(StrEnum):
    """States of an image. It is queued from acceptance on; images of a job that ended early stay queued."""

    QUEUED = "queued"
    DONE = "done"  # stored
    FAILED = "failed"
    BLOCKED = "blocked"  # moderation refused it; not stored
    DELETED = "deleted"  # its owner deleted it; the spec is kept for "again"


class Verdict(StrEnum):
    """What moderation found about an image."""

    PASSED = "passed"  # scored below the threshold
    FLAGGED = "flagged"  # stored, marked
    BLURRED = "blurred"  # stored, marked; shown blurred until a click
    BLOCKED = "blocked"  # not stored
    RELEASED = "released"  # was marked; an operator has looked at it

    @property
    def marks(self) -> bool:
        """True if readers see it."""
        return self in (Verdict.FLAGGED, Verdict.BLURRED)


@dataclass(frozen=True, slots=True)
class Moderated:
    """`score` is 0 to 1; the higher, the more explicit."""

    verdict: Verdict
    score: float


@dataclass(slots=True)
class BaseModelRef:
    """The base model a job is pinned to when it is accepted. `sha256` is over its weights; None as long as they are
    being hashed, and then no job is accepted."""

    name: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks. `owner` is what jobs are kept under: `user:…`, `anon:…`, `ip:…`, `operator`. `address` is the caller's
    (`ip:192.0.2.7`), `key_id` that of the API key, `end_user` whom that key calls for."""

    owner: str
    address: str | None = None
    key_id: str | None = None
    end_user: str | None = None

    @property
    def counted_as(self) -> str:
        """Identity for fair scheduling and quotas: the end user of a key, else the IP address of an anonymous caller (a
        cookie is too easy to replace), else the owner."""
        if self.end_user is not None:
            return f"{self.owner}/{self.key_id}/{self.end_user}"
        return self.address if self.address is not None and self.owner.startswith("anon:") else self.owner

    @property
    def is_anonymous(self) -> bool:
        return is_anonymous_owner(self.owner)


def is_anonymous_owner(owner: str) -> bool:
    return owner.startswith(("ip:", "anon:"))


@dataclass(frozen=True, slots=True)
class LoraChoice:
    """A LoRA as a caller names it: `jade` (the operator's choice, or its newest version) or `jade-v1` (exactly that
    one). `weight` None: the LoRA's own. `field` is the request field that an error names."""

    name: str
    weight: float | None
    field: str


@dataclass(frozen=True, slots=True)
class LoraChoices:
    """The LoRAs of one image as named: that of `model_name` (None: the plain base model) and further ones."""

    model: LoraChoice | None = None
    others: tuple[LoraChoice, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageDraft:
    """An image before its LoRA names are resolved. Until then the spec's prompt is as typed, and its `loras` and
    `model` are empty. `choices` None: the spec is complete."""

    spec: ImageSpec
    choices: LoraChoices | None = None


@dataclass(frozen=True, slots=True)
class BatchPlace:
    """A line of a batch."""

    batch_id: str
    line: int


@dataclass(frozen=True, slots=True)
class JobDraft:
    """A validated request with every default filled in; the accepting transaction resolves its LoRA names.

    `prompt` is as typed. `request` is the body as sent. `axes` and `columns` (the LoRAs of each variant, without those
    that prompts name) are a comparison's. `repeats` is the job that is made again. `assets`: SHA-256 of what it is made
    from → the request field that names it. `place`: the line of a batch that becomes this job.
    """

    kind: str
    requester: Requester
    prompt: str
    images: tuple[ImageDraft, ...]
    request: Mapping[str, Any] = field(default_factory=dict[str, Any])
    axes: Axes | None = None
    columns: tuple[LoraChoices, ...] = ()
    repeats: str | None = None
    assets: Mapping[str, str] = field(default_factory=dict[str, str])
    place: BatchPlace | None = None


@dataclass(frozen=True, slots=True)
class JobError:
    """`code` is stable, `detail` is for people."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class ImageView:
    """One stored image. `id` is `{job_id}-{n}`, `index` counts from 0. URLs and the file name of a download are
    computed at read. `finished_at_s` is since 1970. `from_image`: the id of the image that it was
    made from. `cell`: of a comparison. `moderation` None: nothing to show."""

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
    from_image: str | None = None
    is_favorite: bool = False
    num_downloads: int = 0
    cell: Cell | None = None
    moderation: Moderated | None = None


@dataclass(frozen=True, slots=True)
class BlockedImage:
    """An image that moderation blocked: there is no file of it. `detail` is for people."""

    id: str
    index: int
    seed: int
    score: float
    detail: str


@dataclass(frozen=True, slots=True)
class StoredImage:
    """How long a stored image took. `wait_s`: from the job's acceptance to the image's first step; `store_s`: from its
    pixels to the commit of its row; `gpu_s`: its part of the model's time."""

    wait_s: float
    store_s: float
    gpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """Where a job stands. `progress` 0..1 over all its UNet evaluations; `remaining_s` until it ends (0 once it has);
    `detail` is what it waits for besides its turn."""

    job_id: str
    owner: str
    end_user: str | None
    created_at_s: float
    status: JobStatus
    progress: float
    images_completed: int
    images_total: int
    queue_position: int
    remaining_s: float
    detail: str | None
    error: JobError | None
    images_blocked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView(JobState):
    """A job with its images. `images` are the stored ones, `blocked` the ones that moderation blocked, `specs` are
    of all images in order; `prompt` is as typed; `axes` of a comparison."""

    prompt: str
    specs: tuple[ImageSpec, ...]
    images: tuple[ImageView, ...]
    base: BaseModelRef
    blocked: tuple[BlockedImage, ...] = ()
    axes: Axes | None = None

    @property
    def first(self) -> ImageSpec:
        return self.specs[0]

    @property
    def loras(self) -> tuple[LoraRef, ...]:
        """Of all its images, in the order of their first use."""
        return distinct_loras(self.specs)

    @property
    def embeddings(self) -> tuple[EmbeddingRef, ...]:
        """Of all its images, in the order of their first use."""
        return distinct_embeddings(self.specs)

    @property
    def final_prompts(self) -> tuple[str, ...]:
        """As encoded: of a comparison one for each prompt, that of the first variant."""
        if self.axes is None:
            return (self.first.prompt,)
        return tuple(self.specs[self.axes.index(n)].prompt for n in range(len(self.axes.prompts)))


def distinct_loras(specs: tuple[ImageSpec, ...]) -> tuple[LoraRef, ...]:
    """By content, in the order of their first use, with the weight of that use."""
    loras: dict[str, LoraRef] = {}
    for spec in specs:
        for lora in spec.loras:
            loras.setdefault(lora.sha256, lora)
    return tuple(loras.values())


def distinct_embeddings(specs: tuple[ImageSpec, ...]) -> tuple[EmbeddingRef, ...]:
    """By content, in the order of their first use."""
    return tuple({each.sha256: each for spec in specs for each in spec.embeddings}.values())


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One event of a job's stream. `seq` is the durable number (the SSE id); None for progress and previews, which are
    never replayed. `data` is JSON-ready, by `name`:

    - progress: what the status call answers {job_id, status, progress, images_completed, images_total,
      queue_position, estimated_time (whole seconds, rounded up), detail, error}
    - preview: {index, image}, `image` a small `data:` URL
    - image: {id, index, url, thumbnail_url, seed, width, height, content_type, bytes, filename, from_image}, and
      moderation {verdict, score} where it is marked
    - blocked: {id, index, seed, score, detail}
    - completed, failed, cancelled: {job_id, status, images_completed, images_total, error: null or {code, detail}}

    Progress and the last ones have images_blocked where there are some.
    """

    name: str
    data: Mapping[str, Any] = field(repr=False)
    seq: int | None = None
