"""A job that this process makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pipelines.plan import RawImage, SourceImage
from pipelines.spec import ImageSpec, SourceKey
from server.db.models import ImageRow, JobRow
from server.engine.requests import ImageRequest
from server.moderation.service import Moderation
from server.queue.states import Lease


class Overlay(Protocol):
    """pipelines/image/source_pixels.py has it; importing that imports torch."""

    def applied(self, raw: RawImage) -> RawImage:
        """The result with the unchanged part of its source pasted over it."""
        ...


class PreparedSource(Protocol):
    @property
    def image(self) -> SourceImage: ...

    @property
    def overlay(self) -> Overlay | None: ...


@dataclass(slots=True)
class ClaimedJob:
    """`images`, and `requests` for the queued ones, by index. `making`: indexes of images that the engine still
    owes; `ending`: of images that are being delivered or recorded as failed; `waiting`: why images of `ending` are not
    stored yet; `prepared`: the sources that are read; `moderation` None: its images are not scored. `dropped`: the job
    has ended or another process has it."""

    row: JobRow
    images: Mapping[int, ImageRow]
    requests: Mapping[int, ImageRequest]
    making: set[int]
    ending: set[int] = field(default_factory=set[int])
    waiting: dict[int, str] = field(default_factory=dict[int, str])
    prepared: dict[SourceKey, PreparedSource] = field(default_factory=dict[SourceKey, PreparedSource])
    moderation: Moderation | None = None
    dropped: bool = False

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def lease(self) -> Lease:
        return Lease(self.row.id, self.row.attempt)

    def overlaid(self, spec: ImageSpec, raw: RawImage) -> RawImage:
        """The finished image. On a thread for I/O."""
        prepared = self.prepared.get(spec.source_key) if spec.source_key is not None else None
        return raw if prepared is None or prepared.overlay is None else prepared.overlay.applied(raw)

    @property
    def num_evaluations(self) -> int:
        """UNet forwards of all its images together."""
        return sum(image.spec.evaluations for image in self.images.values())
