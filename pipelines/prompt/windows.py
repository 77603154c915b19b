"""How a prompt falls into the windows of CLIP's text encoders: 75 tokens each, between a start and an end token.

A long prompt is cut where compel cuts it (its embeddings_provider.py, `_find_next_best_split_point` in the mode
SENTENCES): the scheduler must know how long the context of a picture will be before anything is encoded. Torch-free.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tokenizers import Tokenizer

from pipelines.prompt.weights import WeightedText, plain_text, read_weights

MAX_TOKENS = 77
"""Of a window, its start and end tokens included."""

MAX_WINDOWS = 8
"""About the longest prompt that the API takes, in plain English; every window makes all steps of a picture dearer."""

_ROOM = MAX_TOKENS - 2
_SENTENCE_ENDS = frozenset({".</w>"})
_PHRASE_ENDS = frozenset({".</w>", ",</w>", ";</w>", ":</w>"})


@dataclass(frozen=True, slots=True)
class FittedPrompt:
    """What of a prompt is encoded. `ignored` is the end of its text that lies behind the last window."""

    parts: tuple[WeightedText, ...]
    num_windows: int
    ignored: str | None

    @property
    def is_plain(self) -> bool:
        """No weights, no more than stock reads."""
        return self.num_windows == 1 and len(self.parts) == 1 and self.parts[0].weight == 1


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    part: int  # index of its part
    start: int  # where in the part's text


class PromptWindows:
    """Any thread. `tokenizers` are those of all text encoders, which must neither cut nor pad. They may differ: SDXL's
    second one pads with "!" and so reads it as a token of its own. The most windows count."""

    def __init__(self, tokenizers: Sequence[Tokenizer]) -> None:
        self._tokenizers = tokenizers

    def fit(self, prompt: str) -> FittedPrompt:
        parts = read_weights(prompt)
        telling = [{token.part for token in _tokens(tokenizer, parts)} for tokenizer in self._tokenizers]
        parts = tuple(part for n, part in enumerate(parts) if all(n in each for each in telling)) or parts[:1]
        text, num_windows = plain_text(parts), 1
        for tokenizer in self._tokenizers:
            parts, fitting = _cut(tokenizer, parts)
            num_windows = max(num_windows, fitting)
        ignored = text[len(plain_text(parts)) :].strip()
        return FittedPrompt(parts, num_windows, ignored or None)

    def num_context_tokens(self, prompt: str, negative_prompt: str | None) -> int:
        """Of the context that both need, the shorter one padded; `negative_prompt` None: there is none."""
        texts = [prompt] if negative_prompt is None else [prompt, negative_prompt]
        return MAX_TOKENS * max(self.fit(text).num_windows for text in texts)


def _tokens(tokenizer: Tokenizer, parts: Sequence[WeightedText]) -> list[_Token]:
    found: list[_Token] = []
    for index, part in enumerate(parts):
        encoded = tokenizer.encode(part.text, add_special_tokens=False)
        for token_id, (start, _) in zip(encoded.ids, encoded.offsets, strict=True):
            found.append(_Token(tokenizer.id_to_token(token_id) or "", index, start))
    return found


def _cut(tokenizer: Tokenizer, parts: tuple[WeightedText, ...]) -> tuple[tuple[WeightedText, ...], int]:
    """What fits into the windows, and how many it takes."""
    while True:
        tokens = _tokens(tokenizer, parts)
        ends = window_ends([token.text for token in tokens])
        if len(ends) <= MAX_WINDOWS:
            return parts, len(ends)
        parts = _before(parts, tokens[ends[MAX_WINDOWS - 1]])  # a word cut apart may be more tokens than it was


def window_ends(tokens: Sequence[str]) -> list[int]:
    """How many tokens there are up to the end of each window, of the first, the first two ...; one window at least."""
    ends: list[int] = []
    start = 0
    while len(tokens) - start > _ROOM:
        start += _split(tokens[start : start + _ROOM])
        ends.append(start)
    return [*ends, len(tokens)]


def _split(tokens: Sequence[str]) -> int:
    """After the last sentence that ends within these tokens, else phrase, else word, else after all of them."""
    for ends in (_SENTENCE_ENDS, _PHRASE_ENDS):
        if found := [index for index, token in enumerate(tokens) if token in ends]:
            return found[-1] + 1
    words = [index for index, token in enumerate(tokens) if token.endswith("</w>")]
    return words[-1] + 1 if words else len(tokens)


def _before(parts: tuple[WeightedText, ...], token: _Token) -> tuple[WeightedText, ...]:
    """The parts without that token and what follows."""
    cut = replace(parts[token.part], text=parts[token.part].text[: token.start])
    kept = parts[: token.part]
    return (*kept, cut) if cut.text.strip() or not kept else kept
