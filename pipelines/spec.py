"""`ImageSpec`: everything that decides one image, in one frozen, versioned document. Torch-free.

The request, the database row, the runner, the infotext and the API's metadata derive from it: there is no other list of
parameters. Every value is resolved; no default is left to fill in.
"""

from itertools import pairwise
from math import ceil

from msgspec import Struct
from msgspec.structs import replace

MAX_SEED = 2**32 - 1
MAX_WRITTEN_SEED = 2**64 - 1
"""The largest seed that torch takes. Its CPU generator, whose noise all images start from, uses the lower 32 bits."""
MAX_LORA_WEIGHT = 20.0
"""Weights of a LoRA are within ±20, in requests, prompts, files and in the sum of a LoRA that is named twice. Slider
LoRAs use 5 to 15."""
LATENT_UPSCALER = "latent"
PIXEL_UPSCALER = "lanczos"
PLAIN, A1111 = "plain", "a1111"
"""How a prompt is read: weights alone, or also what changes on the way, and BREAK, as in A1111's web UI."""


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


class EmbeddingRef(Struct, frozen=True):
    """An exact textual inversion embedding: `num_vectors` vectors that stand for its name in a prompt. Its identity is
    `sha256`, over the whole file. `is_word`: the name is a word of the vocabulary, so only `embedding:name` means
    it."""

    name: str
    sha256: str
    num_vectors: int
    is_word: bool = False

    @property
    def short_hash(self) -> str:
        """A1111's: 12 hex digits."""
        return self.sha256[:12]


class Sampling(Struct, frozen=True):
    """How the latents are denoised. Guidance works from the share `guidance_start` of the way to the share
    `guidance_end` (0..1); `guidance_scale` 1 or less is off. `clip_skip` is diffusers': so many more of the text
    encoders' last layers are left out for the prompt; 0 is SDXL's own. `prompt_syntax`: how both prompts are read."""

    sampler: str
    steps: int
    guidance_scale: float
    seed: int
    guidance_start: float = 0.0
    guidance_end: float = 1.0
    clip_skip: int = 0
    prompt_syntax: str = PLAIN


class Pass(Struct, frozen=True):
    """One way through the denoising steps at one size in pixels, multiples of 8.

    `start` is the index of the first step that is taken; `strength` is what the caller asked for, for people. `steps`
    None: those of the sampling. `upscaler` (latent, lanczos or the name of a network) enlarges the image of the pass
    before; of a first pass, its source."""

    width: int
    height: int
    start: int = 0
    strength: float = 1.0
    steps: int | None = None
    upscaler: str | None = None

    @property
    def num_px(self) -> int:
        return self.width * self.height

    @property
    def network(self) -> str | None:
        """The upscaler, if it is the network of a file."""
        return None if self.upscaler in (LATENT_UPSCALER, PIXEL_UPSCALER) else self.upscaler


class Mask(Struct, frozen=True):
    """What is repainted: white, or black with `invert`. `sha256` None: only what the extension adds. `mode` hard is a
    yes or no for each latent pixel, as in diffusers; soft repaints a pixel the later, the darker its mask. `blur` is
    the standard deviation of the edge in pixels of the source. `padding`: only the masked area and so many pixels
    around it are made, at the size of the pass, and pasted into the source. `content` of the masked area to begin with:
    original, fill (colors of its edge) or noise."""

    sha256: str | None = None
    mode: str = "soft"
    blur: float = 4.0
    padding: int | None = None
    content: str = "original"
    invert: bool = False


class Extend(Struct, frozen=True):
    """Pixels to add at each side of the resized source, multiples of 8."""

    left: int = 0
    right: int = 0
    top: int = 0
    bottom: int = 0


class Source(Struct, frozen=True):
    """The image that an image is made from. `width` and `height` are its own, in pixels. `resize` to the size of the
    first pass (without the extension): stretch, crop or fill. `from_image`: the id of the image that it is."""

    sha256: str
    width: int
    height: int
    resize: str = "crop"
    from_image: str | None = None
    mask: Mask | None = None
    extend: Extend | None = None

    @property
    def pasted(self) -> bool:
        """The result is pasted into the source and has its size."""
        return self.mask is not None and self.mask.padding is not None


class SourceKey(Struct, frozen=True):
    """What the latents of a source depend on: images with equal keys share one encode."""

    source: Source
    width: int
    height: int
    network: str | None = None


class Output(Struct, frozen=True):
    """The file: `format` is jpeg, png or webp; `embed_parameters` is full, minimal or none."""

    format: str = "jpeg"
    embed_parameters: str = "full"


class ImageSpec(Struct, frozen=True, tag_field="spec", tag="v1"):
    """Two equal specs give the same image on the same base model.

    `prompt` and `negative_prompt` are as encoded: style and trigger words are in, LoRA tags are out. `negative_prompt`
    "" is the empty text. `model` is the label of the LoRA that `model_name` named (None: the plain base model); it is
    the first of `loras`. `embeddings`: what the prompts name, by name; any other name is text."""

    prompt: str
    negative_prompt: str
    sampling: Sampling
    passes: tuple[Pass, ...]
    loras: tuple[LoraRef, ...] = ()
    output: Output = Output()
    model: str | None = None
    style: str | None = None
    quality: str = "high"
    source: Source | None = None
    embeddings: tuple[EmbeddingRef, ...] = ()

    @property
    def width(self) -> int:
        """Of the finished image, in pixels."""
        return self.source.width if self.source and self.source.pasted else self.passes[-1].width

    @property
    def height(self) -> int:
        return self.source.height if self.source and self.source.pasted else self.passes[-1].height

    @property
    def num_px(self) -> int:
        """Of the largest pass: the unit of `work`."""
        return max(each.num_px for each in self.passes)

    @property
    def vae_px(self) -> int:
        """Pixels that the VAE decodes."""
        between = (before.num_px for before, after in pairwise(self.passes) if after.upscaler != LATENT_UPSCALER)
        return self.passes[-1].num_px + sum(between)

    @property
    def encode_px(self) -> int:
        """Pixels that the VAE encodes."""
        first, *later = self.passes
        return sum(each.num_px for each in later if each.upscaler != LATENT_UPSCALER) + (
            first.num_px if self.source else 0
        )

    @property
    def upscale_px(self) -> int:
        """Pixels of the images that networks of upscalers enlarge."""
        between = (before.num_px for before, after in pairwise(self.passes) if after.network)
        source = self.source.width * self.source.height if self.source and self.passes[0].network else 0
        return source + sum(between)

    @property
    def source_key(self) -> SourceKey | None:
        if self.source is None:
            return None
        first = self.passes[0]
        return SourceKey(self.source, first.width, first.height, first.network)

    def steps(self, index: int) -> int:
        """Denoising steps of the whole schedule of a pass; `start` of them are left out."""
        return self.passes[index].steps or self.sampling.steps

    def pass_evaluations(self, index: int) -> int:
        """UNet forwards of a pass: one a step, but Heun's method takes two for all but the last."""
        steps = self.steps(index) - self.passes[index].start
        return 2 * steps - 1 if self.sampling.sampler == "heun" else steps

    @property
    def evaluations(self) -> int:
        """UNet forwards of all passes."""
        return sum(map(self.pass_evaluations, range(len(self.passes))))

    @property
    def rows(self) -> int:
        """The most rows of a UNet forward this image takes: two with classifier-free guidance, one without."""
        return 2 if self.sampling.guidance_scale > 1 else 1

    @property
    def work(self) -> int:
        """Rows of all its UNet forwards together; those of smaller passes count by their pixels."""
        works = (self.pass_work(index) * each.num_px / self.num_px for index, each in enumerate(self.passes))
        return ceil(sum(works))

    def pass_work(self, index: int) -> int:
        """Rows of the UNet forwards of a pass."""
        evaluations = self.pass_evaluations(index)
        return evaluations + len(self.guided(evaluations))

    def guided(self, evaluations: int) -> range:
        """Which of the `evaluations` UNet forwards of a pass take a second row, for the negative prompt (guidance
        interval, arXiv 2404.07724)."""
        if self.sampling.guidance_scale <= 1:
            return range(0)
        start, end = self.sampling.guidance_start, self.sampling.guidance_end
        return range(ceil(start * evaluations), ceil(end * evaluations))

    def with_seed(self, seed: int) -> "ImageSpec":
        return replace(self, sampling=replace(self.sampling, seed=seed))


def seed_at(seed: int, index: int) -> int:
    """The seed of image `index` (from 0) of a job: seed + index, wrapping at 2^32 as torch's CPU generator does."""
    return (seed + index) % (MAX_SEED + 1)


def start_index(steps: int, strength: float) -> int:
    """The first step that an image with a source takes, as diffusers counts: strength 0.75 of 20 steps leaves out 5."""
    return steps - min(int(steps * strength), steps)
