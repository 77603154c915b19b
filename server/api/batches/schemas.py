"""What the API of batches answers."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from server.api.jobs.schemas import Failure, Output
from server.errors import FieldError

Status = Literal["running", "completed", "cancelled"]
LineStatus = Literal["waiting", "queued", "processing", "completed", "failed", "cancelled", "deleted"]
Micro = Annotated[int, Meta(description="Micro-dollars: 500000 is $0.50.")]


class ShownLine(Struct, frozen=True):
    """A line as sent. `prompt`: its start."""

    line: int
    prompt: str


class AcceptedBatch(Struct, frozen=True, kw_only=True):
    """The batch is stored, and its lines will become jobs. Of a dry run (`batch_id` null): what would be."""

    batch_id: str | None
    lines_total: Annotated[int, Meta(description="Lines that were sent.")]
    lines_accepted: int
    images_total: int
    errors: Annotated[list[FieldError], Meta(description="What is wrong, by line and field; those lines are left out.")]
    price_micro_usd: Annotated[Micro | None, Meta(description="Null: nothing is charged.")]
    estimated_time: Annotated[int, Meta(description="Whole seconds until all of it is done.")]
    warnings: Annotated[list[str], Meta(description="Limits of yours that will make it wait.")]
    lines: Annotated[list[ShownLine] | UnsetType, Meta(description="Of a dry run: what was read.")] = UNSET


class BatchCounts(Struct, frozen=True, kw_only=True):
    """Lines by status. A waiting line becomes a job when the queue has room. A deleted one was made, and its job was
    deleted."""

    waiting: int = 0
    queued: int = 0
    processing: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    deleted: int = 0


class Batch(Struct, frozen=True, kw_only=True):
    """Where a batch stands."""

    batch_id: str
    name: str
    status: Annotated[
        Status, Meta(description="completed: every line has ended, failed ones too. cancelled: some were cancelled.")
    ]
    created_at: str
    lines_total: int
    counts: BatchCounts
    images_total: int
    images_completed: int
    progress: Annotated[float, Meta(ge=0, le=1)]
    estimated_time: Annotated[int, Meta(description="Whole seconds until it ends.")]
    detail: Annotated[str | None, Meta(description="Why it waits, besides its turn.")] = None


class Batches(Struct, frozen=True):
    items: list[Batch]


class BatchLine(Struct, frozen=True, kw_only=True):
    """A line and what was made of it."""

    line: int
    status: LineStatus
    prompt: str
    job_id: str | None
    images: list[Output]
    error: Failure | None = None


class BatchLines(Struct, frozen=True):
    """`next_after` is handed back as `after`; null: that was all."""

    items: list[BatchLine]
    next_after: int | None
