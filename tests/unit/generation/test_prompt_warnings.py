"""Warnings about an accepted prompt."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from pipelines.model.info import SDXL_BASE
from pipelines.prompt.analysis import PromptAnalyzer
from server.generation.prompt_warnings import prompt_warnings
from tests.support.builders import image_spec


@pytest.fixture
def reader(tmp_path: Path) -> PromptAnalyzer:
    """Of a model that knows three words; each word is one token."""
    tokenizer = Tokenizer(models.WordLevel({"unknown": 0}, unk_token="unknown"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    (tmp_path / "tokenizer").mkdir()
    tokenizer.save(str(tmp_path / "tokenizer" / "tokenizer.json"))
    (tmp_path / "words.json").write_text('{"words": ["red", "dress", "woman"]}')
    return PromptAnalyzer(tmp_path)


def warnings(
    reader: PromptAnalyzer,
    prompt: str,
    final_prompt: str | None = None,
    negative: str = "",
    style: str | None = None,
    triggers: tuple[str, ...] = (),
) -> list[str]:
    spec = image_spec(prompt=final_prompt or prompt, negative_prompt=negative, style=style)
    return prompt_warnings(reader, prompt, (spec,), None, triggers)


def test_a_prompt_of_known_words_gives_no_warning(reader: PromptAnalyzer) -> None:
    assert warnings(reader, "woman, red dress") == []


def test_unknown_words_are_named(reader: PromptAnalyzer) -> None:
    assert warnings(reader, "red astronaut on Mars", negative="blurry") == [
        "the demo model does not know: astronaut, on, mars"
    ]


def test_words_that_the_lora_teaches_are_known(reader: PromptAnalyzer) -> None:
    assert warnings(reader, "Jade woman, red dress", triggers=("jade woman",)) == []


def test_a_style_that_the_model_does_not_know_is_told_once_and_not_by_its_words(reader: PromptAnalyzer) -> None:
    final = "jade woman, red astronaut, line art, black ink"
    assert warnings(reader, "red astronaut", final, style="line_art", triggers=("jade woman",)) == [
        "the demo model does not know: astronaut",
        "the demo model does not know the style Line art",
    ]


@pytest.fixture
def real_reader() -> PromptAnalyzer:
    """Of SDXL's own vocabulary, without a list of known words."""
    return PromptAnalyzer(SDXL_BASE)


def test_what_other_tools_mean_by_a_prompt_is_named_on_a_real_model_too(real_reader: PromptAnalyzer) -> None:
    assert warnings(real_reader, "woman, red dress, (beach:1.2), [low sun]", negative="blurry (hands)") == []
    assert warnings(
        real_reader, "[red:blue:0.5] dress AND (sea:1.2", negative="embedding:EasyNegative, <lyco:x:1>"
    ) == [
        "prompt: prompt editing is not supported, it is read as text: [red:blue:0.5]",
        "prompt: composition with AND is not supported, it is read as text: AND",
        "prompt: a bracket that is never closed weighs all that follows: (sea:1.2",
        "negative_prompt: an embedding is not supported, it is read as text: embedding:EasyNegative",
        "negative_prompt: a network that is no LoRA is not supported, it is read as text: <lyco:x:1>",
    ]


def test_what_the_syntax_reads_is_not_named(real_reader: PromptAnalyzer, reader: PromptAnalyzer) -> None:
    prompt = "[red:dress:0.5] BREAK [woman|red] <lyco:x:1>"
    spec = image_spec(prompt=prompt, negative_prompt="", prompt_syntax="a1111")
    assert prompt_warnings(real_reader, prompt, (spec,), None, ()) == [
        "prompt: a network that is no LoRA is not supported, it is read as text: <lyco:x:1>"
    ]
    assert (
        prompt_warnings(reader, "red BREAK dress", (image_spec(prompt="red", prompt_syntax="a1111"),), None, ()) == []
    )


def test_what_is_behind_the_last_window_is_told(reader: PromptAnalyzer) -> None:
    assert warnings(reader, "red", "red " * 600 + "(dress:1.2) woman", "red " * 601) == [
        "prompt: up to 8 windows of 75 tokens are read; this is behind them and ignored: dress woman",
        "negative_prompt: up to 8 windows of 75 tokens are read; this is behind them and ignored: red",
    ]
