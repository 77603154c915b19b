"""CLIP's tokenizer: the one factory for prompt analysis, the text encoders and compel. Torch-free.

Its tokens are those of transformers' CLIPTokenizer (`models/clip/tokenization_clip.py`), which stock diffusers uses.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE

from pipelines.inversions.mentions import mentions
from pipelines.model.info import read_config
from pipelines.prompt.vocabulary import END, PACKED_MERGES, START, read_vocabulary
from pipelines.spec import EmbeddingRef

MAX_TOKENS = 77
"""Tokens of one window of CLIP's text encoders, start and end included."""

_PIECES = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
_SPECIAL = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END}
_TOKEN_FLAGS = ("single_word", "lstrip", "rstrip", "normalized")


@dataclass(frozen=True, slots=True)
class Token:
    """`text` as in the vocabulary: the last token of a word ends in `</w>`. `start`: its index in the encoded text."""

    text: str
    start: int


class ClipTokenizer:
    """Encodes text of any length; never changes, so any thread may use it.

    Ids from `first_vector_id` on stand for the vectors of the embeddings that it knows, in their order."""

    def __init__(self, backend: Tokenizer, special: Mapping[str, str]) -> None:
        vocabulary = backend.get_vocab()
        self._backend = backend
        self.start_id = vocabulary[special["bos_token"]]
        self.end_id = vocabulary[special["eos_token"]]
        self.pad_id = vocabulary[special["pad_token"]]
        self.first_vector_id = max(vocabulary.values()) + 1
        self._embeddings: tuple[EmbeddingRef, ...] = ()
        self._vectors: list[str] = []
        """Their tokens' texts."""

    def naming(self, embeddings: tuple[EmbeddingRef, ...]) -> "ClipTokenizer":
        """A tokenizer that reads the names of these embeddings as their vectors."""
        if embeddings == self._embeddings:
            return self
        named = copy(self)
        named._embeddings = embeddings
        named._vectors = [
            f"<{each.name}:{n}>{'</w>' if n == each.num_vectors else ''}"
            for each in embeddings
            for n in range(1, each.num_vectors + 1)
        ]
        return named

    def ids(self, text: str) -> list[int]:
        """Token ids of the whole text, without start and end."""
        if not self._embeddings:
            return self._backend.encode(text, add_special_tokens=False).ids
        return [token_id for token_id, _ in self._encoded(text)]

    def tokens(self, text: str, max_tokens: int | None = None) -> list[Token]:
        """Tokens of the text, without start and end: all, or the first `max_tokens`. Those of an embedding start where
        its name does."""
        return [Token(self._text(token_id), start) for token_id, start in islice(self._encoded(text), max_tokens)]

    def texts(self, ids: Sequence[int]) -> list[str]:
        return [self._text(token_id) for token_id in ids]

    def with_ends(self, text: str, max_tokens: int | None = None) -> list[int]:
        """Token ids with start and end, cut so that at most `max_tokens` remain. No embedding is cut in two."""
        ids = self.ids(text)
        limit = len(ids) if max_tokens is None else max_tokens - 2
        while 0 < limit < len(ids) and self._is_inside(ids[limit - 1]):
            limit -= 1
        return [self.start_id, *ids[:limit], self.end_id]

    def window(self, text: str) -> list[int]:
        """The MAX_TOKENS ids that a text encoder reads: cut or padded, as stock diffusers does."""
        ids = self.with_ends(text, MAX_TOKENS)
        return ids + [self.pad_id] * (MAX_TOKENS - len(ids))

    def _encoded(self, text: str) -> Iterator[tuple[int, int]]:
        """Token ids, each with the index of its start in the text."""
        position = 0
        for mention in mentions(text, self._embeddings):
            yield from self._encoded_words(text[position : mention.start], position)
            index = self._embeddings.index(mention.embedding)
            first = self.first_vector_id + sum(each.num_vectors for each in self._embeddings[:index])
            yield from ((first + n, mention.start) for n in range(mention.embedding.num_vectors))
            position = mention.end
        yield from self._encoded_words(text[position:], position)

    def _encoded_words(self, text: str, position: int) -> Iterator[tuple[int, int]]:
        encoded = self._backend.encode(text, add_special_tokens=False)
        for token_id, (start, _) in zip(encoded.ids, encoded.offsets, strict=True):
            yield token_id, position + start

    def _text(self, token_id: int) -> str:
        if token_id >= self.first_vector_id:
            return self._vectors[token_id - self.first_vector_id]
        return self._backend.id_to_token(token_id) or ""

    def _is_inside(self, token_id: int) -> bool:
        """True for a vector that is not the last of its embedding."""
        return token_id >= self.first_vector_id and not self._text(token_id).endswith("</w>")


def read_tokenizers(folder: Path) -> tuple[ClipTokenizer, ClipTokenizer]:
    """The tokenizers of a base model's two text encoders; the first twice if the second has no vocabulary of its own.
    `folder` is the folder of its configs. Raises BaseModelError."""
    first, second = folder / "tokenizer", folder / "tokenizer_2"
    tokenizer = read_tokenizer(first)
    has_second = any((second / name).is_file() for name in ("tokenizer.json", "merges.txt", f"../{PACKED_MERGES}"))
    return tokenizer, read_tokenizer(second) if has_second else tokenizer


def read_tokenizer(folder: Path) -> ClipTokenizer:
    """From `tokenizer.json`, or from a vocabulary, and with the special tokens of its config. Raises BaseModelError."""
    path = folder / "tokenizer.json"
    backend: Any
    if path.is_file():
        backend = Tokenizer.from_file(str(path))
        backend.no_truncation()
        backend.no_padding()
    else:
        backend = _clip_backend(*read_vocabulary(folder))
    config = _tokenizer_config(folder)
    special = {name: _content(config.get(name) or default) for name, default in _SPECIAL.items()}
    known = {token.content for token in backend.get_added_tokens_decoder().values()}
    # A token that tokenizer.json adds keeps its flags: to add it again would change them.
    backend.add_tokens([token for token in _added_tokens(config, special) if token.content not in known])
    return ClipTokenizer(backend, special)


def _clip_backend(vocabulary: dict[str, int], merges: list[tuple[str, str]]) -> Tokenizer:
    backend: Any = Tokenizer(BPE(vocab=vocabulary, merges=merges, end_of_word_suffix="</w>", unk_token=END))
    backend.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    return backend


def _tokenizer_config(folder: Path) -> dict[str, Any]:
    """`tokenizer_config.json`; older models repeat the special tokens in `special_tokens_map.json`, which then wins."""
    config, special = folder / "tokenizer_config.json", folder / "special_tokens_map.json"
    fields = read_config(config) if config.is_file() else {}
    if "added_tokens_decoder" not in fields and special.is_file():
        fields |= read_config(special)
    return fields


def _added_tokens(config: Mapping[str, Any], special: Mapping[str, str]) -> list[AddedToken]:
    """Texts that are one token wherever they occur: the added tokens of the config by id, then the special tokens.

    The first entry of a text decides its flags. `normalized`: the token is found in lower-cased text, so in any case.
    """
    listed: dict[str, Any] = config.get("added_tokens_decoder") or {}
    entries: list[dict[str, Any]] = [listed[token_id] for token_id in sorted(listed, key=int)]
    entries += [entry for name in _SPECIAL if isinstance(entry := config.get(name), dict)]
    entries += [{"content": text} for text in special.values()]
    tokens: dict[str, AddedToken] = {}
    for entry in entries:
        flags = {flag: entry[flag] for flag in _TOKEN_FLAGS if flag in entry}
        tokens.setdefault(entry["content"], AddedToken(entry["content"], special=True, **flags))
    return list(tokens.values())


def _content(token: Any) -> str:
    return token if isinstance(token, str) else token["content"]
