"""Read a LoRA file's metadata: ModelSpec fields, kohya's training notes and the studio's own keys. Torch-free.

ModelSpec: https://github.com/Stability-AI/ModelSpec. kohya's `ss_*` keys: https://github.com/kohya-ss/sd-scripts,
`library/train_util.py`.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from pipelines.lora.file import LoraFormatError

MAX_TEXT_CHARACTERS = 500
TRIGGER_KEY = "modelspec.trigger_phrase"
TITLE_KEY = "modelspec.title"
BASE_KEY = "studio.base_model"
WEIGHT_KEY = "studio.default_weight"
MAX_WEIGHT = 2.0
MAX_KOHYA_WORDS = 3


@dataclass(frozen=True, slots=True)
class LoraFacts:
    """`trigger`: the words that activate the LoRA. `weight`: its recommended weight. `base_model`: the one it was
    trained for. None: the file does not say."""

    trigger: str | None
    title: str | None
    base_model: str | None
    weight: float | None


def read_facts(metadata: Mapping[str, str]) -> LoraFacts:
    """Raises LoraFormatError if a text that the studio shows or stores cannot be shown or stored."""
    return LoraFacts(
        trigger=_short_text(metadata, TRIGGER_KEY) or _kohya_trigger(metadata),
        title=_short_text(metadata, TITLE_KEY) or _kohya_title(metadata),
        base_model=_short_text(metadata, BASE_KEY),
        weight=_weight(metadata),
    )


def _short_text(metadata: Mapping[str, str], key: str) -> str | None:
    """A text for prompts, lists and image files. Raises LoraFormatError."""
    text = metadata.get(key, "").strip()
    if len(text) > MAX_TEXT_CHARACTERS:
        raise LoraFormatError(f"its {key} is {len(text)} characters long; at most {MAX_TEXT_CHARACTERS} are allowed")
    if not text.isprintable():  # control characters and lone surrogates among them
        raise LoraFormatError(f"its {key} holds characters that cannot be printed")
    return text or None


def _kohya_title(metadata: Mapping[str, str]) -> str | None:
    text = metadata.get("ss_output_name", "").strip()
    return text if text.isprintable() and 0 < len(text) <= MAX_TEXT_CHARACTERS else None


def _kohya_trigger(metadata: Mapping[str, str]) -> str | None:
    """The tags that all training images share, if they are few: the words that the trainer put before each caption."""
    num_images = sum(_count(folder.get("img_count")) for folder in _objects(metadata.get("ss_dataset_dirs")))
    counts: Counter[str] = Counter()
    for tags in _objects(metadata.get("ss_tag_frequency")):
        for tag, count in tags.items():
            counts[tag.strip()] += _count(count)
    words = [tag for tag, count in counts.items() if tag and num_images and count >= num_images]
    text = ", ".join(words)
    is_trigger = 0 < len(words) <= MAX_KOHYA_WORDS and text.isprintable() and len(text) <= MAX_TEXT_CHARACTERS
    return text if is_trigger else None


def _objects(text: str | None) -> list[dict[str, Any]]:
    """The values of a JSON object of objects; empty for anything else."""
    try:
        document: object = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return []
    values = cast(dict[str, object], document).values() if isinstance(document, dict) else ()
    return [cast(dict[str, Any], value) for value in values if isinstance(value, dict)]


def _count(value: object) -> int:
    return value if type(value) is int and value > 0 else 0


def _weight(metadata: Mapping[str, str]) -> float | None:
    """ModelSpec has no field for the weight. A value of the studio's own key that is no weight is ignored."""
    try:
        weight = float(metadata.get(WEIGHT_KEY, "nan"))
    except ValueError:
        return None
    return weight if -MAX_WEIGHT <= weight <= MAX_WEIGHT else None
