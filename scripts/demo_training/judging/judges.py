"""The two networks that judge generated pictures: one reads attributes, one finds faces."""

from collections.abc import Callable
from pathlib import Path

from scripts.demo_training.judging.face_finder import train_face_finder
from scripts.demo_training.judging.probe import train_probe

JUDGES: dict[str, Callable[[Path, float], None]] = {"attributes": train_probe, "faces": train_face_finder}


def train_judge(name: str, work: Path, minutes: float) -> None:
    JUDGES[name](work, minutes)
