"""From a request to a `JobDraft`: fills in every default and checks every bound that depends on model and caller.
Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from msgspec import UNSET

from pipelines.denoise.samplers import SAMPLERS
from pipelines.model.info import ModelInfo
from pipelines.prompt.weights import read_weights
from pipelines.spec import ImageSpec, Output, Pass, Sampling, seed_at
from server.errors import FieldError, InvalidRequest
from server.generation.requests import (
    MAX_EXTRA_LORAS,
    MAX_IMAGES,
    MAX_LORA_NAME_CHARACTERS,
    MAX_LORA_WEIGHT,
    MAX_LOWERED_PARTS,
    MAX_STEPS,
    RANDOM_SEED,
    SIZE_MULTIPLE_PX,
    CompareRequest,
    CompareVariant,
    ExtraLora,
    GenerateRequest,
    ImageFields,
    Quality,
)
from server.generation.styles import STYLES
from server.loras.prompt_tags import lora_tags, without_lora_tags
from server.queue.errors import BaseModelChanged
from server.queue.grid import MAX_CELLS, Axes
from server.queue.model import BaseModelRef, ImageDraft, JobDraft, JobView, LoraChoice, LoraChoices, Requester

STEPS: Mapping[Quality, int] = {"low": 12, "medium": 20, "high": 30}
GUIDANCE_SCALE = 7.0
NEGATIVE_PROMPT = "low quality, blurry, distorted"
SAMPLER = "euler"
FORMAT = "jpeg"
NO_LORA = "base"
MAX_COMPARE_CHARACTERS = 16_000
"""Of the distinct prompts of one comparison: tokenizing them takes up to half a second."""


@dataclass(frozen=True, slots=True)
class RequestBounds:
    """The operator's bounds of one job. `max_pixels` None: the base model's."""

    max_images: int = MAX_IMAGES
    max_steps: int = MAX_STEPS
    max_pixels: int | None = None

    def and_at_most(self, other: "RequestBounds") -> "RequestBounds":
        """The lower of each."""
        pixels = [px for px in (self.max_pixels, other.max_pixels) if px is not None]
        return RequestBounds(
            min(self.max_images, other.max_images), min(self.max_steps, other.max_steps), min(pixels, default=None)
        )


@dataclass(slots=True)
class RequestPolicy:
    """What requests may ask for and what they get where they do not say. `default_model` follows the LoRAs that exist;
    `base` learns its hash when the model has been hashed."""

    model: ModelInfo
    default_model: str
    base: BaseModelRef
    embed_parameters: str = "full"
    users: RequestBounds = RequestBounds()
    anonymous: RequestBounds = RequestBounds()

    def bounds(self, requester: Requester) -> RequestBounds:
        """Of one job of this caller."""
        return self.anonymous if requester.is_anonymous else self.users

    def max_pixels(self, requester: Requester) -> int:
        return min(self.model.max_pixels, self.bounds(requester).max_pixels or self.model.max_pixels)

    def generate(self, request: GenerateRequest, requester: Requester, random_seed: int) -> JobDraft:
        """Raises InvalidRequest. The accepting transaction resolves the LoRA names."""
        seed = random_seed if request.seed in (None, RANDOM_SEED) else seed_at(request.seed, 0)
        spec = self._spec(request, requester, request.prompt.strip(), seed)
        choices = _choices(self._model_name(request), request, "")
        errors = [
            *_prompt_errors("prompt", request.prompt, len(request.loras or ())),
            *_weight_errors("", request.model_weight, choices),
            *self._errors(spec, request, requester),
            *_num_images_errors(request.num_images, self.bounds(requester)),
        ]
        if errors:
            raise InvalidRequest(errors)
        choices = _with_tags(choices, request.prompt, "prompt")
        images = (ImageDraft(spec.with_seed(seed_at(seed, n)), choices) for n in range(request.num_images))
        return JobDraft("generate", requester, spec.prompt, tuple(images), _as_sent(request))

    def compare(self, request: CompareRequest, requester: Requester) -> JobDraft:
        """Raises InvalidRequest."""
        prompts = tuple(prompt.strip() for prompt in request.prompts)
        seeds = tuple(seed_at(seed, 0) for seed in request.seeds)
        spec = self._spec(request, requester, prompts[0], seeds[0])
        columns = tuple(
            _choices(variant.model_name, variant, f"variants[{n}].") for n, variant in enumerate(request.variants)
        )
        errors = [
            *_grid_errors(request, seeds, self.bounds(requester)),
            *self._errors(spec, request, requester),
        ]
        if errors:
            raise InvalidRequest(errors)
        images = tuple(
            ImageDraft(
                msgspec.structs.replace(spec, prompt=prompt).with_seed(seed),
                _with_tags(choices, prompt, f"prompts[{n}]"),
            )
            for n, prompt in enumerate(prompts)
            for seed in seeds
            for choices in columns
        )
        axes = Axes(prompts, seeds, ())  # the accepting transaction labels the variants
        return JobDraft("compare", requester, "\n".join(prompts), images, _as_sent(request), axes, columns)

    def repeat(self, job: JobView, requester: Requester, seed: int) -> JobDraft:
        """The job's specs again, from this seed on. Raises InvalidRequest and BaseModelChanged."""
        if job.axes is not None:
            allowed = "a job of /api/generate; send a comparison to /api/compare once more"
            raise InvalidRequest([FieldError("job_id", "this job is a comparison", allowed)])
        if job.base.sha256 != self.base.sha256:
            raise BaseModelChanged(job.base.name, self.base.name)
        bounds = self.bounds(requester)
        errors = [
            *self._size_errors(job.first, requester),
            *_num_images_errors(len(job.specs), bounds),
            *_steps_errors(job.first, bounds),
        ]
        if errors:
            raise InvalidRequest(errors)
        images = tuple(ImageDraft(spec.with_seed(seed_at(seed, n))) for n, spec in enumerate(job.specs))
        return JobDraft("generate", requester, job.prompt, images, {"repeats": job.job_id}, repeats=job.job_id)

    def _spec(self, request: ImageFields, requester: Requester, prompt: str, seed: int) -> ImageSpec:
        style = STYLES.get(request.style or "")
        negative_prompt = NEGATIVE_PROMPT if request.negative_prompt is None else request.negative_prompt
        defaults = {
            "steps": min(STEPS[request.quality], self.bounds(requester).max_steps),
            "guidance_scale": GUIDANCE_SCALE,
            "sampler": SAMPLER,
            "format": FORMAT,
            "embed_parameters": self.embed_parameters,
        }
        sampling = Sampling(**_taken(request, Sampling, defaults), seed=seed)
        return ImageSpec(
            prompt=prompt,
            negative_prompt=style.add_negative(negative_prompt) if style else negative_prompt,
            sampling=sampling,
            passes=(Pass(request.width or self.model.native_width, request.height or self.model.native_height),),
            output=Output(**_taken(request, Output, defaults)),
            style=request.style,
            quality=request.quality,
        )

    def _model_name(self, request: GenerateRequest) -> str | None:
        return self.default_model if request.model_name is UNSET else request.model_name

    def _errors(self, spec: ImageSpec, request: ImageFields, requester: Requester) -> Iterator[FieldError]:
        yield from _negative_prompt_errors(request.negative_prompt)
        if spec.sampling.guidance_start > spec.sampling.guidance_end:
            allowed = f"from {spec.sampling.guidance_start:g} (guidance_start) to 1"
            yield FieldError("guidance_end", f"{spec.sampling.guidance_end:g} lies before guidance_start", allowed)
        if spec.style is not None and spec.style not in STYLES:
            yield FieldError("style", f"{spec.style!r} is not known", "null or one of " + ", ".join(STYLES))
        yield from _sampler_errors(spec, "steps" if request.steps else "quality")
        yield from self._size_errors(spec, requester)
        yield from _steps_errors(spec, self.bounds(requester))

    def _size_errors(self, spec: ImageSpec, requester: Requester) -> Iterator[FieldError]:
        info, max_pixels = self.model, self.max_pixels(requester)
        allowed = f"a multiple of {SIZE_MULTIPLE_PX} from {info.min_size_px} to {info.max_size_px}"
        sides = {"width": spec.width, "height": spec.height}
        wrong = {name: px for name, px in sides.items() if not info.min_size_px <= px <= info.max_size_px}
        for name, px in wrong.items():
            yield FieldError(name, f"{px} is outside what {info.name} can make", allowed)
        if not wrong and spec.num_px > max_pixels:
            size = f"{spec.width} x {spec.height}"
            yield FieldError("width", f"{size} is too much", f"width times height up to {max_pixels:,}")


def default_that_fits(wanted: str, names: Sequence[str], labels: Sequence[str]) -> str:
    """The operator's default where there is such a LoRA, else the first by name, else none."""
    if wanted == NO_LORA or wanted in names or wanted in labels:
        return wanted
    return min(names, default=NO_LORA)


def _taken(request: ImageFields, part: type[msgspec.Struct], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `part` that the request has under the same name; None takes the default."""
    named = {name: getattr(request, name) for name in part.__struct_fields__ if hasattr(request, name)}
    return {
        name: defaults.get(name) if value is None else value
        for name, value in named.items()
        if name != "seed"  # each image has its own
    }


def _as_sent(request: ImageFields) -> dict[str, Any]:
    """Without the fields that were left out."""
    sent: dict[str, Any] = msgspec.to_builtins(request)
    return {name: value for name, value in sent.items() if value is not None}


def _choices(model_name: str | None, source: GenerateRequest | CompareVariant, path: str) -> LoraChoices:
    """`path` leads to the source's fields in the request."""
    model = None
    if model_name not in (None, NO_LORA):
        model = LoraChoice(model_name, source.model_weight, f"{path}model_name")
    loras: list[ExtraLora] = source.loras or []
    others = (LoraChoice(lora.name, lora.weight, f"{path}loras[{n}].name") for n, lora in enumerate(loras))
    return LoraChoices(model, tuple(others))


def _with_tags(choices: LoraChoices, prompt: str, field: str) -> LoraChoices:
    """And the LoRAs that the prompt names; `field` is its place in the request."""
    tagged = (LoraChoice(tag.name, tag.number, field) for tag in lora_tags(prompt))
    return replace(choices, others=(*choices.others, *tagged))


def _grid_errors(request: CompareRequest, seeds: Sequence[int], bounds: RequestBounds) -> Iterator[FieldError]:
    num_cells = len(request.prompts) * len(request.seeds) * len(request.variants)
    max_cells = MAX_CELLS if bounds.max_images >= MAX_IMAGES else bounds.max_images
    if num_cells > max_cells:
        allowed = f"prompts times seeds times variants up to {max_cells}"
        yield FieldError("variants", f"{num_cells} pictures are too many", allowed)
    if len(set(seeds)) < len(seeds):
        allowed = "each seed once; of a seed from 2^32 on the lower 32 bits count"
        yield FieldError("seeds", "a seed occurs twice", allowed)
    num_characters = sum(map(len, set(request.prompts)))
    if num_characters > MAX_COMPARE_CHARACTERS:
        allowed = f"up to {MAX_COMPARE_CHARACTERS:,} characters in all prompts together"
        yield FieldError("prompts", f"{num_characters:,} characters are too many", allowed)
    num_loras = max(len(variant.loras or ()) for variant in request.variants)
    for n, prompt in enumerate(request.prompts):
        yield from _prompt_errors(f"prompts[{n}]", prompt, num_loras)
    for n, variant in enumerate(request.variants):
        choices = _choices(variant.model_name, variant, "")
        yield from _weight_errors(f"variants[{n}].", variant.model_weight, choices)


def _weight_errors(path: str, model_weight: float | None, choices: LoraChoices) -> Iterator[FieldError]:
    if model_weight is not None and choices.model is None:
        allowed = "only together with a model_name that names a LoRA"
        yield FieldError(f"{path}model_weight", "there is no LoRA to weigh", allowed)


def _prompt_errors(field: str, prompt: str, num_loras: int) -> Iterator[FieldError]:
    """`num_loras` LoRAs are named outside the prompt."""
    tags = lora_tags(prompt)
    if tags and not without_lora_tags(prompt):
        yield FieldError(field, "there are no words besides the LoRAs", "some words")
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


def _negative_prompt_errors(negative_prompt: str | None) -> Iterator[FieldError]:
    if tags := lora_tags(negative_prompt or ""):
        allowed = "name LoRAs in the prompt or in loras: they work on the whole picture"
        yield FieldError("negative_prompt", f"{tags[0].text[:80]} cannot stand here", allowed)
    yield from _lowered_errors("negative_prompt", negative_prompt or "")


def _lowered_errors(field: str, prompt: str) -> Iterator[FieldError]:
    """Each part with a weight below 1 costs the text encoders another round."""
    num_lowered = sum(part.weight < 1 for part in read_weights(prompt))
    if num_lowered > MAX_LOWERED_PARTS:
        allowed = f"up to {MAX_LOWERED_PARTS} parts with a weight below 1"
        yield FieldError(field, f"{num_lowered} parts have a weight below 1", allowed)


def _sampler_errors(spec: ImageSpec, steps_field: str) -> Iterator[FieldError]:
    name, steps = spec.sampling.sampler, spec.sampling.steps
    sampler = SAMPLERS.get(name)
    if sampler is None:
        yield FieldError("sampler", f"{name!r} is not known", "one of " + ", ".join(SAMPLERS))
    elif not sampler.min_steps <= steps <= sampler.max_steps:
        allowed = f"from {sampler.min_steps} to {sampler.max_steps} steps"
        yield FieldError(steps_field, f"{steps} steps are not possible with {name}", allowed)


def _num_images_errors(num_images: int, bounds: RequestBounds) -> Iterator[FieldError]:
    if num_images > bounds.max_images:
        allowed = f"a whole number from 1 to {bounds.max_images} for this caller"
        yield FieldError("num_images", f"{num_images} cannot be used", allowed)


def _steps_errors(spec: ImageSpec, bounds: RequestBounds) -> Iterator[FieldError]:
    if spec.sampling.steps > bounds.max_steps:
        allowed = f"a whole number from 1 to {bounds.max_steps} for this caller"
        yield FieldError("steps", f"{spec.sampling.steps} cannot be used", allowed)
