"""Hostile prompts take linear time: they are parsed on the event loop, up to 64 in one comparison."""

import time
from collections.abc import Callable

import pytest

from pipelines.prompt.weights import read_weights
from server.loras.prompt_tags import lora_tags, without_lora_tags

LENGTH = 200_000  # a hundred times the limit: quadratic time would be minutes
MAX_S = 2.0


def numbers(prompt: str) -> list[float | None]:
    return [tag.number for tag in lora_tags(prompt)]


@pytest.mark.parametrize(
    ("read", "prompt"),
    [
        (read_weights, "(red:" + "1" * LENGTH),
        (read_weights, "(red:1" + " " * LENGTH),
        (read_weights, "(red:" + " " * LENGTH),
        (numbers, "<lora:jade:" + "1" * LENGTH + "x>"),
        (without_lora_tags, "red" + " " * LENGTH + "dress"),
    ],
    ids=["digits", "blanks after", "blanks before", "digits of a tag", "blanks before no tag"],
)
def test_no_prompt_takes_quadratic_time(read: Callable[[str], object], prompt: str) -> None:
    begun_s = time.perf_counter()
    read(prompt)
    assert time.perf_counter() - begun_s < MAX_S
