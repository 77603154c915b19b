"""A job that this process makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.db.models import ImageRow, JobRow
from server.engine.requests import ImageRequest
from server.queue.states import Lease


@dataclass(slots=True)
class ClaimedJob:
    """`images`, and `requests` for the queued ones, by index. `making`: indexes of images that the engine still
    owes; `ending`: of images that are being delivered or recorded as failed; `waiting`: why images of `ending` are not
    stored yet. `dropped`: the job has ended or another process has it."""

    row: JobRow
    images: Mapping[int, ImageRow]
    requests: Mapping[int, ImageRequest]
    making: set[int]
    ending: set[int] = field(default_factory=set[int])
    waiting: dict[int, str] = field(default_factory=dict[int, str])
    dropped: bool = False

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def lease(self) -> Lease:
        return Lease(self.row.id, self.row.attempt)

    @property
    def num_evaluations(self) -> int:
        """UNet forwards of all its images together."""
        return sum(image.spec.evaluations for image in self.images.values())
