"""How a base model reads a prompt: token counts, words it never saw, text behind its window. Torch-free."""

import re
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE

from pipelines.model.clip_vocabulary import MERGES_FILE, read_merges, vocabulary
from pipelines.model.info import read_config, read_known_words
from pipelines.prompt.windows import PromptWindows
from pipelines.spec import ImageSpec

_CLIP_PIECES = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")


class PromptAnalyzer:
    """Reads prompts the way the base model's first tokenizer does (SDXL's two share their vocabulary). Any thread."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = _load_tokenizer(folder / "tokenizer")
        self._known_words = read_known_words(folder)
        second = [_load_tokenizer(folder / name) for name in ("tokenizer_2",) if _has_vocabulary(folder / name)]
        self._windows = PromptWindows([self._tokenizer, *second])

    def num_tokens(self, text: str) -> int:
        """Tokens of `text` as it stands, start and end not counted."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def num_context_tokens(self, spec: ImageSpec) -> int:
        """How long the context of such a picture is; only pictures of one length share a forward."""
        return self._windows.num_context_tokens(spec.prompt, spec.negative_prompt if spec.rows == 2 else None)

    def unknown_words(self, text: str) -> list[str]:
        """Words the demo model was not trained on, lower case, in order, each once; empty for a real model."""
        if self._known_words is None:
            return []
        words = (word.lower().replace("\u2019", "'") for word in _WORD.findall(text))
        return list(dict.fromkeys(word for word in words if word not in self._known_words))

    def overflow(self, text: str) -> str | None:
        """The end of `text`, without weights, that lies behind the last window and has no effect; None: all fits."""
        return self._windows.fit(text).ignored


def _has_vocabulary(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("tokenizer.json", "merges.txt", f"../{MERGES_FILE}"))


def _load_tokenizer(folder: Path) -> Tokenizer:
    """From `tokenizer.json`, or built like CLIP's from its vocabulary and merges: `vocab.json` and `merges.txt`, as
    SDXL comes, or our own packed merges. With the special tokens that its configuration names."""
    path = folder / "tokenizer.json"
    if path.is_file():
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        _add_special_tokens(tokenizer, folder)
        return tokenizer
    vocab, merges = _read_vocabulary(folder)
    tokenizer = Tokenizer(BPE(vocab=vocab, merges=merges, end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_CLIP_PIECES), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    _add_special_tokens(tokenizer, folder)
    return tokenizer


def _add_special_tokens(tokenizer: Any, folder: Path) -> None:
    """Text that is a token of its own wherever it stands."""
    path = folder / "tokenizer_config.json"
    config: dict[str, Any] = read_config(path) if path.is_file() else {}
    named: list[Any] = [config.get(name) for name in ("bos_token", "eos_token", "pad_token", "unk_token")]
    texts: list[str] = [each if isinstance(each, str) else each["content"] for each in named if each is not None]
    tokenizer.add_special_tokens(list(dict.fromkeys(texts)))


def _read_vocabulary(folder: Path) -> tuple[dict[str, int], list[tuple[str, str]]]:
    packed = folder.parent / MERGES_FILE
    if packed.is_file():
        merges = read_merges(packed)
        return vocabulary(merges), merges
    lines = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if line and not line.startswith("#version"))
    return read_config(folder / "vocab.json"), [(left, right) for left, right in pairs]
