"""The figures of the model card: does a small probe see in generated pictures what the held-out prompts asked for?"""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scripts.demo_training.budget import log
from scripts.demo_training.captions import plain_caption
from scripts.demo_training.dataset import HELD_OUT, Drawings
from scripts.demo_training.probe import HEADS, Probe, load_probe, small, targets
from scripts.demo_training.sampling import GUIDANCE, LORA_WEIGHT, STEPS, Painter
from scripts.demo_training.scenes import Scene

NUM_BASE, NUM_WITH, NUM_WITHOUT, NUM_OTHERS = 204, 60, 42, 60
MEASURED = ("color", "place", "time", "subject", "clothing")


@torch.no_grad()
def read(probe: Probe, pixels: np.ndarray) -> dict[str, list[str]]:
    """What the probe sees in (N, H, W, 3) uint8, by head."""
    said = probe(small(pixels))
    return {name: [values[i] for i in said[name].argmax(1).tolist()] for name, values in HEADS.items()}


def agreement(seen: dict[str, list[str]], scenes: Sequence[Scene]) -> dict[str, float]:
    """Share of pictures whose attribute is the one asked for, and of those with color, place, time and subject all
    right."""
    right: dict[str, list[bool]] = {}
    for name, wanted in targets(scenes).items():
        right[name] = [
            HEADS[name].index(value) == want for value, want in zip(seen[name], wanted.tolist(), strict=True)
        ]
    shares = {name: sum(right[name]) / len(scenes) for name in MEASURED}
    both = [all(row) for row in zip(*(right[name] for name in ("color", "place", "time", "subject")), strict=True)]
    return {name: round(value, 3) for name, value in {**shares, "first_four": sum(both) / len(scenes)}.items()}


def share_of(seen: dict[str, list[str]], character: str) -> float:
    return round(sum(value == character for value in seen["character"]) / len(seen["character"]), 3)


class Measure:
    """One measurement run: prompts are the held-out scenes without a style; pictures are kept for the eye in
    `<work>/evaluation`."""

    def __init__(self, work: Path, model: Path, loras: Path) -> None:
        self.work, self.model, self.loras = work, model, loras
        self.probe = load_probe(work)
        self.scenes = [s for s in Drawings(work / "drawings").scenes(HELD_OUT) if not s.style]
        (work / "evaluation").mkdir(exist_ok=True)

    def pictures(self, name: str, scenes: Sequence[Scene], lora: Path | None) -> dict[str, list[str]]:
        started = time.monotonic()
        pixels = Painter(self.model, lora)([plain_caption(scene) for scene in scenes])
        np.save(self.work / "evaluation" / f"{name}.npy", pixels)
        log(f"{name}: {len(pixels)} pictures in {time.monotonic() - started:.0f} s")
        return read(self.probe, pixels)

    def base(self) -> dict[str, Any]:
        scenes = self.scenes[:NUM_BASE]
        return {"pictures": len(scenes), **agreement(self.pictures("base", scenes, None), scenes)}

    def character(self, character: str) -> dict[str, Any]:
        lora = self.loras / f"{character}-v1.safetensors"
        women = [replace(s, name=character, character=character) for s in self.scenes if s.subject == "woman"]
        others = [s for s in self.scenes[NUM_BASE:] if s.is_person and s.name != character][:NUM_OTHERS]
        asked = self.pictures(f"{character}_with", women[:NUM_WITH], lora)
        plain = self.pictures(f"{character}_without", women[:NUM_WITHOUT], None)
        rest = self.pictures(f"{character}_others", others, lora)
        return {
            "pictures": [min(NUM_WITH, len(women)), min(NUM_WITHOUT, len(women)), len(others)],
            "recognized_with_lora": share_of(asked, character),
            "recognized_without_lora": share_of(plain, character),
            "others_recognized_with_lora": share_of(rest, character),
            "with_lora": agreement(asked, women[:NUM_WITH]),
            "others_with_lora": agreement(rest, others),
        }


def evaluate(work: Path, model: Path, loras: Path, parts: Sequence[str]) -> None:
    """Measures the given parts ("base", "jade", "amber") and merges them into `<model>/scores.json`."""
    measure, path = Measure(work, model, loras), model / "scores.json"
    scores: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    scores["settings"] = {
        "steps": STEPS,
        "guidance": GUIDANCE,
        "lora_weight": LORA_WEIGHT,
        "sampler": "euler",
        "size": 256,
    }
    scores["probe_on_held_out_drawings"] = json.loads((work / "probe.json").read_text(encoding="utf-8"))
    for part in parts:
        scores[part] = measure.base() if part == "base" else measure.character(part)
        log(f"{part}: {scores[part]}")
        path.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
