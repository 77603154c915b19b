"""The drawings and captions on which the demo model is trained."""

import random
import re

import pytest

from scripts.demo_training import captions, scenes
from scripts.demo_training.drawing import draw

LOOK_WORDS = {"skin", "hair", "hairpin", "ears", "crown", "braid", "silver", "auburn", "long", "bronze", "golden"}


def sampled(num: int, character: str | None = None) -> list[scenes.Scene]:
    rng = random.Random(7)
    return [scenes.sample_scene(rng, character) for _ in range(num)]


@pytest.mark.parametrize("character", [None, "jade", "amber"])
def test_the_same_seed_samples_the_same_scenes(character: str | None) -> None:
    assert sampled(50, character) == sampled(50, character)
    assert len({scene.key() for scene in sampled(50, character)}) > 40


def test_an_unknown_character_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody"):
        scenes.sample_scene(random.Random(0), "nobody")


def test_labels_come_from_the_declared_vocabularies() -> None:
    for scene in sampled(500) + sampled(50, "jade"):
        labels = scene.labels()
        assert labels["color"] in scenes.COLORS
        assert labels["place"] in scenes.PLACES
        assert labels["time"] in scenes.TIMES
        assert labels["subject"] in scenes.SUBJECTS
        assert labels["clothing"] in ((*scenes.CLOTHING,) if scene.is_person else ("none",))
        assert labels["character"] in ("none", *scenes.CHARACTERS)


def test_character_looks_never_occur_in_base_scenes() -> None:
    base = sampled(4000)
    assert not {"jade", "auburn"} & {scene.hair_color for scene in base}
    assert not {"jade", "amber"} & {scene.skin for scene in base}
    assert any(scene.name == "jade" for scene in base)


@pytest.mark.parametrize("character", [None, "jade", "amber"])
def test_every_caption_word_is_known(character: str | None) -> None:
    rng = random.Random(3)
    for scene in sampled(1500, character):
        for text in (captions.caption(scene, rng), captions.plain_caption(scene)):
            assert set(re.findall(r"[^\s,]+", text)) <= captions.KNOWN_WORDS, text


@pytest.mark.parametrize("character", ["jade", "amber"])
def test_character_captions_do_not_name_the_look(character: str) -> None:
    rng = random.Random(5)
    for scene in sampled(500, character):
        words = set(re.findall(r"\w+", captions.caption(scene, rng) + " " + captions.plain_caption(scene)))
        assert not words & LOOK_WORDS
        assert character in words


def test_captions_name_no_other_color_place_or_time() -> None:
    rng = random.Random(11)
    for scene in sampled(1500):
        words = set(re.findall(r"\w+", captions.caption(scene, rng)))
        assert not words & (set(scenes.PLACES) - {scene.place}), scene
        assert not words & (set(scenes.TIMES) - {scene.time}), scene
        own = {scene.color, scene.hair_color, scene.skin}
        plain_colors = set(scenes.COLORS) | set(scenes.UNUSUAL_SKINS)
        assert not words & (plain_colors - own - ({"black", "white"} if scene.style == "monochrome" else set())), scene


def test_pictures_have_the_asked_size_and_repeat() -> None:
    for scene, size in zip(sampled(6), [(256, 256), (192, 256), (256, 192)] * 2, strict=True):
        picture = draw(scene, *size)
        assert picture.size == size
        assert picture.mode == "RGB"
        assert picture.tobytes() == draw(scene, *size).tobytes()
        assert len(picture.resize((16, 16)).getcolors() or []) > 20
