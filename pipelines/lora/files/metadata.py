"""Read a LoRA file's metadata: ModelSpec fields, kohya's training notes, PEFT's settings and the studio's own keys.
Torch-free.

ModelSpec: https://github.com/Stability-AI/ModelSpec. kohya's `ss_*` keys: https://github.com/kohya-ss/sd-scripts,
`library/train_util.py`. `lora_adapter_metadata`: `diffusers/loaders/lora_base.py`.
"""

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from pipelines.lora.files.names import LoraFormatError
from pipelines.spec import MAX_LORA_WEIGHT

MAX_TEXT_CHARACTERS = 500
TRIGGER_KEY = "modelspec.trigger_phrase"
TITLE_KEY = "modelspec.title"
BASE_KEY = "studio.base_model"
WEIGHT_KEY = "studio.default_weight"
MAX_KOHYA_WORDS = 3

ADAPTER_METADATA_KEY = "lora_adapter_metadata"
_SETTINGS_OF = {"lora_unet": "unet", "lora_te1": "text_encoder", "lora_te2": "text_encoder_2"}
_SETTINGS = ("r", "lora_alpha", "alpha", "rank_pattern", "alpha_pattern", "use_rslora")
_PEFT_RANK = 8  # PEFT's default, also of alpha
_MAX_NUMBER = 1e9
_LAYER_PATTERN = re.compile(r"\^?[A-Za-z0-9_.]+\$?")

_JOINERS = "\u200c\u200d"
"""Zero-width joiners: of emoji (U+200D), and in words of Persian and of Indic scripts."""
_ZERO_WIDTH_SPACE = "\u200b"


@dataclass(frozen=True, slots=True)
class LoraFacts:
    """`trigger`: the words that activate the LoRA. `weight`: its recommended weight. `base_model`: the one it was
    trained for. None: the file does not say."""

    trigger: str | None
    title: str | None
    base_model: str | None
    weight: float | None


def read_facts(metadata: Mapping[str, str]) -> LoraFacts:
    return LoraFacts(
        trigger=label_text(metadata.get(TRIGGER_KEY, "")) or _kohya_trigger(metadata),
        title=label_text(metadata.get(TITLE_KEY, "")) or label_text(metadata.get("ss_output_name", "")),
        base_model=label_text(metadata.get(BASE_KEY, "")),
        weight=_weight(metadata),
    )


def label_text(text: str) -> str | None:
    """A text in a form that prompts, lists and image files can hold; None if nothing is left of it.

    Blanks of any kind and line breaks become one blank; control characters and others that show nothing are dropped,
    except for joiners within a word or an emoji. At most MAX_TEXT_CHARACTERS, cut between two visible characters.
    """
    spaced = " ".join(text.replace(_ZERO_WIDTH_SPACE, " ").split())
    shown = "".join(char for char in spaced if char in _JOINERS or not unicodedata.category(char).startswith("C"))
    folded = " ".join(shown.split()).strip(_JOINERS + " ")
    if len(folded) > MAX_TEXT_CHARACTERS:
        end = MAX_TEXT_CHARACTERS
        while end > 0 and _continues(folded, end):
            end -= 1
        folded = folded[:end].rstrip()
    return folded or None


def is_shown(text: str) -> bool:
    """True if every character can be printed, or joins two that can."""
    return all(char.isprintable() or char in _JOINERS for char in text)


def _continues(text: str, place: int) -> bool:
    """True if the character at `place` belongs to the visible one before it."""
    char = text[place]
    is_tone = "\U0001f3fb" <= char <= "\U0001f3ff"
    return (
        char in _JOINERS or text[place - 1] == "\u200d" or is_tone or unicodedata.category(char) in ("Mn", "Me", "Mc")
    )


def _kohya_trigger(metadata: Mapping[str, str]) -> str | None:
    """The tags that all training images share, if they are few: the words that the trainer put before each caption."""
    num_images = sum(_count(folder.get("img_count")) for folder in _objects(metadata.get("ss_dataset_dirs")))
    counts: Counter[str] = Counter()
    for tags in _objects(metadata.get("ss_tag_frequency")):
        for tag, count in tags.items():
            counts[tag.strip()] += _count(count)
    words = [tag for tag, count in counts.items() if tag and num_images and count >= num_images]
    return label_text(", ".join(words)) if 0 < len(words) <= MAX_KOHYA_WORDS else None


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
    return weight if -MAX_LORA_WEIGHT <= weight <= MAX_LORA_WEIGHT else None


# ---- PEFT's settings


@dataclass(frozen=True, slots=True)
class PeftSettings:
    """Rank and alpha of the layers of one component, as PEFT's `LoraConfig` and `LoKrConfig` have them."""

    rank: int
    alpha: float
    rank_pattern: Mapping[str, float]
    alpha_pattern: Mapping[str, float]
    use_rslora: bool

    def scale(self, path: str, rank: int) -> float:
        """The scale of the layer at `path`. Raises LoraFormatError if its matrices have another rank."""
        configured = _by_pattern(self.rank_pattern, path, self.rank)
        if configured != rank:
            raise LoraFormatError(f"its settings give rank {configured} for {path}, its matrices {rank}")
        return _by_pattern(self.alpha_pattern, path, self.alpha) / (math.sqrt(rank) if self.use_rslora else rank)


def peft_settings(metadata: Mapping[str, str]) -> Mapping[str, PeftSettings]:
    """By component (`lora_unet`), from what diffusers stores (`unet.r`, `unet.lora_alpha`, ...). Raises
    LoraFormatError."""
    text = metadata.get(ADAPTER_METADATA_KEY)
    if not text:
        return {}
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LoraFormatError(f"its {ADAPTER_METADATA_KEY} is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise LoraFormatError(f"its {ADAPTER_METADATA_KEY} is not a JSON object")
    fields = cast(dict[str, Any], document)
    if any(value and key.endswith(".use_dora") for key, value in fields.items()):
        raise LoraFormatError("format not supported: DoRA")
    found: dict[str, PeftSettings] = {}
    for component, part in _SETTINGS_OF.items():
        own = {name: fields[f"{part}.{name}"] for name in _SETTINGS if f"{part}.{name}" in fields}
        if own:
            found[component] = _settings(part, own)
    return found


def _settings(part: str, own: Mapping[str, Any]) -> PeftSettings:
    rank, alpha = own.get("r", _PEFT_RANK), own.get("lora_alpha", own.get("alpha"))
    alpha = _PEFT_RANK if alpha is None else alpha
    rank_pattern, alpha_pattern = (_pattern(own.get(name)) for name in ("rank_pattern", "alpha_pattern"))
    if not _is_number(rank) or not _is_number(alpha) or rank_pattern is None or alpha_pattern is None:
        raise LoraFormatError(f"its {ADAPTER_METADATA_KEY} holds ranks or alphas of {part} that cannot be read")
    return PeftSettings(rank, alpha, rank_pattern, alpha_pattern, bool(own.get("use_rslora")))


def _pattern(value: object) -> Mapping[str, float] | None:
    """Name of a layer → number; None for anything else."""
    pattern = cast(dict[str, Any], value or {})
    is_sound = isinstance(value or {}, dict) and all(
        _LAYER_PATTERN.fullmatch(key) and _is_number(number) for key, number in pattern.items()
    )
    return pattern if is_sound else None


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and -_MAX_NUMBER < cast(float, value) < _MAX_NUMBER


def _by_pattern(pattern: Mapping[str, float], path: str, default: float) -> float:
    """The value of the first key that ends the path, from a dot on, as PEFT's `get_pattern_key` finds it; kohya's paths
    have underscores for dots. Keys are read as names of layers: PEFT takes regular expressions, which can run for
    ever."""
    dot = "." if "." in path else "_"
    for key, value in pattern.items():
        name = key.strip("^$").replace(".", dot)
        if path == name or (path.endswith(f"{dot}{name}") and not key.startswith("^")):
            return value
    return default
