"""Base models from a folder, from one file, and with a separate VAE: loaded completely in the requested number format,
or refused with a reason."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from pipelines.model import load, memory
from pipelines.model.checkpoint import BaseModelError
from pipelines.model.load import LoadedModel, LoadOptions, load_model
from pipelines.model.weights import unet_layout
from pipelines.sdxl import SDXLRunner
from tests.support.demo_model import (
    demo_folder,
    params,
    pixels,
    run,
)
from tests.support.loras.original_layout import write_small_sdxl

SMALL = {"width": 64, "height": 64, "steps": 2}
PARTS = ("unet", "vae", "text_encoder", "text_encoder_2")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same weights as a folder and as a file."""
    return write_small_sdxl(tmp_path_factory.mktemp("model"))


def from_file(small: tuple[Path, Path], dtype: str = "float32", **options: Any) -> LoadedModel:
    return load_model(small[1], "cpu", dtype, LoadOptions(configs=small[0], **options))


def parts_of(model: LoadedModel) -> dict[str, Any]:
    return dict(zip(PARTS, (model.unet, model.vae, *model.text_encoders), strict=True))


def picture(model: LoadedModel, folder: Path, **changes: Any) -> np.ndarray:
    return pixels(run(SDXLRunner(model, folder), {"a": params(**SMALL | changes)})["a"])


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_file_and_a_folder_are_the_same_model(small: tuple[Path, Path], tmp_path: Path, dtype: str) -> None:
    folder, file = load_model(small[0], "cpu", dtype), from_file(small, dtype)
    for name, part in parts_of(folder).items():
        theirs = parts_of(file)[name].state_dict()
        assert theirs.keys() == part.state_dict().keys()
        assert all(torch.equal(weight, theirs[key]) for key, weight in part.state_dict().items()), name
    assert folder.scheduler_config == file.scheduler_config
    assert np.array_equal(picture(folder, tmp_path), picture(file, tmp_path))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_every_weight_is_in_the_requested_format_and_independent_of_its_file(
    small: tuple[Path, Path], tmp_path: Path, dtype: str
) -> None:
    file = Path(shutil.copy(small[1], tmp_path / "model.safetensors"))
    folder = shutil.copytree(small[0], tmp_path / "model")
    models = [load_model(file, "cpu", dtype, LoadOptions(configs=folder)), load_model(folder, "cpu", dtype)]
    for model in models:
        layout = unet_layout(model.device)
        for part in parts_of(model).values():
            assert {weight.dtype for weight in part.parameters()} == {load.DTYPES[dtype]}
            assert all(
                weight.is_contiguous(memory_format=layout if part is model.unet else torch.channels_last)
                for weight in part.parameters()
                if weight.dim() == 4 and not isinstance(part, type(model.text_encoders[0]))
            )
    before = [picture(model, tmp_path) for model in models]
    for path in (file, *folder.rglob("*.safetensors")):
        with path.open("r+b") as target:  # in place, not a new file of the same name
            target.truncate(1000)
    assert all(np.array_equal(picture(model, tmp_path), seen) for model, seen in zip(models, before, strict=True))


def test_a_separate_vae_replaces_the_model_s(small: tuple[Path, Path], tmp_path: Path) -> None:
    folder, file = small
    tensors = {key: tensor for key, tensor in load_file(file).items() if key.startswith("first_stage_model.")}
    other = {key.removeprefix("first_stage_model."): tensor * 1.5 for key, tensor in tensors.items()}
    save_file(other, tmp_path / "vae.safetensors")
    shutil.copytree(folder / "vae", tmp_path / "vae")
    as_file, as_folder = (from_file(small, vae=tmp_path / name).vae for name in ("vae.safetensors", "vae"))
    key = "decoder.conv_in.weight"
    own = from_file(small).vae.state_dict()[key]
    assert torch.allclose(as_file.state_dict()[key], own * 1.5, rtol=1e-3)
    assert torch.equal(as_folder.state_dict()[key], own)


def test_v_prediction_is_read_from_the_file(small: tuple[Path, Path], tmp_path: Path) -> None:
    tensors = load_file(small[1])
    save_file(tensors | {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}, tmp_path / "v.safetensors")
    config = load_model(tmp_path / "v.safetensors", "cpu", "float32", LoadOptions(configs=small[0])).scheduler_config
    assert (config["prediction_type"], config["rescale_betas_zero_snr"]) == ("v_prediction", True)


@pytest.mark.parametrize("key", ["model.diffusion_model.out.2.weight", "conditioner.embedders.1.model.ln_final.bias"])
def test_a_file_that_lacks_weights_is_refused(small: tuple[Path, Path], tmp_path: Path, key: str) -> None:
    tensors = load_file(small[1])
    del tensors[key]
    save_file(tensors, tmp_path / "torn.safetensors")
    with pytest.raises(BaseModelError, match=r"its (unet|text_encoder_2) (lacks 1 of its weights|cannot be read)"):
        load_model(tmp_path / "torn.safetensors", "cpu", "float32", LoadOptions(configs=small[0]))


@pytest.mark.parametrize("part", PARTS)
def test_a_folder_that_lacks_weights_is_refused(small: tuple[Path, Path], tmp_path: Path, part: str) -> None:
    folder = shutil.copytree(small[0], tmp_path / "torn")
    (file,) = (folder / part).glob("*.safetensors")
    tensors = load_file(file)
    del tensors[sorted(tensors)[0]]
    save_file(tensors, file, {"format": "pt"})
    with pytest.raises(BaseModelError, match=f"its {part} lacks 1 of its weights"):
        load_model(folder, "cpu", "float32")


def test_a_checkpoint_of_another_size_is_refused(small: tuple[Path, Path]) -> None:
    with pytest.raises(BaseModelError, match=r"its unet cannot be read: .*shape"):
        load_model(small[1], "cpu", "float32")


def test_too_little_memory_is_reported_before_anything_is_loaded(
    small: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "free_ram_bytes", lambda: 1_000_000)
    with pytest.raises(BaseModelError, match=r"of weights as float32 and room to work in\), but 0\.0 GB are free"):
        load_model(small[0], "cpu", "float32")
    assert memory.free_ram_bytes() != 1_000_000


def test_xformers_is_refused_if_it_is_unavailable(small: tuple[Path, Path]) -> None:
    with pytest.raises(BaseModelError, match="STUDIO_ATTENTION is xformers"):
        load_model(small[0], "cpu", "float32", LoadOptions(attention="xformers"))


def test_sums_in_float16_are_taken_on_request(small: tuple[Path, Path]) -> None:
    for wanted in (True, False):
        load_model(small[0], "cpu", "float32", LoadOptions(fp16_accumulation=wanted))
        assert torch.backends.cuda.matmul.allow_fp16_accumulation is wanted


def test_half_precision_files_alone_are_enough(small: tuple[Path, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(small[0], tmp_path / "halves")
    for file in list(folder.rglob("*.safetensors")):
        file.rename(file.with_name(f"{file.stem}.fp16.safetensors"))
    assert load_model(folder, "cpu", "bfloat16").unet.dtype == torch.bfloat16


def test_tiles_take_less_memory_and_decode_the_same_image_except_for_their_seams() -> None:
    whole = load_model(demo_folder(), "cpu", "float32")
    tiled = load_model(demo_folder(), "cpu", "float32", LoadOptions(tiled_vae=True))
    latents = torch.randn((1, 4, 80, 80), generator=torch.Generator().manual_seed(0))
    sizes: list[int] = []
    tiled.vae.decoder.conv_in.register_forward_hook(lambda _, inputs, __: sizes.append(inputs[0].shape[-1]))
    with torch.inference_mode():
        one, other = (model.vae.decode(latents, return_dict=False)[0] for model in (whole, tiled))
    assert one.shape == other.shape == (1, 3, 640, 640)
    assert max(sizes) == 64
    assert torch.allclose(one[..., :256, :256], other[..., :256, :256], atol=0.05)
