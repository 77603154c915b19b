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
from scripts.demo_training.captions.captions import plain_caption
from scripts.demo_training.captions.scenes import Scene
from scripts.demo_training.dataset import HELD_OUT, Drawings
from scripts.demo_training.judging.face_finder import Found, find_faces, load_face_finder, shrink
from scripts.demo_training.judging.probe import HEADS, Probe, load_probe, small, targets
from scripts.demo_training.judging.sampling import GUIDANCE, LORA_WEIGHT, STEPS, Order, paint_all
from scripts.demo_training.train_lora import file_name

NUM_BASE, NUM_WITH, NUM_WITHOUT, NUM_OTHERS, NUM_FACES = 204, 96, 24, 36, 96
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


def face_shares(found: Sequence[Found]) -> dict[str, float]:
    """Shares of pictures with exactly two eyes, with a mouth too, and with a symmetric outline too."""
    seen = {
        "two_eyes": [each.num_eyes == 2 for each in found],
        "and_mouth": [each.num_eyes == 2 and each.has_mouth for each in found],
        "and_symmetric_outline": [each.is_whole for each in found],
    }
    return {"people": len(found), **{name: round(sum(each) / len(each), 3) for name, each in seen.items()}}


def measured_scenes(work: Path) -> list[Scene]:
    """Held-out scenes without a style, in a place."""
    held_out = Drawings(work / "drawings").scenes(HELD_OUT)
    return [scene for scene in held_out if not scene.style and not scene.has_backdrop]


class Measure:
    """Prompts are the measured scenes' plain captions; the pictures are kept for the eye in `<work>/evaluation`."""

    def __init__(self, work: Path, model: Path, loras: Path) -> None:
        self.work, self.model, self.loras = work, model, loras
        self.probe, self.finder = load_probe(work), load_face_finder(work)
        self.scenes = measured_scenes(work)
        (work / "evaluation").mkdir(exist_ok=True)

    def look(self, asked: dict[str, tuple[list[Scene], Path | None]]) -> dict[str, dict[str, list[str]]]:
        """What the probe sees in the pictures of each named list of scenes."""
        orders = [Order(self.model, tuple(map(plain_caption, scenes)), lora) for scenes, lora in asked.values()]
        started = time.monotonic()
        made = paint_all(orders)
        log(f"{sum(map(len, made))} pictures in {time.monotonic() - started:.0f} s")
        for name, pixels in zip(asked, made, strict=True):
            np.save(self.work / "evaluation" / f"{name}.npy", pixels)
        return {name: read(self.probe, pixels) for name, pixels in zip(asked, made, strict=True)}

    def faces(self, name: str, scenes: Sequence[Scene]) -> dict[str, float]:
        """What is found of the faces of the first people among the kept pictures of that name."""
        pixels = np.load(self.work / "evaluation" / f"{name}.npy")
        rows = [i for i, scene in enumerate(scenes) if scene.is_person][:NUM_FACES]
        return face_shares(find_faces(self.finder, shrink(pixels[rows])))

    def base(self) -> dict[str, Any]:
        scenes = self.scenes[:NUM_BASE]
        seen = self.look({"base": (scenes, None)})["base"]
        return {"pictures": len(scenes), **agreement(seen, scenes), "faces": self.faces("base", scenes)}

    def lora(self, lora: str) -> dict[str, Any]:
        path, character = self.loras / file_name(lora), lora.split("-")[0]
        women = [replace(s, name=character, character=character) for s in self.scenes if s.subject == "woman"]
        others = [s for s in self.scenes[NUM_BASE:] if s.is_person and s.name != character][:NUM_OTHERS]
        asked, plain = women[:NUM_WITH], women[:NUM_WITHOUT]
        names = [f"{lora}_{kind}" for kind in ("with", "without", "others")]
        seen = self.look(dict(zip(names, ((asked, path), (plain, None), (others, path)), strict=True)))
        return {
            "pictures": [len(asked), len(plain), len(others)],
            "recognized_with_lora": share_of(seen[names[0]], character),
            "recognized_without_lora": share_of(seen[names[1]], character),
            "others_recognized_with_lora": share_of(seen[names[2]], character),
            "with_lora": agreement(seen[names[0]], asked),
            "others_with_lora": agreement(seen[names[2]], others),
            "faces": self.faces(names[0], asked),
        }


def evaluate(work: Path, model: Path, loras: Path, parts: Sequence[str]) -> None:
    """Measures the base and LoRAs that are given and merges the figures into `<model>/scores.json`."""
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
    scores["face_finder_on_held_out_drawings"] = json.loads((work / "faces.json").read_text(encoding="utf-8"))
    for part in parts:
        scores[part] = measure.base() if part == "base" else measure.lora(part)
        log(f"{part}: {scores[part]}")
        path.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
