import hashlib
import shutil
from pathlib import Path

import pytest

from pipelines.model.checkpoint import BaseModelError
from pipelines.model.file_hashes import FileHashes
from pipelines.model.info import (
    DEMO_LORA_BASE,
    KNOWN_WORDS_FILE,
    PARTS,
    PARTS_WITH_WEIGHTS,
    SDXL_LORA_BASE,
    check_base_model,
    hash_base_model,
    is_hub_id,
    read_model_info,
    weight_files,
    weight_variant,
)
from tests.support.tiny_model import write_weights

SDXL_KEYS = {
    "model.diffusion_model.input_blocks.0.0.weight": (8, 4, 3, 3),
    "conditioner.embedders.1.model.positional_embedding": (2,),
    "first_stage_model.decoder.conv_in.bias": (3,),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of SDXL's form at SDXL's size; its weights are a few bytes."""
    model = tmp_path / "my-model"
    for part in PARTS:
        (model / part).mkdir(parents=True)
    for part in PARTS_WITH_WEIGHTS:
        write_weights(model / part / "model.safetensors", {"weight": (len(part),)})
    (model / "model_index.json").write_text('{"_class_name": "StableDiffusionXLPipeline"}')
    (model / "unet" / "config.json").write_text('{"sample_size": 128}')
    (model / "scheduler" / "scheduler_config.json").write_text("{}")
    return model


def test_sdxls_sizes_and_no_list_of_words(folder: Path) -> None:
    info = read_model_info(folder)
    assert (info.name, info.is_demo, info.lora_base, info.known_words) == ("my-model", False, SDXL_LORA_BASE, None)
    assert (info.native_width, info.native_height) == (1024, 1024)
    assert (info.min_size_px, info.max_size_px, info.max_pixels) == (256, 2048, 1536 * 1536)


def test_a_list_of_words_makes_it_the_demo_model(folder: Path) -> None:
    (folder / KNOWN_WORDS_FILE).write_text('{"words": ["Woman", "red"]}')
    (folder / "unet" / "config.json").write_text('{"sample_size": 32}')
    info = read_model_info(folder)
    assert (info.is_demo, info.lora_base, info.known_words) == (True, DEMO_LORA_BASE, frozenset({"woman", "red"}))
    assert (info.native_width, info.min_size_px, info.max_size_px) == (256, 128, 512)


def hash_of(model: Path, vae: Path | None = None) -> str:
    return hash_base_model(model, FileHashes(model.parent / "hashes.json"), vae)


def test_the_hash_goes_with_the_weights_and_not_with_the_place(folder: Path, tmp_path: Path) -> None:
    before = hash_of(folder)
    moved = shutil.copytree(folder, tmp_path / "moved")
    assert hash_of(moved) == before
    write_weights(moved / "vae" / "model.safetensors", {"weight": (5,)})
    after_weights = hash_of(moved)
    (folder / "scheduler" / "scheduler_config.json").write_text('{"prediction_type": "v_prediction"}')
    with_vae = hash_of(folder, write_weights(tmp_path / "vae.safetensors", {"decoder.conv_in.weight": (8, 4, 3, 3)}))
    assert len({before, after_weights, hash_of(folder), with_vae}) == 4


def test_a_single_file_is_known_by_its_sha256(tmp_path: Path) -> None:
    file = write_weights(tmp_path / "film.safetensors", SDXL_KEYS)
    assert hash_of(file) == hashlib.sha256(file.read_bytes()).hexdigest()
    info = read_model_info(file)
    assert (info.name, info.native_width, info.lora_base, info.is_demo) == ("film", 1024, SDXL_LORA_BASE, False)


def test_half_precision_files_are_taken_where_there_are_no_others(folder: Path) -> None:
    whole = folder / "unet" / "model.safetensors"
    half = write_weights(folder / "unet" / "diffusion_pytorch_model.fp16.safetensors", {"weight": (2,)})
    assert (weight_files(folder, "unet"), weight_variant(folder, "unet")) == ([whole], None)
    whole.unlink()
    assert (weight_files(folder, "unet"), weight_variant(folder, "unet")) == ([half], "fp16")


def test_its_numbers_are_counted(folder: Path, tmp_path: Path) -> None:
    assert check_base_model(folder) == sum(len(part) for part in PARTS_WITH_WEIGHTS)
    file = write_weights(tmp_path / "film.safetensors", SDXL_KEYS | {"model_ema.decay": (1000,)})
    assert check_base_model(file) == 8 * 4 * 9 + 2 + 3


def test_a_checkpoint_without_vae_needs_one_of_its_own(tmp_path: Path) -> None:
    bare = {key: shape for key, shape in SDXL_KEYS.items() if not key.startswith("first_stage_model.")}
    file = write_weights(tmp_path / "film.safetensors", bare)
    with pytest.raises(BaseModelError, match="name one for SDXL in STUDIO_VAE"):
        check_base_model(file)
    check_base_model(file, write_weights(tmp_path / "vae.safetensors", {"decoder.conv_in.weight": (8, 4, 3, 3)}))
    with pytest.raises(BaseModelError, match="does not exist; STUDIO_VAE"):
        check_base_model(file, tmp_path / "nothing")
    with pytest.raises(BaseModelError, match="VAE of 16 latent channels"):
        check_base_model(file, write_weights(tmp_path / "vae.safetensors", {"decoder.conv_in.weight": (8, 16, 3, 3)}))
    with pytest.raises(BaseModelError, match=r"is an SDXL checkpoint; STUDIO_VAE takes a VAE"):
        check_base_model(file, file)


def test_a_path_on_this_disk_is_no_hub_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_hub_id(Path("stabilityai/stable-diffusion-xl-base-1.0"))
    assert not any(is_hub_id(Path(each)) for each in ("/models/sdxl", "../a/b", "a", "a/b/c", "./sdxl"))
    (tmp_path / "models" / "sdxl").mkdir(parents=True)
    assert not is_hub_id(Path("models/sdxl"))


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
    with pytest.raises(BaseModelError, match=reason):
        read_model_info(folder)
        check_base_model(folder)


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_part_is_named(folder: Path, part: str) -> None:
    shutil.rmtree(folder / part)
    with pytest.raises(BaseModelError, match=f"lacks the folder {part};"):
        check_base_model(folder)


def test_pickled_weights_are_not_read(folder: Path) -> None:
    (folder / "unet" / "model.safetensors").rename(folder / "unet" / "model.bin")
    with pytest.raises(BaseModelError, match=r"no \.safetensors"):
        check_base_model(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BaseModelError, match="nowhere"):
        read_model_info(tmp_path / "nowhere")
