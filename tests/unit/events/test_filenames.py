"""File names of downloads: descriptive, and valid on every file system."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.events.filenames import archive_filename, image_filename, slug

JOB_ID = "0123456789abcdef0123456789abcdef"
KEY = f"generations/{JOB_ID}/{JOB_ID}-1.jpg"
PROMPTS = st.text() | st.text('/\\.:*?"<>|\0 -aß日é\u0301%\n')


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("jade woman, red dress, beach sunset", "jade-woman-red-dress-beach-sunset"),
        ("  CAFÉ -- Straße (4:3) ", "cafe-strasse-4-3"),
        ("../../etc/passwd", "etc-passwd"),
        ("日本", "picture"),
        ("...", "picture"),
        ("one two three four five six seven eight nine tenfold", "one-two-three-four-five-six-seven-eight-nine"),
        ("x" * 200, "x" * 48),
    ],
)
def test_a_prompt_becomes_words_and_hyphens(prompt: str, expected: str) -> None:
    assert slug(prompt) == expected


def test_a_picture_is_named_after_prompt_seed_and_format() -> None:
    assert image_filename("jade woman, red dress", 7, KEY) == "jade-woman-red-dress-7.jpg"


def test_an_archive_is_named_after_prompt_and_job() -> None:
    assert archive_filename("jade woman, red dress", JOB_ID) == "jade-woman-red-dress-01234567.zip"


@given(PROMPTS, st.integers(0, 2**32 - 1))
def test_any_prompt_gives_a_safe_name_of_bounded_length(prompt: str, seed: int) -> None:
    assert 1 <= len(slug(prompt)) <= 48
    assert re.fullmatch(rf"[a-z0-9]+(-[a-z0-9]+)*-{seed}\.jpg", image_filename(prompt, seed, KEY))
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*-01234567\.zip", archive_filename(prompt, JOB_ID))
