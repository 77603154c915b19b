"""What one picture is made of. Torch-free, frozen, fully resolved: no default is left to fill in."""

from dataclasses import dataclass, replace

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
    string is encoded. Sizes in pixels, multiples of 8.
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

    @property
    def rows(self) -> int:
        """Rows of a UNet forward this picture takes: two with classifier-free guidance, one without."""
        return 2 if self.guidance_scale > 1 else 1

    def with_index(self, index: int) -> "GenerationParams":
        """The parameters of picture `index` (from 0) of a job: seed + index, wrapping at 2^32."""
        return replace(self, seed=(self.seed + index) % (MAX_SEED + 1))
