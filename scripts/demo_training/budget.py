"""Wall-clock budgets and checkpoints: every stage of the training lasts a given time, on any machine, and can be
interrupted."""

import math
import os
import time
from pathlib import Path
from typing import Any

import torch

CHECKPOINT_EVERY_S = 120.0


class Budget:
    """How much of a stage's time is used up. The learning rate follows it, so a busy machine gets fewer steps, never
    an unfinished schedule."""

    def __init__(self, total_s: float, used_s: float = 0.0) -> None:
        self.total_s = total_s
        self._started = time.monotonic() - used_s

    @property
    def used_s(self) -> float:
        return time.monotonic() - self._started

    @property
    def fraction(self) -> float:
        return min(1.0, self.used_s / self.total_s)

    def rate(self, peak: float, warm_up: float = 0.02, floor: float = 0.01) -> float:
        """Linear warm-up over `warm_up` of the time, then a cosine down to `floor * peak`."""
        at = self.fraction
        if at < warm_up:
            return peak * (0.05 + 0.95 * at / warm_up)
        cosine = 0.5 * (1 + math.cos(math.pi * (at - warm_up) / (1 - warm_up)))
        return peak * (floor + (1 - floor) * cosine)


class Checkpoint:
    """One file, replaced atomically at most every `every_s`; `load` returns None where there is nothing to
    resume."""

    def __init__(self, path: Path, every_s: float = CHECKPOINT_EVERY_S) -> None:
        self.path, self.every_s = path, every_s
        self._last = time.monotonic()

    def load(self, resume: bool) -> dict[str, Any] | None:
        if not resume or not self.path.exists():
            return None
        return torch.load(self.path, map_location="cpu", weights_only=True)

    def due(self) -> bool:
        return time.monotonic() - self._last > self.every_s

    def save(self, state: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        torch.save(state, fresh)
        os.replace(fresh, self.path)
        self._last = time.monotonic()


def log(message: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {message}", flush=True)
