"""What one picture is made of. Torch-free, frozen, fully resolved: no default is left to fill in."""

from dataclasses import dataclass, replace
from math import ceil

MAX_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class LoraRef:
    """An exact LoRA: its identity is the content hash, name and version are how people call it.

    `weight` multiplies the LoRA's own scale (alpha / rank).
    """

    name: str
    version: str | None
    sha256: str
    weight: float

    @property
    def label(self) -> str:
        """The name people and metadata use: `jade-v1`, or the bare name where the file carries no version."""
        return self.name if self.version is None else f"{self.name}-v{self.version}"


@dataclass(frozen=True, slots=True)
class GenerationParams:
    """Everything that decides a picture. Two equal values give the same picture on the same base model.

    `prompt` is the final prompt: trigger words and style are already in it. `negative_prompt` "" means the empty
    string is encoded. Sizes in pixels, multiples of 8. Guidance works from the share `guidance_start` of the way to
    the share `guidance_end` (0..1; 0 and 1: all the way).
    """

    prompt: str
    negative_prompt: str
    num_inference_steps: int
    guidance_scale: float
    width: int
    height: int
    seed: int
    sampler: str
    loras: tuple[LoraRef, ...] = ()
    guidance_start: float = 0.0
    guidance_end: float = 1.0

    @property
    def rows(self) -> int:
        """The most rows of a UNet forward this picture takes: two with classifier-free guidance, one without."""
        return 2 if self.guidance_scale > 1 else 1

    def guided(self, num_evaluations: int) -> range:
        """Those of its UNet evaluations that take a second row, for the negative prompt (interval guidance,
        arXiv 2404.07724)."""
        if self.guidance_scale <= 1:
            return range(0)
        return range(ceil(self.guidance_start * num_evaluations), ceil(self.guidance_end * num_evaluations))

    def with_index(self, index: int) -> "GenerationParams":
        """The parameters of picture `index` (from 0) of a job: seed + index, wrapping at 2^32."""
        return replace(self, seed=(self.seed + index) % (MAX_SEED + 1))
