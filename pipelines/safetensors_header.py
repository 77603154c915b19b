"""Read and check the header of a safetensors file: names, number formats, shapes and byte ranges. Torch-free.

Nothing is mapped or unpickled, no tensor is read. Format: https://huggingface.co/docs/safetensors/index#format
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

MAX_HEADER_BYTES = 32 * 1024 * 1024
MAX_TENSORS = 20_000
MAX_HEADER_SIGNS = 2_000_000
"""Commas and opening brackets in a header: parsing takes time by their number, and holds Python's lock."""
MAX_SIDES = 16
LENGTH_BYTES = 8
"""The file starts with the header's length, a little-endian integer."""

_ITEM_BYTES = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "BF16": 2,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "C64": 8,
    "BOOL": 1,
    "I64": 8,
    "I32": 4,
    "I16": 2,
    "I8": 1,
    "U64": 8,
    "U32": 4,
    "U16": 2,
    "U8": 1,
}

# What is saved under the name by mistake, by its first bytes.
_IMPOSTORS = (
    (b"<!doctype html", "a web page, perhaps of a download that needs a login"),
    (b"<html", "a web page, perhaps of a download that needs a login"),
    (b"<?xml", "an XML text, perhaps the error message of a download"),
    (b"{", "a JSON text, perhaps the error message of a download"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself (git lfs pull fetches it)"),
    (b"pk\x03\x04", "a ZIP archive or a PyTorch file (.pt, .ckpt, .bin)"),
    (b"\x80\x02", "a Python pickle (.pt, .ckpt, .bin)"),
    (b"\x80\x04", "a Python pickle (.pt, .ckpt, .bin)"),
)


class SafetensorsError(ValueError):
    """The bytes are not a sound safetensors file; the text is the reason."""


class CutFile(SafetensorsError):
    """The file ends before what its header describes: it is being written, or was cut."""


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """One tensor. `begin` and `end` count bytes from the start of the payload."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class SafetensorsHeader:
    """`tensors` by key; `metadata` as the file's author wrote it; `payload_start`: the first byte after the header."""

    tensors: Mapping[str, TensorEntry]
    metadata: Mapping[str, str]
    payload_start: int

    @property
    def num_payload_bytes(self) -> int:
        """Bytes that the tensors take up."""
        return max((entry.end for entry in self.tensors.values()), default=0)


def read_header(data: bytes) -> SafetensorsHeader:
    """Parse the header from the first bytes of a file, or from all of them. Raises SafetensorsError."""
    if len(data) < LENGTH_BYTES:
        raise CutFile(f"it is {len(data)} bytes long, too short for a safetensors file")
    num_header_bytes = int.from_bytes(data[:LENGTH_BYTES], "little")
    payload_start = LENGTH_BYTES + num_header_bytes
    if num_header_bytes > MAX_HEADER_BYTES:
        if (impostor := _impostor(data)) is not None:
            raise SafetensorsError(f"it is not safetensors but {impostor}")
        raise SafetensorsError(
            f"its header claims {num_header_bytes} bytes, more than {MAX_HEADER_BYTES}: not safetensors"
        )
    if payload_start > len(data):
        raise CutFile(f"its header claims {num_header_bytes} bytes of a file of {len(data)}: not safetensors, or cut")
    fields = _fields(data[LENGTH_BYTES:payload_start])
    metadata = _metadata(fields.pop("__metadata__", None))
    return SafetensorsHeader({key: _entry(key, value) for key, value in fields.items()}, metadata, payload_start)


def _impostor(data: bytes) -> str | None:
    start = data[:64].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return next((name for magic, name in _IMPOSTORS if start.startswith(magic)), None)


def _fields(text: bytes) -> dict[str, object]:
    """The header's JSON. The bounds are checked on the bytes: a hostile header of 32 MB takes seconds to parse."""
    if text.count(b'"data_offsets"') > MAX_TENSORS:
        raise SafetensorsError(f"its header describes more than {MAX_TENSORS:,} tensors")
    if sum(text.count(sign) for sign in (b",", b"[", b"{")) > MAX_HEADER_SIGNS:
        raise SafetensorsError(f"its header has more than {MAX_HEADER_SIGNS:,} parts")
    try:
        header: object = json.loads(text, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise SafetensorsError(f"its header is not valid JSON: {error}") from error
    if not isinstance(header, dict):
        raise SafetensorsError("its header is not a JSON object")
    return cast(dict[str, object], header)


def check_payload(header: SafetensorsHeader, num_payload_bytes: int) -> None:
    """The format demands that the tensors fill the payload without gap or overlap. Raises SafetensorsError."""
    position = 0
    for key, entry in sorted(header.tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        if entry.dtype not in _ITEM_BYTES:
            raise SafetensorsError(f"{key} is {entry.dtype}; allowed are {', '.join(_ITEM_BYTES)}")
        if entry.end - entry.begin != _ITEM_BYTES[entry.dtype] * math.prod(entry.shape):
            raise SafetensorsError(f"{key} takes {entry.end - entry.begin} bytes, which is not its shape {entry.shape}")
        if entry.begin != position:
            raise SafetensorsError(f"{key} starts at byte {entry.begin} of the tensors, expected {position}")
        position = entry.end
    if position > num_payload_bytes:
        raise CutFile(f"its tensors end at byte {position}, but only {num_payload_bytes} follow the header: it is cut")
    if position < num_payload_bytes:
        raise SafetensorsError(f"its tensors end at byte {position}, but {num_payload_bytes} follow the header: padded")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key occurs twice")
    "".join([*fields, *(text for text in fields.values() if isinstance(text, str))]).encode()  # lone surrogates raise
    return fields


def _metadata(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise SafetensorsError("its __metadata__ is not a JSON object")
    items = cast(dict[str, object], value).items()
    if not all(isinstance(text, str) for _, text in items):
        raise SafetensorsError("its __metadata__ holds a value that is not a string")
    return {key: str(text) for key, text in items}


def _entry(key: str, value: object) -> TensorEntry:
    fields = cast(dict[str, object], value) if isinstance(value, dict) else {}
    dtype, shape = fields.get("dtype"), _whole_numbers(fields.get("shape"))
    offsets = _whole_numbers(fields.get("data_offsets"))
    if len(fields) != 3 or not isinstance(dtype, str) or shape is None or offsets is None or len(offsets) != 2:
        raise SafetensorsError(f"its header describes {key[:120]!r} in a way that is not safetensors")
    return TensorEntry(dtype, shape, *offsets)


def _whole_numbers(value: object) -> tuple[int, ...] | None:
    """A JSON list of whole numbers from 0 on, not too many and not too large to multiply; None for anything else."""
    if not isinstance(value, list) or len(cast(list[object], value)) > MAX_SIDES:
        return None
    items = cast(list[object], value)
    numbers = tuple(number for number in items if type(number) is int and 0 <= number < 2**63)
    return numbers if len(numbers) == len(items) else None
