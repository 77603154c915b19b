"""From a request to a `JobDraft`: fills in every default and checks every bound that depends on model and caller.
Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import UNSET

from pipelines.denoise.samplers import SAMPLERS
from pipelines.inversions.mentions import mentioned
from pipelines.lora.files.few_steps import FewSteps
from pipelines.model.info import ModelInfo
from pipelines.spec import A1111, EmbeddingRef, ImageSpec, Output, Sampling, seed_at
from server.errors import FieldError, InvalidRequest
from server.generation.bounds import (
    WIDEST,
    RequestBounds,
    grid_errors,
    grid_size_errors,
    num_images_errors,
    sampler_errors,
    steps_errors,
    weight_errors,
)
from server.generation.lora_choices import choices_of, few_steps_of, with_tags
from server.generation.prompt_errors import read_errors, reading_errors
from server.generation.requests import (
    MAX_IMAGES,
    RANDOM_SEED,
    CompareRequest,
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
from server.generation.varied.variants import Wildcards, expanded
from server.loras.prompt_tags import lora_tags, without_lora_tags
from server.moderation.banned_words import BannedWords
from server.queue.errors import BaseModelChanged
from server.queue.grid import Axes
from server.queue.model import BaseModelRef, ImageDraft, JobDraft, JobView, Requester

STEPS: Mapping[Quality, int] = {"low": 12, "medium": 20, "high": 30}
GUIDANCE_SCALE = 7.0
NEGATIVE_PROMPT = "low quality, blurry, distorted"
SAMPLER = "euler"
FORMAT = "jpeg"
NO_ASSETS = SourceAssets()
NO_FEW_STEPS: Mapping[str, FewSteps] = {}
MAX_HIRES_FACTOR = 4
"""An image of a second pass, or an upscaled one, has up to so many times the pixels of the native size."""


@dataclass(slots=True)
class RequestPolicy:
    """What requests may ask for and what they get where they do not say. `default_model` follows the LoRAs that exist,
    `upscalers`, `wildcards` and `embeddings` (by names in lower case) their folders; `base` learns its hash when the
    model has been hashed."""

    model: ModelInfo
    default_model: str
    base: BaseModelRef
    embed_parameters: str = "full"
    users: RequestBounds = WIDEST
    anonymous: RequestBounds = WIDEST
    upscalers: Sequence[str] = UPSCALERS
    wildcards: Wildcards = field(default_factory=dict[str, Sequence[str]])
    embeddings: Mapping[str, EmbeddingRef] = field(default_factory=dict[str, EmbeddingRef])
    banned: BannedWords = field(default_factory=BannedWords)
    moderation: str = "off"

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
        few_steps: Mapping[str, FewSteps] = NO_FEW_STEPS,
    ) -> JobDraft:
        """`few_steps`: how images with a LoRA are sampled, by each of its names. Raises InvalidRequest. The accepting
        transaction resolves the LoRA names."""
        seed = random_seed if request.seed in (None, RANDOM_SEED) else seed_at(request.seed, 0)
        choices = choices_of(self._model_name(request), request, "")
        seeds = [seed_at(seed, n) for n in range(min(request.num_images, MAX_IMAGES))]
        prompts = self._expanded("prompt", request.prompt.strip(), seeds, request)
        few = {prompt: few_steps_of(choices, prompt, few_steps) for prompt in prompts}
        specs = {
            each: self._spec(request, requester, request.prompt.strip(), seed, assets, each)
            for each in dict.fromkeys(few.values())
        }
        spec = specs[few[prompts[0]]]
        negatives = self._expanded("negative_prompt", spec.negative_prompt, seeds, request)
        errors = [
            *read_errors("prompt", prompts, negatives, len(request.loras or ()), spec),
            *self._banned_errors("prompt", prompts),
            *weight_errors("", request.model_weight, choices),
            *self._errors(spec, request, requester, assets),
            *num_images_errors(request.num_images, self.bounds(requester)),
        ]
        if errors:
            raise InvalidRequest(errors)
        images = (
            ImageDraft(self._worded(specs[few[prompt]], prompt, negative, own), with_tags(choices, prompt, "prompt"))
            for prompt, negative, own in zip(prompts, negatives, seeds, strict=True)
        )
        return JobDraft("generate", requester, spec.prompt, tuple(images), _as_sent(request), assets=assets.fields())

    def compare(
        self,
        request: CompareRequest,
        requester: Requester,
        assets: SourceAssets = NO_ASSETS,
        few_steps: Mapping[str, FewSteps] = NO_FEW_STEPS,
    ) -> JobDraft:
        """`few_steps`: as in `generate`; a cell takes those of its own LoRAs. Raises InvalidRequest."""
        if errors := list(grid_size_errors(request, self.bounds(requester))):
            raise InvalidRequest(errors)
        prompts = tuple(prompt.strip() for prompt in request.prompts)
        seeds = tuple(seed_at(seed, 0) for seed in request.seeds)
        cells = [self._expanded(f"prompts[{n}]", prompt, seeds, request) for n, prompt in enumerate(prompts)]
        columns = tuple(
            choices_of(variant.model_name, variant, f"variants[{n}].") for n, variant in enumerate(request.variants)
        )
        few = {
            (prompt, choices): few_steps_of(choices, prompt, few_steps)
            for row in cells
            for prompt in row
            for choices in columns
        }
        specs = {
            each: self._spec(request, requester, prompts[0], seeds[0], assets, each)
            for each in dict.fromkeys(few.values())
        }
        spec = next(iter(specs.values()))
        negatives = self._expanded("negative_prompt", spec.negative_prompt, seeds, request)
        errors = [
            *grid_errors(request, seeds),
            *self._cell_errors(request, cells, negatives, spec),
            *dict.fromkeys(
                error for spec in specs.values() for error in self._errors(spec, request, requester, assets)
            ),
        ]
        if errors:
            raise InvalidRequest(errors)
        images = tuple(
            ImageDraft(
                self._worded(specs[few[prompt, choices]], prompt, negative, seed),
                with_tags(choices, prompt, f"prompts[{n}]"),
            )
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
        self._check_made("job_id", job.first, len(images), requester)
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
        """A spec made from an image of the job (vary, upscale, extend). A prompt that the caller gives is read as any
        other, but for LoRAs, which are those of the image. Raises InvalidRequest and BaseModelChanged."""
        if job.base.sha256 != self.base.sha256:
            raise BaseModelChanged(job.base.name, self.base.name)
        specs = [spec.with_seed(seed_at(spec.sampling.seed, n)) for n in range(min(num_images, MAX_IMAGES))]
        is_own = asked.get("prompt") is not None
        if is_own:
            specs = self._reworded(specs)
        for each in {each.prompt: each for each in specs}.values():
            self._check_made("prompt" if is_own else "image_id", each, num_images, requester)
        assets = dict.fromkeys(_assets_of(spec), "image_id")
        return JobDraft("generate", requester, spec.prompt, tuple(map(ImageDraft, specs)), asked, assets=assets)

    def _reworded(self, specs: Sequence[ImageSpec]) -> list[ImageSpec]:
        """With the words that their new prompt becomes. Embeddings that they have keep their bytes. Raises
        InvalidRequest."""
        first = specs[0]
        for tag in lora_tags(first.prompt):
            allowed = "a prompt without LoRAs: they are those of the picture"
            raise InvalidRequest([FieldError("prompt", f"{tag.text[:80]} cannot stand here", allowed)])
        kept = {each.name.lower(): each for each in first.embeddings}
        seeds, syntax = [spec.sampling.seed for spec in specs], first.sampling.prompt_syntax
        prompts = expanded("prompt", first.prompt, seeds, "random", syntax, self.wildcards)
        return [
            self._worded(spec, prompt, spec.negative_prompt, spec.sampling.seed, kept)
            for spec, prompt in zip(specs, prompts, strict=True)
        ]

    def _check_made(self, field: str, spec: ImageSpec, num_images: int, requester: Requester) -> None:
        """Bounds may have been lowered and words banned since an image was made. `field` names it. Raises
        InvalidRequest."""
        bounds = self.bounds(requester)
        errors = [
            *self._banned_errors(field, (spec.prompt,)),
            *pass_errors(spec, self.sizes(requester), ("scale", "scale")),
            *missing_upscalers(spec, self.upscalers),
            *num_images_errors(num_images, bounds),
            *steps_errors(spec, bounds),
            *reading_errors(field, spec.prompt, spec),
        ]
        if errors:
            raise InvalidRequest(errors)

    def _spec(
        self,
        request: ImageFields,
        requester: Requester,
        prompt: str,
        seed: int,
        assets: SourceAssets,
        few_steps: FewSteps | None,
    ) -> ImageSpec:
        style = STYLES.get(request.style or "")
        negative_prompt = NEGATIVE_PROMPT if request.negative_prompt is None else request.negative_prompt
        steps, guidance_scale, sampler = _sampled(request, few_steps)
        defaults = {
            "steps": min(steps, self.bounds(requester).max_steps),
            "guidance_scale": guidance_scale,
            "sampler": sampler,
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

    def _worded(
        self, spec: ImageSpec, prompt: str, negative: str, seed: int, kept: Mapping[str, EmbeddingRef] | None = None
    ) -> ImageSpec:
        """With the exact embeddings that the prompts name, `kept` or of now, unless everything is text."""
        texts = (without_lora_tags(prompt), negative) if spec.sampling.prompt_syntax == A1111 else ()
        embeddings = mentioned(texts, {**self.embeddings, **kept} if kept else self.embeddings)
        worded = msgspec.structs.replace(spec, prompt=prompt, negative_prompt=negative, embeddings=embeddings)
        return worded.with_seed(seed)

    def _expanded(self, field: str, prompt: str, seeds: Sequence[int], request: ImageFields) -> list[str]:
        return expanded(field, prompt, seeds, request.expansion, request.prompt_syntax, self.wildcards)

    def _banned_errors(self, field: str, prompts: Sequence[str]) -> Iterator[FieldError]:
        for word in dict.fromkeys(map(self.banned.find, prompts)):
            if word is not None:
                yield FieldError(field, f"{word!r} is not allowed on this server", "a prompt without it")

    def _cell_errors(
        self, request: CompareRequest, cells: Sequence[Sequence[str]], negatives: Sequence[str], spec: ImageSpec
    ) -> Iterator[FieldError]:
        num_loras = max(len(variant.loras or ()) for variant in request.variants)
        for n, row in enumerate(cells):
            yield from read_errors(f"prompts[{n}]", row, negatives if n == 0 else (), num_loras, spec)
            yield from self._banned_errors(f"prompts[{n}]", row)

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
        yield from sampler_errors(spec, "steps" if request.steps else "quality")
        yield from source_errors(request, self.upscalers)
        yield from asset_errors(request, assets)
        yield from pass_errors(spec, self.sizes(requester))
        yield from steps_errors(spec, self.bounds(requester))


def _assets_of(spec: ImageSpec) -> list[str]:
    """SHA-256 of what the image is made from."""
    source = spec.source
    if source is None:
        return []
    return [source.sha256, *([source.mask.sha256] if source.mask and source.mask.sha256 else [])]


def _sampled(request: ImageFields, few_steps: FewSteps | None) -> tuple[int, float, str]:
    """Steps, guidance and sampler where the request gives none. With more steps than its sampler takes, a LoRA for few
    is sampled as any other."""
    if few_steps is None or (request.steps or 0) > SAMPLERS[few_steps.sampler].max_steps:
        return STEPS[request.quality], GUIDANCE_SCALE, SAMPLER
    return few_steps.steps, few_steps.guidance_scale, few_steps.sampler


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
