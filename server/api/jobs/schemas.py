"""What the API of jobs answers, field by field. What it takes is in server/generation/requests.py."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from pipelines.model.info import ShapeName
from pipelines.spec import Sampling
from server.generation.requests import EmbedParameters, Extension, Format, Hires, InitImage, MaskImage, Quality

MAX_WAIT_S = 60

Status = Literal["queued", "processing", "completed", "failed", "cancelled"]


class Accepted(Struct, frozen=True, kw_only=True):
    """The job is stored and will be carried out, whatever happens to the server."""

    job_id: str
    status: Status
    estimated_time: Annotated[int, Meta(description="Whole seconds until it is done.")]
    warnings: list[str]


class Failure(Struct, frozen=True):
    """`code` is stable, `detail` is for people."""

    code: str
    detail: str


class JobState(Struct, frozen=True, kw_only=True):
    """Where a job stands."""

    job_id: str
    status: Status
    progress: Annotated[float, Meta(ge=0, le=1)]
    images_completed: int
    images_total: int
    queue_position: Annotated[int, Meta(description="0: being made or ended, 1: next.")]
    estimated_time: Annotated[int, Meta(description="Whole seconds until it is done.")]
    detail: Annotated[
        str | None,
        Meta(description="What it waits for besides its turn: a store that does not answer, a worker that starts."),
    ] = None
    error: Failure | None
    images_blocked: Annotated[
        int | UnsetType, Meta(description="Pictures that moderation blocked; left out where there are none.")
    ] = UNSET


class Mark(Struct, frozen=True):
    """What moderation says about a picture that a classifier finds explicit. `blurred`: show it blurred until its
    viewer asks for it. `score` is 0 to 1."""

    verdict: Literal["flagged", "blurred"]
    score: float


class Blocked(Struct, frozen=True, kw_only=True):
    """A picture that moderation blocked: it is not stored and not charged. `detail` is for people."""

    id: str
    index: int
    seed: int
    score: float
    detail: str


class Output(Struct, frozen=True, kw_only=True):
    """One finished picture. `url` is where to look at it, `download_url` answers the same bytes as an attachment that
    is saved as `filename`."""

    id: str
    index: int
    url: str
    thumbnail_url: str
    seed: int
    width: int
    height: int
    content_type: str
    bytes: int
    filename: str
    download_url: str
    from_image: Annotated[str | None, Meta(description="The id of the picture that it was made from.")] = None
    prompt_index: Annotated[int | None, Meta(description="In a comparison: which of its prompts, from 0.")] = None
    variant_index: Annotated[int | None, Meta(description="In a comparison: which of its variants, from 0.")] = None
    final_prompt: Annotated[
        str | UnsetType, Meta(description="As encoded, where an expansion gave the pictures of a job different words.")
    ] = UNSET
    moderation: Annotated[Mark | UnsetType, Meta(description="Left out where it is not marked.")] = UNSET


class UsedLora(Struct, frozen=True):
    """An exact LoRA: `name` is its label, like `jade-v1`."""

    name: str
    weight: float
    sha256: str


class UsedEmbedding(Struct, frozen=True):
    """An exact embedding that the prompts name."""

    name: str
    num_vectors: int
    sha256: str


class UsedBaseModel(Struct, frozen=True):
    name: str
    sha256: str | None


class Metadata(Sampling, frozen=True, kw_only=True):
    """How the pictures were made, every default filled in. `prompt` is as sent, `final_prompt` as encoded; those of a
    comparison stand one a line, and `final_prompts` lists them. `seed` is that of the first picture. `width` and
    `height` are those of the first pass: the pictures' own, unless there is a second (`hires`), or a masked area was
    pasted into the init image."""

    prompt: str
    final_prompt: str
    negative_prompt: str
    model: Annotated[str, Meta(description='Label of the LoRA that `model_name` named, or "base".')]
    loras: list[UsedLora]
    style: str | None
    quality: Quality
    num_images: int
    width: int
    height: int
    format: Format
    embed_parameters: EmbedParameters
    base_model: UsedBaseModel
    init: InitImage | None = None
    mask: MaskImage | None = None
    extend: Extension | None = None
    hires: Hires | None = None
    embeddings: Annotated[
        list[UsedEmbedding] | UnsetType, Meta(description="Textual inversions. Left out where the prompts name none.")
    ] = UNSET
    final_prompts: Annotated[list[str] | UnsetType, Meta(description="Of a job of /api/compare.")] = UNSET


class Sampled(Struct, frozen=True):
    """How the pictures of a variant are sampled."""

    steps: int
    sampler: str
    guidance_scale: float


class ComparisonAxes(Struct, frozen=True, kw_only=True):
    """What a comparison's pictures stand along; `variants` are labels like `jade-v1:0.9`. `sampled`: an entry for each
    variant; they differ where a LoRA is distilled to few steps. `contact_sheet_url` is null until the job has ended."""

    prompts: list[str]
    seeds: list[int]
    variants: list[str]
    sampled: list[Sampled]
    contact_sheet_url: str | None


class Result(Struct, frozen=True, kw_only=True):
    """The finished pictures, in order; they are listed while the rest is made."""

    job_id: str
    status: Status
    images: list[str]
    outputs: list[Output]
    metadata: Metadata
    comparison: Annotated[ComparisonAxes | None, Meta(description="Of a job of /api/compare.")] = None
    blocked: Annotated[
        list[Blocked] | UnsetType, Meta(description="What moderation blocked; left out where there is nothing.")
    ] = UNSET


class FinishedJob(Struct, frozen=True, kw_only=True):
    """The answer to `Prefer: wait` where the job ended in time: what 202 would have said and the result."""

    job_id: str
    status: Status
    estimated_time: int
    warnings: list[str]
    images: list[str]
    outputs: list[Output]
    metadata: Metadata
    error: Failure | None
    comparison: Annotated[ComparisonAxes | None, Meta(description="Of a job of /api/compare.")] = None
    blocked: Annotated[
        list[Blocked] | UnsetType, Meta(description="What moderation blocked; left out where there is nothing.")
    ] = UNSET


class SamplerOption(Struct, frozen=True):
    """`label` and `schedule_type` are what A1111 calls it."""

    name: str
    label: str
    schedule_type: str | None
    min_steps: int
    max_steps: int


class QualityOption(Struct, frozen=True):
    name: Quality
    steps: int


class StyleOption(Struct, frozen=True):
    """`prompt` is the template, `{prompt}` in it the caller's prompt. `fits` is false where this model does not know
    the template's words."""

    name: str
    label: str
    prompt: str
    negative_prompt: str
    fits: bool


class ShapeOption(Struct, frozen=True):
    """A size by name, in pixels. Any other within the bounds can be asked for too."""

    name: ShapeName
    width: int
    height: int


class Bounds(Struct, frozen=True, kw_only=True):
    """Sizes in pixels. `max_pixels` bounds width times height."""

    max_prompt_characters: int
    max_images: int
    min_steps: int
    max_steps: int
    max_guidance_scale: float
    max_lora_weight: float
    max_seed: int
    min_size: int
    max_size: int
    max_pixels: int
    size_multiple: int


class ImageToImage(Struct, frozen=True, kw_only=True):
    """What can be made from pictures. `upscalers`: between the passes of `hires`; all but latent for `init`, and for
    /api/images/{id}/upscale. `max_pixels` and `max_size` bound a second pass and an upscaled picture."""

    upscalers: list[str]
    default_strength: float
    default_upscale_strength: float
    default_latent_strength: float
    max_scale: float
    max_extend: int
    max_pixels: int
    max_size: int
    max_asset_bytes: int


class Defaults(Struct, frozen=True, kw_only=True):
    model_name: str | None
    num_images: int
    quality: Quality
    guidance_scale: float
    width: int
    height: int
    sampler: str
    negative_prompt: str
    format: Format
    lora_weight: float


class WorkerHours(Struct, frozen=True):
    """Hours of each day, like 09:00, in a time zone of the tz database."""

    begins: str
    ends: str
    time_zone: str


class NoWorker(Struct, frozen=True, kw_only=True):
    """Why no picture is made now; jobs are accepted and wait. `state`: asleep, the next job starts a worker; starting,
    one is being started; failing, that has failed and is tried again; resting, the limit of the day is reached;
    closed, workers run at other hours; off, no worker is running. `detail` is for people."""

    state: Literal["asleep", "starting", "failing", "resting", "closed", "off"]
    detail: str
    starts_in_s: Annotated[float | None, Meta(description="Until a worker makes pictures; null: unknown.")]
    hours: Annotated[WorkerHours | None, Meta(description="In which workers run; null: always.")] = None


class Options(Struct, frozen=True, kw_only=True):
    """What this server can make. `known_words` is null for a real model: it knows them all."""

    base_model: str
    base_model_sha256: str | None
    is_demo: bool
    native_width: int
    native_height: int
    shapes: list[ShapeOption]
    bounds: Bounds
    defaults: Defaults
    image_to_image: ImageToImage
    samplers: list[SamplerOption]
    qualities: list[QualityOption]
    styles: list[StyleOption]
    formats: list[Format]
    known_words: list[str] | None
    moderation: Annotated[
        Literal["flag", "blur", "block"] | UnsetType,
        Meta(description="What happens to explicit pictures; left out where moderation is off."),
    ] = UNSET
    gallery: Annotated[bool | UnsetType, Meta(description="true: there is a public gallery; else left out.")] = UNSET
    no_worker: Annotated[
        NoWorker | UnsetType, Meta(description="Why no picture is made now; left out while a worker makes them.")
    ] = UNSET


class Health(Struct, frozen=True):
    status: Literal["ok", "ready"]
