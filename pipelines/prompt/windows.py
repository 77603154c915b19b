"""Split a prompt into windows of CLIP's text encoders: 75 tokens each, between a start and an end token. Torch-free.

The scheduler needs the context length of an image before anything is encoded, so the cuts are compel's
(`embeddings_provider.py`, `_find_next_best_split_point` in the mode SENTENCES).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.inversions.mentions import mentioned
from pipelines.prompt.tokenizer import MAX_TOKENS, ClipTokenizer, Token
from pipelines.prompt.weights import WeightedText, plain_text, read_sections, read_weights
from pipelines.spec import A1111, EmbeddingRef, ImageSpec

MAX_WINDOWS = 8
"""Room for about the longest English prompt that the API accepts; every window makes all steps of an image slower."""

_ROOM = MAX_TOKENS - 2
_SENTENCE_ENDS = frozenset({".</w>"})
_PHRASE_ENDS = frozenset({".</w>", ",</w>", ";</w>", ":</w>"})


@dataclass(frozen=True, slots=True)
class Reading:
    """How the words of a prompt are read. `breaks`: BREAK begins a new window. `embeddings`: the names that stand for
    vectors."""

    breaks: bool = False
    embeddings: tuple[EmbeddingRef, ...] = ()

    @staticmethod
    def of(spec: ImageSpec) -> "Reading":
        return Reading(spec.sampling.prompt_syntax == A1111, spec.embeddings)

    def of_text(self, text: str) -> "Reading":
        """With the embeddings that this text names, and no others."""
        if not self.embeddings:
            return self
        return replace(self, embeddings=mentioned([text], {each.name.lower(): each for each in self.embeddings}))


PLAINLY = Reading()


@dataclass(frozen=True, slots=True)
class FittedSection:
    """What stands between two BREAKs, and the windows that it takes."""

    parts: tuple[WeightedText, ...]
    num_windows: int

    @property
    def is_plain(self) -> bool:
        """True if stock diffusers encodes all of it: one window, no weights."""
        return self.num_windows == 1 and len(self.parts) == 1 and self.parts[0].weight == 1


@dataclass(frozen=True, slots=True)
class FittedPrompt:
    """The part of a prompt that is encoded. `ignored`: the end of its text, after the last window; None if all fits."""

    sections: tuple[FittedSection, ...]
    ignored: str | None

    @property
    def num_windows(self) -> int:
        return sum(section.num_windows for section in self.sections)

    @property
    def num_characters(self) -> int:
        texts = [part.text for section in self.sections for part in section.parts]
        return sum(map(len, texts)) + len(self.ignored or "")


class PromptWindows:
    """`tokenizers`: those of all text encoders. The largest number of windows counts.

    SDXL's two differ: the second pads with "!" and so reads "!" as a special token. Any thread.
    """

    def __init__(self, tokenizers: Sequence[ClipTokenizer]) -> None:
        self._tokenizers = tokenizers

    def fit(self, prompt: str, reading: Reading = PLAINLY) -> FittedPrompt:
        """Parse the weights of a prompt and cut it to MAX_WINDOWS windows."""
        tokenizers = [tokenizer.naming(reading.embeddings) for tokenizer in self._tokenizers]
        sections: list[FittedSection] = []
        ignored: list[str] = []
        for parts in read_sections(prompt) if reading.breaks else (read_weights(prompt),):
            left = MAX_WINDOWS - sum(section.num_windows for section in sections)
            if left and not ignored:
                section, behind = _fitted(tokenizers, parts, left)
                sections.append(section)
            else:
                behind = plain_text(parts).strip()
            ignored += [behind] if behind else []
        return FittedPrompt(tuple(sections), " ".join(ignored) or None)


def _fitted(
    tokenizers: Sequence[ClipTokenizer], parts: tuple[WeightedText, ...], max_windows: int
) -> tuple[FittedSection, str]:
    """The section, and the end of its text that does not fit."""
    parts = tuple(part for part in parts if all(each.tokens(part.text, 1) for each in tokenizers)) or parts[:1]
    text, num_windows = plain_text(parts), 1
    for tokenizer in tokenizers:
        parts, num_own = _cut(tokenizer, parts, max_windows)
        num_windows = max(num_windows, num_own)
    return FittedSection(parts, num_windows), text[len(plain_text(parts)) :].strip()


def _tokens(tokenizer: ClipTokenizer, parts: Sequence[WeightedText], max_tokens: int) -> list[tuple[int, Token]]:
    """The first tokens of all parts together, each with the index of its part."""
    tokens: list[tuple[int, Token]] = []
    for index, part in enumerate(parts):
        tokens += [(index, token) for token in tokenizer.tokens(part.text, max_tokens - len(tokens))]
    return tokens


def _cut(
    tokenizer: ClipTokenizer, parts: tuple[WeightedText, ...], max_windows: int
) -> tuple[tuple[WeightedText, ...], int]:
    """The parts that fit into so many windows, and the number of windows that they take."""
    while True:
        tokens = _tokens(tokenizer, parts, max_windows * _ROOM + 1)  # one more than fits
        ends = window_ends([token.text for _, token in tokens])
        if len(ends) <= max_windows:
            return parts, len(ends)
        index, token = tokens[ends[max_windows - 1]]
        parts = _before(parts, index, token)  # then count again: a word that was cut can take more tokens


def window_ends(tokens: Sequence[str]) -> list[int]:
    """Number of tokens up to the end of the first window, of the second, ...; at least one window."""
    ends: list[int] = []
    start = 0
    while len(tokens) - start > _ROOM:
        start += _split(tokens[start : start + _ROOM])
        ends.append(start)
    return [*ends, len(tokens)]


def _split(tokens: Sequence[str]) -> int:
    """Where to cut: after the last sentence that ends within these tokens, else phrase, else word, else after all."""
    for ends in (_SENTENCE_ENDS, _PHRASE_ENDS):
        if indices := [index for index, token in enumerate(tokens) if token in ends]:
            return indices[-1] + 1
    words = [index for index, token in enumerate(tokens) if token.endswith("</w>")]
    return words[-1] + 1 if words else len(tokens)


def _before(parts: tuple[WeightedText, ...], index: int, token: Token) -> tuple[WeightedText, ...]:
    """The parts up to, not including, a token of part `index`."""
    cut = replace(parts[index], text=parts[index].text[: token.start])
    kept = parts[:index]
    return (*kept, cut) if cut.text.strip() or not kept else kept
