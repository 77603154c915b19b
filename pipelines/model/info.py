"""Describe and check a base model without loading it: JSON configs and the headers of its weights. Torch-free.

A base model is a diffusers folder, or a single `.safetensors` file whose configs and vocabulary are those of
`pipelines/sdxl_base`.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import pipelines
from pipelines.model.checkpoint import (
    BaseModelError,
    check_checkpoint,
    check_vae_file,
    has_vae,
    num_weights,
    read_tensors,
)
from pipelines.model.file_hashes import FileHashes

SDXL_BASE = Path(pipelines.__path__[0]) / "sdxl_base"
PARTS_WITH_WEIGHTS = ("text_encoder", "text_encoder_2", "unet", "vae")
PARTS = (*PARTS_WITH_WEIGHTS, "tokenizer", "tokenizer_2", "scheduler")
HALF_VARIANT = "fp16"

DEMO_LORA_BASE = "lora-studio-demo"
SDXL_LORA_BASE = "sdxl"
KNOWN_WORDS_FILE = "words.json"
"""`{"words": [...]}` in the base model's folder. A base model with this file is the demo model."""

WHAT_IT_IS = "a diffusers folder of an SDXL model, a .safetensors checkpoint of one, or a hub id like org/name"
MIN_SIZE_PX = 256
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


ShapeName = Literal["square", "portrait", "landscape"]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """`native_*`: the size that the model was trained at. `*_size_px`: bounds of each side, multiples of 8.
    `max_pixels`: bound of width * height. `known_words`: the demo model's vocabulary, None for any other model.
    `lora_base`: what a LoRA must be made for."""

    name: str
    is_demo: bool
    native_width: int
    native_height: int
    min_size_px: int
    max_size_px: int
    max_pixels: int
    lora_base: str
    known_words: frozenset[str] | None = field(default=None, repr=False)

    @property
    def native_shapes(self) -> Mapping[ShapeName, tuple[int, int]]:
        """Width and height by name. 13 : 19 is the upright shape that SDXL was trained at with (nearly) its native
        area: 832 x 1216."""
        width, height = self.native_width, self.native_height
        short, long = (side - side % 8 for side in (width * 13 // 16, height * 19 // 16))
        return {"square": (width, height), "portrait": (short, long), "landscape": (long, short)}


def is_hub_id(path: Path) -> bool:
    """True for `org/name`, unless a file or folder has that path."""
    return _HUB_ID.fullmatch(str(path)) is not None and not path.exists()


def config_folder(path: Path) -> Path:
    """The folder of a base model's configs and vocabularies; for a single file, which has none, the studio's own."""
    return SDXL_BASE if path.is_file() else path


def read_model_info(path: Path, name: str | None = None) -> ModelInfo:
    """Read the configs only: the weights may still be missing. Raises BaseModelError."""
    if not path.exists():
        raise BaseModelError(f"{path} does not exist; STUDIO_BASE_MODEL is {WHAT_IT_IS}")
    folder = config_folder(path)
    words = read_known_words(folder)
    native_px = 8 * _positive(read_config(folder / "unet" / "config.json"), "sample_size", folder)
    return ModelInfo(
        name=DEMO_LORA_BASE if words is not None else name or _name_of(path),
        is_demo=words is not None,
        native_width=native_px,
        native_height=native_px,
        min_size_px=min(native_px // 2, MIN_SIZE_PX),
        max_size_px=2 * native_px,
        max_pixels=native_px * native_px * 9 // 4,  # 1.5 times the native side, squared
        lora_base=DEMO_LORA_BASE if words is not None else SDXL_LORA_BASE,
        known_words=words,
    )


def check_configs(folder: Path) -> None:
    """Raises BaseModelError if the folder is no diffusers folder of an SDXL pipeline."""
    index = read_config(folder / "model_index.json")
    class_name = index.get("_class_name")
    if class_name != "StableDiffusionXLPipeline":
        raise BaseModelError(f"{folder} holds a {class_name}; expected a StableDiffusionXLPipeline")
    for part in PARTS:
        if not (folder / part).is_dir():
            raise BaseModelError(f"{folder} lacks the folder {part}; an SDXL model has {', '.join(PARTS)}")


def check_base_model(path: Path, vae: Path | None = None) -> int:
    """Check the headers of all weights and return the number of weights. Raises BaseModelError if the path holds no
    complete SDXL model, or `vae` no VAE for SDXL."""
    if path.is_file():
        tensors = check_checkpoint(path)
        if vae is None and not has_vae(tensors):
            raise BaseModelError(f"{path} holds no VAE; name one for SDXL in STUDIO_VAE (a folder or a file)")
        count = num_weights(tensors)
    else:
        check_configs(path)
        files = [file for part in PARTS_WITH_WEIGHTS for file in weight_files(path, part)]
        count = sum(num_weights(read_tensors(file)) for file in files)
    if vae is not None:
        check_vae(vae)
    return count


def check_vae(path: Path) -> None:
    """Check a VAE, a folder or a file. Raises BaseModelError."""
    if not path.exists():
        raise BaseModelError(f"{path} does not exist; STUDIO_VAE takes a VAE for SDXL, as a folder or a file")
    if not path.is_dir():
        check_vae_file(path)
        return
    class_name = read_config(path / "config.json").get("_class_name")
    if class_name != "AutoencoderKL":
        raise BaseModelError(f"{path} holds a {class_name}; STUDIO_VAE takes an AutoencoderKL for SDXL")
    for file in weight_files(path, "."):
        read_tensors(file)


def weight_files(folder: Path, part: str) -> list[Path]:
    """The files that are loaded for a part: half precision only if there is nothing else. Raises BaseModelError."""
    files = sorted((folder / part).glob("*.safetensors"))
    if not files:
        raise BaseModelError(f"{folder / part} holds no .safetensors file; other weight formats are not read")
    return [file for file in files if not _is_half(file)] or [file for file in files if _is_half(file)]


def weight_variant(folder: Path, part: str) -> str | None:
    """diffusers' variant name of the files that `weight_files` returns."""
    return HALF_VARIANT if _is_half(weight_files(folder, part)[0]) else None


def _is_half(file: Path) -> bool:
    return f".{HALF_VARIANT}" in file.suffixes[-2:] or f".{HALF_VARIANT}-" in file.name


def hashed_files(path: Path, vae: Path | None) -> Iterator[tuple[str, Path]]:
    """Every file that determines the images, with its name in the hash: the weights and, in a folder, the scheduler
    config."""
    if path.is_file():
        yield "", path
    else:
        for part in PARTS_WITH_WEIGHTS:
            for file in weight_files(path, part):
                yield file.relative_to(path).as_posix(), file
        yield "scheduler/scheduler_config.json", path / "scheduler" / "scheduler_config.json"
    if vae is not None:
        for file in weight_files(vae, ".") if vae.is_dir() else [vae]:
            yield f"STUDIO_VAE/{file.name}", file


def hash_base_model(path: Path, hashes: FileHashes, vae: Path | None = None) -> str:
    """The identity of a base model: the SHA-256 of a single file, as other programs show it, or else one hash over the
    names and hashes of the files. Reads the files that `hashes` does not know. Raises OSError."""
    files = list(hashed_files(path, vae))
    if len(files) == 1:
        return hashes.sha256(files[0][1])
    lines = [f"{name} {hashes.sha256(file)}\n" for name, file in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def read_known_words(folder: Path) -> frozenset[str] | None:
    """The demo model's vocabulary in lower case; None for any other model."""
    path = folder / KNOWN_WORDS_FILE
    if not path.is_file():
        return None
    words = read_config(path).get("words")
    if not isinstance(words, list):
        raise BaseModelError(f"{path} must hold a list named words")
    return frozenset(str(word).lower() for word in cast(list[object], words))


def read_config(path: Path) -> dict[str, Any]:
    """Read a JSON object from a file of the base model. Raises BaseModelError."""
    try:
        config: object = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BaseModelError(f"{path} is missing; a base model is {WHAT_IT_IS}") from None
    except (OSError, ValueError) as error:
        raise BaseModelError(f"{path} cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise BaseModelError(f"{path} must hold a JSON object")
    return cast(dict[str, Any], config)


def _name_of(path: Path) -> str:
    return path.stem if path.is_file() else path.resolve().name


def _positive(config: dict[str, Any], key: str, folder: Path) -> int:
    value = config.get(key)
    if not isinstance(value, int) or value < 1:
        raise BaseModelError(f"{folder}/unet/config.json gives {key}={value!r}; expected a whole number above 0")
    return value
