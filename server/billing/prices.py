"""The price of a job: one pure function for `POST /api/price`, the page's button and acceptance.

One generation is 4 images at the model's native size with 30 steps. A job costs as many generations as it has image x
pixels x steps, at least one, rounded up to a whole cent. Each pass counts with its own size; a step that is left out (a
strength below 1) does not count. Sampler, guidance and LoRAs change no price.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.spec import ImageSpec
from server.billing.money import MICRO_PER_CENT

GENERATION_IMAGES = 4
GENERATION_STEPS = 30


@dataclass(frozen=True, slots=True)
class Rate:
    """`generation_micro_usd` is whole cents; `native_px` is width times height of the base model's own size."""

    generation_micro_usd: int
    native_px: int


def pixel_steps(spec: ImageSpec) -> int:
    """Pixels times steps of all passes of an image."""
    return sum(each.num_px * (spec.steps(index) - each.start) for index, each in enumerate(spec.passes))


def price(specs: Iterable[ImageSpec], rate: Rate) -> int:
    """Of a job with these images, in micro-dollars."""
    generation = GENERATION_IMAGES * GENERATION_STEPS * rate.native_px
    work = max(generation, sum(map(pixel_steps, specs)))
    cents = -(-rate.generation_micro_usd * work // (generation * MICRO_PER_CENT))
    return cents * MICRO_PER_CENT


def share(total: int, n: int, num_images: int) -> int:
    """What image `n` (from 1) of a job costs: equal parts whose sum is exactly the total."""
    return total * n // num_images - total * (n - 1) // num_images
