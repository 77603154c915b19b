"""A base model folder and LoRA files with everything that the HTTP side reads, and with meaningless weights."""

import json
import math
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers

from pipelines.model.info import (
    DEMO_LORA_BASE,
    KNOWN_WORDS_FILE,
    PARTS,
    PARTS_WITH_WEIGHTS,
)
from tests.support.embeddings import WIDTHS

KNOWN_WORDS = ("jade", "woman", "red", "dress", "beach", "sunset", "low", "quality", "blurry", "distorted")


def write_tiny_model(folder: Path, known_words: Sequence[str] | None = KNOWN_WORDS) -> Path:
    """Write a demo model of native size 64 x 64, sizes 32 to 128, one token for each word. `known_words` None: as for a
    real model, every word is known."""
    for part in PARTS:
        (folder / part).mkdir(parents=True)
    for part in PARTS_WITH_WEIGHTS:
        layers = {"down_blocks.0.attentions.0.proj_in.weight": (2, 2)} if part == "unet" else {}
        write_weights(folder / part / "model.safetensors", {"weight": (len(part),), **layers})
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionXLPipeline"}))
    for part, width in zip(("text_encoder", "text_encoder_2"), WIDTHS, strict=True):
        (folder / part / "config.json").write_text(json.dumps({"hidden_size": width}))
    (folder / "unet" / "config.json").write_text(json.dumps({"sample_size": 8}))
    (folder / "scheduler" / "scheduler_config.json").write_text("{}")
    if known_words is not None:
        (folder / KNOWN_WORDS_FILE).write_text(json.dumps({"words": list(known_words)}))
    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer" / "tokenizer.json"))
    return folder


def write_weights(path: Path, shapes: Mapping[str, tuple[int, ...]], fill: bytes = b"\0") -> Path:
    """Write a sound file of one-byte tensors that all hold `fill`."""
    header: dict[str, object] = {}
    end = 0
    for key, shape in shapes.items():
        begin, end = end, end + math.prod(shape)
        header[key] = {"dtype": "U8", "shape": list(shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + fill * end)
    return path


def write_lora(path: Path, trigger: str | None = None, value: float = 0.5) -> Path:
    """Write one pair of matrices of rank 1 in diffusers' layout, for the demo model."""
    module = "unet.down_blocks.0.attentions.0.proj_in"
    metadata = {"studio.base_model": DEMO_LORA_BASE} | ({"modelspec.trigger_phrase": trigger} if trigger else {})
    header = {
        "__metadata__": metadata,
        f"{module}.lora_A.weight": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]},
        f"{module}.lora_B.weight": {"dtype": "F32", "shape": [2, 1], "data_offsets": [8, 16]},
    }
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text + struct.pack("<4f", *[value] * 4))
    return path
