"""`Outcome`: a StepResult under construction. Torch-free."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from pipelines.plan import ImageError, Piece, Pieces, RawImage, StepResult
from pipelines.spec import SourceKey

T = TypeVar("T")


@dataclass(slots=True)
class Outcome:
    """A StepResult under construction."""

    begun: dict[str, int] = field(default_factory=dict[str, int])
    stepped: list[str] = field(default_factory=list[str])
    decoded: dict[str, RawImage] = field(default_factory=dict[str, RawImage])
    previews: dict[str, RawImage] = field(default_factory=dict[str, RawImage])
    failed: dict[str, ImageError] = field(default_factory=dict[str, ImageError])
    deferred: list[str] = field(default_factory=list[str])
    encoded: list[SourceKey] = field(default_factory=list[SourceKey])
    encode_failed: dict[SourceKey, ImageError] = field(default_factory=dict[SourceKey, ImageError])
    advanced: list[str] = field(default_factory=list[str])
    begin_s: float = 0.0
    step_s: float = 0.0
    step_rows: int = 0
    too_many_rows: int = 0
    uncompiled: str = ""
    prepare_s: float = 0.0
    decode_s: dict[str, float] = field(default_factory=dict[str, float])
    pieces: list[tuple[Piece, float]] = field(default_factory=list[tuple[Piece, float]])
    embedding_hits: int = 0
    embedding_misses: int = 0

    def piece(self, work: Pieces[T], last: Piece | None) -> T | None:
        """Do one piece of the work, which the device has finished then. Returns the result if it was the `last` one."""
        started_s = time.perf_counter()
        result: T | None = None
        try:
            piece = next(work)
        except StopIteration as done:
            piece, result = last, done.value
        seconds = time.perf_counter() - started_s
        self.prepare_s += seconds
        if piece is not None:
            self.pieces.append((piece, seconds))
        return result

    def result(self) -> StepResult:
        return StepResult(
            begun={
                image_id: count
                for image_id, count in self.begun.items()
                if image_id not in self.failed and image_id not in self.deferred
            },
            stepped=tuple(image_id for image_id in self.stepped if image_id not in self.failed),
            decoded=self.decoded,
            previews={image_id: preview for image_id, preview in self.previews.items() if image_id not in self.failed},
            failed=self.failed,
            deferred=tuple(self.deferred),
            encoded=tuple(self.encoded),
            encode_failed=self.encode_failed,
            advanced=tuple(image_id for image_id in self.advanced if image_id not in self.failed),
            begin_s=self.begin_s,
            step_s=self.step_s,
            step_rows=self.step_rows,
            too_many_rows=self.too_many_rows,
            uncompiled=self.uncompiled,
            prepare_s=self.prepare_s,
            decode_s=self.decode_s,
            pieces=tuple(self.pieces),
            embedding_hits=self.embedding_hits,
            embedding_misses=self.embedding_misses,
        )


def timed(work: Callable[[], None]) -> float:
    """Run `work`, which waits for the device where it launches anything, and return its wall time in seconds."""
    started_s = time.perf_counter()
    work()
    return time.perf_counter() - started_s
