"""Checks the bytes of a LoRA file before anything trusts them: the safetensors header, the tensors, the key layout.

Torch-free, and nothing is mapped: a file that others may overwrite is read once, and only those bytes count.
Format: https://huggingface.co/docs/safetensors/index#format
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

MAX_HEADER_BYTES = 32 * 1024 * 1024
ADAPTER_METADATA_KEY = "lora_adapter_metadata"

MAX_RANK = 1024

_ITEM_BYTES = {"F16": 2, "BF16": 2, "F32": 4}
# The first pattern that some key matches.
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
    """The bytes are not a LoRA we can use; the text is the reason shown to the operator."""


class LoraCut(LoraFormatError):
    """The file ends before what its header describes: it is being written, or was cut."""


class LoraNameError(LoraFormatError):
    """No LoRA may be called so."""


class LoraMisfit(LoraFormatError):
    """A sound file for another base model than the one that is loaded."""


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """Where a tensor lies; `begin` and `end` count from the first byte after the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class LoraPair:
    """The shapes of a layer's two matrices: (rank, in) and (out, rank), for convolutions with two more sides each."""

    down: tuple[int, ...]
    up: tuple[int, ...]

    @property
    def rank(self) -> int:
        return self.down[0]

    @property
    def layer(self) -> tuple[int, ...]:
        """Of the weight that they add to: (out, in), for convolutions with the kernel's two sides."""
        return (self.up[0], *self.down[1:])


@dataclass(frozen=True, slots=True)
class LoraContent:
    """What a checked LoRA file holds. `modules`: the layers it changes, as `lora_keys.module_of` names them."""

    sha256: str
    short_hash: str
    num_bytes: int
    modules: Mapping[str, LoraPair]
    metadata: Mapping[str, str]
    shaped_for: str | None

    @property
    def rank(self) -> int:
        """The largest of its modules."""
        return max(pair.rank for pair in self.modules.values())

    @property
    def has_text_encoder(self) -> bool:
        return any(not module.startswith("lora_unet_") for module in self.modules)


def read_lora(data: bytes) -> LoraContent:
    """Checks all of a file's bytes and describes them. Raises LoraFormatError."""
    tensors, metadata, payload_start = read_header(data)
    if not tensors:
        raise LoraFormatError("it holds no tensors")
    _check_layout(tensors, len(data) - payload_start)
    shaped_for = base_by_shape(tensors) or base_by_version(metadata)
    if shaped_for not in (None, "SDXL"):
        raise LoraMisfit(f"it is made for {shaped_for}; this server runs SDXL models")
    modules = _pair_keys(tensors)
    _check_finite(data, payload_start, tensors)
    adapter_metadata(metadata)
    return LoraContent(
        sha256=hashlib.sha256(data).hexdigest(),
        short_hash=hashlib.sha256(memoryview(data)[payload_start:]).hexdigest()[:12],
        num_bytes=len(data),
        modules=modules,
        metadata=metadata,
        shaped_for=shaped_for,
    )


def base_by_shape(tensors: Mapping[str, TensorEntry]) -> str | None:
    """The family of base models that these matrices fit, in any key layout; None where they do not tell."""
    for name, pattern in _OTHER_BASES:
        if any(pattern.search(key) for key in tensors):
            return name
    widths = {entry.shape[1] for key, entry in tensors.items() if _CROSS_ATTENTION_DOWN.search(key) and entry.shape[1:]}
    return next((_BASE_OF_WIDTH[width] for width in sorted(widths) if width in _BASE_OF_WIDTH), None)


def base_by_version(metadata: Mapping[str, str]) -> str | None:
    """What kohya's trainer says it trained on, where that is another family."""
    version = metadata.get("ss_base_model_version", "").lower()
    return next((base for start, base in _BASE_OF_VERSION if version.startswith(start)), None)


def read_header(data: bytes) -> tuple[dict[str, TensorEntry], dict[str, str], int]:
    """Tensors by key, the file's metadata, and where the tensors' bytes start. Raises LoraFormatError."""
    if len(data) < 8:
        raise LoraCut(f"it is {len(data)} bytes long, too short for a safetensors file")
    num_header_bytes = int.from_bytes(data[:8], "little")
    if num_header_bytes > MAX_HEADER_BYTES:
        raise LoraFormatError(
            f"its header claims {num_header_bytes} bytes, more than {MAX_HEADER_BYTES}: not safetensors"
        )
    if num_header_bytes > len(data) - 8:
        raise LoraCut(f"its header claims {num_header_bytes} bytes of a file of {len(data)}: not safetensors, or cut")
    try:
        header: object = json.loads(data[8 : 8 + num_header_bytes], object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise LoraFormatError(f"its header is not valid JSON: {error}") from error
    if not isinstance(header, dict):
        raise LoraFormatError("its header is not a JSON object")
    entries = cast(dict[str, object], header)
    metadata = _strings(entries.pop("__metadata__", {}))
    return {key: _entry(key, value) for key, value in entries.items()}, metadata, 8 + num_header_bytes


def adapter_metadata(metadata: Mapping[str, str]) -> dict[str, Any] | None:
    """The PEFT settings diffusers stores with a LoRA (`unet.r`, `unet.lora_alpha`, ...); None where there are none.
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


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _strings(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise LoraFormatError("its __metadata__ is not a JSON object")
    items = cast(dict[str, object], value).items()
    if not all(isinstance(text, str) for _, text in items):
        raise LoraFormatError("its __metadata__ holds a value that is not a string")
    return {key: str(text) for key, text in items}


def _entry(key: str, value: object) -> TensorEntry:
    fields = cast(dict[str, object], value) if isinstance(value, dict) else {}
    dtype, shape = fields.get("dtype"), _sizes(fields.get("shape"))
    offsets = _sizes(fields.get("data_offsets"))
    if len(fields) != 3 or not isinstance(dtype, str) or shape is None or offsets is None or len(offsets) != 2:
        raise LoraFormatError(f"its header describes {key[:120]!r} in a way that is not safetensors")
    return TensorEntry(dtype, shape, *offsets)


def _sizes(value: object) -> tuple[int, ...] | None:
    """A JSON list of whole numbers from 0 on; None for anything else."""
    if not isinstance(value, list):
        return None
    numbers = tuple(number for number in cast(list[object], value) if type(number) is int and number >= 0)
    return numbers if len(numbers) == len(cast(list[object], value)) else None


def _check_layout(tensors: Mapping[str, TensorEntry], num_payload_bytes: int) -> None:
    """The tensors must fill the rest of the file without gap or overlap, as the format demands."""
    position = 0
    for key, entry in sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        if entry.dtype not in _ITEM_BYTES:
            raise LoraFormatError(f"{key} is {entry.dtype}; allowed are {', '.join(_ITEM_BYTES)}")
        if entry.end - entry.begin != _ITEM_BYTES[entry.dtype] * math.prod(entry.shape):
            raise LoraFormatError(f"{key} takes {entry.end - entry.begin} bytes, which is not its shape {entry.shape}")
        if entry.begin != position:
            raise LoraFormatError(f"{key} starts at byte {entry.begin} of the tensors, expected {position}")
        position = entry.end
    if position > num_payload_bytes:
        raise LoraCut(f"its tensors end at byte {position}, but only {num_payload_bytes} follow the header: it is cut")
    if position < num_payload_bytes:
        raise LoraFormatError(f"its tensors end at byte {position}, but {num_payload_bytes} follow the header: padded")


def _pair_keys(tensors: Mapping[str, TensorEntry]) -> dict[str, LoraPair]:
    """Every key must be half of a pair of matrices, or the alpha of one."""
    parts: dict[str, dict[str, TensorEntry]] = {}
    for key, entry in tensors.items():
        found = module_of(key)
        if found is None:
            raise LoraFormatError(_why_foreign(tensors, key))
        module, part = found
        if part in parts.setdefault(module, {}):
            raise LoraFormatError(f"{module} occurs twice, under two spellings")
        parts[module][part] = entry
    spellings = layouts(tensors)
    if len(spellings) > 1:
        raise LoraFormatError(f"it mixes several layouts of keys: {', '.join(spellings)}")
    return {module: _pair(module, found) for module, found in parts.items()}


def _why_foreign(tensors: Mapping[str, TensorEntry], key: str) -> str:
    for name, pattern in _FOREIGN:
        if any(pattern.search(each) for each in tensors):
            return f"format not supported: {name}"
    return f"{key[:120]!r} is no key of a LoRA in diffusers', PEFT's or kohya's layout"


def _pair(module: str, parts: Mapping[str, TensorEntry]) -> LoraPair:
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
    return LoraPair(down, up)


def _check_finite(data: bytes, payload_start: int, tensors: Mapping[str, TensorEntry]) -> None:
    for key, entry in tensors.items():
        start, count = payload_start + entry.begin, math.prod(entry.shape)
        if entry.dtype == "BF16":  # the upper half of a float32
            high = np.frombuffer(data, "<u2", count, start)
            finite = (high & 0x7F80) != 0x7F80
        else:
            finite = np.isfinite(np.frombuffer(data, "<f2" if entry.dtype == "F16" else "<f4", count, start))
        if not finite.all():
            raise LoraFormatError(f"{key} holds numbers that are not finite")
