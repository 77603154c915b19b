"""Weights in prompts, in A1111's syntax."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.prompt.weights import (
    MAX_WEIGHT,
    WeightedText,
    plain_text,
    read_weights,
)


def pairs(prompt: str) -> list[tuple[str, float]]:
    return [(part.text, part.weight) for part in read_weights(prompt)]


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("", [("", 1)]),
        ("woman, red dress", [("woman, red dress", 1)]),
        ("woman, (red dress:1.3), beach", [("woman, ", 1), ("red dress", 1.3), (", beach", 1)]),
        ("((woman)) [beach]", [("woman ", 1.21), ("beach", 0.909091)]),
        ("(woman, (red:1.5) dress:1.2)", [("woman, ", 1.2), ("red", 1.8), (" dress", 1.2)]),
        ("([woman])", [("woman", 1)]),
        ("woman, (red dress", [("woman, ", 1), ("red dress", 1.1)]),
        ("woman, [red", [("woman, ", 1), ("red", 0.909091)]),
        (r"jade \(gem\), \[red\] \\", [("jade (gem), [red] \\", 1)]),
        (r"(jade \(gem\):1.2)", [("jade (gem)", 1.2)]),
        (r"a\b: c :) d:1.3) ]", [(r"a\b: c :) d:1.3) ]", 1)]),
        ("(red:1.2.3)", [("red:1.2.3", 1.1)]),
        ("(red: +.5 )", [("red", 0.5)]),
        ("(red:-2) (green:99)", [("red ", 0), ("green", MAX_WEIGHT)]),
        ("(red) (green) [ ]", [("red green  ", 1.1)]),
        ("red ( ) (:1.4)", [("red   ", 1)]),
        ("[from:to:0.5]", [("from:to:0.5", 0.909091)]),
        ('a+ "b"- .and() (c)1.3', [('a+ "b"- .and ', 1), ("c", 1.1), ("1.3", 1)]),
    ],
)
def test_weights_are_read_as_a1111_reads_them(prompt: str, parts: list[tuple[str, float]]) -> None:
    assert pairs(prompt) == parts


MARKED = st.text(st.sampled_from('ab ,.:()[]\\"+-0123456789\n\u00e9\U0001f600'), max_size=60)


@given(MARKED)
def test_no_prompt_cannot_be_read(prompt: str) -> None:
    parts = read_weights(prompt)
    assert all(0 <= part.weight <= MAX_WEIGHT for part in parts)
    assert all(part.text.strip() for part in parts) or len(parts) == 1
    assert all(one.weight != two.weight for one, two in pairwise(parts))


@given(st.text(max_size=60))
def test_without_brackets_and_backslashes_it_is_text_as_it_stands(prompt: str) -> None:
    plain = prompt.translate({ord(mark): " " for mark in "()[]\\"})
    assert read_weights(plain) == (WeightedText(plain),)


@given(MARKED)
def test_escaped_it_is_text_as_it_stands(text: str) -> None:
    escaped = "".join(f"\\{character}" if character in "()[]\\" else character for character in text)
    assert read_weights(escaped) == (WeightedText(text),)


@given(MARKED)
def test_no_word_is_lost(prompt: str) -> None:
    bare = [character for character in prompt if character.isalpha()]
    assert [character for character in plain_text(read_weights(prompt)) if character.isalpha()] == bare


def test_a_thousand_nested_brackets_are_read() -> None:
    assert read_weights("(a" * 1000)[-1].weight == MAX_WEIGHT
    assert read_weights("(a:" + "9" * 1000 + ")") == (WeightedText("a", MAX_WEIGHT),)
