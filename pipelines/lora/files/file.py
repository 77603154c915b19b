"""Read a LoRA file: the layers it changes, in any supported layout, and whether its bytes can be trusted. Torch-free.

One parse serves the scan of the folder and the loader of an image, so that what is accepted can be used. Nothing is
mapped: the file can be overwritten at any time, so it is read once and only those bytes count.
"""

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipelines.lora.files.base_layers import BaseLayers, check_fits, layers_per_block
from pipelines.lora.files.changes import LayerChange, Shape, layer_change
from pipelines.lora.files.keys import IgnoredKeys, Stray, grouped, layer_name, place_of
from pipelines.lora.files.metadata import PeftSettings, peft_settings
from pipelines.lora.files.names import LoraCut, LoraFormatError, LoraMisfit
from pipelines.model.checkpoint import kind_of
from pipelines.safetensors_header import (
    CutFile,
    SafetensorsError,
    SafetensorsHeader,
    TensorEntry,
    check_payload,
    read_header,
)

_MATRIX_FORMATS = {"F16": "<f2", "BF16": "<u2", "F32": "<f4", "F64": "<f8"}
"""Number format → numpy's name; BF16 is the upper half of a float32."""
_NUMBER_FORMATS = {
    **_MATRIX_FORMATS,
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "u1",
}
_HASH_CHUNK_BYTES = 1024 * 1024

# The first pattern that a key of the file matches names the format. Without these parts the rest is another LoRA
# (docs/decisions/0013-lycoris.md), so the file is refused.
_UNSUPPORTED = (
    ("DoRA", re.compile(r"\.(dora_scale|lora_magnitude_vector)")),
    ("OFT (LyCORIS)", re.compile(r"\.oft_")),
    ("GLoRA (LyCORIS)", re.compile(r"\.(?:[ab][12]|bm)\.weight$")),
    ("(IA)^3 (LyCORIS)", re.compile(r"\.on_input$")),
    ("LyCORIS with a learned scalar", re.compile(r"\.scalar$")),
    ("full or norm weights (LyCORIS)", re.compile(r"\.(diff|diff_b|w_norm|b_norm)$")),
    ("LoRA with biases", re.compile(r"\.(lora_B(?:\.[^.]+)?|lora_up|lora_down|lora\.up)\.bias$")),
)
_OTHER_BASES = (
    ("FLUX", re.compile(r"single_transformer_blocks|double_blocks|single_blocks")),
    ("Stable Diffusion 3", re.compile(r"^(transformer\.transformer_blocks|lora_unet_joint_blocks)")),
)
_BASE_OF_VERSION = (("sd_v1", "Stable Diffusion 1.x"), ("sd_v2", "Stable Diffusion 2.x"), ("sd3", "Stable Diffusion 3"))
_CROSS_ATTENTION = re.compile(r".*attn2[._]to_[kv]")
_BASE_OF_WIDTH = {768: "Stable Diffusion 1.x", 1024: "Stable Diffusion 2.x", 2048: "SDXL"}


@dataclass(frozen=True, slots=True)
class _RawLayer:
    """A layer as the file spells it; `keys` by part, `alpha` among them."""

    component: str
    path: str
    keys: Mapping[str, str] = field(compare=False)

    def is_renamed_to(self, name: str) -> bool:
        """True if the file has the layer under its name in the original UNet."""
        return self.component == "lora_unet" and f"lora_unet_{self.path.replace('.', '_')}" != name


@dataclass(frozen=True, slots=True)
class LoraContent:
    """What a file changes in a base model.

    `layers`: by name (`keys.layer_name`). `ignored`: what is left out. `shaped_for`: the family of base models that the
    file's shapes or notes point to, if any. `short_hash` is A1111's: 12 hex digits over the payload.
    """

    layers: Mapping[str, LayerChange]
    ignored: Sequence[IgnoredKeys]
    metadata: Mapping[str, str]
    shaped_for: str | None
    sha256: str
    short_hash: str
    num_bytes: int

    @property
    def rank(self) -> int:
        """The largest rank of its layers."""
        return max(change.rank for change in self.layers.values())

    @property
    def has_text_encoder(self) -> bool:
        """True if it changes a text encoder, too."""
        return any(not name.startswith("lora_unet_") for name in self.layers)


class LoraData:
    """The bytes of a file with a sound header. Raises LoraFormatError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._header = _checked_header(data)
        self.metadata = self._header.metadata
        tensors = self._header.tensors
        self._raw, self._strays = _by_layer(tensors)
        self.shaped_for = _base_by_shape(tensors, self._raw) or _base_by_version(self.metadata)
        if self.shaped_for not in (None, "SDXL"):
            raise LoraMisfit(f"it is made for {self.shaped_for}; this server runs SDXL models")
        for name, pattern in _UNSUPPORTED:
            if any(pattern.search(key) for key in tensors):
                raise LoraFormatError(f"format not supported: {name}")
        if not self._raw:
            raise LoraFormatError(_why_none(tensors))
        self._settings = peft_settings(self.metadata)

    def changes(self, base: BaseLayers | None) -> tuple[dict[str, LayerChange], list[Stray]]:
        """The layers that the file changes, and the keys that are left out. Without a base model, every layer counts.
        Raises LoraFormatError; LoraMisfit if no layer fits, or one has another shape."""
        numbering = layers_per_block(base or {})
        names = {raw: layer_name(raw.component, raw.path, numbering) for raw in self._raw}
        strays = list(self._strays)
        changes: dict[str, LayerChange] = {}
        for raw, name in sorted(names.items(), key=lambda named: named[0].is_renamed_to(named[1])):
            reason = None
            if base is not None and name not in base:
                reason = "the base model has no such layer"
            elif name in changes and raw.is_renamed_to(name):
                reason = "the file has this layer under diffusers' name of the block, too"
            elif name in changes:
                raise LoraFormatError(f"{name} occurs twice, under two spellings")
            if reason is None:
                changes[name] = self._change(name, raw)
            else:
                strays += [Stray(key, raw.component, reason) for key in raw.keys.values()]
        if base is not None:
            check_fits(changes, list(names.values()), base)
        return changes, strays

    def values(self, key: str) -> np.ndarray:
        """A read-only view of a tensor; BF16 as uint16."""
        entry = self._header.tensors[key]
        start, form = self._header.payload_start + entry.begin, _NUMBER_FORMATS[entry.dtype]
        return np.frombuffer(self._data, form, math.prod(entry.shape), start).reshape(entry.shape)

    def dtype(self, key: str) -> str:
        """The number format, `BF16`."""
        return self._header.tensors[key].dtype

    def check_finite(self, changes: Mapping[str, LayerChange]) -> None:
        """Raises LoraFormatError."""
        for key in (key for change in changes.values() for key in change.keys.values()):
            values = self.values(key)
            finite = (values & 0x7F80) != 0x7F80 if self.dtype(key) == "BF16" else np.isfinite(values)
            if not finite.all():
                raise LoraFormatError(f"{key} holds numbers that are not finite")

    def digests(self) -> tuple[str, str]:
        """SHA-256 of the whole file, and A1111's short hash of the payload, in one pass over the bytes."""
        payload_start = self._header.payload_start
        whole, payload = hashlib.sha256(self._data[:payload_start]), hashlib.sha256()
        view = memoryview(self._data)
        for start in range(payload_start, len(self._data), _HASH_CHUNK_BYTES):
            chunk = view[start : start + _HASH_CHUNK_BYTES]
            whole.update(chunk)
            payload.update(chunk)
        return whole.hexdigest(), payload.hexdigest()[:12]

    def content(self, base: BaseLayers | None) -> LoraContent:
        """Check all bytes that count, and describe them. Raises LoraFormatError."""
        layers, strays = self.changes(base)
        self.check_finite(layers)
        return LoraContent(
            layers, grouped(strays), self.metadata, self.shaped_for, *self.digests(), num_bytes=len(self._data)
        )

    def _change(self, name: str, raw: _RawLayer) -> LayerChange:
        keys = {part: key for part, key in raw.keys.items() if part != "alpha"}
        shapes: dict[str, Shape] = {}
        for part, key in keys.items():
            entry = self._header.tensors[key]
            if entry.dtype not in _MATRIX_FORMATS:
                raise LoraFormatError(f"{key} is {entry.dtype}; allowed are {', '.join(_MATRIX_FORMATS)}")
            shapes[part] = entry.shape
        settings: PeftSettings | None = self._settings.get(raw.component)
        path = raw.path
        return layer_change(
            name,
            keys,
            shapes,
            self._alpha(name, raw.keys.get("alpha")),
            lambda rank: None if settings is None else settings.scale(path, rank),
        )

    def _alpha(self, name: str, key: str | None) -> float | None:
        """One number, of any format. Raises LoraFormatError."""
        if key is None:
            return None
        entry = self._header.tensors[key]
        if entry.dtype not in _NUMBER_FORMATS:
            raise LoraFormatError(f"{key} is {entry.dtype}; allowed are {', '.join(_NUMBER_FORMATS)}")
        if math.prod(entry.shape) != 1:
            raise LoraFormatError(f"{name} has an alpha of shape {entry.shape}; expected one number")
        number: Any = self.values(key).reshape(())
        if entry.dtype == "BF16":
            number = (number.astype(np.uint32) << 16).view(np.float32)
        alpha = float(number)
        if not math.isfinite(alpha):
            raise LoraFormatError(f"{key} holds numbers that are not finite")
        return alpha


def read_lora(data: bytes, base: BaseLayers | None = None) -> LoraContent:
    """Check all bytes of a file and describe them. Raises LoraFormatError."""
    return LoraData(data).content(base)


def _checked_header(data: bytes) -> SafetensorsHeader:
    try:
        header = read_header(data)
        if not header.tensors:
            raise LoraFormatError("it holds no tensors")
        check_payload(header, len(data) - header.payload_start)
    except CutFile as error:
        raise LoraCut(str(error)) from error
    except SafetensorsError as error:
        raise LoraFormatError(str(error)) from error
    return header


def _by_layer(tensors: Mapping[str, TensorEntry]) -> tuple[list[_RawLayer], list[Stray]]:
    """The layers as the file spells them, and the keys that are no part of one."""
    layers: dict[tuple[str, str], dict[str, str]] = {}
    strays: list[Stray] = []
    for key in tensors:
        place = place_of(key)
        if place is None:
            strays.append(Stray(key))
            continue
        keys = layers.setdefault((place.component, place.path), {})
        if place.part in keys:
            raise LoraFormatError(f"{layer_name(place.component, place.path)} occurs twice, under two spellings")
        keys[place.part] = key
    return [_RawLayer(*layer, keys) for layer, keys in layers.items()], strays


def _why_none(tensors: Mapping[str, TensorEntry]) -> str:
    """The file changes no layer that is known here."""
    kind = kind_of(tensors)
    if kind.startswith(("a LoRA", "no model")):
        return f"{next(iter(tensors))[:120]!r} is no key of a LoRA for SDXL in a layout that is known here"
    return f"it is {kind}, not a LoRA"


def _base_by_shape(tensors: Mapping[str, TensorEntry], layers: Sequence[_RawLayer]) -> str | None:
    """The family of base models that the shapes fit, in any key layout; None if they do not decide it."""
    for name, pattern in _OTHER_BASES:
        if any(pattern.search(key) for key in tensors):
            return name
    widths = {
        _width(layer, tensors)
        for layer in layers
        if layer.component == "lora_unet" and _CROSS_ATTENTION.fullmatch(layer.path)
    }
    return next((_BASE_OF_WIDTH[width] for width in sorted(widths) if width in _BASE_OF_WIDTH), None)


def _width(layer: _RawLayer, tensors: Mapping[str, TensorEntry]) -> int:
    """Inputs of the layer; 0 if its parts do not say."""
    try:
        shapes = {part: tensors[key].shape for part, key in layer.keys.items() if part != "alpha"}
        return layer_change("", dict.fromkeys(shapes, ""), shapes, None, lambda _: None).shape[1]
    except LoraFormatError:
        return 0


def _base_by_version(metadata: Mapping[str, str]) -> str | None:
    """The family named by kohya's trainer, if it is not SDXL."""
    version = metadata.get("ss_base_model_version", "").lower()
    return next((base for start, base in _BASE_OF_VERSION if version.startswith(start)), None)
