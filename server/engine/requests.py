"""The engine's nouns: claimable jobs, images to make, and their events. Torch-free."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from pipelines.plan import BatchKey, ImageError, RawImage, SourceImage
from pipelines.spec import ImageSpec


@dataclass(frozen=True, slots=True)
class Candidate:
    """A claimable job. `work` counts rows of UNet evaluations still to do, `num_px` is width times height of its
    images; `vae_px`, `encode_px` and `upscale_px` are the specs', summed over all images. `arrival_s` is when it was
    accepted (seconds, wall clock of the database); the job id breaks ties. `alone`: no other job should run in parallel
    with it. `in_batch`: it is a line of a batch, which gives way to other jobs."""

    job_id: str
    owner: str
    work: int
    num_images: int
    arrival_s: float
    num_px: int
    rows: int
    vae_px: int = 0
    encode_px: int = 0
    upscale_px: int = 0
    alone: bool = False
    in_batch: bool = False


class Phase(StrEnum):
    WAITING = "waiting"  # add() put it here; the scheduler has not begun it
    STEPPING = "stepping"  # begun: the runner holds its latents
    ADVANCING = "advancing"  # a pass is done, the next is being prepared
    DECODING = "decoding"  # last step done, waits for its decode
    ENDED = "ended"  # decoded, failed or aborted: the scheduler forgets it


@dataclass(slots=True)
class ImageRequest:
    """One image to make. The scheduler owns it; no tensors. `index` counts from 0 within the job. While its LoRAs are
    being read it is not `ready` and takes no step; nor does it before its `source` is there, if its spec has one.
    `pass_done` counts the evaluations of the pass `pass_index`, `pass_totals` has those of all passes."""

    job_id: str
    index: int
    owner: str
    spec: ImageSpec
    arrival_s: float
    num_context_tokens: int
    source: SourceImage | None = None
    phase: Phase = Phase.WAITING
    ready: bool = True
    pass_index: int = 0
    pass_done: int = 0
    pass_totals: list[int] = field(default_factory=list[int])
    step_share_s: float = 0.0
    begin_s: float = 0.0
    prepare_s: float = 0.0
    begun_at_s: float | None = None
    in_batch: bool = False

    def __post_init__(self) -> None:
        if not self.pass_totals:
            self.pass_totals = [self.spec.pass_evaluations(index) for index in range(len(self.spec.passes))]

    @property
    def id(self) -> str:
        return f"{self.job_id}-{self.index + 1}"

    @property
    def batch_key(self) -> BatchKey:
        """Of its next step."""
        this = self.spec.passes[self.pass_index]
        return BatchKey(this.width, this.height, self.num_context_tokens)

    @property
    def can_begin(self) -> bool:
        return self.ready and (self.spec.source is None or self.source is not None)

    @property
    def evaluations_done(self) -> int:
        return sum(self.pass_totals[: self.pass_index]) + self.pass_done

    @property
    def evaluations_total(self) -> int:
        return sum(self.pass_totals)

    @property
    def rows(self) -> int:
        """Of its next evaluation."""
        return 2 if self.pass_done in self.spec.guided(self.pass_totals[self.pass_index]) else 1

    def works(self) -> Iterator[tuple[int, int]]:
        """Rows of UNet evaluations left, by pass: (pixels of the pass, rows)."""
        for index in range(self.pass_index, len(self.spec.passes)):
            total = self.pass_totals[index]
            done = self.pass_done if index == self.pass_index else 0
            guided = self.spec.guided(total)
            guided_left = max(0, guided.stop - max(guided.start, done))
            yield self.spec.passes[index].num_px, total - done + guided_left

    def times(self, now_s: float, decode_s: float) -> "ImageTimes":
        started_at_s = now_s if self.begun_at_s is None else self.begun_at_s
        return ImageTimes(started_at_s, self.begin_s, self.step_share_s, decode_s, self.prepare_s)

    def restart(self) -> None:
        """Forget what was done: it begins anew."""
        self.phase, self.begun_at_s = Phase.WAITING, None
        self.pass_index = self.pass_done = 0


@dataclass(frozen=True, slots=True)
class Progressed:
    """One image took a step."""

    job_id: str
    index: int
    evaluations_done: int
    evaluations_total: int


@dataclass(frozen=True, slots=True)
class Previewed:
    job_id: str
    index: int
    image: RawImage


@dataclass(frozen=True, slots=True)
class ImageTimes:
    """Times of an image in seconds. `started_at_s` is wall clock; `step_share_s` is its share, by rows, of the shared
    forwards; `prepare_s` its share of VAE encodes and of an upscaler's tiles."""

    started_at_s: float
    begin_s: float
    step_share_s: float
    decode_s: float
    prepare_s: float = 0.0

    @property
    def gpu_s(self) -> float:
        return self.begin_s + self.step_share_s + self.decode_s + self.prepare_s


@dataclass(frozen=True, slots=True)
class Finished:
    """One image is decoded."""

    job_id: str
    index: int
    spec: ImageSpec
    image: RawImage
    times: ImageTimes


@dataclass(frozen=True, slots=True)
class ImageFailed:
    job_id: str
    index: int
    error: ImageError


EngineEvent = Progressed | Previewed | Finished | ImageFailed


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a job stands: 0 = being made now, else how many jobs go before it plus one; seconds until it is done."""

    queue_position: int
    remaining_s: float
