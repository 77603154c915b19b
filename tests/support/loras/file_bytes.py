"""LoRA files for tests, byte by byte, without torch."""

import json
import struct
from typing import Any

import numpy as np

from pipelines.model.info import DEMO_LORA_BASE

MODULE = "unet.mid_block.attentions.0.to_q"
KOHYA = "lora_unet_mid_block_attentions_0_to_q"
DEMO = {"studio.base_model": DEMO_LORA_BASE}
DTYPES = {
    "float16": "F16",
    "float32": "F32",
    "float64": "F64",
    "uint16": "BF16",
    "int64": "I64",
    "int32": "I32",
    "uint8": "U8",
    "int8": "F8_E4M3",
}


def lora_bytes(tensors: dict[str, np.ndarray] | None = None, metadata: dict[str, Any] | None = None) -> bytes:
    """A safetensors file, written by hand; uint16 arrays stand for bfloat16, int8 for float8."""
    tensors = pair() if tensors is None else tensors
    header: dict[str, Any] = {"__metadata__": DEMO if metadata is None else metadata}
    payload = b""
    for key, values in tensors.items():
        offsets = [len(payload), len(payload) + values.nbytes]
        header[key] = {"dtype": DTYPES[values.dtype.name], "shape": list(values.shape), "data_offsets": offsets}
        payload += values.tobytes()
    return with_header(header, payload)


def with_header(header: Any, payload: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + payload


def pair(module: str = MODULE, rank: int = 4, names: tuple[str, str] = ("lora_A", "lora_B")) -> dict[str, np.ndarray]:
    down, up = names
    return {
        f"{module}.{down}.weight": np.ones((rank, 6), np.float16),
        f"{module}.{up}.weight": np.ones((8, rank), np.float16),
    }


def kohya(module: str = "", rank: int = 4, alpha: float | None = None) -> dict[str, np.ndarray]:
    module = module or KOHYA
    scale = {} if alpha is None else {f"{module}.alpha": np.array(alpha, np.float32)}
    return pair(module, rank, ("lora_down", "lora_up")) | scale


def changed(**changes: Any) -> bytes:
    """A sound file except for one field of its first tensor."""
    tensors = pair()
    header, payload_start = parse(lora_bytes(tensors))
    header[f"{MODULE}.lora_A.weight"].update(changes)
    return with_header(header, lora_bytes(tensors)[payload_start:])


def parse(data: bytes) -> tuple[dict[str, Any], int]:
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length]), 8 + length
