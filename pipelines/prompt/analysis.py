"""Analyze prompts as the base model reads them: token counts, unknown words, ignored text. Torch-free."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock

from cachetools import LRUCache

from pipelines.model.info import read_known_words
from pipelines.prompt.schedule import all_texts
from pipelines.prompt.tokenizer import MAX_TOKENS, read_tokenizers
from pipelines.prompt.windows import FittedPrompt, PromptWindows, Reading
from pipelines.spec import ImageSpec

MAX_KEPT_CHARACTERS = 1_000_000
"""Of the prompts whose windows are kept: tokenizing one takes up to 60 ms."""

_Key = tuple[str, Reading]
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")


class PromptAnalyzer:
    """`folder` holds the base model's configs. Raises BaseModelError if it holds no tokenizer. Any thread."""

    def __init__(self, folder: Path) -> None:
        tokenizers = read_tokenizers(folder)
        self._first = tokenizers[0]  # SDXL's two share their vocabulary
        self._known_words = read_known_words(folder)
        self._windows = PromptWindows(tokenizers)
        self._fitted = LRUCache[_Key, FittedPrompt](MAX_KEPT_CHARACTERS, lambda fitted: 100 + fitted.num_characters)
        self._lock = Lock()

    def num_tokens(self, text: str) -> int:
        """Tokens of `text` as typed, without start and end."""
        return len(self._first.ids(text))

    def num_context_tokens(self, spec: ImageSpec) -> int:
        """Context length of an image; only images of the same length share a forward."""
        prompts = [spec.prompt, spec.negative_prompt] if spec.rows == 2 else [spec.prompt]
        return MAX_TOKENS * max(fitted.num_windows for prompt in prompts for fitted in self._fitted_texts(spec, prompt))

    def analyze(self, specs: Iterable[ImageSpec]) -> None:
        """Parse and tokenize the prompts now: the other methods find the results. For threads that are no event
        loop's."""
        for spec in specs:
            for prompt in (spec.prompt, spec.negative_prompt):
                for _ in self._fitted_texts(spec, prompt):
                    pass

    def unknown_words(self, text: str) -> list[str]:
        """Words that the demo model was not trained on, in lower case and order, each once; empty for any other
        model."""
        if self._known_words is None:
            return []
        words = (word.lower().replace("\u2019", "'") for word in _WORD.findall(text))
        return list(dict.fromkeys(word for word in words if word not in self._known_words))

    def overflow(self, spec: ImageSpec, prompt: str) -> str | None:
        """The end of the image's prompt or negative prompt, without weights, that is after the last window and has no
        effect; None if all fits."""
        return next((fitted.ignored for fitted in self._fitted_texts(spec, prompt) if fitted.ignored), None)

    def _fitted_texts(self, spec: ImageSpec, prompt: str) -> Iterator[FittedPrompt]:
        reading = Reading.of(spec)
        return (self._fit(text, reading) for text in all_texts(spec, prompt))

    def _fit(self, text: str, reading: Reading) -> FittedPrompt:
        reading = reading.of_text(text)
        key = (text, reading)
        with self._lock:
            kept = self._fitted.get(key)
        if kept is None:
            kept = self._windows.fit(text, reading)
            with self._lock:
                self._fitted[key] = kept
        return kept
