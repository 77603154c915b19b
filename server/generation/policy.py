"""From a request to a `JobOrder`: every default filled in, every bound that depends on the model checked. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from msgspec import UNSET

from pipelines.denoise.samplers import SAMPLERS
from pipelines.model.info import ModelInfo
from pipelines.prompt.weights import read_weights
from server.api.auth.caller import Caller
from server.api.http.problems import (
    SETTINGS_GONE,
    FieldError,
    Problem,
    invalid,
)
from server.api.jobs.schemas import (
    MAX_EXTRA_LORAS,
    MAX_IMAGES,
    MAX_LORA_NAME_CHARACTERS,
    MAX_LORA_WEIGHT,
    MAX_LOWERED_PARTS,
    MAX_STEPS,
    SIZE_MULTIPLE_PX,
    Format,
    GenerateRequest,
    Quality,
)
from server.generation.styles import STYLES
from server.loras.prompt_tags import lora_tags, without_lora_tags
from server.loras.registry import LoraView
from server.loras.resolution import tagged
from server.queue.model import (
    BaseModelRef,
    JobOrder,
    JobView,
    LoraChoice,
    Pinned,
)

STEPS: Mapping[Quality, int] = {"low": 12, "medium": 20, "high": 30}
GUIDANCE_SCALE = 7.0
NEGATIVE_PROMPT = "low quality, blurry, distorted"
SAMPLER = "euler"
FORMAT: Format = "jpeg"
NO_LORA = "base"


@dataclass(frozen=True, slots=True)
class RequestBounds:
    """The operator's bounds of one job. `max_pixels` None: the base model's."""

    max_images: int = MAX_IMAGES
    max_steps: int = MAX_STEPS
    max_pixels: int | None = None

    def and_at_most(self, other: "RequestBounds") -> "RequestBounds":
        """The lower of each."""
        pixels = [each for each in (self.max_pixels, other.max_pixels) if each is not None]
        return RequestBounds(
            min(self.max_images, other.max_images), min(self.max_steps, other.max_steps), min(pixels, default=None)
        )


@dataclass(slots=True)
class Rules:
    """What orders depend on beside the request: the base model, the LoRA (or `base`) of a request that names none, how
    much files tell where it does not say. `default_model` follows the LoRAs that there are; `base` learns its hash when
    the model has been read."""

    model: ModelInfo
    default_model: str
    base: BaseModelRef
    embed_parameters: str = "full"
    users: RequestBounds = RequestBounds()
    anonymous: RequestBounds = RequestBounds()

    def bounds(self, caller: Caller) -> RequestBounds:
        """What this caller may ask of one job."""
        return self.anonymous if caller.is_anonymous else self.users

    def max_pixels(self, caller: Caller) -> int:
        return min(self.model.max_pixels, self.bounds(caller).max_pixels or self.model.max_pixels)


def default_that_fits(wanted: str, loras: Sequence[LoraView]) -> str:
    """The operator's default where there is such a LoRA, else the first by name, else none."""
    if wanted == NO_LORA or any(wanted in (lora.name, lora.label) for lora in loras):
        return wanted
    return min((lora.name for lora in loras), default=NO_LORA)


def fill_in(request: GenerateRequest, rules: Rules, caller: Caller, random_seed: int) -> JobOrder:
    """Raises Problem (400). LoRA names are resolved later, by the transaction that accepts the job."""
    info, bounds = rules.model, rules.bounds(caller)
    style = STYLES.get(request.style or "")
    negative_prompt = NEGATIVE_PROMPT if request.negative_prompt is None else request.negative_prompt
    order = JobOrder(
        owner=caller.owner,
        address=caller.address,
        key_id=caller.key_id,
        end_user=caller.end_user,
        prompt=request.prompt.strip(),
        negative_prompt=style.add_negative(negative_prompt) if style else negative_prompt,
        num_images=request.num_images,
        quality=request.quality,
        num_inference_steps=request.steps or min(STEPS[request.quality], bounds.max_steps),
        guidance_scale=GUIDANCE_SCALE if request.guidance_scale is None else request.guidance_scale,
        width=request.width or info.native_width,
        height=request.height or info.native_height,
        seed=random_seed if request.seed is None else request.seed,
        sampler=request.sampler or SAMPLER,
        image_format=request.format or FORMAT,
        model=_model(request, rules.default_model),
        loras=(
            *(LoraChoice(lora.name, lora.weight, f"loras[{n}].name") for n, lora in enumerate(request.loras or ())),
            *tagged(request.prompt, "prompt"),
        ),
        style=style,
        embed_parameters=request.embed_parameters or rules.embed_parameters,
        guidance_start=request.guidance_start,
        guidance_end=request.guidance_end,
    )
    errors = [
        *prompt_errors("prompt", request.prompt, len(request.loras or ())),
        *negative_prompt_errors(request.negative_prompt),
        *_choice_errors(order, request),
        *_sampler_errors(order, request),
        *_size_errors(order, info, rules.max_pixels(caller)),
        *_bound_errors(order, bounds),
    ]
    if errors:
        raise invalid(errors)
    return order


def repeat(job: JobView, rules: Rules, caller: Caller, seed: int) -> JobOrder:
    """The job's settings once more, its exact LoRAs included. Raises Problem (400, 409)."""
    if job.axes is not None:
        allowed = "a job of /api/generate; send a comparison to /api/compare once more"
        raise invalid([FieldError("job_id", "this job is a comparison", allowed)])
    told = job.metadata
    base = told["base_model"]
    if base["sha256"] != rules.base.sha256:
        detail = f"the job was made with the base model {base['name']}; the server now runs {rules.base.name}"
        raise Problem(SETTINGS_GONE, detail)
    loras = tuple((lora["name"], lora["sha256"], lora["weight"]) for lora in told["loras"])
    order = JobOrder(
        owner=caller.owner,
        address=caller.address,
        key_id=caller.key_id,
        end_user=caller.end_user,
        prompt=told["prompt"],
        negative_prompt=told["negative_prompt"],
        num_images=told["num_images"],
        quality=told["quality"],
        num_inference_steps=told["steps"],
        guidance_scale=told["guidance_scale"],
        width=told["width"],
        height=told["height"],
        seed=seed,
        sampler=told["sampler"],
        image_format=told["format"],
        model=None,
        style=STYLES.get(told["style"] or ""),
        embed_parameters=told["embed_parameters"],
        guidance_start=told["guidance_start"],
        guidance_end=told["guidance_end"],
        pinned=Pinned(job.job_id, told["final_prompt"], None if told["model"] == NO_LORA else told["model"], loras),
    )
    errors = [*_size_errors(order, rules.model, rules.max_pixels(caller)), *_bound_errors(order, rules.bounds(caller))]
    if errors:
        raise invalid(errors)
    return order


def _model(request: GenerateRequest, default: str) -> LoraChoice | None:
    name = default if request.model_name is UNSET else request.model_name
    return None if name in (None, NO_LORA) else LoraChoice(name, request.model_weight, "model_name")


def prompt_errors(field: str, prompt: str, num_loras: int) -> Iterator[FieldError]:
    """`num_loras` are named beside the prompt."""
    tags = lora_tags(prompt)
    if tags and not without_lora_tags(prompt):
        yield FieldError(field, "there are no words beside the LoRAs", "some words")
    for tag in tags:
        if not 1 <= len(tag.name) <= MAX_LORA_NAME_CHARACTERS:
            yield FieldError(field, f"{tag.text[:80]} names no LoRA", "<lora:name> or <lora:name:weight>")
        elif tag.weight is not None and (tag.number is None or abs(tag.number) > MAX_LORA_WEIGHT):
            allowed = f"a weight from -{MAX_LORA_WEIGHT:g} to {MAX_LORA_WEIGHT:g}, as in <lora:{tag.name}:0.8>"
            yield FieldError(field, f"{tag.text[:80]} has no usable weight", allowed)
    if tags and len(tags) + num_loras > MAX_EXTRA_LORAS:
        allowed = f"{MAX_EXTRA_LORAS} LoRAs at most, in the prompt and in loras together"
        yield FieldError(field, f"{len(tags) + num_loras} LoRAs are too many", allowed)
    yield from _lowered_errors(field, prompt)


def negative_prompt_errors(negative_prompt: str | None) -> Iterator[FieldError]:
    if tags := lora_tags(negative_prompt or ""):
        allowed = "name LoRAs in the prompt or in loras: they work on the whole picture"
        yield FieldError("negative_prompt", f"{tags[0].text[:80]} cannot stand here", allowed)
    yield from _lowered_errors("negative_prompt", negative_prompt or "")


def _lowered_errors(field: str, prompt: str) -> Iterator[FieldError]:
    """Each such part costs the text encoders another round."""
    num_lowered = sum(part.weight < 1 for part in read_weights(prompt))
    if num_lowered > MAX_LOWERED_PARTS:
        allowed = f"up to {MAX_LOWERED_PARTS} parts with a weight below 1"
        yield FieldError(field, f"{num_lowered} parts have a weight below 1", allowed)


def _choice_errors(order: JobOrder, request: GenerateRequest) -> Iterator[FieldError]:
    if request.model_weight is not None and order.model is None:
        yield FieldError("model_weight", "there is no LoRA to weigh", "only beside a model_name that names a LoRA")
    if order.guidance_start > order.guidance_end:
        allowed = f"from {order.guidance_start:g} (guidance_start) to 1"
        yield FieldError("guidance_end", f"{order.guidance_end:g} lies before guidance_start", allowed)
    if request.style is not None and order.style is None:
        yield FieldError("style", f"{request.style!r} is not known", "null or one of " + ", ".join(STYLES))


def _sampler_errors(order: JobOrder, request: GenerateRequest) -> Iterator[FieldError]:
    spec = SAMPLERS.get(order.sampler)
    if spec is None:
        yield FieldError("sampler", f"{order.sampler!r} is not known", "one of " + ", ".join(SAMPLERS))
    elif not spec.min_steps <= order.num_inference_steps <= spec.max_steps:
        where = "steps" if request.steps else "quality"
        yield FieldError(
            where,
            f"{order.num_inference_steps} steps are not possible with {order.sampler}",
            f"from {spec.min_steps} to {spec.max_steps} steps",
        )


def _bound_errors(order: JobOrder, bounds: RequestBounds) -> Iterator[FieldError]:
    if order.num_images > bounds.max_images:
        allowed = f"a whole number from 1 to {bounds.max_images} for this caller"
        yield FieldError("num_images", f"{order.num_images} cannot be used", allowed)
    if order.num_inference_steps > bounds.max_steps:
        allowed = f"a whole number from 1 to {bounds.max_steps} for this caller"
        yield FieldError("steps", f"{order.num_inference_steps} cannot be used", allowed)


def _size_errors(order: JobOrder, info: ModelInfo, max_pixels: int) -> Iterator[FieldError]:
    allowed = f"a multiple of {SIZE_MULTIPLE_PX} from {info.min_size_px} to {info.max_size_px}"
    sides = {"width": order.width, "height": order.height}
    wrong = {name: px for name, px in sides.items() if not info.min_size_px <= px <= info.max_size_px}
    for name, px in wrong.items():
        yield FieldError(name, f"{px} is outside what {info.name} can make", allowed)
    if not wrong and order.width * order.height > max_pixels:
        yield FieldError(
            "width", f"{order.width} x {order.height} is too much", f"width times height up to {max_pixels:,}"
        )
