import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from pipelines.upscaling.architecture import UpscalerError, identified
from pipelines.upscaling.files import MAX_BYTES, MAX_FILES, read, scan
from tests.support.upscalers import COMPACT, LAYOUTS, X2, X2_FOLDED, X4, in_layout, weights, write_upscaler


def shapes(tensors: dict[str, np.ndarray]) -> dict[str, tuple[int, ...]]:
    return {name: tensor.shape for name, tensor in tensors.items()}


@pytest.mark.parametrize("architecture", [X4, X2, X2_FOLDED])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("prefix", ["", "params_ema."])
def test_the_three_layouts_of_esrgan_are_known(architecture, layout: str, prefix: str) -> None:
    tensors = in_layout(weights(architecture), layout)
    found, names = identified(shapes({prefix + name: tensor for name, tensor in tensors.items()}))
    assert found == architecture
    assert {names[name] for name in architecture.shapes()} == {prefix + name for name in tensors}


def test_a_compact_network_is_known() -> None:
    assert identified(shapes(weights(COMPACT)))[0] == COMPACT


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"conv_first.weight": None}, "expected is an ESRGAN or Real-ESRGAN network"),
        ({"conv_hr.bias": None}, "it is not complete: conv_hr.bias is missing"),
        ({"body.0.rdb1.conv1x1.weight": (4, 8, 1, 1)}, "a variant that is not known: 'body.0.rdb1.conv1x1.weight'"),
        ({"conv_last.weight": (1, 8, 3, 3)}, "conv_last.weight has the shape (1, 8, 3, 3)"),
        ({"conv_first.weight": (8, 1, 3, 3)}, "it takes 1 channels"),
        ({"conv_up3.weight": (8, 8, 3, 3), "conv_up3.bias": (8,)}, "it enlarges 8 times; 1 to 4 times"),
        ({f"body.{n}.rdb1.conv1.weight": (4, 8, 3, 3) for n in range(99)}, "it has 99 blocks"),
    ],
)
def test_other_networks_are_refused_with_the_reason(change: dict[str, tuple[int, ...] | None], reason: str) -> None:
    known = {**shapes(weights(X4)), **change}
    with pytest.raises(UpscalerError) as refused:
        identified({name: shape for name, shape in known.items() if shape is not None})
    assert reason in str(refused.value)


def test_every_file_of_a_folder_has_a_name_or_a_reason(tmp_path: Path) -> None:
    write_upscaler(tmp_path / "4x-sharp (v2).safetensors", X4)
    write_upscaler(tmp_path / "Anime.SAFETENSORS", COMPACT)
    (tmp_path / "anime.json").write_text("{}")
    (tmp_path / ".hidden.safetensors").write_bytes(b"")
    (tmp_path / "folder.safetensors").mkdir()
    os.mkfifo(tmp_path / "pipe.safetensors")
    (tmp_path / "gone.safetensors").symlink_to(tmp_path / "nowhere")
    (tmp_path / "old.pth").write_bytes(b"\x80\x02")
    (tmp_path / "page.safetensors").write_bytes(b"<!doctype html>" + b" " * 64)
    whole = (tmp_path / "4x-sharp (v2).safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[:-1])
    (tmp_path / "short.safetensors").write_bytes(b"x")
    (tmp_path / "endless.safetensors").write_bytes(b"\xff" * 8)
    write_upscaler(tmp_path / "Lanczos.safetensors")
    write_upscaler(tmp_path / "a:b.safetensors")
    write_upscaler(tmp_path / "line\nbreak.safetensors")
    save_file({"unet.lora_A.weight": np.zeros((4, 4), np.float32)}, tmp_path / "lora.safetensors")
    save_file({name: tensor.astype(np.int8) for name, tensor in weights(X2).items()}, tmp_path / "int8.safetensors")
    with (tmp_path / "huge.safetensors").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    found = scan(tmp_path)
    assert found.names == ("4x-sharp (v2)", "Anime")
    expected = {
        "folder.safetensors": "no regular file",
        "pipe.safetensors": "no regular file",
        "gone.safetensors": "cannot be read: No such file",
        "old.pth": "others can run code",
        "page.safetensors": "a web page",
        "cut.safetensors": "it is cut",
        "short.safetensors": "too short",
        "endless.safetensors": "not safetensors",
        "Lanczos.safetensors": "the name Lanczos has another meaning",
        "a:b.safetensors": "no colon",
        "line\ufffdbreak.safetensors": "printable characters",
        "lora.safetensors": "it is a LoRA",
        "int8.safetensors": "is I8; possible are F32, F16, BF16",
        "huge.safetensors": "up to 300,000,000 are read",
    }
    reasons = dict(found.rejected)
    assert reasons.keys() == expected.keys()
    assert [file for file, reason in expected.items() if reason not in reasons[file]] == []


def test_a_folder_that_is_missing_or_too_full_is_reported(tmp_path: Path) -> None:
    ((file, reason),) = scan(tmp_path / "none").rejected
    assert (file, "STUDIO_UPSCALER_DIR" in reason) == ("none", True)
    for number in range(MAX_FILES + 2):
        (tmp_path / f"{number:04}.safetensors").write_bytes(b"x")
    assert scan(tmp_path).rejected[-1] == (f"{MAX_FILES:04}.safetensors", f"only {MAX_FILES} files are looked at")


@pytest.mark.parametrize("name", ["../secret", "..", "", "sub/x2", "/etc/passwd", "x2.safetensors"])
def test_a_name_does_not_lead_out_of_the_folder(name: str, tmp_path: Path) -> None:
    write_upscaler(tmp_path / "secret.safetensors")
    write_upscaler(tmp_path / "folder" / "x2.safetensors")
    write_upscaler(tmp_path / "folder" / "sub" / "x2.safetensors")
    with pytest.raises(UpscalerError):
        read(tmp_path / "folder", name)
    assert read(tmp_path / "folder", "x2")
