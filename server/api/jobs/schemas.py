"""What the API takes and gives, field by field. Bounds live here only; the docs and the errors are read off them."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from pipelines.params import MAX_SEED
from server.generation.styles import STYLES
from server.loras.resolution import LORA_WEIGHT

MAX_PROMPT_CHARACTERS = 2000
MAX_IMAGES = 8
MAX_STEPS = 150
MAX_GUIDANCE_SCALE = 30.0
MAX_LORA_WEIGHT = 2.0
MAX_EXTRA_LORAS = 8
MAX_LORA_NAME_CHARACTERS = 128
MAX_LOWERED_PARTS = 16
MAX_WAIT_S = 60
SIZE_MULTIPLE_PX = 8

Quality = Literal["low", "medium", "high"]
Format = Literal["jpeg", "png", "webp"]
EmbedParameters = Literal["full", "minimal", "none"]
Status = Literal["queued", "processing", "completed", "failed", "cancelled"]

LoraName = Annotated[str, Meta(min_length=1, max_length=MAX_LORA_NAME_CHARACTERS)]
ModelName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_LORA_NAME_CHARACTERS,
        description='The LoRA: `jade` (newest version) or `jade-v1`. Null or "base": none.',
        examples=["jade"],
    ),
]
ModelWeight = Annotated[
    float,
    Meta(
        ge=-MAX_LORA_WEIGHT,
        le=MAX_LORA_WEIGHT,
        description=f"Weight of the LoRA that model_name names. Default: its own, else {LORA_WEIGHT}.",
        examples=[0.7],
    ),
]
StyleName = Annotated[
    str,
    Meta(
        max_length=64,
        description=f"A prompt template (see /api/options): one of {', '.join(STYLES)}. Null: none.",
        examples=["sketch"],
    ),
]
Prompt = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_PROMPT_CHARACTERS,
        description="What the pictures show; weights as in `(red dress:1.3)`, LoRAs as in `<lora:jade:0.8>`."
        " The style is applied to it, the LoRA's trigger words are put before it.",
        examples=["jade woman, red dress, beach sunset"],
    ),
]
NegativePrompt = Annotated[
    str,
    Meta(
        max_length=MAX_PROMPT_CHARACTERS,
        description='What they should not show. Absent or null: "low quality, blurry, distorted"; "": the empty text.'
        " A style's own words are added.",
    ),
]
Size = Annotated[
    int,
    Meta(ge=SIZE_MULTIPLE_PX, le=16384, multiple_of=SIZE_MULTIPLE_PX, description="Pixels; see /api/options."),
]
Steps = Annotated[int, Meta(ge=1, le=MAX_STEPS, description="Denoising steps; wins over quality.")]
Guidance = Annotated[
    float, Meta(ge=0, le=MAX_GUIDANCE_SCALE, description="Classifier-free guidance; 1 or less is off. Default 7.")
]
Share = Annotated[float, Meta(ge=0, le=1)]
Seed = Annotated[
    int, Meta(ge=0, le=MAX_SEED, description="Picture n takes seed + n - 1. Absent: random, told in the result.")
]
Sampler = Annotated[str, Meta(max_length=64, description="One of /api/options. Default euler.")]
NumImages = Annotated[int, Meta(ge=1, le=MAX_IMAGES, description="Pictures to make.")]


class ExtraLora(Struct, frozen=True, forbid_unknown_fields=True):
    """A further LoRA: `jade` is its newest version, `jade-v1` exactly that one."""

    name: LoraName
    weight: Annotated[float, Meta(ge=-MAX_LORA_WEIGHT, le=MAX_LORA_WEIGHT)] | None = None


class GenerateRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job: one prompt, one or more pictures."""

    prompt: Prompt
    model_name: ModelName | UnsetType | None = UNSET
    model_weight: ModelWeight | None = None
    num_images: NumImages = 4
    quality: Annotated[Quality, Meta(description="12, 20 or 30 steps.")] = "high"
    negative_prompt: NegativePrompt | None = None
    width: Size | None = None
    height: Size | None = None
    steps: Steps | None = None
    guidance_scale: Guidance | None = None
    guidance_start: Annotated[Share, Meta(description="Guidance works from this share of the way on. Default 0.")] = 0.0
    guidance_end: Annotated[Share, Meta(description="And up to this share; 1: to the end. Default 1.")] = 1.0
    seed: Seed | None = None
    sampler: Sampler | None = None
    loras: Annotated[list[ExtraLora], Meta(max_length=MAX_EXTRA_LORAS)] | None = None
    style: StyleName | None = None
    format: Annotated[Format, Meta(description="File format. Default jpeg.")] | None = None
    embed_parameters: (
        Annotated[
            EmbedParameters,
            Meta(
                description="What the files tell of their making: all of it, all but your words and settings, nothing."
                " Default: what the operator has set, as a rule full."
            ),
        ]
        | None
    ) = None


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
        str | None, Meta(description="What it waits for besides its turn: a store of pictures that does not answer.")
    ] = None
    error: Failure | None


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
    prompt_index: Annotated[int | None, Meta(description="In a comparison: which of its prompts, from 0.")] = None
    variant_index: Annotated[int | None, Meta(description="In a comparison: which of its variants, from 0.")] = None


class ComparisonAxes(Struct, frozen=True, kw_only=True):
    """What a comparison's pictures stand along; `variants` are labels like `jade-v1:0.9`. `contact_sheet_url` is null
    until the job has ended."""

    prompts: list[str]
    seeds: list[int]
    variants: list[str]
    contact_sheet_url: str | None


class Result(Struct, frozen=True, kw_only=True):
    """The finished pictures, in order; those that are done are listed while the rest is made."""

    job_id: str
    status: Status
    images: list[str]
    outputs: list[Output]
    metadata: dict[str, Any]
    comparison: Annotated[ComparisonAxes | None, Meta(description="Of a job of /api/compare.")] = None


class FinishedJob(Struct, frozen=True, kw_only=True):
    """The answer to `Prefer: wait` where the job ended in time: what 202 would have said and the result."""

    job_id: str
    status: Status
    estimated_time: int
    warnings: list[str]
    images: list[str]
    outputs: list[Output]
    metadata: dict[str, Any]
    error: Failure | None
    comparison: Annotated[ComparisonAxes | None, Meta(description="Of a job of /api/compare.")] = None


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

    name: Literal["square", "portrait", "landscape"]
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
    samplers: list[SamplerOption]
    qualities: list[QualityOption]
    styles: list[StyleOption]
    formats: list[Format]
    known_words: list[str] | None


class Health(Struct, frozen=True):
    status: Literal["ok", "ready"]
