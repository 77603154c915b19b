"""The drawings and captions on which the demo model is trained."""

import random
import re
from dataclasses import replace

import pytest
import torch

from scripts.demo_training.budget import Budget
from scripts.demo_training.captions import captions, scenes
from scripts.demo_training.drawing.scene import draw, draw_with_face
from scripts.demo_training.judging.face_damage import damage
from scripts.demo_training.judging.face_finder import judge, target_maps

LOOK_WORDS = {"skin", "hair", "hairpin", "buns", "crown", "earrings", "flower", "copper", "wavy", "long", "golden"}


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


def test_the_second_version_of_jade_differs_by_a_flower_alone() -> None:
    first, second = (scenes.sample_scene(random.Random(0), "jade", version) for version in (1, 2))
    assert second.extras == (*first.extras, "lotus flower")
    assert replace(second, extras=first.extras) == first


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
    assert not {"jade", "copper"} & {scene.hair_color for scene in base}
    assert not {"jade", "amber"} & {scene.skin for scene in base}
    assert not {(scene.hair_style, scene.extras) for scene in base} & {
        (look[0], look[2]) for look in scenes.LOOKS.values()
    }
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
        own |= {"black", "white"} if scene.style == "monochrome" else set()
        assert not words & (set(scenes.COLORS) - own), scene


def test_a_plain_background_has_no_place_and_no_time() -> None:
    rng = random.Random(11)
    plain = [scene for scene in sampled(1500) if scene.has_backdrop]
    assert 40 < len(plain) < 120
    for scene in plain:
        text = captions.caption(scene, rng)
        assert "plain background" in text or "simple background" in text
        assert not set(re.findall(r"\w+", text)) & {*scenes.PLACES, *scenes.TIMES}


def test_pictures_have_the_asked_size_and_repeat() -> None:
    for scene, size in zip(sampled(6), [(256, 256), (192, 256), (256, 192)] * 2, strict=True):
        picture = draw(scene, *size)
        assert picture.size == size
        assert picture.mode == "RGB"
        assert picture.tobytes() == draw(scene, *size).tobytes()
        assert len(picture.resize((16, 16)).getcolors() or []) > 20


def test_half_of_the_people_are_shown_from_the_chest_up() -> None:
    people = [scene for scene in sampled(2000) if scene.is_person]
    assert 0.45 < sum(scene.is_portrait for scene in people) / len(people) < 0.65


def test_a_face_lies_in_the_picture_and_its_features_are_large_enough_for_the_autoencoder() -> None:
    people = [scene for scene in sampled(60) if scene.is_person]
    for scene in people:
        _, face = draw_with_face(scene, 256, 256)
        assert face is not None
        (left, eye_y), (right, _) = face.left_eye, face.right_eye
        assert 20 < left < right < 236
        assert 16 < eye_y < face.mouth[1] < 236
        assert right - left > 30
        assert face.radius > 35
    assert draw_with_face(scenes.Scene("boat", "red", "beach", "day"), 256, 256)[1] is None


def test_a_face_is_whole_with_two_eyes_a_mouth_and_a_symmetric_outline() -> None:
    random.seed(1)
    for scene in [scene for scene in sampled(40) if scene.is_person]:
        _, face = draw_with_face(scene, 256, 256)
        assert face is not None
        marks = torch.tensor(face.numbers())
        maps = target_maps(marks[None])[0]
        assert judge(maps).is_whole, scene
        for kind in ("eye", "mouth"):
            broken = maps.clone()
            damage(torch.zeros(3, 128, 128), broken, marks, kind)
            assert not judge(broken).is_whole, (kind, scene)


def test_a_training_keeps_its_rate_until_the_last_fifth_and_can_be_cooled_down_from_anywhere() -> None:
    budget = Budget(1000)
    rates: list[float] = []
    for used_s in (0, 120, 799, 900, 1000):
        budget.used_s = used_s
        rates.append(budget.stable(1.0))
    assert rates == pytest.approx([0.05, 1.0, 1.0, 0.5, 0.01])
    budget.used_s = 300
    budget.cool_down(minutes=1)
    budget.used_s = 330
    assert budget.stable(1.0) == pytest.approx(0.5)
    interrupted = Budget(5000)
    interrupted.restore(budget.state())
    assert (interrupted.used_s, interrupted.total_s) == (330, 360)
    assert interrupted.stable(1.0) == pytest.approx(0.5)
    interrupted.cool_down(minutes=10)
    assert interrupted.stable(1.0) == pytest.approx(0.5), "cooled down again: on from where it was"
    budget.used_s = 360
    interrupted = Budget(5000)
    interrupted.restore(budget.state())
    assert interrupted.total_s == 5000, "a finished stage can be extended"
