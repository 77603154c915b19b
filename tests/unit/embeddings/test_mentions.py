"""Names of embeddings in a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.inversions.mentions import mentioned, mentions, without_mentions, written
from pipelines.spec import EmbeddingRef

NEG = EmbeddingRef("neghand", "a" * 64, 5)
DASH = EmbeddingRef("Bad-Hands_v1.3", "b" * 64, 2)
CAT = EmbeddingRef("cat", "c" * 64, 1, is_word=True)
ALL = (NEG, DASH, CAT)

FOUND = {
    "neghand": ["neghand"],
    "NegHand, woman": ["NegHand"],
    "woman,neghand.": ["neghand"],
    "neghands": [],
    "my_neghand": [],
    "neghandé": [],
    "bad-hands_v1.3.": ["bad-hands_v1.3"],
    "bad-hands": [],
    "a cat": [],
    "embedding:cat": ["embedding:cat"],
    "EMBEDDING:neghand.safetensors, x": ["EMBEDDING:neghand.safetensors"],
    "embedding: neghand": ["neghand"],
    "embedding:unknown neghand": ["neghand"],
    "neghand neghand": ["neghand", "neghand"],
    "-neghand-": ["neghand"],
    "": [],
}


@pytest.mark.parametrize("text", FOUND)
def test_a_name_is_a_word_of_its_own(text: str) -> None:
    assert [text[each.start : each.end] for each in mentions(text, ALL)] == FOUND[text]


def test_how_a_prompt_names_it() -> None:
    assert [written(each) for each in ALL] == ["neghand", "Bad-Hands_v1.3", "embedding:cat"]
    for each in ALL:
        assert [found.embedding for found in mentions(f"a {written(each)}, b", ALL)] == [each]


def test_what_texts_name_is_sorted_by_name() -> None:
    by_name = {each.name.lower(): each for each in ALL}
    assert mentioned(["neghand", "embedding:cat bad-hands_v1.3"], by_name) == (DASH, CAT, NEG)
    assert without_mentions("a neghand, embedding:cat b", ALL) == "a ,  b"


@given(st.text(st.sampled_from("neghadNEGHAD embdi:.-_,é("), max_size=60))
def test_mentions_are_in_order_and_inside(text: str) -> None:
    end = 0
    for each in mentions(text, ALL):
        assert end <= each.start < each.end <= len(text)
        end = each.end
