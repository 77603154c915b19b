"""What a worker's machine takes for its work."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from server.config.settings import ROW_BUCKETS
from server.engine.cost_model import MIN_STEPS, CostModel

REFERENCE_PX = 1024 * 1024
CLAIM_TAKES = 1.6
"""Times what a lost one takes: scripts/fleet/fleet_database.py."""
CALIBRATED_ROWS = (2, 4, 8, 12, 16)


class Gpu(Protocol):
    """`turn_s`: between two plans. `lora_s`: reading a LoRA that is not in memory; `max_loras` are kept. `claim_s`,
    `lost_claim_s`, `refresh_s`: a claim that succeeds, one that another worker was faster at, a look at an empty
    queue; `job_s` more for each job of it. `deliver_s`: from the decode of an image to its row."""

    turn_s: float
    begin_s: float
    lora_s: float
    max_loras: int
    claim_s: float
    lost_claim_s: float
    refresh_s: float
    job_s: float
    deliver_s: float

    def forward_s(self, num_px: int, rows: int) -> float: ...

    def decode_s(self, num_px: int) -> float: ...

    def teach(self, cost: CostModel, sizes_px: Iterable[int]) -> None:
        """What a worker has learned of this machine after a while."""
        ...


@dataclass(slots=True)
class AssumedGpu:
    """A card whose forward of r rows at 1024 x 1024 takes `fixed_s + row_s * r`; other sizes by their pixels. These
    numbers are not measured: they stand for a card that makes a picture of 30 steps in about 3 s alone, and 0.6 a
    second in a crowd."""

    fixed_s: float = 0.04
    row_s: float = 0.025
    decode_px_s: float = 0.15 / REFERENCE_PX
    turn_s: float = 0.001
    begin_s: float = 0.02
    lora_s: float = 0.3
    max_loras: int = 20
    claim_s: float = 0.008
    lost_claim_s: float = 0.004
    refresh_s: float = 0.003
    job_s: float = 10e-6
    deliver_s: float = 0.15

    def forward_s(self, num_px: int, rows: int) -> float:
        return (self.fixed_s + self.row_s * rows) * num_px / REFERENCE_PX

    def decode_s(self, num_px: int) -> float:
        return self.decode_px_s * num_px

    def teach(self, cost: CostModel, sizes_px: Iterable[int]) -> None:
        for num_px in sizes_px:
            for rows in CALIBRATED_ROWS:
                for _ in range(MIN_STEPS):
                    cost.observe_step(num_px, rows, self.forward_s(num_px, rows))


@dataclass(frozen=True, slots=True)
class Overheads:
    """Seconds around the work, as measured next to two real workers: between two plans, of a look at the queue, of a
    claim that another worker was faster at, and from a decode to the image's row."""

    turn_s: float = 0.0015
    refresh_s: float = 0.005
    lost_claim_s: float = 0.006
    deliver_s: float = 0.05


class MeasuredGpu:
    """A worker as it reported itself: `cost_lines` of its row (CostModel.snapshot())."""

    lora_s = 0.0
    max_loras = 1000
    job_s = 20e-6

    def __init__(self, cost_lines: Mapping[str, Any], overheads: Overheads) -> None:
        self.turn_s, self.refresh_s = overheads.turn_s, overheads.refresh_s
        self.lost_claim_s, self.claim_s = overheads.lost_claim_s, CLAIM_TAKES * overheads.lost_claim_s
        self.deliver_s = overheads.deliver_s
        self._cost_lines = cost_lines
        self._cost = CostModel(ROW_BUCKETS)
        self._cost.load(cost_lines)
        self.begin_s = self._cost.begin_s()

    def forward_s(self, num_px: int, rows: int) -> float:
        return self._cost.step_s(num_px, rows)

    def decode_s(self, num_px: int) -> float:
        return self._cost.piece_s("decode", num_px)

    def teach(self, cost: CostModel, sizes_px: Iterable[int]) -> None:
        cost.load(self._cost_lines)
