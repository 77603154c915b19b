"""An operator's own classifier of explicit images. Imports torch and transformers."""

from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageClassification

SAFE_LABELS = frozenset({"normal", "neutral", "safe", "sfw", "low", "drawing", "drawings"})
"""In lower case. Of Freepik's four, `low` is safe."""


class FolderClassifier:
    """A folder as `save_pretrained` writes it, on the CPU. The score is the probability of all labels that are not in
    SAFE_LABELS. Code and pickled weights in the folder are not run."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError and ValueError."""
        models: Any = AutoModelForImageClassification
        processors: Any = AutoImageProcessor
        local = {"local_files_only": True, "trust_remote_code": False}
        self._prepare = processors.from_pretrained(folder, **local)
        self._model = models.from_pretrained(folder, use_safetensors=True, dtype=torch.float32, **local).eval()
        labels: dict[int, str] = self._model.config.id2label
        self._safe = [index for index, label in labels.items() if label.lower() in SAFE_LABELS]
        if not self._safe or len(self._safe) == len(labels):
            known = ", ".join(sorted(SAFE_LABELS))
            raise ValueError(f"its labels are {', '.join(labels.values())}: some, not all, must be one of {known}")

    def score(self, image: Image.Image) -> float:
        """0 to 1; the higher, the more explicit. `image` is RGB."""
        with torch.inference_mode():
            logits: torch.Tensor = self._model(**self._prepare(images=image, return_tensors="pt")).logits[0]
            return min(1.0, max(0.0, 1 - logits.softmax(0)[self._safe].sum().item()))
