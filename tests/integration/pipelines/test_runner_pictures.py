"""Images begin, end and fail independently: their neighbors are not affected."""

import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.image.vae import decode_image
from pipelines.model import load
from pipelines.model.info import BaseModelError
from pipelines.model.load import LoadedModel, load_model, resolve_device
from pipelines.plan import BeginOrder, StepPlan
from pipelines.sdxl import SDXLRunner
from pipelines.spec import LoraRef
from tests.support.demo_model import (
    begin,
    demo_folder,
    params,
    pixels,
    run,
    share_within_one_level,
    step,
    write_lora,
)

SMALL = {"width": 64, "height": 64, "steps": 4}


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load_model(demo_folder(), "cpu", "float32")


@pytest.fixture
def runner(model: LoadedModel, tmp_path: Path) -> SDXLRunner:
    return SDXLRunner(model, tmp_path)


@contextmanager
def unet_raises(model: LoadedModel, when: Any, error: Exception) -> Iterator[None]:
    """The real UNet, but it raises `error` if `when(sample)` is true, as it does if memory runs out."""

    def check(_: Any, inputs: tuple[torch.Tensor, ...]) -> None:
        if when(inputs[0]):
            raise error

    hook = model.unet.register_forward_pre_hook(check)
    try:
        yield
    finally:
        hook.remove()


@pytest.mark.parametrize("steps_before", [0, 1, 3])
def test_a_picture_joins_between_any_two_steps(runner: SDXLRunner, steps_before: int) -> None:
    newcomer = params(**SMALL, seed=11)
    alone = run(runner, {"alone": newcomer})["alone"]

    begin(runner, {"old": params(**SMALL | {"steps": 12})})
    step(runner, ["old"], times=steps_before)
    joined = runner.execute(StepPlan(begin=(BeginOrder("new", newcomer),), step=("old", "new"), pad_to_rows=4))
    assert joined.begun == {"new": 4}
    assert joined.stepped == ("old", "new")
    assert joined.step_rows == 4
    step(runner, ["new", "old"], times=3)
    decoded = runner.execute(StepPlan(decode=("new",))).decoded["new"]

    assert share_within_one_level(pixels(decoded), pixels(alone)) >= 0.999
    assert runner.held == {"old"}


def test_release_frees_the_latents(runner: SDXLRunner) -> None:
    begin(runner, {"a": params(**SMALL), "b": params(**SMALL)})
    step(runner, ["a", "b"])
    latents = weakref.ref(runner.latents("a"))
    result = runner.execute(StepPlan(release=("a", "never begun"), step=("b",)))
    gc.collect()
    assert runner.held == {"b"}
    assert latents() is None
    assert result.stepped == ("b",)


def test_a_picture_with_nan_fails_alone(runner: SDXLRunner) -> None:
    good = {"good": params(**SMALL), "fine": params(**SMALL, seed=8, sampler="heun")}
    expected = run(runner, good)
    begun = begin(runner, {"bad": params(**SMALL, seed=3), **good}).begun
    with torch.inference_mode():
        runner.latents("bad")[0, 0, 0, 0] = float("nan")
    for index in range(begun["fine"]):
        runner.execute(StepPlan(step=tuple(name for name, count in begun.items() if index < count)))
    result = runner.execute(StepPlan(decode=("bad", "good", "fine")))

    assert result.failed["bad"].code == "nan"
    assert result.failed.keys() == {"bad"}
    for name, picture in expected.items():
        assert share_within_one_level(pixels(result.decoded[name]), pixels(picture)) >= 0.999
    assert runner.held == frozenset()


def test_a_lora_that_blows_up_fails_its_own_picture(model: LoadedModel, tmp_path: Path) -> None:
    lora = write_lora(model, tmp_path)
    runner = SDXLRunner(model, tmp_path)
    expected = run(runner, {"plain": params(**SMALL)})["plain"]
    blown = params(**SMALL, loras=(LoraRef("huge", "1", lora.sha256, 1e38),))
    begin(runner, {"huge": blown, "plain": params(**SMALL)})
    step(runner, ["huge", "plain"], times=4)
    result = runner.execute(StepPlan(decode=("huge", "plain")))
    assert result.failed["huge"].code == "nan"
    assert share_within_one_level(pixels(result.decoded["plain"]), pixels(expected)) >= 0.999


def bad_loras(model: LoadedModel, folder: Path) -> dict[str, LoraRef]:
    missing = LoraRef("missing", None, "0" * 64, 1.0)
    changed = write_lora(model, folder, seed=7)
    path = folder / f"{changed.sha256}.safetensors"
    path.write_bytes(path.read_bytes()[:-2] + b"\x00\x3c")
    other_model = write_foreign_lora(folder)
    return {"missing": missing, "changed": changed, "other_model": other_model}


def write_foreign_lora(folder: Path) -> LoraRef:
    """A sound file whose shapes fit no layer of this model."""
    from safetensors.torch import save

    from pipelines.lora.files.file import read_lora

    module = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
    data = save({f"{module}.lora_A.weight": torch.ones(4, 12), f"{module}.lora_B.weight": torch.ones(12, 4)})
    sha256 = read_lora(data).sha256
    (folder / f"{sha256}.safetensors").write_bytes(data)
    return LoraRef("foreign", "1", sha256, 1.0)


def test_a_bad_lora_fails_its_own_pictures_only(model: LoadedModel, tmp_path: Path) -> None:
    runner = SDXLRunner(model, tmp_path)
    good_lora = write_lora(model, tmp_path, strength=0.05)
    sound = {"good": params(**SMALL), "styled": params(**SMALL, loras=(good_lora,))}
    expected = {name: run(runner, {name: wanted})[name] for name, wanted in sound.items()}
    bad = {name: params(**SMALL, loras=(lora,)) for name, lora in bad_loras(model, tmp_path).items()}
    begun = begin(runner, {**bad, **sound})
    assert {name: error.code for name, error in begun.failed.items()} == dict.fromkeys(bad, "lora")
    assert begun.begun.keys() == {"good", "styled"}
    step(runner, ["good", "styled"], times=4)
    decoded = runner.execute(StepPlan(decode=("good", "styled"))).decoded
    for name, picture in expected.items():
        assert share_within_one_level(pixels(decoded[name]), pixels(picture)) >= 0.999
    assert share_within_one_level(pixels(expected["good"]), pixels(expected["styled"])) < 0.9


def test_pictures_survive_a_forward_that_is_too_large(model: LoadedModel, runner: SDXLRunner) -> None:
    wanted = {"a": params(**SMALL), "b": params(**SMALL, seed=4)}
    expected = run(runner, wanted)
    with unet_raises(model, lambda sample: len(sample) > 2, torch.OutOfMemoryError("too large")):
        made = run(runner, wanted)
    for name, picture in expected.items():
        assert share_within_one_level(pixels(made[name]), pixels(picture)) >= 0.999


def test_memory_for_half_of_them_is_used_for_half_of_them(model: LoadedModel, runner: SDXLRunner) -> None:
    begin(runner, {str(seed): params(**SMALL, seed=seed) for seed in range(4)})
    sizes: list[int] = []
    with unet_raises(model, lambda sample: sizes.append(len(sample)) or len(sample) > 4, MemoryError()):
        result = step(runner, "0123")
    assert (sizes, result.too_many_rows, result.step_rows) == ([8, 4, 4], 8, 0)
    assert result.stepped == ("0", "1", "2", "3")


def test_a_picture_alone_is_made_row_by_row_where_two_are_too_many(model: LoadedModel, runner: SDXLRunner) -> None:
    expected = run(runner, {"a": params(**SMALL)})["a"]
    with unet_raises(model, lambda sample: len(sample) > 1, torch.OutOfMemoryError("too large")):
        made = run(runner, {"a": params(**SMALL)})["a"]
    assert share_within_one_level(pixels(made), pixels(expected)) >= 0.999


def test_a_decode_that_is_too_large_is_done_in_tiles(model: LoadedModel, runner: SDXLRunner) -> None:
    large = params(width=640, height=64, steps=1)
    whole = run(runner, {"a": large})["a"]

    def check(_: Any, inputs: tuple[torch.Tensor, ...]) -> None:
        if inputs[0].shape[-1] > 64:
            raise torch.OutOfMemoryError("too large")

    hook = model.vae.decoder.register_forward_pre_hook(check)
    try:
        tiled = run(runner, {"a": large})["a"]
    finally:
        hook.remove()
    assert share_within_one_level(pixels(tiled)[:, :256], pixels(whole)[:, :256]) >= 0.95
    assert not model.vae.use_tiling


@pytest.mark.parametrize(
    ("error", "code"), [(MemoryError(), "out_of_memory"), (RuntimeError("a broken kernel"), "internal")]
)
def test_the_picture_that_breaks_the_forward_fails_alone(
    model: LoadedModel, runner: SDXLRunner, error: Exception, code: str
) -> None:
    begin(runner, {"poison": params(**SMALL), "good": params(**SMALL)})
    with torch.inference_mode():
        runner.latents("poison").fill_(float("inf"))
    with unet_raises(model, lambda sample: not torch.isfinite(sample).all(), error):
        result = step(runner, ["poison", "good"])
    assert result.failed["poison"].code == code
    assert result.stepped == ("good",)
    assert runner.held == {"good"}


def test_a_picture_nobody_began_fails_without_the_others(runner: SDXLRunner) -> None:
    begin(runner, {"a": params(**SMALL)})
    stepped = step(runner, ["ghost", "a"])
    assert (stepped.stepped, stepped.failed["ghost"].code) == (("a",), "internal")
    decoded = runner.execute(StepPlan(decode=("ghost", "a")))
    assert (decoded.decoded.keys(), decoded.failed["ghost"].code) == ({"a"}, "internal")


def test_pictures_of_two_sizes_may_not_share_a_forward(runner: SDXLRunner) -> None:
    begin(runner, {"a": params(**SMALL), "b": params(**SMALL | {"width": 128})})
    with pytest.raises(ValueError, match="the same size"):
        step(runner, ["a", "b"])


def test_a_preview_looks_like_the_picture(runner: SDXLRunner) -> None:
    wanted = params(sampler="dpmpp_2m", steps=10, width=256, height=192)
    begin(runner, {"a": wanted, "b": wanted})
    assert step(runner, ["a", "b"], times=9).previews == {}
    result = runner.execute(StepPlan(step=("a", "b"), preview=("a",)))
    assert result.previews.keys() == {"a"}
    preview = pixels(result.previews["a"]).astype(float)
    picture = pixels(runner.execute(StepPlan(decode=("a",))).decoded["a"]).astype(float)
    small = picture.reshape(24, 8, 32, 8, 3).mean(axis=(1, 3))
    assert preview.shape == small.shape
    assert np.abs(preview - small).mean() < 25
    assert np.corrcoef(preview.ravel(), small.ravel())[0, 1] > 0.9


def test_a_prompt_shared_by_many_pictures_is_encoded_once(model: LoadedModel, runner: SDXLRunner) -> None:
    calls: list[int] = []
    hook = model.text_encoders[0].register_forward_hook(lambda *_: calls.append(1))
    try:
        begin(runner, {f"p{seed}": params(**SMALL, seed=seed) for seed in range(4)})
        assert len(calls) == 2  # prompt and negative prompt
        begin(runner, {"other": params(**SMALL, prompt="boat, night")})
        assert len(calls) == 3
    finally:
        hook.remove()


def test_a_vae_that_overflows_in_half_precision_is_run_in_float32() -> None:
    half = load_model(demo_folder(), "cpu", "float16")
    latents = torch.full((1, 4, 8, 8), 60_000.0)
    with torch.inference_mode():
        naive = half.vae.decode(latents.half(), return_dict=False)[0]
        assert not torch.isfinite(naive).all()
        assert decode_image(half, torch.zeros(1, 4, 8, 8)).width == 64
        assert half.vae.dtype == torch.float16
        assert decode_image(half, latents).width == 64
    assert half.vae.dtype == torch.float32  # from now on: no cast there and back for each picture


@pytest.mark.parametrize(
    ("dtype", "vae_dtype", "force_upcast", "half"),
    [
        ("float16", "auto", True, True),
        ("float16", "float32", False, False),
        ("bfloat16", "auto", True, False),
        ("bfloat16", "auto", False, True),
        ("bfloat16", "float16", True, True),
        ("float32", "float16", False, False),
    ],
)
def test_the_number_format_of_the_vae(dtype: str, vae_dtype: str, force_upcast: bool, half: bool) -> None:
    assert load._half_vae(dtype, vae_dtype, force_upcast) is half


def test_weights_are_loaded_in_the_number_format_asked_for(model: LoadedModel) -> None:
    for part in (model.unet, model.vae, *model.text_encoders):
        assert {parameter.dtype for name, parameter in part.named_parameters() if "lora" not in name} == {torch.float32}


def test_auto_is_float32_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto", "auto") == ("cpu", "float32")
    assert resolve_device("cpu", "bfloat16") == ("cpu", "bfloat16")
    with pytest.raises(ValueError, match="allowed are auto and cpu"):
        resolve_device("cuda", "auto")


def test_a_driver_that_torch_cannot_use_is_reported_and_refused_where_cuda_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(load, "DRIVER_VERSION", tmp_path / "version")
    resolve_device("auto", "auto")
    assert not caplog.records  # no driver, no trouble
    (tmp_path / "version").write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.133.07")
    resolve_device("cpu", "auto")
    assert not caplog.records
    assert resolve_device("auto", "auto") == ("cpu", "float32")
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert "torch cannot use a GPU: torch" in record.getMessage() and "STUDIO_DEVICE=cuda" in record.getMessage()

    def too_old() -> None:
        raise RuntimeError("The NVIDIA driver on your system is too old (found version 12080).")

    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "init", too_old)
    with pytest.raises(ValueError, match=r"built for CUDA 13\.0 and reports: .*too old \(found version 12080\)"):
        resolve_device("cuda", "auto")


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BaseModelError, match=r"model_index\.json is missing"):
        load_model(tmp_path, "cpu", "float32")
