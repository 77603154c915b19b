"""What other tools give a meaning and this service reads as text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.prompt.foreign import MAX_EXAMPLES, MAX_SHOWN_CHARACTERS, UNCLOSED, foreign_syntax


@pytest.mark.parametrize(
    ("prompt", "kind", "examples"),
    [
        ("a [red:blue:0.5] dress", "prompt editing", ("[red:blue:0.5]",)),
        ("[dress:8], [a::.5], [b : 1. ]", "prompt editing", ("[dress:8]", "[a::.5]", "[b : 1. ]")),
        ("[a (b:1.2):0.5]", "prompt editing", ("[a (b:1.2):0.5]",)),
        ("[red|blue] dress", "alternation", ("[red|blue]",)),
        ("{red|blue} dress", "a choice", ("{red|blue}",)),
        ("{2$$red|blue|green}", "a choice", ("{2$$red|blue|green}",)),
        ("__hair_color__, __a/b*__", "a wildcard", ("__hair_color__", "__a/b*__")),
        ("cat AND dog:0.5", "composition with AND", ("AND",)),
        ("cat BREAK dog\nBREAK", "BREAK", ("BREAK",)),
        ("(embedding:EasyNegative:1.2), Embedding:b.pt", "an embedding", ("embedding:EasyNegative", "Embedding:b.pt")),
        ("<lyco:x:1> <hypernet:y:0.5>", "a network that is no LoRA", ("<lyco:x:1>", "<hypernet:y:0.5>")),
        ('("cat", "dog").and()', "a conjunction or blend", (").and(",)),
        ("a (red:1.2 dress", UNCLOSED, ("(red:1.2 dress",)),
        ("[(a)", UNCLOSED, ("[(a)",)),
        ("[a|b] [a|b]", "alternation", ("[a|b]",)),
        ("[" + "x" * 100 + "|y]", "alternation", ("[" + "x" * (MAX_SHOWN_CHARACTERS - 1) + "...",)),
    ],
)
def test_a_construct_is_named_with_its_words(prompt: str, kind: str, examples: tuple[str, ...]) -> None:
    assert foreign_syntax(prompt) == {kind: examples}


@pytest.mark.parametrize(
    "prompt",
    [
        "jade woman, red dress, beach sunset",
        "(red dress:1.3), ((x)), [x], [[low sun]]",
        r"a smiley \(: and \[a:b:0.5, 1) 2) 3]",
        "<lora:jade:0.8> and 3:4, at 10:30, a|b, {x}, snake_case __init, ____",
        "brand, BREAKFAST, ANDROID, rock and roll, break",
        "",
    ],
)
def test_what_is_read_or_plain_text_is_not_named(prompt: str) -> None:
    assert foreign_syntax(prompt) == {}


@given(st.text(alphabet="[](){}|:_<>.1 aAND\\", max_size=200))
def test_any_text_gives_few_and_short_examples(prompt: str) -> None:
    for examples in foreign_syntax(prompt).values():
        assert 1 <= len(examples) <= MAX_EXAMPLES
        assert max(map(len, examples)) <= MAX_SHOWN_CHARACTERS + 3


@pytest.mark.parametrize("end", ["", "]" * 1000])
@pytest.mark.parametrize(
    "unit", ["[", "[a:1", "[:1]", "{a|", "__", "__a", "<a:", "((", "[a|", "\\[", "embedding:", ": "]
)
def test_a_prompt_made_to_be_slow_takes_milliseconds(unit: str, end: str) -> None:
    prompt = (unit * 2000)[: 2000 - len(end)] + end
    runs: list[float] = []
    for _ in range(5):
        start_s = time.thread_time()
        foreign_syntax(prompt)
        runs.append(time.thread_time() - start_s)
    assert min(runs) < 0.01
