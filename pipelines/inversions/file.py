"""Read a textual inversion file for SDXL: vectors that stand for a word, one matrix for each text encoder. Torch-free.

The file holds `clip_l` and `clip_g`, each (vectors, width of the text encoder), as kohya's trainer, A1111's web UI and
ComfyUI know it. https://arxiv.org/abs/2208.01618
"""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pipelines.lora.files.names import label_of
from pipelines.model.checkpoint import kind_of
from pipelines.model.info import read_config
from pipelines.safetensors_header import CutFile, SafetensorsError, TensorEntry, check_payload, read_header

KEYS = ("clip_l", "clip_g")
"""In the order of SDXL's text encoders."""
MAX_VECTORS = 75
"""The tokens that a window has room for: an embedding is never split."""
MAX_BYTES = 4_000_000
"""Of a file. 75 vectors in float32 have 614,400 bytes."""
MAX_NAME_CHARACTERS = 64

Widths = tuple[int, int]
"""Numbers in a vector of each text encoder."""

_FORMATS = {"F16": "<f2", "BF16": "<u2", "F32": "<f4"}
_FAMILY_OF_WIDTH = {768: "Stable Diffusion 1.x", 1024: "Stable Diffusion 2.x"}


class InversionError(ValueError):
    """The embedding cannot be used; the text is the reason that the operator sees."""


def read_widths(configs: Path) -> Widths:
    """Of a base model, by the folder of its configs. Raises BaseModelError."""
    first, second = (read_config(configs / part / "config.json") for part in ("text_encoder", "text_encoder_2"))
    return int(first["hidden_size"]), int(second["hidden_size"])


def name_of(stem: str) -> str:
    """The name of a file without its ending, in the characters that a prompt can name. Raises InversionError."""
    name = label_of(stem)
    if not any(character.isalpha() for character in name):
        raise InversionError("its name must have a letter: a prompt reads a number as a weight")
    return name


def num_vectors(data: bytes, widths: Widths) -> int:
    """Check all bytes of a file. Raises InversionError."""
    try:
        header = read_header(data)
        check_payload(header, len(data) - header.payload_start)
    except CutFile as error:
        raise InversionError(f"it is still being written, or {error}") from error
    except SafetensorsError as error:
        raise InversionError(str(error)) from error
    tensors = header.tensors
    if set(tensors) != set(KEYS):
        raise InversionError(_why_not(tensors))
    counts = [_count(key, tensors[key], width) for key, width in zip(KEYS, widths, strict=True)]
    if counts[0] != counts[1]:
        raise InversionError(f"it has {counts[0]} vectors in clip_l and {counts[1]} in clip_g; both need as many")
    if not 1 <= counts[0] <= MAX_VECTORS:
        raise InversionError(f"it has {counts[0]} vectors; possible are 1 to {MAX_VECTORS}, the room of a window")
    for key in KEYS:
        _check_finite(key, tensors[key], memoryview(data)[header.payload_start :])
    return counts[0]


def _count(key: str, entry: TensorEntry, width: int) -> int:
    if entry.dtype not in _FORMATS:
        raise InversionError(f"{key} is {entry.dtype}; possible are {', '.join(_FORMATS)}")
    if len(entry.shape) not in (1, 2) or entry.shape[-1] != width:
        raise InversionError(
            f"{key} has the shape {entry.shape}; the base model's text encoder takes vectors of {width} numbers"
        )
    return entry.shape[0] if len(entry.shape) == 2 else 1


def _check_finite(key: str, entry: TensorEntry, payload: memoryview) -> None:
    values = np.frombuffer(payload, _FORMATS[entry.dtype], math.prod(entry.shape), entry.begin)
    finite = (values & 0x7F80) != 0x7F80 if entry.dtype == "BF16" else np.isfinite(values)
    if not finite.all():
        raise InversionError(f"{key} holds numbers that are not finite")


def _why_not(tensors: Mapping[str, TensorEntry]) -> str:
    """The file holds something else than the two matrices."""
    if not tensors:
        return "it holds no tensors"
    found = [key for key in KEYS if key in tensors]
    if any(key.startswith("t5") for key in tensors):
        return "it is made for Stable Diffusion 3 or FLUX; this server runs SDXL models"
    if len(found) == 2:
        others = ", ".join(key[:80] for key in tensors if key not in KEYS)
        return f"it holds more than {' and '.join(KEYS)}: {others[:200]}"
    shapes = [entry.shape for entry in tensors.values()]
    if len(shapes) == 1 and len(shapes[0]) in (1, 2) and (family := _FAMILY_OF_WIDTH.get(shapes[0][-1])) is not None:
        return f"it is made for {family} ({shapes[0][-1]} numbers a vector); this server runs SDXL models"
    if found:
        return f"it holds {found[0]} only; an embedding for SDXL has {' and '.join(KEYS)}"
    kind = kind_of(tensors)
    if kind.startswith(("no model", "a textual")):
        return f"it holds no {' and '.join(KEYS)}: it is no embedding for SDXL"
    return f"it is {kind}, no embedding"
