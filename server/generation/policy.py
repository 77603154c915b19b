"""From a request to a `JobDraft`: fills in every default and checks every bound that depends on model and caller.
Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from msgspec import UNSET

from pipelines.denoise.samplers import SAMPLERS
from pipelines.model.info import ModelInfo
from pipelines.spec import ImageSpec, Output, Sampling, seed_at
from server.errors import FieldError, InvalidRequest
from server.generation.expansion import expanded
from server.generation.prompt_errors import negative_prompt_errors, prompt_errors, reading_errors
from server.generation.requests import (
    MAX_IMAGES,
    MAX_STEPS,
    RANDOM_SEED,
    CompareRequest,
    CompareVariant,
    ExtraLora,
    GenerateRequest,
    ImageFields,
    Quality,
)
from server.generation.sources import (
    SizeBounds,
    SourceAssets,
    asset_errors,
    missing_upscalers,
    pass_errors,
    passes_of,
    source_errors,
    source_of,
)
from server.generation.styles import STYLES
from server.generation.upscalers import UPSCALERS
from server.generation.variants import Wildcards
from server.loras.prompt_tags import lora_tags
from server.queue.errors import BaseModelChanged
from server.queue.grid import MAX_CELLS, Axes
from server.queue.model import BaseModelRef, ImageDraft, JobDraft, JobView, LoraChoice, LoraChoices, Requester

STEPS: Mapping[Quality, int] = {"low": 12, "medium": 20, "high": 30}
GUIDANCE_SCALE = 7.0
NEGATIVE_PROMPT = "low quality, blurry, distorted"
SAMPLER = "euler"
FORMAT = "jpeg"
NO_LORA = "base"
NO_ASSETS = SourceAssets()
MAX_HIRES_FACTOR = 4
"""An image of a second pass, or an upscaled one, has up to so many times the pixels of the native size."""
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
    """What requests may ask for and what they get where they do not say. `default_model` follows the LoRAs that exist,
    `upscalers` and `wildcards` their folders; `base` learns its hash when the model has been hashed."""

    model: ModelInfo
    default_model: str
    base: BaseModelRef
    embed_parameters: str = "full"
    users: RequestBounds = RequestBounds()
    anonymous: RequestBounds = RequestBounds()
    upscalers: Sequence[str] = UPSCALERS
    wildcards: Wildcards = field(default_factory=dict[str, Sequence[str]])

    def bounds(self, requester: Requester) -> RequestBounds:
        """Of one job of this caller."""
        return self.anonymous if requester.is_anonymous else self.users

    def sizes(self, requester: Requester) -> SizeBounds:
        """Of one image of this caller."""
        model, operators = self.model, self.bounds(requester).max_pixels
        most, most_hires = model.max_pixels, MAX_HIRES_FACTOR * model.native_width * model.native_height
        return SizeBounds(model, min(most, operators or most), min(most_hires, operators or most_hires))

    def generate(
        self,
        request: GenerateRequest,
        requester: Requester,
        random_seed: int,
        assets: SourceAssets = NO_ASSETS,
    ) -> JobDraft:
        """Raises InvalidRequest. The accepting transaction resolves the LoRA names."""
        seed = random_seed if request.seed in (None, RANDOM_SEED) else seed_at(request.seed, 0)
        spec = self._spec(request, requester, request.prompt.strip(), seed, assets)
        choices = _choices(self._model_name(request), request, "")
        seeds = [seed_at(seed, n) for n in range(min(request.num_images, MAX_IMAGES))]
        prompts = self._expanded("prompt", request.prompt.strip(), seeds, request)
        negatives = self._expanded("negative_prompt", spec.negative_prompt, seeds, request)
        errors = [
            *_read_errors("prompt", prompts, negatives, len(request.loras or ()), spec),
            *_weight_errors("", request.model_weight, choices),
            *self._errors(spec, request, requester, assets),
            *_num_images_errors(request.num_images, self.bounds(requester)),
        ]
        if errors:
            raise InvalidRequest(errors)
        images = (
            ImageDraft(_worded(spec, prompt, negative, own), _with_tags(choices, prompt, "prompt"))
            for prompt, negative, own in zip(prompts, negatives, seeds, strict=True)
        )
        return JobDraft("generate", requester, spec.prompt, tuple(images), _as_sent(request), assets=assets.fields())

    def compare(self, request: CompareRequest, requester: Requester, assets: SourceAssets = NO_ASSETS) -> JobDraft:
        """Raises InvalidRequest."""
        prompts = tuple(prompt.strip() for prompt in request.prompts)
        seeds = tuple(seed_at(seed, 0) for seed in request.seeds)
        spec = self._spec(request, requester, prompts[0], seeds[0], assets)
        cells = [self._expanded(f"prompts[{n}]", prompt, seeds, request) for n, prompt in enumerate(prompts)]
        negatives = self._expanded("negative_prompt", spec.negative_prompt, seeds, request)
        columns = tuple(
            _choices(variant.model_name, variant, f"variants[{n}].") for n, variant in enumerate(request.variants)
        )
        errors = [
            *_grid_errors(request, seeds, self.bounds(requester)),
            *_cell_errors(request, cells, negatives, spec),
            *self._errors(spec, request, requester, assets),
        ]
        if errors:
            raise InvalidRequest(errors)
        images = tuple(
            ImageDraft(_worded(spec, prompt, negative, seed), _with_tags(choices, prompt, f"prompts[{n}]"))
            for n, row in enumerate(cells)
            for prompt, negative, seed in zip(row, negatives, seeds, strict=True)
            for choices in columns
        )
        axes = Axes(prompts, seeds, ())  # the accepting transaction labels the variants
        return JobDraft(
            "compare", requester, "\n".join(prompts), images, _as_sent(request), axes, columns, assets=assets.fields()
        )

    def repeat(self, job: JobView, requester: Requester, seed: int) -> JobDraft:
        """The job's specs again, from this seed on. Raises InvalidRequest and BaseModelChanged."""
        if job.axes is not None:
            allowed = "a job of /api/generate; send a comparison to /api/compare once more"
            raise InvalidRequest([FieldError("job_id", "this job is a comparison", allowed)])
        if job.base.sha256 != self.base.sha256:
            raise BaseModelChanged(job.base.name, self.base.name)
        images = tuple(ImageDraft(spec.with_seed(seed_at(seed, n))) for n, spec in enumerate(job.specs))
        self._check_made(job.first, len(images), requester)
        asked = {"repeats": job.job_id}
        assets = dict.fromkeys(_assets_of(job.first), "job_id")
        return JobDraft("generate", requester, job.prompt, images, asked, repeats=job.job_id, assets=assets)

    def from_image(
        self,
        job: JobView,
        spec: ImageSpec,
        requester: Requester,
        num_images: int,
        asked: Mapping[str, Any],
    ) -> JobDraft:
        """A spec made from an image of the job (vary, upscale, extend). Raises InvalidRequest and BaseModelChanged."""
        if job.base.sha256 != self.base.sha256:
            raise BaseModelChanged(job.base.name, self.base.name)
        self._check_made(spec, num_images, requester)
        seed = spec.sampling.seed
        images = tuple(ImageDraft(spec.with_seed(seed_at(seed, n))) for n in range(num_images))
        assets = dict.fromkeys(_assets_of(spec), "image_id")
        return JobDraft("generate", requester, spec.prompt, images, asked, assets=assets)

    def _check_made(self, spec: ImageSpec, num_images: int, requester: Requester) -> None:
        """Bounds may have been lowered since an image was made. Raises InvalidRequest."""
        bounds = self.bounds(requester)
        errors = [
            *pass_errors(spec, self.sizes(requester), ("scale", "scale")),
            *missing_upscalers(spec, self.upscalers),
            *_num_images_errors(num_images, bounds),
            *_steps_errors(spec, bounds),
            *reading_errors("prompt", spec.prompt, spec),
        ]
        if errors:
            raise InvalidRequest(errors)

    def _spec(
        self, request: ImageFields, requester: Requester, prompt: str, seed: int, assets: SourceAssets
    ) -> ImageSpec:
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
            passes=passes_of(request, assets, sampling.steps, self.sizes(requester)),
            source=source_of(request, assets),
            output=Output(**_taken(request, Output, defaults)),
            style=request.style,
            quality=request.quality,
        )

    def _expanded(self, field: str, prompt: str, seeds: Sequence[int], request: ImageFields) -> list[str]:
        return expanded(field, prompt, seeds, request.expansion, request.prompt_syntax, self.wildcards)

    def _model_name(self, request: GenerateRequest) -> str | None:
        return self.default_model if request.model_name is UNSET else request.model_name

    def _errors(
        self, spec: ImageSpec, request: ImageFields, requester: Requester, assets: SourceAssets
    ) -> Iterator[FieldError]:
        if spec.sampling.guidance_start > spec.sampling.guidance_end:
            allowed = f"from {spec.sampling.guidance_start:g} (guidance_start) to 1"
            yield FieldError("guidance_end", f"{spec.sampling.guidance_end:g} lies before guidance_start", allowed)
        if spec.style is not None and spec.style not in STYLES:
            yield FieldError("style", f"{spec.style!r} is not known", "null or one of " + ", ".join(STYLES))
        yield from _sampler_errors(spec, "steps" if request.steps else "quality")
        yield from source_errors(request, self.upscalers)
        yield from asset_errors(request, assets)
        yield from pass_errors(spec, self.sizes(requester))
        yield from _steps_errors(spec, self.bounds(requester))


def default_that_fits(wanted: str, names: Sequence[str], labels: Sequence[str]) -> str:
    """The operator's default where there is such a LoRA, else none: a LoRA that the operator did not choose is in no
    image."""
    return wanted if wanted in names or wanted in labels else NO_LORA


def _assets_of(spec: ImageSpec) -> list[str]:
    """SHA-256 of what the image is made from."""
    source = spec.source
    if source is None:
        return []
    return [source.sha256, *([source.mask.sha256] if source.mask and source.mask.sha256 else [])]


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


def _worded(spec: ImageSpec, prompt: str, negative_prompt: str, seed: int) -> ImageSpec:
    return msgspec.structs.replace(spec, prompt=prompt, negative_prompt=negative_prompt).with_seed(seed)


def _read_errors(
    field: str, prompts: Sequence[str], negatives: Sequence[str], num_loras: int, spec: ImageSpec
) -> Iterator[FieldError]:
    """Of the prompts of all images, each problem once."""
    errors = [error for prompt in dict.fromkeys(prompts) for error in prompt_errors(field, prompt, num_loras, spec)]
    errors += [error for negative in dict.fromkeys(negatives) for error in negative_prompt_errors(negative, spec)]
    yield from dict.fromkeys(errors)


def _cell_errors(
    request: CompareRequest, cells: Sequence[Sequence[str]], negatives: Sequence[str], spec: ImageSpec
) -> Iterator[FieldError]:
    num_loras = max(len(variant.loras or ()) for variant in request.variants)
    for n, row in enumerate(cells):
        yield from _read_errors(f"prompts[{n}]", row, negatives if n == 0 else (), num_loras, spec)


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
    for n, variant in enumerate(request.variants):
        choices = _choices(variant.model_name, variant, "")
        yield from _weight_errors(f"variants[{n}].", variant.model_weight, choices)


def _weight_errors(path: str, model_weight: float | None, choices: LoraChoices) -> Iterator[FieldError]:
    if model_weight is not None and choices.model is None:
        allowed = "only together with a model_name that names a LoRA"
        yield FieldError(f"{path}model_weight", "there is no LoRA to weigh", allowed)


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
    allowed = f"a whole number from 1 to {bounds.max_steps} for this caller"
    for index in range(len(spec.passes)):
        if spec.steps(index) > bounds.max_steps:
            yield FieldError("hires.steps" if index else "steps", f"{spec.steps(index)} cannot be used", allowed)
