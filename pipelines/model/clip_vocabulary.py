"""CLIP's vocabulary from its merges alone, which is all that we ship of it (sdxl_base/merges.txt.gz). Torch-free.

A token's number is its place in this list: 256 bytes, the same at the end of a word, one token for each merge, start
and end. https://github.com/openai/CLIP/blob/main/clip/simple_tokenizer.py
"""

import gzip
from pathlib import Path

MERGES_FILE = "merges.txt.gz"


def read_merges(path: Path) -> list[tuple[str, str]]:
    """The pairs in the order in which they are merged."""
    lines = gzip.decompress(path.read_bytes()).decode("utf-8").strip("\n").split("\n")
    return [(left, right) for left, right in (line.split(" ") for line in lines)]


def vocabulary(merges: list[tuple[str, str]]) -> dict[str, int]:
    symbols = byte_symbols()
    tokens = [
        *symbols,
        *(f"{symbol}</w>" for symbol in symbols),
        *(left + right for left, right in merges),
        "<|startoftext|>",
        "<|endoftext|>",
    ]
    return {token: number for number, token in enumerate(tokens)}


def byte_symbols() -> list[str]:
    """A printable character for each of the 256 bytes, those first that are printable themselves."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    return [chr(byte) for byte in printable] + [chr(256 + n) for n in range(256 - len(printable))]
