"""Prompts that name embeddings: windows, and the time to count them."""

import time

import pytest

from pipelines.model.info import SDXL_BASE
from pipelines.prompt.analysis import PromptAnalyzer
from pipelines.prompt.tokenizer import read_tokenizers
from pipelines.spec import EmbeddingRef, ImageSpec
from tests.support.builders import image_spec

LONG = EmbeddingRef("ab", "a" * 64, 75)
SHORT = EmbeddingRef("neghand", "b" * 64, 5)


@pytest.fixture(scope="module")
def analyzer() -> PromptAnalyzer:
    return PromptAnalyzer(SDXL_BASE)


def spec(prompt: str) -> ImageSpec:
    return image_spec(prompt=prompt, prompt_syntax="a1111", embeddings=(LONG, SHORT), guidance_scale=1.0)


WINDOWS = {
    "neghand": 1,
    "ab": 1,
    "woman ab": 2,
    "ab woman": 2,
    "woman ab dress": 3,
    "neghand " * 15: 1,
    "neghand " * 16: 2,
    "ab BREAK neghand": 2,
    "(ab:0.5), (neghand:1.2)": 2,
    "ab " * 100: 8,
}


@pytest.mark.parametrize("prompt", WINDOWS)
def test_an_embedding_stays_in_one_window(prompt: str, analyzer: PromptAnalyzer) -> None:
    assert analyzer.num_context_tokens(spec(prompt)) == 77 * WINDOWS[prompt]


def test_what_does_not_fit_is_left_out_as_a_whole(analyzer: PromptAnalyzer) -> None:
    much = spec("woman " * 590 + "embedding:neghand " * 3 + "dress")
    assert analyzer.overflow(much, much.prompt) == "embedding:neghand dress"


def test_the_pooled_window_has_whole_embeddings() -> None:
    tokenizer = read_tokenizers(SDXL_BASE)[0].naming((SHORT,))
    ids = tokenizer.with_ends("woman " * 72 + "neghand", 77)
    assert len(ids) == 74 and max(ids[1:-1]) < tokenizer.first_vector_id
    assert len(tokenizer.with_ends("woman " * 70 + "neghand", 77)) == 77


@pytest.mark.parametrize("prompt", ["ab " * 666, "ab," * 666, "(ab:0.9) " * 222, "woman ab red dress " * 100])
def test_many_names_take_little_time(prompt: str, analyzer: PromptAnalyzer) -> None:
    begun_s = time.perf_counter()
    assert analyzer.num_context_tokens(spec(prompt[:2000])) == 8 * 77
    assert time.perf_counter() - begun_s < 0.5
