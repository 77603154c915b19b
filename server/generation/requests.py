"""What may be asked for, field by field. Every bound that does not depend on the model stands here only: the OpenAPI
document and the error texts are read off these types."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from pipelines.spec import MAX_LORA_WEIGHT, MAX_WRITTEN_SEED, PIXEL_UPSCALER
from server.generation.styles import STYLES
from server.loras.catalog import LORA_WEIGHT
from server.queue.grid import MAX_CELLS

MAX_PROMPT_CHARACTERS = 2000
MAX_IMAGES = 8
MAX_STEPS = 150
MAX_GUIDANCE_SCALE = 30.0
MAX_CLIP_SKIP = 11
MAX_EXTRA_LORAS = 8
MAX_LORA_NAME_CHARACTERS = 128
MAX_ENCODINGS = 64
SIZE_MULTIPLE_PX = 8
MAX_EXTEND_PX = 2048
MAX_BLUR_PX = 64.0
MAX_PADDING_PX = 1024
MAX_SCALE = 4.0
DEFAULT_STRENGTH = 0.6

Quality = Literal["low", "medium", "high"]
Format = Literal["jpeg", "png", "webp"]
EmbedParameters = Literal["full", "minimal", "none"]
PromptSyntax = Literal["a1111", "plain"]
Expansion = Literal["random", "combinatorial"]
Resize = Literal["crop", "stretch", "fill"]
MaskMode = Literal["soft", "hard"]
MaskContent = Literal["original", "fill", "noise"]

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
Steps = Annotated[
    int,
    Meta(
        ge=1,
        le=MAX_STEPS,
        description="Denoising steps; wins over quality. Default: those of a LoRA that is distilled to few, else of"
        " quality.",
    ),
]
Guidance = Annotated[
    float,
    Meta(
        ge=0,
        le=MAX_GUIDANCE_SCALE,
        description="Classifier-free guidance; 1 or less is off. Default: the LoRA's, else 7.",
    ),
]
Share = Annotated[float, Meta(ge=0, le=1)]
# msgspec's own bounds end at 2^63 - 1: server/api/http/validation.py checks this one.
_MAX_SEED_SCHEMA = {"maximum": MAX_WRITTEN_SEED}
RANDOM_SEED = -1
Seed = Annotated[
    int,
    Meta(
        ge=RANDOM_SEED,
        description="Picture n takes seed + n - 1. Absent or -1: random; the result has it. Up to 2^64 - 1: the lower"
        " 32 bits count, as for torch's CPU generator.",
        extra_json_schema=_MAX_SEED_SCHEMA,
    ),
]
GridSeed = Annotated[
    int,
    Meta(ge=0, description="Up to 2^64 - 1: the lower 32 bits count.", extra_json_schema=_MAX_SEED_SCHEMA),
]
Sampler = Annotated[str, Meta(max_length=64, description="One of /api/options. Default: the LoRA's, else euler.")]
NumImages = Annotated[int, Meta(ge=1, le=MAX_IMAGES, description="Pictures to make.")]


AssetId = Annotated[
    str,
    Meta(
        pattern="^[0-9a-f]{64}$",
        description="Of an image sent to /api/assets.",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    ),
]
ImageId = Annotated[
    str,
    Meta(
        pattern="^[0-9a-f]{32}-[0-9]{1,2}$",
        description="An image of yours.",
        examples=["0123456789abcdef0123456789abcdef-1"],
    ),
]
Strength = Annotated[
    float,
    Meta(
        gt=0,
        le=1,
        description="How much changes: this share of the steps is taken. 0.3 keeps the composition, 0.9 little of it.",
        examples=[0.6],
    ),
]
ExtendPx = Annotated[
    int,
    Meta(ge=0, le=MAX_EXTEND_PX, multiple_of=SIZE_MULTIPLE_PX, description="Pixels to add at this side."),
]


class InitImage(Struct, frozen=True, forbid_unknown_fields=True):
    """The image to start from: an `asset_id` or a `from_image`. Without `width` and `height` the result has its size,
    as far as the model can make it."""

    asset_id: AssetId | None = None
    from_image: ImageId | None = None
    strength: Strength = DEFAULT_STRENGTH
    resize: Annotated[
        Resize,
        Meta(description="To another size: cut what is too much, stretch, or fill up with the colors of the edge."),
    ] = "crop"
    upscaler: (
        Annotated[
            str,
            Meta(
                max_length=128,
                description="Enlarges the image to `width` x `height`, which may be as large as a second pass: one of"
                " /api/options, but latent.",
            ),
        ]
        | None
    ) = None


class MaskImage(Struct, frozen=True, forbid_unknown_fields=True):
    """What is repainted: the white parts of an image of the same size as the init image. The rest stays, pixel for
    pixel."""

    asset_id: AssetId
    mode: Annotated[
        MaskMode,
        Meta(description="soft: gray parts and the edge change less. hard: each latent pixel changes or does not."),
    ] = "soft"
    blur: Annotated[
        float, Meta(ge=0, le=MAX_BLUR_PX, description="Width of the soft edge: standard deviation in pixels.")
    ] = 4.0
    padding: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=MAX_PADDING_PX,
                description="Make only the masked area and so many pixels around it, at `width` x `height`, and paste"
                " it into the init image. Null: the whole picture.",
            ),
        ]
        | None
    ) = None
    content: Annotated[
        MaskContent, Meta(description="What the masked area begins with: the image, the colors around it, or noise.")
    ] = "original"
    invert: Annotated[bool, Meta(description="Repaint the black parts.")] = False


class Extension(Struct, frozen=True, forbid_unknown_fields=True):
    """Pixels to add around the init image."""

    left: ExtendPx = 0
    right: ExtendPx = 0
    top: ExtendPx = 0
    bottom: ExtendPx = 0


class Hires(Struct, frozen=True, forbid_unknown_fields=True):
    """A second pass at a larger size: `scale`, or `width` and `height`."""

    scale: Annotated[float, Meta(gt=1, le=MAX_SCALE, description="Default 2.")] | None = None
    width: Size | None = None
    height: Size | None = None
    upscaler: Annotated[
        str, Meta(max_length=128, description="Between the passes: one of /api/options. latent needs more strength.")
    ] = PIXEL_UPSCALER
    steps: Annotated[Steps, Meta(description="Of the second pass. Default: as many as the first.")] | None = None
    strength: Annotated[Strength, Meta(description="Of the second pass. Default: see /api/options.")] | None = None


class ExtraLora(Struct, frozen=True, forbid_unknown_fields=True):
    """A further LoRA: `jade` is its newest version, `jade-v1` exactly that one."""

    name: LoraName
    weight: Annotated[float, Meta(ge=-MAX_LORA_WEIGHT, le=MAX_LORA_WEIGHT)] | None = None


class ImageFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters that all images of a request share. A field that `Sampling` or `Output` (pipelines/spec.py) has
    under the same name goes into the spec by itself; None takes the default of the policy."""

    quality: Annotated[Quality, Meta(description="12, 20 or 30 steps.")] = "high"
    negative_prompt: NegativePrompt | None = None
    width: Size | None = None
    height: Size | None = None
    steps: Steps | None = None
    guidance_scale: Guidance | None = None
    guidance_start: Annotated[Share, Meta(description="Guidance works from this share of the way on. Default 0.")] = 0.0
    guidance_end: Annotated[Share, Meta(description="And up to this share; 1: to the end. Default 1.")] = 1.0
    clip_skip: Annotated[
        int,
        Meta(
            ge=0,
            le=MAX_CLIP_SKIP,
            description="Leave out so many more of the text encoders' last layers for the prompt; in the counting of"
            " A1111 and Civitai, it is one more. A model with fewer layers uses its first. Default 0.",
        ),
    ] = 0
    prompt_syntax: Annotated[
        PromptSyntax,
        Meta(
            description="a1111: `[from:to:0.5]`, `[a|b]` and BREAK in both prompts mean what they mean in A1111's web"
            " UI, `{a|b}` and `__name__` are expanded. plain: they are text. Weights and LoRAs work in both. Default"
            " a1111."
        ),
    ] = "a1111"
    expansion: Annotated[
        Expansion,
        Meta(
            description="What `{a|b}` and `__name__` become. random: by the picture's seed. combinatorial: the first"
            " combination in the first picture, the next one in the second. Default random."
        ),
    ] = "random"
    sampler: Sampler | None = None
    style: StyleName | None = None
    format: Annotated[Format, Meta(description="File format. Default jpeg.")] | None = None
    embed_parameters: (
        Annotated[
            EmbedParameters,
            Meta(
                description="What the files contain about their making: all parameters, all but your words and"
                " settings, or nothing. Default: the operator's setting, as a rule full."
            ),
        ]
        | None
    ) = None
    init: Annotated[InitImage, Meta(description="The image to start from.")] | None = None
    mask: Annotated[MaskImage, Meta(description="The part of the init image that changes.")] | None = None
    extend: Annotated[Extension, Meta(description="Add to the sides of the init image.")] | None = None
    hires: Annotated[Hires, Meta(description="Make it larger in a second pass. Not together with init.")] | None = None


class GenerateRequest(ImageFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job: one prompt, one or more pictures."""

    prompt: Prompt
    model_name: ModelName | UnsetType | None = UNSET
    model_weight: ModelWeight | None = None
    num_images: NumImages = 4
    seed: Seed | None = None
    loras: Annotated[list[ExtraLora], Meta(max_length=MAX_EXTRA_LORAS)] | None = None


class CompareVariant(Struct, frozen=True, forbid_unknown_fields=True):
    """A column: what `model_name`, `model_weight` and `loras` are to generate. Without any: the plain base model."""

    model_name: ModelName | None = None
    model_weight: ModelWeight | None = None
    loras: Annotated[list[ExtraLora], Meta(max_length=MAX_EXTRA_LORAS)] | None = None


class CompareRequest(ImageFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture for each prompt, seed and variant, 64 at most in all; everything else is the same for all."""

    prompts: Annotated[list[Prompt], Meta(min_length=1, max_length=MAX_CELLS)]
    seeds: Annotated[list[GridSeed], Meta(min_length=1, max_length=MAX_CELLS, description="Each once.")]
    variants: Annotated[list[CompareVariant], Meta(min_length=1, max_length=MAX_CELLS)]
