"""What the scheduler asks the runner to do in one step, and what came back. Torch-free.

A plan is carried out on the torch thread in this order: release, encode, begin (text encoders included), step, advance,
decode. Every image is named by its id (`{job_id}-{n}`); the runner keeps a `DenoiseState` for each id between `begin`
and its decode, failure or release.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from pipelines.spec import ImageSpec, SourceKey


class DeviceLost(Exception):
    """The accelerator answers no call of this process any more: only a new process can make images. No image is to
    blame, and none has failed: their jobs stay in the queue."""


T = TypeVar("T")
PieceKind = Literal["decode", "encode", "upscale"]


@dataclass(frozen=True, slots=True)
class BatchKey:
    """What must be equal for two images to share one UNet forward. Nothing else: timestep, guidance, sampler, seed,
    prompt and LoRAs are per row."""

    width: int
    height: int
    num_context_tokens: int


@dataclass(frozen=True, slots=True)
class SourceImage:
    """A source at the size of the first pass, or at its own if a network enlarges it. `rgb` is height * width * 3
    bytes, `mask` None or height * width bytes (255 is repainted), both row by row."""

    width: int
    height: int
    rgb: bytes = field(repr=False)
    mask: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class EncodeOrder:
    """Encode a source with the VAE. Where that takes several pieces, the runner does one of them; the plan gives the
    order again until the source is encoded. The runner keeps the result, for all images with this key, until it is
    forgotten."""

    key: SourceKey
    image: SourceImage


@dataclass(frozen=True, slots=True)
class BeginOrder:
    """Encode the prompts (or fetch them from the cache) and make the initial latents of one image. Its source has been
    encoded."""

    image_id: str
    spec: ImageSpec


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the work before a pass, whose time is worth learning. `num_px`: the pixels that the VAE decodes or
    encodes, or those of the image that an upscaler's tile stands for."""

    kind: PieceKind
    num_px: int


Pieces = Generator[Piece | None, None, T]
"""Work in pieces, each about as long as a decode at most: it yields after each but the last, and returns the result."""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One turn of the engine.

    `step` names the images that share this turn's UNet forward: all of one BatchKey, begun earlier or in this very
    plan. `pad_to_rows` is the static row count the forward is padded to (>= the rows of `step`; 0: no padding).
    `advance` names images whose pass is done and that have another; where that takes several pieces, the runner does
    one of them. `decode` names images whose last step is done. `preview` is a subset of `step`. `release` names images
    to forget, `forget` sources.
    """

    encode: tuple[EncodeOrder, ...] = ()
    begin: tuple[BeginOrder, ...] = ()
    step: tuple[str, ...] = ()
    pad_to_rows: int = 0
    advance: tuple[str, ...] = ()
    decode: tuple[str, ...] = ()
    preview: tuple[str, ...] = ()
    release: tuple[str, ...] = ()
    forget: tuple[SourceKey, ...] = ()

    @property
    def empty(self) -> bool:
        return not (
            self.encode or self.begin or self.step or self.advance or self.decode or self.release or self.forget
        )


@dataclass(frozen=True, slots=True)
class RawImage:
    """Undecorated pixels: `rgb` is height * width * 3 bytes, row by row, 8 bits a channel."""

    width: int
    height: int
    rgb: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ImageError:
    """Why an image failed. `code` is stable (`nan`, `out_of_memory`, `lora`, `embedding`, `upscaler`, `internal`),
    `detail` is for people. `broken_loras`: hash → reason of the LoRAs that fail every image they are used for."""

    code: str
    detail: str
    broken_loras: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one plan did. An image that is in `failed` is already released by the runner and is in no other field.
    Nor is one that is in `deferred`: it was not begun, as a LoRA of it is not read yet or has no room, or it has lost
    its latents as memory ran out on the device; it waits, and begins anew.

    `encoded`: sources that are kept now; `encode_failed`: why others could not be encoded. `advanced`: ids that are in
    their next pass now. `begun`: id -> UNet forwards of the pass that it begins (Heun takes 2N - 1).
    `stepped`: ids that took one step. Seconds are wall time on the torch thread; `step_rows` is the padded row count;
    `too_many_rows` is one that memory was not enough for (0: it was), and then the step was made in smaller forwards.
    `uncompiled`: in a compiled UNet, why no graph fitted the step (`size`, `rows`, `prompt`, `loras`, `rank`).
    `prepare_s` is what `encode` and `advance` took: VAE encodes, an upscaler's tiles. `decode_s` is per image; `pieces`
    are other pieces of work, and their seconds. `embedding_hits` prompts were found encoded, `embedding_misses` had to
    be.
    """

    encoded: tuple[SourceKey, ...] = ()
    encode_failed: dict[SourceKey, ImageError] = field(default_factory=dict[SourceKey, ImageError])
    begun: dict[str, int] = field(default_factory=dict[str, int])
    advanced: tuple[str, ...] = ()
    stepped: tuple[str, ...] = ()
    decoded: dict[str, RawImage] = field(default_factory=dict[str, RawImage])
    previews: dict[str, RawImage] = field(default_factory=dict[str, RawImage])
    failed: dict[str, ImageError] = field(default_factory=dict[str, ImageError])
    deferred: tuple[str, ...] = ()
    begin_s: float = 0.0
    step_s: float = 0.0
    step_rows: int = 0
    too_many_rows: int = 0
    uncompiled: str = ""
    prepare_s: float = 0.0
    decode_s: dict[str, float] = field(default_factory=dict[str, float])
    pieces: tuple[tuple[Piece, float], ...] = ()
    embedding_hits: int = 0
    embedding_misses: int = 0

    @property
    def busy_s(self) -> float:
        """Seconds that images share."""
        return self.begin_s + self.step_s + self.prepare_s + sum(self.decode_s.values())
