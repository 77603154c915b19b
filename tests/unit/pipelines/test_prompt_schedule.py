"""Prompts that change on the way: A1111's documented examples, and any text."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.prompt.schedule import (
    MAX_CHANGES,
    MAX_TEXTS,
    PromptSchedule,
    TooManyChanges,
    all_texts,
    pass_texts,
    read_schedule,
)
from pipelines.prompt.weights import read_sections
from pipelines.spec import Pass
from tests.support.builders import image_spec

LANDSCAPE = (
    "fantasy landscape with a [mountain:lake:0.25] and [an oak:a christmas tree:0.75][ in foreground::0.6]"
    "[ in background:0.25] [shoddy:masterful:0.5]"
)


def ends(schedule: PromptSchedule) -> list[tuple[int, str]]:
    """The last step of each text, as A1111 writes a schedule, with neighbors of one text joined."""
    found: list[tuple[int, str]] = []
    for step, index in enumerate(schedule.at, start=1):
        text = schedule.texts[index]
        if found and found[-1][1] == text:
            found.pop()
        found.append((step, text))
    return found


@pytest.mark.parametrize(
    ("prompt", "steps", "expected"),
    [
        ("test", 10, [(10, "test")]),
        ("a [b:3]", 10, [(3, "a "), (10, "a b")]),
        ("a [b: 3]", 10, [(3, "a "), (10, "a b")]),
        ("a [[[b]]:2]", 10, [(2, "a "), (10, "a [[b]]")]),
        ("[(a:2):3]", 10, [(3, ""), (10, "(a:2)")]),
        ("a [b : c : 1] d", 10, [(1, "a b  d"), (10, "a  c  d")]),
        ("a[b:[c:d:2]:1]e", 10, [(1, "abe"), (2, "ace"), (10, "ade")]),
        ("a [unbalanced", 10, [(10, "a [unbalanced")]),
        ("a [b:.5] c", 10, [(5, "a  c"), (10, "a b c")]),
        ("a [{b|d{:.5] c", 10, [(5, "a  c"), (10, "a {b|d{ c")]),
        ("((a][:b:c [d:3]", 10, [(3, "((a][:b:c "), (10, "((a][:b:c d")]),
        ("[a|(b:1.1)]", 10, [(step, ("(b:1.1)", "a")[step % 2]) for step in range(1, 11)]),
        ("[fe|]male", 4, [(1, "female"), (2, "male"), (3, "female"), (4, "male")]),
        ("[fe|||]male", 6, [(1, "female"), (4, "male"), (5, "female"), (6, "male")]),
        (
            LANDSCAPE,
            100,
            [
                (25, "fantasy landscape with a mountain and an oak in foreground shoddy"),
                (50, "fantasy landscape with a lake and an oak in foreground in background shoddy"),
                (60, "fantasy landscape with a lake and an oak in foreground in background masterful"),
                (75, "fantasy landscape with a lake and an oak in background masterful"),
                (100, "fantasy landscape with a lake and a christmas tree in background masterful"),
            ],
        ),
    ],
)
def test_a1111_s_documented_schedules(prompt: str, steps: int, expected: list[tuple[int, str]]) -> None:
    assert ends(read_schedule(prompt, steps)) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"), [("a [b:.5] c", [(10, "a b c")]), ("a [b:1.5] c", [(5, "a  c"), (10, "a b c")])]
)
def test_a1111_s_documented_schedules_of_a_second_pass(prompt: str, expected: list[tuple[int, str]]) -> None:
    assert ends(read_schedule(prompt, 10, 10)) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a [b:c:99]", [(4, "a b")]),
        ("a [b:c:-1]", [(4, "a c")]),
        ("a [b:c:0]", [(4, "a c")]),
        ("a [b:c:1.0]", [(4, "a b")]),
        ("[a:b:c:2]", [(4, "[a:b:c:2]")]),
        ("[weaker] (3:4), 10:30 a|b", [(4, "[weaker] (3:4), 10:30 a|b")]),
        (r"\[a:b:2\] [c\]:d:2]", [(2, r"\[a:b:2\] c\]"), (4, r"\[a:b:2\] d")]),
        ("[(a|b):2]", [(2, ""), (4, "(a|b)")]),
        ("[[a|b]:[c|d]:2]", [(1, "a"), (2, "b"), (3, "c"), (4, "d")]),
        ("(a [b:c:2]:1.2)", [(2, "(a b:1.2)"), (4, "(a c:1.2)")]),
    ],
)
def test_what_else_is_read_and_what_is_text(prompt: str, expected: list[tuple[int, str]]) -> None:
    assert ends(read_schedule(prompt, 4)) == expected


def test_steps_that_are_left_out_count_and_a_second_pass_goes_on() -> None:
    spec = image_spec(prompt_syntax="a1111", steps=4, strength=0.5, more_passes=(Pass(256, 256, steps=2),))
    assert pass_texts(spec, "[a:b:3]", 0) == ("a", "b")
    assert pass_texts(spec, "[a:b:3]", 1) == ("b", "b")
    assert pass_texts(spec, "[a:b:5]", 1) == ("a", "b")
    assert all_texts(spec, "[a:[b:c:1.5]:3]") == ("a", "b", "c")
    assert all_texts(image_spec(steps=4), "[a:b:3]") == ("[a:b:3]",)


def test_too_many_changes_are_refused() -> None:
    with pytest.raises(TooManyChanges, match=f"more than {MAX_CHANGES} brackets"):
        read_schedule("[a:1]" * (MAX_CHANGES + 1), 20)
    with pytest.raises(TooManyChanges, match=f"more than {MAX_TEXTS} different texts"):
        read_schedule("[a|b|c|d|e|f|g] [a|b|c|d|e|f|g|h]", 150)
    assert len(read_schedule("[a:1]" * MAX_CHANGES, 20).texts) == 2


MARKED = st.text(st.sampled_from("ab ,.:()[]|\\0123"), max_size=60)


@given(MARKED, st.integers(1, 20))
def test_no_prompt_cannot_be_read(prompt: str, steps: int) -> None:
    schedule = read_schedule(prompt, steps)
    assert len(schedule.at) == steps
    assert set(schedule.at) == set(range(len(schedule.texts)))
    if not set("[") & set(prompt):
        assert schedule.texts == (prompt,)


@given(st.lists(st.sampled_from("ab"), max_size=3), st.lists(st.sampled_from("cd"), max_size=3), st.integers(0, 12))
def test_the_texts_around_a_change_stay(before: list[str], after: list[str], when: int) -> None:
    one, other = "".join(before), "".join(after)
    schedule = read_schedule(f"x [{one}:{other}:{when}] y", 10)
    assert [schedule.texts[index] for index in schedule.at] == [
        f"x {one if step <= when else other} y" for step in range(1, 11)
    ]


@pytest.mark.parametrize("end", ["", "]" * 1000, ")" * 1000, "])" * 500])
@pytest.mark.parametrize("unit", ["[", "[a:1", "[:1]", "[a|", "[a|b]", "((", "]", "\\[", "|", ":", "(["])
def test_a_prompt_made_to_be_slow_takes_milliseconds(unit: str, end: str) -> None:
    prompt = (unit * 2000)[: 2000 - len(end)] + end
    runs: list[float] = []
    for _ in range(5):
        read_schedule.cache_clear()
        start_s = time.thread_time()
        with contextlib.suppress(TooManyChanges):
            read_schedule(prompt, 150)
        runs.append(time.thread_time() - start_s)
    assert min(runs) < 0.01


@pytest.mark.parametrize(
    ("prompt", "sections"),
    [
        ("a BREAK b", ["a", "b"]),
        ("a\nBREAK\nb, BREAKFAST", ["a", "b, BREAKFAST"]),
        ("a BREAK", ["a"]),
        ("BREAK a BREAK BREAK b", ["", "a", "", "b"]),
        ("(a BREAK b:1.2) c", ["a", "b c"]),
        ("BREAK", [""]),
        ("", [""]),
    ],
)
def test_break_ends_a_section_and_weights_reach_across(prompt: str, sections: list[str]) -> None:
    found = read_sections(prompt)
    assert ["".join(part.text for part in parts) for parts in found] == sections
    if prompt.startswith("("):
        assert [[part.weight for part in parts] for parts in found] == [[1.2], [1.2, 1.0]]


def test_break_takes_linear_time() -> None:
    start_s = time.thread_time()
    read_sections("red" + " " * 200_000 + "BREA")
    assert time.thread_time() - start_s < 2
