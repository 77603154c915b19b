import shutil
from pathlib import Path

import pytest

from pipelines.model_info import (
    DEMO_LORA_BASE,
    KNOWN_WORDS_FILE,
    PARTS,
    PARTS_WITH_WEIGHTS,
    SDXL_LORA_BASE,
    ModelFolderError,
    read_model_info,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of SDXL's form at SDXL's size; its weights are a few bytes."""
    model = tmp_path / "my-model"
    for part in PARTS:
        (model / part).mkdir(parents=True)
    for part in PARTS_WITH_WEIGHTS:
        (model / part / "model.safetensors").write_bytes(part.encode())
    (model / "model_index.json").write_text('{"_class_name": "StableDiffusionXLPipeline"}')
    (model / "unet" / "config.json").write_text('{"sample_size": 128}')
    (model / "scheduler" / "scheduler_config.json").write_text("{}")
    return model


def test_sdxls_sizes_and_no_list_of_words(folder: Path) -> None:
    info = read_model_info(folder)
    assert (info.name, info.is_demo, info.lora_base, info.known_words) == ("my-model", False, SDXL_LORA_BASE, None)
    assert (info.native_width, info.native_height) == (1024, 1024)
    assert (info.min_size_px, info.max_size_px, info.max_pixels) == (512, 2048, 1536 * 1536)


def test_a_list_of_words_makes_it_the_demo_model(folder: Path) -> None:
    (folder / KNOWN_WORDS_FILE).write_text('{"words": ["Woman", "red"]}')
    (folder / "unet" / "config.json").write_text('{"sample_size": 32}')
    info = read_model_info(folder)
    assert (info.is_demo, info.lora_base, info.known_words) == (True, DEMO_LORA_BASE, frozenset({"woman", "red"}))
    assert (info.native_width, info.min_size_px, info.max_size_px) == (256, 128, 512)


def test_the_hash_goes_with_the_weights_and_not_with_the_place(folder: Path, tmp_path: Path) -> None:
    before = read_model_info(folder).sha256
    moved = shutil.copytree(folder, tmp_path / "moved")
    assert read_model_info(moved).sha256 == before
    (moved / "vae" / "model.safetensors").write_bytes(b"another vae")
    after_weights = read_model_info(moved).sha256
    (folder / "scheduler" / "scheduler_config.json").write_text('{"prediction_type": "v_prediction"}')
    assert len({before, after_weights, read_model_info(folder).sha256}) == 3


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("model_index.json", '{"_class_name": "StableDiffusionPipeline"}', "expected a StableDiffusionXLPipeline"),
        ("model_index.json", "[]", "must hold a JSON object"),
        ("model_index.json", "{", "cannot be read"),
        ("unet/config.json", '{"sample_size": "large"}', "sample_size='large'"),
        (KNOWN_WORDS_FILE, '{"words": "red"}', "list named words"),
    ],
)
def test_a_broken_file_is_named(folder: Path, path: str, text: str, reason: str) -> None:
    (folder / path).write_text(text)
    with pytest.raises(ModelFolderError, match=reason):
        read_model_info(folder)


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_part_is_named(folder: Path, part: str) -> None:
    shutil.rmtree(folder / part)
    with pytest.raises(ModelFolderError, match=f"lacks the folder {part};"):
        read_model_info(folder)


def test_pickled_weights_are_not_read(folder: Path) -> None:
    (folder / "unet" / "model.safetensors").rename(folder / "unet" / "model.bin")
    with pytest.raises(ModelFolderError, match=r"no \.safetensors"):
        read_model_info(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match="nowhere"):
        read_model_info(tmp_path / "nowhere")
