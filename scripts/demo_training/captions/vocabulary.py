"""A byte-level BPE of 1,024 tokens in CLIP's layout, learned from the captions; any text becomes known pieces, never
the end token."""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from transformers import CLIPTokenizer

from scripts.demo_training.parts import VOCAB_SIZE

ENGLISH = (
    "the and with without from into over under very young old little big small tall short long bright dark soft "
    "light warm cold happy sad "
    "smiling laughing standing sitting walking running looking holding wearing portrait photo picture painting "
    "drawing illustration cartoon "
    "beautiful pretty lovely cute detailed masterpiece best high low quality blurry distorted ugly bad good style "
    "scene background front "
    "behind near water ocean sea lake river sun moon star sky cloud rain wind storm fire stone rock grass flower "
    "leaf wood field road street "
    "bridge tower wall door window roof floor table chair lamp book cup hand eye face head mouth ear nose arm leg "
    "body gold golden silver "
    "bronze gray pale deep king queen princess knight witch wizard elf robot dragon horse bird fish lion bear "
    "wolf fox rabbit train plane "
    "ship bike astronaut space planet music dance winter summer spring autumn evening morning noon dusk dawn "
    "light shadow dream magic "
)


def byte_symbols() -> list[str]:
    """Printable stand-ins for the 256 byte values, in the order of CLIP's vocabulary (GPT-2's table)."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(b) for b in keep] + [chr(256 + i) for i in range(256 - len(keep))]


def learn_merges(counts: Counter[str], num_merges: int) -> list[tuple[str, str]]:
    """Greedy byte-pair merges over lower-case ASCII words and how often each occurs."""
    words = {(*word[:-1], word[-1] + "</w>"): count for word, count in counts.items()}
    merges: list[tuple[str, str]] = []
    while len(merges) < num_merges:
        pairs: Counter[tuple[str, str]] = Counter()
        for pieces, count in words.items():
            for pair in itertools.pairwise(pieces):
                pairs[pair] += count
        if not pairs:
            raise ValueError(
                f"only {len(merges)} merges can be learned from {len(counts)} words, {num_merges} are needed"
            )
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        words = {_merge(pieces, best): count for pieces, count in words.items()}
    return merges


def _merge(pieces: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    out: list[str] = []
    at = 0
    while at < len(pieces):
        if pieces[at : at + 2] == pair:
            out.append(pieces[at] + pieces[at + 1])
            at += 2
        else:
            out.append(pieces[at])
            at += 1
    return tuple(out)


def make_tokenizer(captions: Iterable[str], folder: Path) -> CLIPTokenizer:
    """Learns the merges, writes vocab.json and merges.txt into `folder` and returns the tokenizer (77 tokens, padded
    with the end token)."""
    counts = Counter(re.findall("[a-z]+", " ".join(captions).lower()))
    whole = {word: 20 + int(count**0.5) for word, count in counts.items()}
    counts = Counter(whole) + Counter(dict.fromkeys(ENGLISH.split(), 4))
    symbols = byte_symbols()
    merges = learn_merges(counts, VOCAB_SIZE - 2 * len(symbols) - 2)
    tokens = (
        symbols
        + [s + "</w>" for s in symbols]
        + ["".join(pair) for pair in merges]
        + ["<|startoftext|>", "<|endoftext|>"]
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(
        json.dumps({token: i for i, token in enumerate(tokens)}, ensure_ascii=False), encoding="utf-8"
    )
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return CLIPTokenizer.from_pretrained(str(folder), pad_token="<|endoftext|>", model_max_length=77)
