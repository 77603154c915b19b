"""The bounds of one job, and what is beyond them, field by field. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.denoise.samplers import SAMPLERS
from pipelines.spec import ImageSpec
from server.errors import FieldError
from server.generation.lora_choices import choices_of
from server.generation.requests import MAX_IMAGES, MAX_STEPS, CompareRequest
from server.queue.grid import MAX_CELLS
from server.queue.model import LoraChoices

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


WIDEST = RequestBounds()


def grid_size_errors(request: CompareRequest, bounds: RequestBounds) -> Iterator[FieldError]:
    """To check before the cells are expanded: they can be thousands."""
    num_cells = len(request.prompts) * len(request.seeds) * len(request.variants)
    max_cells = MAX_CELLS if bounds.max_images >= MAX_IMAGES else bounds.max_images
    if num_cells > max_cells:
        allowed = f"prompts times seeds times variants up to {max_cells}"
        yield FieldError("variants", f"{num_cells} pictures are too many", allowed)
    num_characters = sum(map(len, set(request.prompts)))
    if num_characters > MAX_COMPARE_CHARACTERS:
        allowed = f"up to {MAX_COMPARE_CHARACTERS:,} characters in all prompts together"
        yield FieldError("prompts", f"{num_characters:,} characters are too many", allowed)


def grid_errors(request: CompareRequest, seeds: Sequence[int]) -> Iterator[FieldError]:
    if len(set(seeds)) < len(seeds):
        allowed = "each seed once; of a seed from 2^32 on the lower 32 bits count"
        yield FieldError("seeds", "a seed occurs twice", allowed)
    for n, variant in enumerate(request.variants):
        choices = choices_of(variant.model_name, variant, "")
        yield from weight_errors(f"variants[{n}].", variant.model_weight, choices)


def weight_errors(path: str, model_weight: float | None, choices: LoraChoices) -> Iterator[FieldError]:
    if model_weight is not None and choices.model is None:
        allowed = "only together with a model_name that names a LoRA"
        yield FieldError(f"{path}model_weight", "there is no LoRA to weigh", allowed)


def sampler_errors(spec: ImageSpec, steps_field: str) -> Iterator[FieldError]:
    name, steps = spec.sampling.sampler, spec.sampling.steps
    sampler = SAMPLERS.get(name)
    if sampler is None:
        yield FieldError("sampler", f"{name!r} is not known", "one of " + ", ".join(SAMPLERS))
    elif not sampler.min_steps <= steps <= sampler.max_steps:
        allowed = f"from {sampler.min_steps} to {sampler.max_steps} steps"
        yield FieldError(steps_field, f"{steps} steps are not possible with {name}", allowed)


def num_images_errors(num_images: int, bounds: RequestBounds) -> Iterator[FieldError]:
    if num_images > bounds.max_images:
        allowed = f"a whole number from 1 to {bounds.max_images} for this caller"
        yield FieldError("num_images", f"{num_images} cannot be used", allowed)


def steps_errors(spec: ImageSpec, bounds: RequestBounds) -> Iterator[FieldError]:
    allowed = f"a whole number from 1 to {bounds.max_steps} for this caller"
    for index in range(len(spec.passes)):
        if spec.steps(index) > bounds.max_steps:
            yield FieldError("hires.steps" if index else "steps", f"{spec.steps(index)} cannot be used", allowed)
