"""What a caller is told about an accepted prompt."""

from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from pipelines.prompt.analysis import PromptAnalyzer
from server.generation.prompt_warnings import prompt_warnings


@pytest.fixture
def reader(tmp_path: Path) -> PromptAnalyzer:
    """Of a model that knows three words; each word is one token."""
    tokenizer = Tokenizer(models.WordLevel({"unknown": 0}, unk_token="unknown"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    (tmp_path / "tokenizer").mkdir()
    tokenizer.save(str(tmp_path / "tokenizer" / "tokenizer.json"))
    (tmp_path / "words.json").write_text('{"words": ["red", "dress", "woman"]}')
    return PromptAnalyzer(tmp_path)


def job(prompt: str, final_prompt: str | None = None, negative: str = "", style: str | None = None) -> dict[str, Any]:
    """The metadata of a job."""
    return {"prompt": prompt, "final_prompt": final_prompt or prompt, "negative_prompt": negative, "style": style}


def test_a_prompt_of_known_words_gives_no_warning(reader: PromptAnalyzer) -> None:
    assert prompt_warnings(reader, job("woman, red dress"), []) == []


def test_unknown_words_are_named(reader: PromptAnalyzer) -> None:
    assert prompt_warnings(reader, job("red astronaut on Mars", negative="blurry"), []) == [
        "the demo model does not know: astronaut, on, mars"
    ]


def test_words_that_the_lora_teaches_are_known(reader: PromptAnalyzer) -> None:
    assert prompt_warnings(reader, job("Jade woman, red dress"), ["jade woman"]) == []


def test_a_style_that_the_model_does_not_know_is_told_once_and_not_by_its_words(reader: PromptAnalyzer) -> None:
    styled = job("red astronaut", "jade woman, red astronaut, line art, black ink", style="line_art")
    assert prompt_warnings(reader, styled, ["jade woman"]) == [
        "the demo model does not know: astronaut",
        "the demo model does not know the style Line art",
    ]


def test_what_is_behind_the_last_window_is_told(reader: PromptAnalyzer) -> None:
    assert prompt_warnings(reader, job("red", "red " * 600 + "(dress:1.2) woman", "red " * 601), []) == [
        "prompt: up to 8 windows of 75 tokens are read; this is behind them and ignored: dress woman",
        "negative_prompt: up to 8 windows of 75 tokens are read; this is behind them and ignored: red",
    ]
