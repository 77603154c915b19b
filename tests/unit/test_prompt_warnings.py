"""What a caller is told about an accepted prompt."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from pipelines.prompt_words import PromptReader
from server.api.warnings import prompt_warnings


@pytest.fixture
def reader(tmp_path: Path) -> PromptReader:
    """Of a model that knows three words; each word is one token."""
    tokenizer = Tokenizer(models.WordLevel({"unknown": 0}, unk_token="unknown"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    (tmp_path / "tokenizer").mkdir()
    tokenizer.save(str(tmp_path / "tokenizer" / "tokenizer.json"))
    (tmp_path / "words.json").write_text('{"words": ["red", "dress", "woman"]}')
    return PromptReader(tmp_path)


def test_a_prompt_of_known_words_gives_no_warning(reader: PromptReader) -> None:
    assert prompt_warnings(reader, "woman, red dress", "", []) == []


def test_unknown_words_are_named(reader: PromptReader) -> None:
    assert prompt_warnings(reader, "red astronaut on Mars", "blurry", []) == [
        "the demo model does not know: astronaut, on, mars"
    ]


def test_words_that_the_lora_teaches_are_known(reader: PromptReader) -> None:
    assert prompt_warnings(reader, "Jade woman, red dress", "", ["jade woman"]) == []


def test_what_is_behind_the_window_is_told(reader: PromptReader) -> None:
    assert prompt_warnings(reader, "red " * 75 + "dress woman", "red " * 76, []) == [
        "prompt: the model reads 75 tokens; this is behind them and ignored: dress woman",
        "negative_prompt: the model reads 75 tokens; this is behind them and ignored: red",
    ]
