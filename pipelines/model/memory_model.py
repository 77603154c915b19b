"""How much memory forwards and decodes take on a GPU, measured once, so that they are chosen to fit. Torch thread."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import torch

log = logging.getLogger(__name__)

MARGIN = 0.05
"""Share of the GPU's memory that is left free: for libraries' workspaces, and for gaps between blocks."""


@dataclass(frozen=True, slots=True)
class MemoryModel:
    """`budget_bytes`: what a forward or a decode may take, next to the weights and a full cache of LoRAs.
    `row_px_bytes`: what a forward takes for each row and pixel of the image. `decode_px_bytes`: a whole decode, for
    each pixel. Both grow linearly (docs/benchmarks.md)."""

    budget_bytes: float
    row_px_bytes: float
    decode_px_bytes: float

    def max_rows(self, num_px: int) -> int:
        """Rows of a forward that fit, for images of so many pixels; at least 1."""
        return max(1, int(self.budget_bytes / (self.row_px_bytes * num_px)))

    def decodes_whole(self, num_px: int) -> bool:
        """False: in tiles."""
        return self.decode_px_bytes * num_px <= self.budget_bytes


def measure_memory(
    device: torch.device,
    cache_bytes: int,
    num_px: int,
    num_rows: int,
    forward: Callable[[], object],
    decode: Callable[[], object],
) -> MemoryModel:
    """Carry out a forward of `num_rows` rows and a whole decode, both of images of `num_px` pixels. The budget depends
    on the GPU and on the settings only, not on what is in memory at some moment: equal requests are decoded equally.
    `cache_bytes`: what LoRAs will take beyond what is allocated now, when their cache is full."""
    forward()  # libraries load their kernels and allocate their workspaces now
    row_px_bytes = _peak_bytes(device, forward) / (num_rows * num_px)
    decode_px_bytes = _peak_bytes(device, decode) / num_px
    free, total = torch.cuda.mem_get_info(device)
    held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    memory = MemoryModel(free + held - cache_bytes - MARGIN * total, row_px_bytes, decode_px_bytes)
    log.info(
        "memory: %.1f GB for forwards and decodes; at %d pixels a row takes %.0f MB, so %d fit; a decode is made %s",
        memory.budget_bytes / 1e9,
        num_px,
        row_px_bytes * num_px / 1e6,
        memory.max_rows(num_px),
        "whole" if memory.decodes_whole(num_px) else "in tiles",
    )
    return memory


def _peak_bytes(device: torch.device, work: Callable[[], object]) -> int:
    """The most that `work` has in memory at a time, in addition to what was there."""
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    work()
    return max(torch.cuda.max_memory_allocated(device) - before, 1)
