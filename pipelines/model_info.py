"""What is known of a base model without loading it, from its JSON configs and the bytes of its weights. Torch-free."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

PARTS_WITH_WEIGHTS = ("text_encoder", "text_encoder_2", "unet", "vae")
PARTS = (*PARTS_WITH_WEIGHTS, "tokenizer", "tokenizer_2", "scheduler")

DEMO_LORA_BASE = "lora-studio-demo"
SDXL_LORA_BASE = "sdxl"
KNOWN_WORDS_FILE = "words.json"
"""`{"words": [...]}` beside the demo model's parts. A base model that carries this file is the demo model."""


class ModelFolderError(ValueError):
    """The folder is not a base model we can serve; the text says what is wrong and what is expected."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """`native_*` is the size the model was trained at, `*_size_px` bound each side (multiples of 8), `max_pixels` their
    product. `known_words` is None for a model that may know any word. `lora_base` is what a LoRA must be made for."""

    name: str
    is_demo: bool
    sha256: str
    native_width: int
    native_height: int
    min_size_px: int
    max_size_px: int
    max_pixels: int
    lora_base: str
    known_words: frozenset[str] | None = field(default=None, repr=False)


def read_model_info(folder: Path) -> ModelInfo:
    """Reads the whole of the weights once, to hash them. Raises ModelFolderError."""
    check_model_folder(folder)
    words = read_known_words(folder)
    native_px = 8 * _positive(read_config(folder / "unet" / "config.json"), "sample_size", folder)
    return ModelInfo(
        name=DEMO_LORA_BASE if words is not None else folder.resolve().name,
        is_demo=words is not None,
        sha256=_hash_weights(folder),
        native_width=native_px,
        native_height=native_px,
        min_size_px=native_px // 2,
        max_size_px=2 * native_px,
        max_pixels=native_px * native_px * 9 // 4,  # 1.5 times the native side, squared
        lora_base=DEMO_LORA_BASE if words is not None else SDXL_LORA_BASE,
        known_words=words,
    )


def check_model_folder(folder: Path) -> None:
    """Raises ModelFolderError where this is no diffusers folder of an SDXL pipeline with safetensors weights."""
    index = read_config(folder / "model_index.json")
    class_name = index.get("_class_name")
    if class_name != "StableDiffusionXLPipeline":
        raise ModelFolderError(f"{folder} holds a {class_name}; expected a StableDiffusionXLPipeline")
    for part in PARTS:
        if not (folder / part).is_dir():
            raise ModelFolderError(f"{folder} lacks the folder {part}; an SDXL model has {', '.join(PARTS)}")
    for part in PARTS_WITH_WEIGHTS:
        if not any((folder / part).glob("*.safetensors")):
            raise ModelFolderError(f"{folder / part} holds no .safetensors file; other weight formats are not read")


def read_known_words(folder: Path) -> frozenset[str] | None:
    """The demo model's vocabulary in lower case; None for any other model."""
    path = folder / KNOWN_WORDS_FILE
    if not path.is_file():
        return None
    words = read_config(path).get("words")
    if not isinstance(words, list):
        raise ModelFolderError(f"{path} must hold a list named words")
    return frozenset(str(word).lower() for word in cast(list[object], words))


def read_config(path: Path) -> dict[str, Any]:
    """A JSON object from a file of the base model. Raises ModelFolderError."""
    try:
        config: object = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelFolderError(f"{path} is missing; a base model is a diffusers folder of an SDXL model") from None
    except (OSError, ValueError) as error:
        raise ModelFolderError(f"{path} cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise ModelFolderError(f"{path} must hold a JSON object")
    return cast(dict[str, Any], config)


def _positive(config: dict[str, Any], key: str, folder: Path) -> int:
    value = config.get(key)
    if not isinstance(value, int) or value < 1:
        raise ModelFolderError(f"{folder}/unet/config.json gives {key}={value!r}; expected a whole number above 0")
    return value


def _hash_weights(folder: Path) -> str:
    """One hash over the weight files' own hashes, in the order of their paths, and the scheduler config, which decides
    how the weights are used."""
    digest = hashlib.sha256()
    files = [path for part in PARTS_WITH_WEIGHTS for path in sorted((folder / part).glob("*.safetensors"))]
    for path in (*files, folder / "scheduler" / "scheduler_config.json"):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return digest.hexdigest()
