"""One example of each answer, for the OpenAPI document and its page."""

from litestar.openapi.spec import Example
from msgspec import Struct, to_builtins

from server.api.http.openapi_answers import AnswerSpec
from server.api.jobs import schemas
from server.api.loras import schemas as lora_schemas

JOB_ID = "0123456789abcdef0123456789abcdef"
PICTURE = f"https://studio.example.org/files/generations/{JOB_ID}/{JOB_ID}-1"
BASE_SHA256 = "2f1c8a5b" * 8
LORA_SHA256 = "9b0d3e77" * 8

REQUEST = {
    "prompt": "jade woman, red dress, beach sunset",
    "model_name": "jade",
    "num_images": 4,
    "quality": "high",
}
COMPARE_REQUEST = {
    "prompts": ["jade woman, red dress, beach sunset"],
    "seeds": [7, 8],
    "variants": [{"model_name": "jade-v1"}, {"model_name": "jade-v2", "model_weight": 0.7}, {"model_name": None}],
    "steps": 20,
}
REQUEST_IN_FULL = {
    **REQUEST,
    "negative_prompt": "blurry",
    "width": 256,
    "height": 256,
    "steps": 24,
    "guidance_scale": 6.5,
    "guidance_start": 0.1,
    "guidance_end": 0.8,
    "seed": 20261122,
    "sampler": "dpmpp_2m_karras",
    "model_weight": 0.8,
    "loras": [{"name": "amber-v1", "weight": 0.4}],
    "style": "sketch",
    "format": "png",
    "embed_parameters": "minimal",
}
METADATA = schemas.Metadata(
    prompt="red dress, beach sunset",
    final_prompt="jade woman, red dress, beach sunset",
    negative_prompt="low quality, blurry, distorted",
    model="jade-v1",
    loras=[schemas.UsedLora("jade-v1", 0.9, LORA_SHA256)],
    style=None,
    quality="high",
    num_images=1,
    steps=30,
    guidance_scale=7.0,
    guidance_start=0.0,
    guidance_end=1.0,
    width=256,
    height=256,
    seed=20261122,
    sampler="euler",
    format="jpeg",
    embed_parameters="full",
    base_model=schemas.UsedBaseModel("lora-studio-demo", BASE_SHA256),
)
OUTPUT = schemas.Output(
    id=f"{JOB_ID}-1",
    index=0,
    url=f"{PICTURE}.jpg",
    thumbnail_url=f"{PICTURE}.jpg",
    seed=20261122,
    width=256,
    height=256,
    content_type="image/jpeg",
    bytes=14210,
    filename="red-dress-beach-sunset-20261122.jpg",
    download_url=f"https://studio.example.org/api/images/{JOB_ID}-1/download",
)
ACCEPTED = schemas.Accepted(
    job_id=JOB_ID, status="queued", estimated_time=5, warnings=["the demo model does not know: astronaut"]
)
STATE = schemas.JobState(
    job_id=JOB_ID,
    status="processing",
    progress=0.63,
    images_completed=1,
    images_total=4,
    queue_position=0,
    estimated_time=2,
    error=None,
)
CANCELLED = schemas.JobState(
    job_id=JOB_ID,
    status="cancelled",
    progress=0.25,
    images_completed=1,
    images_total=4,
    queue_position=0,
    estimated_time=0,
    error=None,
)
RESULT = schemas.Result(job_id=JOB_ID, status="completed", images=[OUTPUT.url], outputs=[OUTPUT], metadata=METADATA)
FINISHED = schemas.FinishedJob(
    job_id=JOB_ID,
    status="completed",
    estimated_time=0,
    warnings=[],
    images=[OUTPUT.url],
    outputs=[OUTPUT],
    metadata=METADATA,
    error=None,
)
LORAS = lora_schemas.Loras(
    [
        lora_schemas.LoraOption(
            label="jade-v1",
            name="jade",
            version="1",
            sha256=LORA_SHA256,
            short_hash="0123456789ab",
            trigger="jade woman",
            title="jade-v1",
            base_model="lora-studio-demo",
            rank=12,
            num_modules=76,
            has_text_encoder=True,
            bytes=571_344,
            weight=None,
            is_default=True,
            is_pinned=False,
            resident=True,
            times_used=1204,
            file="jade-v1.safetensors",
            ignored=[
                lora_schemas.IgnoredPart(
                    "bundle_emb.jade.string_to_param.*", 2, "a text embedding is no part of a LoRA"
                )
            ],
            few_steps=None,
        )
    ],
    [
        lora_schemas.LeftOut(
            "film.safetensors", "it cannot be applied: RuntimeError: mat1 and mat2 shapes cannot be multiplied"
        )
    ],
)
LORA_DETAIL = lora_schemas.LoraDetail(
    lora=LORAS.loras[0],
    file_trigger="jade woman",
    file_weight=None,
    file_few_steps=None,
    metadata={"modelspec.title": "jade-v1", "modelspec.trigger_phrase": "jade woman", "ss_network_dim": "12"},
    loaded_at=1_780_000_000.0,
    failure=None,
)
RELOADED = lora_schemas.Reloaded(
    added=["jade-v2"],
    updated=[],
    removed=[],
    unchanged=["amber-v1", "jade-v1"],
    rejected=[
        lora_schemas.LeftOut(
            "jade-v3.safetensors", "unet.mid_block.to_q.lora_B.weight holds numbers that are not finite"
        )
    ],
    pending=[lora_schemas.LeftOut("amber-v2.safetensors.part", "it is still being written")],
    elapsed_ms=18.4,
)
OPTIONS = schemas.Options(
    base_model="lora-studio-demo",
    base_model_sha256=BASE_SHA256,
    is_demo=True,
    native_width=256,
    native_height=256,
    shapes=[
        schemas.ShapeOption("square", 256, 256),
        schemas.ShapeOption("portrait", 208, 304),
        schemas.ShapeOption("landscape", 304, 208),
    ],
    bounds=schemas.Bounds(
        max_prompt_characters=2000,
        max_images=8,
        min_steps=1,
        max_steps=150,
        max_guidance_scale=30.0,
        max_lora_weight=20.0,
        max_seed=2**32 - 1,
        min_size=128,
        max_size=512,
        max_pixels=147_456,
        size_multiple=8,
    ),
    defaults=schemas.Defaults(
        model_name="jade",
        num_images=4,
        quality="high",
        guidance_scale=7.0,
        width=256,
        height=256,
        sampler="euler",
        negative_prompt="low quality, blurry, distorted",
        format="jpeg",
        lora_weight=0.9,
    ),
    image_to_image=schemas.ImageToImage(
        upscalers=["latent", "lanczos"],
        default_strength=0.6,
        default_upscale_strength=0.3,
        default_latent_strength=0.55,
        max_scale=4.0,
        max_extend=2048,
        max_pixels=262144,
        max_size=1024,
        max_asset_bytes=25_000_000,
    ),
    samplers=[schemas.SamplerOption("dpmpp_2m_karras", "DPM++ 2M", "Karras", 1, 150)],
    qualities=[schemas.QualityOption("high", 30)],
    styles=[schemas.StyleOption("sketch", "Sketch", "{prompt}, sketch", "", True)],
    formats=["jpeg", "png", "webp"],
    known_words=["beach", "dress", "red", "sunset", "woman"],
)
EVENTS = """event: progress
data: {"job_id":"0123456789abcdef0123456789abcdef","status":"processing","progress":0.21,"images_completed":0,\
"images_total":4,"queue_position":0,"estimated_time":4,"error":null}

event: preview
data: {"index":0,"image":"data:image/jpeg;base64,/9j/4AAQ"}

id: 1
event: image
data: {"id":"0123456789abcdef0123456789abcdef-1","index":0,"url":"https://studio.example.org/files/generations/\
0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef-1.jpg"}

id: 5
event: completed
data: {"job_id":"0123456789abcdef0123456789abcdef","status":"completed","images_completed":4,"images_total":4,\
"error":null}
"""


def file(media_type: str, description: str) -> AnswerSpec:
    """An answer that is a file's bytes."""
    return AnswerSpec(
        bytes,
        generate_examples=False,
        description=description,
        media_type=media_type,  # pyright: ignore[reportArgumentType]  # any media type works
        examples=[Example("bytes", value="(the file's bytes)")],
    )


def events(name: str, example: str) -> AnswerSpec:
    """A stream of server-sent events."""
    return AnswerSpec(
        str,
        generate_examples=False,
        description="The events",
        media_type="text/event-stream",  # pyright: ignore[reportArgumentType]  # any media type works
        examples=[Example(name, value=example)],
    )


def nothing(description: str) -> dict[int, AnswerSpec]:
    """An answer without a body."""
    return {204: AnswerSpec(None, generate_examples=False, description=description)}


def answers(example: Struct, description: str) -> AnswerSpec:
    """A JSON answer with its example."""
    return AnswerSpec(
        type(example),
        generate_examples=False,
        description=description,
        examples=[Example("example", value=to_builtins(example))],
    )
