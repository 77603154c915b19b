import json
from pathlib import Path

import pytest

from pipelines.model.info import KNOWN_WORDS_FILE
from pipelines.prompt.analysis import PromptAnalyzer

LETTERS = [*"abcdefghijklmnopqrstuvwxyz0123456789,.'", "\u0120"]
MERGES = [("r", "e"), ("re", "d</w>"), ("s", "e"), ("se", "a</w>")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A demo model that knows "red", "sea" and "o'clock"; tokens are those two words and single letters."""
    tokenizer = tmp_path / "tokenizer"
    tokenizer.mkdir()
    tokens = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS), *("".join(pair) for pair in MERGES)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    (tokenizer / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(tokens)}))
    (tokenizer / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(pair) for pair in MERGES) + "\n")
    (tmp_path / KNOWN_WORDS_FILE).write_text('{"words": ["red", "sea", "o\'clock"]}')
    return tmp_path


def test_tokens_are_counted_without_start_and_end(folder: Path) -> None:
    reader = PromptAnalyzer(folder)
    assert [reader.num_tokens(text) for text in ("", "red", "Red  SEA", "red, xyz")] == [0, 1, 2, 5]


def test_words_the_demo_never_saw_are_named_once_in_order(folder: Path) -> None:
    reader = PromptAnalyzer(folder)
    assert reader.unknown_words("Red astronaut, sea; Robot 3 ASTRONAUT o'clock o\u2019clock red_sea") == [
        "astronaut",
        "robot",
    ]


def test_a_real_model_knows_every_word(folder: Path) -> None:
    (folder / KNOWN_WORDS_FILE).unlink()
    assert PromptAnalyzer(folder).unknown_words("astronaut") == []


def test_what_falls_behind_the_last_window_is_shown_as_typed(folder: Path) -> None:
    reader = PromptAnalyzer(folder)
    fits = "red " * (8 * 75)
    assert reader.overflow(fits) is None
    assert reader.overflow(fits + "SEA, Red") == "SEA, Red"


def test_a_tokenizer_file_that_cuts_and_pads_does_not_hide_the_overflow(folder: Path) -> None:
    from tokenizers import Tokenizer

    reader = PromptAnalyzer(folder)
    tokenizer: Tokenizer = reader._tokenizer
    tokenizer.enable_truncation(77)
    tokenizer.enable_padding(length=77)
    tokenizer.save(str(folder / "tokenizer" / "tokenizer.json"))
    again = PromptAnalyzer(folder)
    assert again.num_tokens("red sea") == 2
    assert again.overflow("red " * (8 * 75 + 1)) == "red"


def test_it_counts_as_the_tokenizer_that_encodes(folder: Path) -> None:
    from transformers import CLIPTokenizer

    text = "Red  sea, it's 12 o'clock... red"
    theirs = CLIPTokenizer.from_pretrained(str(folder / "tokenizer"), local_files_only=True)
    assert PromptAnalyzer(folder).num_tokens(text) == len(theirs(text).input_ids) - 2
