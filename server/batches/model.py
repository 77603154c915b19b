"""The nouns of batches as plain data. No database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from pipelines.spec import ImageSpec, seed_at
from server.errors import FieldError
from server.generation.requests import GenerateRequest
from server.queue.model import ImageView, JobError

MAX_LINES = 10_000
MAX_WAITING_LINES = 2 * MAX_LINES
"""Lines of one caller that wait to become jobs."""
MAX_WAITING_IN_ALL = 200_000
NOT_ENDED = ("waiting", "queued", "processing")
"""Of the statuses of a line."""


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line as sent. `request` None: `errors` say why. `prompt`: for people, where it has one."""

    line: int
    prompt: str
    request: GenerateRequest | None
    errors: tuple[FieldError, ...] = ()


class LineDraft(Struct, frozen=True):
    """What becomes a job, as `BatchLineRow.draft` stores it. `specs`: those of all images, with their exact LoRAs, or
    only the first where the others differ from it by their seeds alone. `assets` as in `JobDraft`."""

    specs: tuple[ImageSpec, ...]
    num_images: int
    request: dict[str, Any]
    assets: dict[str, str] | UnsetType = UNSET

    @classmethod
    def of(cls, specs: Sequence[ImageSpec], request: Mapping[str, Any], assets: Mapping[str, str]) -> "LineDraft":
        by_seed = _by_seed(specs[0], len(specs))
        kept = specs[:1] if by_seed == tuple(specs) else specs
        return cls(tuple(kept), len(specs), dict(request), dict(assets) if assets else UNSET)

    @property
    def all_specs(self) -> tuple[ImageSpec, ...]:
        first = next(iter(self.specs))
        return self.specs if len(self.specs) > 1 else _by_seed(first, self.num_images)


def _by_seed(spec: ImageSpec, num_images: int) -> tuple[ImageSpec, ...]:
    return tuple(spec.with_seed(seed_at(spec.sampling.seed, n)) for n in range(num_images))


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """A line that can become a job. `draft` is encoded; `vae_px` and `work` are sums over its images, `num_px` and
    `rows` the most of one. `price` in micro-dollars; None: its owner pays nothing."""

    line: int
    prompt: str
    draft: str
    num_images: int
    num_px: int
    rows: int
    work: int
    vae_px: int
    price: int | None


@dataclass(frozen=True, slots=True)
class CheckedBatch:
    """What was sent, after every line was looked at. `prompts`: line → the start of its prompt."""

    lines: tuple[CheckedLine, ...]
    errors: tuple[FieldError, ...]
    prompts: Mapping[int, str]

    @property
    def num_lines(self) -> int:
        return len(self.prompts)

    @property
    def num_images(self) -> int:
        return sum(line.num_images for line in self.lines)

    @property
    def price(self) -> int | None:
        prices = [line.price for line in self.lines if line.price is not None]
        return sum(prices) if prices else None


@dataclass(frozen=True, slots=True)
class BatchState:
    """Where a batch stands. `counts` has the number of lines by status: waiting, queued, processing, completed, failed,
    cancelled, deleted. `remaining_s` until it ends (0 once it has). `detail`: why it waits besides its turn."""

    batch_id: str
    owner: str
    end_user: str | None
    name: str
    created_at_s: float
    num_lines: int
    images_total: int
    images_completed: int
    counts: Mapping[str, int]
    remaining_s: float
    detail: str | None

    @property
    def has_ended(self) -> bool:
        return not any(map(self.counts.get, NOT_ENDED))

    @property
    def status(self) -> str:
        """running, then completed, or cancelled where a line was."""
        if not self.has_ended:
            return "running"
        return "cancelled" if self.counts.get("cancelled") else "completed"

    @property
    def progress(self) -> float:
        """The share of lines that have ended, or of images that are stored, whichever is larger."""
        if self.has_ended:
            return 1.0
        ended = self.num_lines - sum(self.counts.get(status, 0) for status in NOT_ENDED)
        return round(max(ended / self.num_lines, self.images_completed / self.images_total), 4)


@dataclass(frozen=True, slots=True)
class LineView:
    """A line with what was made of it. `status` as in `BatchState.counts`. File names begin with the line's number."""

    line: int
    status: str
    prompt: str
    job_id: str | None
    error: JobError | None
    images: tuple[ImageView, ...] = ()

    @property
    def has_ended(self) -> bool:
        return self.status not in NOT_ENDED


@dataclass(frozen=True, slots=True)
class LineFile:
    """A row of the manifest: a stored image of a line, or a line without one (`filename` empty)."""

    line: int
    status: str
    prompt: str
    error: str | None
    job_id: str | None
    image_id: str | None = None
    seed: int | None = None
    filename: str = ""
    storage_key: str = ""
    num_bytes: int = 0
    finished_at_s: float = 0.0
