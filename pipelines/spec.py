"""`ImageSpec`: everything that decides one image, in one frozen, versioned document. Torch-free.

The request, the database row, the runner, the infotext and the API's metadata derive from it: there is no other list of
parameters. Every value is resolved; no default is left to fill in.
"""

from math import ceil

from msgspec import Struct
from msgspec.structs import replace

MAX_SEED = 2**32 - 1
MAX_WRITTEN_SEED = 2**64 - 1
"""The largest seed that torch takes. Its CPU generator, whose noise all images start from, uses the lower 32 bits."""
MAX_LORA_WEIGHT = 20.0
"""Weights of a LoRA are within ±20, in requests, prompts, files and in the sum of a LoRA that is named twice. Slider
LoRAs use 5 to 15."""


class LoraRef(Struct, frozen=True):
    """An exact LoRA. Its identity is `sha256`, over the whole file; name and version are how people call it.

    `weight` multiplies the LoRA's own scale (alpha / rank). `short_hash` is A1111's: 12 hex digits, over the tensors.
    """

    name: str
    version: str | None
    sha256: str
    weight: float
    short_hash: str = ""

    @property
    def label(self) -> str:
        """The name people and metadata use: `jade-v1`, or the bare name where the file carries no version."""
        return self.name if self.version is None else f"{self.name}-v{self.version}"


class Sampling(Struct, frozen=True):
    """How the latents are denoised. Guidance works from the share `guidance_start` of the way to the share
    `guidance_end` (0..1); `guidance_scale` 1 or less is off. `clip_skip` is diffusers': so many more of the text
    encoders' last layers are left out for the prompt; 0 is SDXL's own."""

    sampler: str
    steps: int
    guidance_scale: float
    seed: int
    guidance_start: float = 0.0
    guidance_end: float = 1.0
    clip_skip: int = 0


class Pass(Struct, frozen=True):
    """One way through the denoising steps at one size in pixels, multiples of 8."""

    width: int
    height: int


class Output(Struct, frozen=True):
    """The file: `format` is jpeg, png or webp; `embed_parameters` is full, minimal or none."""

    format: str = "jpeg"
    embed_parameters: str = "full"


class ImageSpec(Struct, frozen=True, tag_field="spec", tag="v1"):
    """Two equal specs give the same image on the same base model.

    `prompt` and `negative_prompt` are as encoded: style and trigger words are in, LoRA tags are out. `negative_prompt`
    "" is the empty text. `model` is the label of the LoRA that `model_name` named (None: the plain base model); it is
    the first of `loras`."""

    prompt: str
    negative_prompt: str
    sampling: Sampling
    passes: tuple[Pass, ...]
    loras: tuple[LoraRef, ...] = ()
    output: Output = Output()
    model: str | None = None
    style: str | None = None
    quality: str = "high"

    @property
    def width(self) -> int:
        return self.passes[-1].width

    @property
    def height(self) -> int:
        return self.passes[-1].height

    @property
    def num_px(self) -> int:
        return self.width * self.height

    @property
    def evaluations(self) -> int:
        """UNet forwards of the image: one a step, but Heun's method takes two for all but the last."""
        steps = self.sampling.steps
        return 2 * steps - 1 if self.sampling.sampler == "heun" else steps

    @property
    def rows(self) -> int:
        """The most rows of a UNet forward this image takes: two with classifier-free guidance, one without."""
        return 2 if self.sampling.guidance_scale > 1 else 1

    @property
    def work(self) -> int:
        """Rows of all its UNet forwards together."""
        return self.evaluations + len(self.guided(self.evaluations))

    def guided(self, evaluations: int) -> range:
        """Which of `evaluations` UNet forwards take a second row, for the negative prompt (guidance interval,
        arXiv 2404.07724)."""
        if self.sampling.guidance_scale <= 1:
            return range(0)
        start, end = self.sampling.guidance_start, self.sampling.guidance_end
        return range(ceil(start * evaluations), ceil(end * evaluations))

    def with_seed(self, seed: int) -> "ImageSpec":
        return replace(self, sampling=replace(self.sampling, seed=seed))


def seed_at(seed: int, index: int) -> int:
    """The seed of image `index` (from 0) of a job: seed + index, wrapping at 2^32 as torch's CPU generator does."""
    return (seed + index) % (MAX_SEED + 1)
