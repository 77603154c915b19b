"""`Books`: what the pretended GPU was asked to do in a stretch of the program."""

import sys
import weakref
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from torch._subclasses.fake_tensor import FakeTensor

OWN = f"{Path(__file__).parents[2] / 'pipelines'}/"


def place() -> str:
    """`file.py:line` of the innermost frame in pipelines/."""
    frame = sys._getframe(1)
    while frame is not None and not frame.f_code.co_filename.startswith(OWN):
        frame = frame.f_back
    return "elsewhere" if frame is None else f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"


@dataclass
class Books:
    """`launches` by operation. `waits`, `pageable`: by place, how often the host waited for the device and copied from
    memory that is not pinned, which waits as well. `pinned`: copies that do not wait. `peak_bytes`: the most that was
    alive at a time, above what was alive in the beginning."""

    launches: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)
    pageable: Counter[str] = field(default_factory=Counter)
    pinned: int = 0
    peak_bytes: int = 0

    @property
    def num_launches(self) -> int:
        return self.launches.total()


class LiveBytes:
    """Bytes of all storages on the device that are alive: `now`, and at the `peak` since it was last set."""

    def __init__(self) -> None:
        self.now = self.peak = 0
        self._known: dict[int, weakref.ref[object]] = {}

    def add(self, tensor: FakeTensor) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._known:
            return
        num_bytes = storage.nbytes()

        def freed(_: object) -> None:
            self.now -= num_bytes
            del self._known[key]

        self._known[key] = weakref.ref(storage, freed)
        self.now += num_bytes
        self.peak = max(self.peak, self.now)
