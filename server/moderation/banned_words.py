"""Words that no prompt may contain. Pure, but for reading the operator's file."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

WORDS = re.compile(r"[^\W_]+")
UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
"""Scripts that put no space between words, as the names of their characters begin."""


class BannedWords:
    """Matches whole words and phrases of whole words, whatever their case, accents, width and invisible characters.
    Marks between words count as a space. A word in a script without spaces matches anywhere."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        """One word or phrase a line; `#` begins a comment."""
        texts = [text for line in lines if (text := line.partition("#")[0].strip())]
        forms = {_words(text): text for text in texts}
        self._anywhere = {form.strip(): text for form, text in forms.items() if form.strip() and _is_unspaced(text)}
        self._whole = {form: text for form, text in forms.items() if form.strip() and not _is_unspaced(text)}

    @classmethod
    def read(cls, path: Path | None) -> "BannedWords":
        """Raises OSError and UnicodeDecodeError."""
        return cls(path.read_text(encoding="utf-8-sig").splitlines() if path is not None else ())

    def find(self, prompt: str) -> str | None:
        """The first banned word of the list that the prompt contains, as the list has it."""
        if not self._whole and not self._anywhere:
            return None
        words = _words(prompt)
        whole = next((text for form, text in self._whole.items() if form in words), None)
        return whole or next((text for form, text in self._anywhere.items() if form in words), None)


def _words(text: str) -> str:
    """Folded words with one space before, between and after them."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(char for char in decomposed if unicodedata.category(char) not in ("Mn", "Cf"))
    return f" {' '.join(WORDS.findall(kept))} "


def _is_unspaced(text: str) -> bool:
    return any(unicodedata.name(char, "").startswith(UNSPACED) for char in text)
