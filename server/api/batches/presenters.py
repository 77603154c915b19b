"""From what the service answers to what the API answers."""

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from server.api.accounts.schemas import utc
from server.api.batches import schemas
from server.api.jobs import presenters
from server.api.jobs.schemas import Failure
from server.batches.model import BatchState, CheckedBatch, LineView
from server.batches.service import BatchAnswer


def accepted(answer: BatchAnswer, dry_run_of: CheckedBatch | None = None) -> schemas.AcceptedBatch:
    fields = msgspec.structs.asdict(answer)
    if dry_run_of is None:
        return schemas.AcceptedBatch(**fields)
    lines = [schemas.ShownLine(line, prompt) for line, prompt in dry_run_of.prompts.items()]
    return schemas.AcceptedBatch(**fields, lines=lines)


def batch(state: BatchState) -> schemas.Batch:
    return schemas.Batch(
        batch_id=state.batch_id,
        name=state.name,
        status=state.status,  # pyright: ignore[reportArgumentType]
        created_at=utc(state.created_at_s),
        lines_total=state.num_lines,
        counts=schemas.BatchCounts(**state.counts),
        images_total=state.images_total,
        images_completed=state.images_completed,
        progress=state.progress,
        estimated_time=math.ceil(state.remaining_s),
        detail=state.detail,
    )


def line(view: LineView, base: str) -> schemas.BatchLine:
    return schemas.BatchLine(
        line=view.line,
        status=view.status,  # pyright: ignore[reportArgumentType]
        prompt=view.prompt,
        job_id=view.job_id,
        images=[presenters.output(image, base) for image in view.images],
        error=Failure(view.error.code, view.error.detail) if view.error else None,
    )


def lines(views: Sequence[LineView], page: int, base: str) -> schemas.BatchLines:
    next_after = views[-1].line if len(views) == page else None
    return schemas.BatchLines([line(view, base) for view in views], next_after)


def event_data(answer: msgspec.Struct) -> dict[str, Any]:
    return msgspec.to_builtins(answer)
