"""The engine's nouns: claimable jobs, images to make, and their events. Torch-free."""

from dataclasses import dataclass
from enum import StrEnum

from pipelines.plan import BatchKey, ImageError, RawImage
from pipelines.spec import ImageSpec


@dataclass(frozen=True, slots=True)
class Candidate:
    """A claimable job. `work` counts rows of UNet evaluations still to do, `num_px` is width times height of its
    images; `arrival_s` is when it was accepted (seconds, wall clock of the database); the job id breaks ties. `alone`:
    no other job should run in parallel with it."""

    job_id: str
    owner: str
    work: int
    num_images: int
    arrival_s: float
    num_px: int
    rows: int
    alone: bool = False


class Phase(StrEnum):
    WAITING = "waiting"  # add() put it here; the scheduler has not begun it
    STEPPING = "stepping"  # begun: the runner holds its latents
    DECODING = "decoding"  # last step done, waits for its decode
    ENDED = "ended"  # decoded, failed or aborted: the scheduler forgets it


@dataclass(slots=True)
class ImageRequest:
    """One image to make. The scheduler owns it; no tensors. `index` counts from 0 within the job. While its LoRAs are
    being read it is not `ready` and takes no step."""

    job_id: str
    index: int
    owner: str
    spec: ImageSpec
    arrival_s: float
    batch_key: BatchKey
    phase: Phase = Phase.WAITING
    ready: bool = True
    evaluations_done: int = 0
    evaluations_total: int = 0
    step_share_s: float = 0.0
    begin_s: float = 0.0
    begun_at_s: float | None = None

    def __post_init__(self) -> None:
        if not self.evaluations_total:
            self.evaluations_total = self.spec.evaluations

    @property
    def id(self) -> str:
        return f"{self.job_id}-{self.index + 1}"

    @property
    def rows(self) -> int:
        """Of its next evaluation."""
        return 2 if self.evaluations_done in self.spec.guided(self.evaluations_total) else 1

    @property
    def work(self) -> int:
        """Rows of UNet evaluations left."""
        guided = self.spec.guided(self.evaluations_total)
        guided_left = max(0, guided.stop - max(guided.start, self.evaluations_done))
        return self.evaluations_total - self.evaluations_done + guided_left


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
    forwards."""

    started_at_s: float
    begin_s: float
    step_share_s: float
    decode_s: float


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
