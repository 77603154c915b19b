"""The styles: templates that are applied once, and those among them that the demo model was trained on."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.prompt.analysis import PromptAnalyzer
from scripts.demo_training.captions import scenes
from server.generation.prompt_warnings import style_fits
from server.generation.styles import STYLES, Style

DEMO_MODEL = Path(__file__).parents[3] / "pipelines" / "demo"
OIL = Style("oil", "Oil", "oil painting of {prompt}, canvas", "photograph, flat")
ANY_STYLE = st.sampled_from([*STYLES.values(), OIL])


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_each_style_can_be_named_shown_and_stored(style: Style) -> None:
    assert re.fullmatch(r"[a-z_]+", style.name)
    assert len(style.name) <= 32, "the column holds no more"
    assert style.label
    assert style.prompt.count("{prompt}") == 1
    assert style.prompt.startswith("{prompt}, "), "a LoRA's trigger words would stand apart from the prompt"


def test_a_template_is_put_around_the_prompt() -> None:
    assert OIL.apply("red dress") == "oil painting of red dress, canvas"


def test_negative_words_are_added_but_for_those_that_are_there() -> None:
    assert OIL.add_negative("blurry") == "blurry, photograph, flat"
    assert OIL.add_negative("") == "photograph, flat"
    assert OIL.add_negative("Flat, blurry") == "Flat, blurry, photograph"
    assert STYLES["sketch"].add_negative("") == ""


@given(ANY_STYLE, st.text())
def test_a_style_is_applied_once(style: Style, prompt: str) -> None:
    styled, negative = style.apply(prompt), style.add_negative(prompt)
    assert prompt in styled
    assert style.apply(styled) == styled
    assert negative.startswith(prompt)
    assert style.add_negative(negative) == negative


def test_the_demo_models_styles_are_offered_in_the_words_of_its_captions() -> None:
    assert {style.prompt for style in STYLES.values()} >= {f"{{prompt}}, {words}" for words in scenes.STYLES}


def test_the_demo_model_fits_its_own_styles_and_no_other() -> None:
    reader = PromptAnalyzer(DEMO_MODEL)
    fitting = {name for name, style in STYLES.items() if style_fits(style, reader)}
    assert fitting == {"sketch", "monochrome", "pixel_art", "foggy"}
