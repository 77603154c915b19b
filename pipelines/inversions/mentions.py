"""Find the embeddings that a text names: `easyneg` as a word of its own, or `embedding:easyneg`. Torch-free.

A word that the base model's vocabulary has as one token keeps its meaning: a file of such a name is named with
`embedding:` only. Neither case nor an ending `.safetensors` counts. Takes time linear in the text's length.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipelines.lora.files.names import without_suffix
from pipelines.spec import EmbeddingRef

PREFIX = "embedding:"

_WORD = re.compile(r"(?<!\w)(embedding:)?+([A-Za-z0-9_.-]++)(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mention:
    """`start` and `end` of what is replaced by the vectors of `embedding`."""

    embedding: EmbeddingRef
    start: int
    end: int


def mentions(text: str, embeddings: Iterable[EmbeddingRef]) -> list[Mention]:
    """In order."""
    by_name = {each.name.lower(): each for each in embeddings}
    return list(_mentions(text, by_name)) if by_name else []


def mentioned(texts: Iterable[str], by_name: Mapping[str, EmbeddingRef]) -> tuple[EmbeddingRef, ...]:
    """The embeddings that any of the texts names, by name. `by_name`: by names in lower case."""
    if not by_name:
        return ()
    found = {mention.embedding.name: mention.embedding for text in texts for mention in _mentions(text, by_name)}
    return tuple(found[name] for name in sorted(found))


def without_mentions(text: str, embeddings: Iterable[EmbeddingRef]) -> str:
    """The text without the names of its embeddings."""
    pieces: list[str] = []
    position = 0
    for mention in mentions(text, embeddings):
        pieces.append(text[position : mention.start])
        position = mention.end
    return "".join([*pieces, text[position:]])


def written(embedding: EmbeddingRef) -> str:
    """How a prompt names it."""
    return f"{PREFIX}{embedding.name}" if embedding.is_word else embedding.name


def _mentions(text: str, by_name: Mapping[str, EmbeddingRef]) -> Iterator[Mention]:
    for match in _WORD.finditer(text):
        word, start = match[2], match.start(2)
        for name in dict.fromkeys((word, word.rstrip(".-"), word.lstrip(".-"), word.strip(".-"))):
            embedding = by_name.get(name.lower()) or by_name.get(without_suffix(name).lower())
            if embedding is None or (embedding.is_word and not match[1]):
                continue
            name_start = start + word.index(name)
            yield Mention(embedding, match.start() if match[1] else name_start, name_start + len(name))
            break
