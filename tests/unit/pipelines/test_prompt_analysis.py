import json
from collections import Counter
from pathlib import Path

import pytest

from pipelines.model.checkpoint import BaseModelError
from pipelines.model.info import KNOWN_WORDS_FILE
from pipelines.prompt.analysis import PromptAnalyzer
from pipelines.prompt.tokenizer import read_tokenizer
from pipelines.prompt.windows import FittedPrompt, PromptWindows, Reading
from tests.support.builders import image_spec

LETTERS = [*"abcdefghijklmnopqrstuvwxyz0123456789,.'", "\u0120"]
MERGES = [("r", "e"), ("re", "d</w>"), ("s", "e"), ("se", "a</w>")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A demo model that knows "red", "sea" and "o'clock"; tokens are the first two words and single letters."""
    tokenizer = tmp_path / "tokenizer"
    tokenizer.mkdir()
    tokens = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS), *("".join(pair) for pair in MERGES)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    (tokenizer / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(tokens)}))
    (tokenizer / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(pair) for pair in MERGES) + "\n")
    (tmp_path / KNOWN_WORDS_FILE).write_text('{"words": ["red", "sea", "o\'clock"]}')
    return tmp_path


def test_tokens_are_counted_without_start_and_end(folder: Path) -> None:
    analyzer = PromptAnalyzer(folder)
    assert [analyzer.num_tokens(text) for text in ("", "red", "Red  SEA", "red, xyz")] == [0, 1, 2, 5]


def test_words_the_demo_never_saw_are_named_once_in_order(folder: Path) -> None:
    analyzer = PromptAnalyzer(folder)
    assert analyzer.unknown_words("Red astronaut, sea; Robot 3 ASTRONAUT o'clock o\u2019clock red_sea") == [
        "astronaut",
        "robot",
    ]


def test_a_real_model_knows_every_word(folder: Path) -> None:
    (folder / KNOWN_WORDS_FILE).unlink()
    assert PromptAnalyzer(folder).unknown_words("astronaut") == []


def test_text_after_the_last_window_is_returned_as_typed(folder: Path) -> None:
    analyzer = PromptAnalyzer(folder)
    fits = "red " * (8 * 75)
    assert analyzer.overflow(image_spec(), fits) is None
    assert analyzer.overflow(image_spec(), fits + "SEA, Red") == "SEA, Red"


def test_a_tokenizer_file_that_cuts_and_pads_does_not_hide_the_overflow(folder: Path) -> None:
    backend = read_tokenizer(folder / "tokenizer")._backend
    backend.enable_truncation(77)
    backend.enable_padding(length=77)
    backend.save(str(folder / "tokenizer" / "tokenizer.json"))
    analyzer = PromptAnalyzer(folder)
    assert analyzer.num_tokens("red sea") == 2
    assert analyzer.overflow(image_spec(), "red " * (8 * 75 + 1)) == "red"


def test_a_text_is_tokenized_once_for_all_who_ask(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    analyzer, fitted, fit = PromptAnalyzer(folder), Counter[str](), PromptWindows.fit

    def counted(windows: PromptWindows, prompt: str, reading: Reading) -> FittedPrompt:
        fitted[prompt] += 1
        return fit(windows, prompt, reading)

    monkeypatch.setattr(PromptWindows, "fit", counted)
    long = "red " * 100
    spec = image_spec(prompt=long, negative_prompt="sea")
    analyzer.analyze([spec, spec])
    assert [analyzer.num_context_tokens(spec) for _ in range(64)] == [2 * 77] * 64
    assert analyzer.overflow(spec, long) is None
    assert fitted == {long: 1, "sea": 1}


def test_a_model_without_a_tokenizer_is_refused_with_the_folder_s_name(tmp_path: Path) -> None:
    with pytest.raises(BaseModelError, match=r"tokenizer holds no tokenizer: neither tokenizer\.json nor merges\.txt"):
        PromptAnalyzer(tmp_path)
