"""The clock of a stage: how long it may last, its learning rate, its pauses and its checkpoints.

Two files in the work folder steer a stage that runs. While `PAUSE` exists, the stage sleeps, and the time does not
count. `COOL_DOWN`, with a number of minutes in it, ends the stage after that time with a falling learning rate; a file
that is older than the stage's process does nothing.
"""

import math
import os
import shutil
import time
from pathlib import Path
from typing import Any

import torch

CHECKPOINT_EVERY_S = 600.0
PAUSE_FILE, COOL_DOWN_FILE = "PAUSE", "COOL_DOWN"
DECAY_SHARE = 0.2


class Budget:
    """How much of a stage's time is used up. The learning rate follows it, so a busy machine gets fewer steps, never
    an unfinished schedule."""

    def __init__(self, total_s: float, work: Path | None = None) -> None:
        self.total_s, self.work = total_s, work
        self.used_s = 0.0
        self.decay_from_s, self.decay_level = total_s * (1 - DECAY_SHARE), 1.0
        self._last, self._obeyed = time.monotonic(), time.time()

    def tick(self) -> None:
        """Counts the time since the last tick, obeys a request to cool down, and sleeps while the stage is paused."""
        now = time.monotonic()
        self.used_s, self._last = self.used_s + now - self._last, now
        if self.work is None:
            return
        cool_down = self.work / COOL_DOWN_FILE
        if cool_down.exists() and cool_down.stat().st_mtime > self._obeyed:
            self._obeyed = cool_down.stat().st_mtime
            self.cool_down(float(cool_down.read_text()))
        pause = self.work / PAUSE_FILE
        if pause.exists():
            log("paused")
            while pause.exists():
                time.sleep(1)
            self._last = time.monotonic()
            log("goes on")

    def cool_down(self, minutes: float) -> None:
        """The rate falls from its present level on; the stage ends after that many minutes."""
        self.decay_level = self._level()
        self.decay_from_s, self.total_s = self.used_s, self.used_s + 60 * minutes
        log(f"cools down for {minutes:.0f} minutes")

    @property
    def is_cooling(self) -> bool:
        return self.used_s >= self.decay_from_s

    @property
    def fraction(self) -> float:
        return min(1.0, self.used_s / self.total_s)

    def cosine(self, peak: float, warm_up: float = 0.02, floor: float = 0.01) -> float:
        """Linear warm-up over `warm_up` of the time, then a cosine down to `floor * peak`."""
        at = self.fraction
        if at < warm_up:
            return peak * (0.05 + 0.95 * at / warm_up)
        cosine = 0.5 * (1 + math.cos(math.pi * (at - warm_up) / (1 - warm_up)))
        return peak * (floor + (1 - floor) * cosine)

    def stable(self, peak: float, warm_up_s: float = 120.0, floor: float = 0.01) -> float:
        """Warm-up, constant, then linear down over the last fifth (WSD: Hu et al. 2024, arXiv 2404.06395), so that a
        stage can be extended, or cooled down from any checkpoint."""
        if self.used_s < warm_up_s:
            return peak * (0.05 + 0.95 * self.used_s / warm_up_s)
        return peak * max(floor, self._level())

    def _level(self) -> float:
        """The rate after the warm-up as a share of its peak."""
        if not self.is_cooling:
            return 1.0
        left = (self.total_s - self.used_s) / max(1.0, self.total_s - self.decay_from_s)
        return self.decay_level * left

    def state(self) -> dict[str, float]:
        times = {"used_s": self.used_s, "total_s": self.total_s, "decay_from_s": self.decay_from_s}
        return {**times, "decay_level": self.decay_level}

    def restore(self, state: dict[str, float]) -> None:
        """Goes on where it stopped. A stage that was cooling down keeps its end; any other one gets the new length."""
        self.used_s, self._last = state["used_s"], time.monotonic()
        if state["decay_from_s"] < state["used_s"] < state["total_s"]:
            self.total_s, self.decay_from_s = state["total_s"], state["decay_from_s"]
            self.decay_level = state.get("decay_level", 1.0)


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

    def keep(self) -> None:
        """A copy of the file as it is, `<name>-stable.pt`: a training that is to be extended begins there."""
        shutil.copyfile(self.path, self.path.with_name(f"{self.path.stem}-stable.pt"))

    def save(self, state: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        torch.save(state, fresh)
        os.replace(fresh, self.path)
        self._last = time.monotonic()


def log(message: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {message}", flush=True)
