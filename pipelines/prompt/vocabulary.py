"""Read CLIP's vocabulary: `vocab.json` and `merges.txt`, as SDXL is published, or the studio's packed merges.
Torch-free.

The packed file (`sdxl_base/merges.txt.gz`) holds the merges alone; the vocabulary follows from them. A token's id is
its place in this list: 256 bytes, the same at the end of a word, one token for each merge, start and end.
https://github.com/openai/CLIP/blob/main/clip/simple_tokenizer.py
"""

import gzip
from pathlib import Path

from pipelines.model.checkpoint import BaseModelError
from pipelines.model.info import read_config

PACKED_MERGES = "merges.txt.gz"
START, END = "<|startoftext|>", "<|endoftext|>"

Merges = list[tuple[str, str]]
"""Pairs of tokens in the order in which they are merged."""


def read_vocabulary(folder: Path) -> tuple[dict[str, int], Merges]:
    """Token → id, and the merges, for a tokenizer's folder of a base model. Raises BaseModelError."""
    packed = folder.parent / PACKED_MERGES
    if packed.is_file():
        merges = _pairs(gzip.decompress(packed.read_bytes()).decode("utf-8"))
        return _vocabulary(merges), merges
    try:
        text = (folder / "merges.txt").read_text(encoding="utf-8")
    except OSError as error:
        raise BaseModelError(f"{folder} holds no tokenizer: neither tokenizer.json nor merges.txt") from error
    return read_config(folder / "vocab.json"), _pairs(text)


def _pairs(text: str) -> Merges:
    lines = (line.split() for line in text.split("\n") if line and not line.startswith("#version"))
    return [(left, right) for left, right in lines]


def _vocabulary(merges: Merges) -> dict[str, int]:
    symbols = _byte_symbols()
    tokens = [
        *symbols,
        *(f"{symbol}</w>" for symbol in symbols),
        *(left + right for left, right in merges),
        START,
        END,
    ]
    return {token: token_id for token_id, token in enumerate(tokens)}


def _byte_symbols() -> list[str]:
    """One printable character for each of the 256 bytes; bytes that are printable themselves come first."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    return [chr(byte) for byte in printable] + [chr(256 + n) for n in range(256 - len(printable))]
