"""Check the bytes of a LoRA file before any other code trusts them: header, tensors, key layout, finite numbers.

Torch-free, and nothing is mapped: the file can be overwritten at any time, so it is read once and only those bytes
count.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from pipelines.lora.keys import layouts, module_of
from pipelines.safetensors_header import (
    CutFile,
    SafetensorsError,
    SafetensorsHeader,
    TensorEntry,
    check_payload,
    read_header,
)

ADAPTER_METADATA_KEY = "lora_adapter_metadata"
"""diffusers' key for the PEFT settings (`diffusers/loaders/lora_base.py`)."""

MAX_RANK = 1024
_FORMATS = ("F16", "BF16", "F32")
_HASH_CHUNK_BYTES = 1024 * 1024

# The first pattern that a key of the file matches names the format.
_FOREIGN = (
    ("DoRA", re.compile(r"\.(dora_scale|lora_magnitude_vector)")),
    ("LoHa (LyCORIS)", re.compile(r"\.hada_")),
    ("LoKr (LyCORIS)", re.compile(r"\.lokr_")),
    ("OFT (LyCORIS)", re.compile(r"\.oft_")),
    ("GLoRA (LyCORIS)", re.compile(r"\.[ab][12]\.weight$")),
    ("(IA)^3 (LyCORIS)", re.compile(r"\.on_input$")),
    ("LoCon with a Tucker decomposition (LyCORIS)", re.compile(r"\.lora_mid\.")),
    ("full or norm weights (LyCORIS)", re.compile(r"\.(diff|diff_b|w_norm|b_norm)$")),
    ("LoRA with biases", re.compile(r"\.(lora_B|lora_up)\.bias$")),
    ("original SDXL (diffusion_model)", re.compile(r"^diffusion_model\.")),
    ("diffusers attention processor", re.compile(r"\.processor\..*_lora\.")),
)
_OTHER_BASES = (
    ("FLUX", re.compile(r"single_transformer_blocks|double_blocks|single_blocks")),
    ("Stable Diffusion 3", re.compile(r"^(transformer\.transformer_blocks|lora_unet_joint_blocks)")),
)
_BASE_OF_VERSION = (("sd_v1", "Stable Diffusion 1.x"), ("sd_v2", "Stable Diffusion 2.x"), ("sd3", "Stable Diffusion 3"))
_CROSS_ATTENTION_DOWN = re.compile(
    r"attn2[._]to_[kv]\b.*\b(lora_A|lora_down|lora\.down|lora_linear_layer\.down)\.weight$"
)
_BASE_OF_WIDTH = {768: "Stable Diffusion 1.x", 1024: "Stable Diffusion 2.x", 2048: "SDXL"}


class LoraFormatError(ValueError):
    """The bytes are not a usable LoRA; the text is the reason that the operator sees."""


class LoraCut(LoraFormatError):
    """The file ends before what its header describes: it is being written, or was cut."""


class LoraNameError(LoraFormatError):
    """The name is not allowed for a LoRA."""


class LoraMisfit(LoraFormatError):
    """A sound file, made for another base model than the loaded one."""


@dataclass(frozen=True, slots=True)
class PairShape:
    """The shapes of a layer's two matrices: `down` (rank, in), `up` (out, rank); for a convolution each has two more
    dimensions."""

    down: tuple[int, ...]
    up: tuple[int, ...]

    @property
    def rank(self) -> int:
        return self.down[0]

    @property
    def layer(self) -> tuple[int, ...]:
        """Shape of the weight that the pair changes: (out, in) or, for a convolution, (out, in, height, width)."""
        return (self.up[0], *self.down[1:])


@dataclass(frozen=True, slots=True)
class LoraContent:
    """The content of a checked LoRA file.

    `modules`: the layers it changes, named as by `keys.module_of`. `short_hash` is A1111's: 12 hex digits over the
    payload. `shaped_for`: the family of base models that the file's shapes or notes point to, if any.
    """

    sha256: str
    short_hash: str
    num_bytes: int
    modules: Mapping[str, PairShape]
    metadata: Mapping[str, str]
    shaped_for: str | None

    @property
    def rank(self) -> int:
        """The largest rank of its modules."""
        return max(shape.rank for shape in self.modules.values())

    @property
    def has_text_encoder(self) -> bool:
        """True if it changes a text encoder, too."""
        return any(not module.startswith("lora_unet_") for module in self.modules)


def read_lora(data: bytes) -> LoraContent:
    """Check all bytes of a file and describe them. Raises LoraFormatError."""
    header = _checked_header(data)
    shaped_for = base_by_shape(header.tensors) or base_by_version(header.metadata)
    if shaped_for not in (None, "SDXL"):
        raise LoraMisfit(f"it is made for {shaped_for}; this server runs SDXL models")
    modules = _modules(header.tensors)
    _check_finite(data, header)
    adapter_metadata(header.metadata)
    sha256, short_hash = _digests(data, header.payload_start)
    return LoraContent(sha256, short_hash, len(data), modules, header.metadata, shaped_for)


def base_by_shape(tensors: Mapping[str, TensorEntry]) -> str | None:
    """The family of base models that the shapes fit, in any key layout; None if they do not decide it."""
    for name, pattern in _OTHER_BASES:
        if any(pattern.search(key) for key in tensors):
            return name
    widths = {entry.shape[1] for key, entry in tensors.items() if _CROSS_ATTENTION_DOWN.search(key) and entry.shape[1:]}
    return next((_BASE_OF_WIDTH[width] for width in sorted(widths) if width in _BASE_OF_WIDTH), None)


def base_by_version(metadata: Mapping[str, str]) -> str | None:
    """The family named by kohya's trainer, if it is not SDXL."""
    version = metadata.get("ss_base_model_version", "").lower()
    return next((base for start, base in _BASE_OF_VERSION if version.startswith(start)), None)


def adapter_metadata(metadata: Mapping[str, str]) -> dict[str, Any] | None:
    """The PEFT settings that diffusers stores with a LoRA (`unet.r`, `unet.lora_alpha`, ...); None if there are none.
    Raises LoraFormatError."""
    text = metadata.get(ADAPTER_METADATA_KEY)
    if not text:
        return None
    try:
        settings: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LoraFormatError(f"its {ADAPTER_METADATA_KEY} is not valid JSON: {error}") from error
    if not isinstance(settings, dict):
        raise LoraFormatError(f"its {ADAPTER_METADATA_KEY} is not a JSON object")
    settings = cast(dict[str, Any], settings)
    if any(value and key.endswith(".use_dora") for key, value in settings.items()):
        raise LoraFormatError("format not supported yet: DoRA")
    return settings


def _checked_header(data: bytes) -> SafetensorsHeader:
    try:
        header = read_header(data)
        if not header.tensors:
            raise LoraFormatError("it holds no tensors")
        for key, entry in header.tensors.items():
            if entry.dtype not in _FORMATS:
                raise LoraFormatError(f"{key} is {entry.dtype}; allowed are {', '.join(_FORMATS)}")
        check_payload(header, len(data) - header.payload_start)
    except CutFile as error:
        raise LoraCut(str(error)) from error
    except SafetensorsError as error:
        raise LoraFormatError(str(error)) from error
    return header


def _digests(data: bytes, payload_start: int) -> tuple[str, str]:
    """SHA-256 of the whole file, and A1111's short hash of the payload, in one pass over the bytes."""
    whole, payload = hashlib.sha256(data[:payload_start]), hashlib.sha256()
    view = memoryview(data)
    for start in range(payload_start, len(data), _HASH_CHUNK_BYTES):
        chunk = view[start : start + _HASH_CHUNK_BYTES]
        whole.update(chunk)
        payload.update(chunk)
    return whole.hexdigest(), payload.hexdigest()[:12]


def _modules(tensors: Mapping[str, TensorEntry]) -> dict[str, PairShape]:
    """Every key must be half of a pair of matrices, or the alpha of one."""
    parts_of: dict[str, dict[str, TensorEntry]] = {}
    for key, entry in tensors.items():
        place = module_of(key)
        if place is None:
            raise LoraFormatError(_why_foreign(tensors, key))
        module, part = place
        if part in parts_of.setdefault(module, {}):
            raise LoraFormatError(f"{module} occurs twice, under two spellings")
        parts_of[module][part] = entry
    spellings = layouts(tensors)
    if len(spellings) > 1:
        raise LoraFormatError(f"it mixes several layouts of keys: {', '.join(spellings)}")
    return {module: _pair_shape(module, parts) for module, parts in parts_of.items()}


def _why_foreign(tensors: Mapping[str, TensorEntry], foreign_key: str) -> str:
    for name, pattern in _FOREIGN:
        if any(pattern.search(key) for key in tensors):
            return f"format not supported: {name}"
    return f"{foreign_key[:120]!r} is no key of a LoRA in diffusers', PEFT's or kohya's layout"


def _pair_shape(module: str, parts: Mapping[str, TensorEntry]) -> PairShape:
    if "down" not in parts or "up" not in parts:
        raise LoraFormatError(f"{module} has only one half of its pair of matrices")
    down, up = parts["down"].shape, parts["up"].shape
    if len(down) not in (2, 4) or len(up) != len(down):
        raise LoraFormatError(f"{module} has matrices of shapes {down} and {up}; expected 2 or 4 sides")
    if down[0] < 1 or down[0] != up[1]:
        raise LoraFormatError(f"{module} has matrices of shapes {down} and {up}, whose ranks differ")
    if down[0] > MAX_RANK:
        raise LoraFormatError(f"{module} is of rank {down[0]}; at most {MAX_RANK} is possible")
    if len(up) == 4 and up[2:] != (1, 1):
        raise LoraFormatError(f"{module} has an up matrix of shape {up}; expected a kernel of 1 x 1")
    alpha = parts.get("alpha")
    if alpha is not None and math.prod(alpha.shape) != 1:
        raise LoraFormatError(f"{module} has an alpha of shape {alpha.shape}; expected one number")
    return PairShape(down, up)


def _check_finite(data: bytes, header: SafetensorsHeader) -> None:
    for key, entry in header.tensors.items():
        start, count = header.payload_start + entry.begin, math.prod(entry.shape)
        if entry.dtype == "BF16":  # the upper half of a float32
            high = np.frombuffer(data, "<u2", count, start)
            finite = (high & 0x7F80) != 0x7F80
        else:
            finite = np.isfinite(np.frombuffer(data, "<f2" if entry.dtype == "F16" else "<f4", count, start))
        if not finite.all():
            raise LoraFormatError(f"{key} holds numbers that are not finite")
