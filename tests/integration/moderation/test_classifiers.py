"""The real classifiers, on drawn pictures: which scores they give is theirs, the path is the product's."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageDraw
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

from pipelines.image.classifier import FolderClassifier
from server.app import create_app
from server.moderation.classifier import OpenNsfw, load_classifier
from tests.fixtures.studio_app import QUICK, client, studio_settings
from tests.support.assets import picture, upload
from tests.support.fake_runner import PaintRunner


def drawing(color: tuple[int, int, int]) -> Image.Image:
    image = Image.new("RGB", (320, 256), "skyblue")
    ImageDraw.Draw(image).ellipse((60, 40, 260, 240), fill=color)
    return image


def write_folder(folder: Path, labels: tuple[str, ...] = ("normal", "nsfw")) -> Path:
    """A tiny ViT with random weights."""
    torch.manual_seed(7)
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=32,
        patch_size=8,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
    )
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def test_open_nsfw_scores_drawings() -> None:
    classifier = OpenNsfw()
    skin, grass = classifier.score(drawing((224, 172, 140))), classifier.score(drawing((60, 160, 60)))
    assert 0 < grass < skin < 0.8, "a round patch of the color of skin scores above one of grass, and is no nude"
    assert classifier.score(drawing((224, 172, 140))) == skin


def test_open_nsfw_scores_what_the_server_makes_and_gets(tmp_path: Path) -> None:
    settings = studio_settings(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}")
    settings = replace(settings, moderation="flag", moderation_threshold=1e-7)
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
        job = api.post("/api/generate", json=QUICK, headers={"Prefer": "wait=30"}).json()
        mark = job["outputs"][0]["moderation"]
        assert mark["verdict"] == "flagged"
        assert 1e-7 < mark["score"] < 1
        assert upload(api, picture())["width"] == 32
        assert api.get("/readyz").status_code == 200
        assert api.app.state.lifespan.container.shared.moderation.trouble is None


def test_a_folder_of_transformers_is_a_classifier(tmp_path: Path) -> None:
    classifier = load_classifier(write_folder(tmp_path))
    assert isinstance(classifier, FolderClassifier)
    red, green = classifier.score(drawing((255, 0, 0))), classifier.score(drawing((0, 255, 0)))
    assert 0 < red < 1 and 0 < green < 1
    assert red != green


def test_labels_that_say_nothing_are_refused(tmp_path: Path) -> None:
    for labels in (("cat", "dog"), ("normal", "safe")):
        with pytest.raises(ValueError, match="some, not all, must be one of drawing"):
            FolderClassifier(write_folder(tmp_path, labels))


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    write_folder(tmp_path)
    weights = tmp_path / "model.safetensors"
    torch.save({}, tmp_path / "pytorch_model.bin")
    weights.unlink()
    with pytest.raises(OSError, match="safetensors"):
        FolderClassifier(tmp_path)
