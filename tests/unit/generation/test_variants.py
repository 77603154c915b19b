"""Variants and wildcards: any prompt, the same words for the same seed, exact counts."""

import contextlib
import os
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.generation.variants import Template, VariantError
from server.generation.wildcards import MAX_FILE_BYTES, WildcardFolder

WILDCARDS = {
    "color": ("red", "blue", "green"),
    "place/city": ("Rome at __time__", "{old|new} York"),
    "time": ("noon", "night"),
    "loop": ("on __loop__",),
}
NUM_CASES = int(os.environ.get("STUDIO_TEST_CASES", "300"))


def template(prompt: str) -> Template:
    return Template(prompt, WILDCARDS, 2000)


def combinations(prompt: str) -> list[str]:
    read = template(prompt)
    return [read.nth(number) for number in range(read.num_combinations)]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("{red|blue} dress", ["red dress", "blue dress"]),
        ("{3::a|1::b}", ["a", "b"]),
        ("{2$$a|b|c}", ["a, b", "a, c", "b, c"]),
        ("{1-2$$ and $$a|b|c}", ["a", "b", "c", "a and b", "a and c", "b and c"]),
        ("{-1$$a|b}", ["", "a", "b"]),
        ("{1-$$a|b}", ["a", "b", "a, b"]),
        ("{5$$a|b}", ["a, b"]),
        ("{a|b} {c|d}", ["a c", "a d", "b c", "b d"]),
        ("{a|{b|c} d}", ["a", "b d", "c d"]),
        ("{2$${a|b}|c|d}", ["a, c", "b, c", "a, d", "b, d", "c, d"]),
        ("__color__ sky", ["red sky", "blue sky", "green sky"]),
        ("__place/city__", ["Rome at noon", "Rome at night", "old York", "new York"]),
        ("{<lora:jade:1>|[a|b:0.5]}", ["<lora:jade:1>", "[a", "b:0.5]"]),
        (r"\{a|b\} {x} {a|b __nope__ snake_case__x ____", [r"\{a|b\} {x} {a|b __nope__ snake_case__x ____"]),
        ("{a|b}} |", ["a} |", "b} |"]),
        ("{|a}", ["", "a"]),
    ],
)
def test_all_combinations_in_order(prompt: str, expected: list[str]) -> None:
    assert (
        sorted(combinations(prompt)) == sorted(expected)
        if prompt.startswith("{2$${")
        else (combinations(prompt) == expected)
    )
    read = template(prompt)
    assert read.nth(len(expected)) == read.nth(0)
    assert {read.random(seed, "prompt") for seed in range(200)} <= set(expected)


def test_options_are_drawn_by_their_weights() -> None:
    read = template("{3::a|1::b|0::c}")
    drawn = Counter(read.random(seed, "prompt") for seed in range(2000))
    assert set(drawn) == {"a", "b"}
    assert 0.7 < drawn["a"] / 2000 < 0.8


def test_the_two_prompts_of_an_image_draw_for_themselves() -> None:
    read = template("{a|b}")
    pairs = {(read.random(seed, "prompt"), read.random(seed, "negative_prompt")) for seed in range(50)}
    assert len(pairs) == 4


PIECES = st.sampled_from(
    [
        *"{}|ab_$:\\,1 ",
        "$$",
        "::",
        "2$$",
        "1-2$$",
        "0::",
        "3::",
        "__color__",
        "__place/city__",
        "__loop__",
        "{a|b}",
        "__",
    ]
)


@settings(max_examples=NUM_CASES, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join), st.integers(0, 2**32 - 1))
def test_any_prompt_has_the_same_words_for_the_same_seed(prompt: str, seed: int) -> None:
    try:
        first = template(prompt)
        words = first.random(seed, "prompt")
        assert words == template(prompt).random(seed, "prompt")
        count = first.num_combinations
    except VariantError as error:
        assert str(error)
        return
    assert len(words) <= 2000
    assert count >= 1
    some = [first.nth(number) for number in range(min(count, 60))]
    assert first.nth(count) == some[0]
    if count <= 60:
        assert words in some
    if not {"{", "}", "|"} & set(prompt) and "__" not in prompt:
        assert words == prompt


DISTINCT = st.recursive(
    st.just(1),
    lambda inner: st.tuples(st.integers(1, 3), st.lists(st.lists(inner, max_size=2), min_size=2, max_size=4)),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(DISTINCT, max_size=3))
def test_the_count_is_that_of_different_prompts(tree: list[object]) -> None:
    """Each leaf has a letter of its own, so that no two combinations read alike."""
    letters = iter(map(chr, range(0x4E00, 0x9FFF)))

    def written(nodes: list[object]) -> str:
        text = ""
        for node in nodes:
            if isinstance(node, tuple):
                picks, options = node
                text += f"{{{picks}$$" + "|".join(next(letters) + written(option) for option in options) + "}"
            else:
                text += next(letters)
        return text

    prompt = written(tree)
    try:
        read = template(prompt)
        count = read.num_combinations
    except VariantError:
        return
    if count <= 300:
        assert len({read.nth(number) for number in range(count)}) == count


@pytest.mark.parametrize("prompt", ["__loop__", "{" * 21 + "a", "{11$$a" + "|b" * 11 + "}", "__color__, " * 400])
def test_what_cannot_be_expanded_is_refused(prompt: str) -> None:
    with pytest.raises(VariantError):
        template(prompt).random(1, "prompt")


@pytest.mark.parametrize(
    "unit",
    ["{", "{a|b} ", "{2$$", "__color__ ", "|", "}", "{a|", "\\{", "_", "__", "{10$$a|b|c|d|e|f|g|h|i|j}", "0::"],
)
def test_a_prompt_made_to_be_slow_takes_milliseconds(unit: str) -> None:
    prompt = (unit * 2000)[:2000]
    runs: list[float] = []
    for _ in range(5):
        start_s = time.thread_time()
        with contextlib.suppress(VariantError):
            template(prompt).random(1, "prompt")
        runs.append(time.thread_time() - start_s)
    assert min(runs) < 0.01


def aliased(one: str, other: str) -> str:
    """A line of YAML that holds ten times what `one` holds."""
    return f"{other}: &{other} {{" + ", ".join(f"k{n}: *{one}" for n in range(10)) + "}\n"


def test_the_folder_is_read_and_nothing_outside_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "wildcards"
    (folder / "place").mkdir(parents=True)
    (folder / "place" / "city.txt").write_text("Rome\n\n# a comment\n  Paris \n", encoding="utf-8")
    (folder / "more.yaml").write_text("animal:\n  pet: [cat, dog]\n  wild: lynx\nnumber: [1, 2.5]\n")
    (folder / "list.yml").write_text("[a, b]")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    bad = {
        "big.txt": "x" * (MAX_FILE_BYTES + 1),
        "empty.txt": "# nothing",
        "long.txt": "x" * 1001,
        "broken.yaml": "a: [",
        "deep.yaml": "a: [[b]]",
        "two words.txt": "a",
        "object.yaml": "!!python/object/apply:os.system [ls]",
        "bomb.yaml": "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(map(aliased, "abcdef", "bcdefg")),
    }
    for name, text in bad.items():
        (folder / name).write_text(text)
    wildcards = WildcardFolder(folder)
    rejected = dict(wildcards.scan())
    assert wildcards.values == {
        "animal/pet": ("cat", "dog"),
        "animal/wild": ("lynx",),
        "list": ("a", "b"),
        "number": ("1", "2.5"),
        "place/city": ("Rome", "Paris"),
    }
    assert set(rejected) == {f"wildcards/{name}" for name in bad}
    assert all(rejected.values())
    (folder / "place" / "city.txt").unlink()
    wildcards.scan()
    assert "place/city" not in wildcards.values
    assert WildcardFolder(None).scan() == ()
