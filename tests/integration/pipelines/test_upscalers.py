"""Networks of upscalers: the published arithmetic, whole and in tiles; second passes and sources that they enlarge."""

from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from PIL import Image
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, leaky_relu, pixel_shuffle, pixel_unshuffle, prelu

from pipelines.model.load import LoadedModel, load_model
from pipelines.plan import EncodeOrder, Pieces, SourceImage, StepPlan
from pipelines.sdxl import RunnerOptions, SDXLRunner
from pipelines.spec import ImageSpec, Pass, Source, start_index
from pipelines.upscaling.architecture import Architecture
from pipelines.upscaling.network import network
from pipelines.upscaling.tiles import enlarged
from tests.support.demo_model import begin, demo_folder, params, step
from tests.support.upscalers import COMPACT, X2, X2_FOLDED, X4, weights, write_upscaler

CPU = torch.device("cpu")
SIZE = (96, 72)
NAME = "x2 tiny"


def picture(width: int = SIZE[0], height: int = SIZE[1]) -> Image.Image:
    noise = np.random.default_rng(1).integers(0, 256, (height // 4, width // 4, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)


def tensors_of(architecture: Architecture) -> dict[str, Tensor]:
    return {name: torch.tensor(tensor) for name, tensor in weights(architecture).items()}


def published(of: Architecture, tensors: dict[str, Tensor], image: Image.Image) -> np.ndarray:
    """The whole image at a time, written down from the papers' code."""
    x = torch.tensor(np.asarray(image)).permute(2, 0, 1)[None] / 255

    def conv(name: str, value: Tensor) -> Tensor:
        return conv2d(value, tensors[f"{name}.weight"], tensors[f"{name}.bias"], padding=1)

    if of.is_compact:
        base = interpolate(x, scale_factor=of.scale, mode="nearest")
        for n in range(of.num_blocks + 1):
            x = prelu(conv(f"body.{2 * n}", x), tensors[f"body.{2 * n + 1}.weight"])
        made = pixel_shuffle(conv(f"body.{2 * of.num_blocks + 2}", x), of.scale) + base
    else:
        first = x = conv("conv_first", pixel_unshuffle(x, of.unshuffle))
        for block in range(of.num_blocks):
            into = x
            for dense in (1, 2, 3):
                seen = [x]
                for n in (1, 2, 3, 4):
                    seen.append(leaky_relu(conv(f"body.{block}.rdb{dense}.conv{n}", torch.cat(seen, 1)), 0.2))
                x = 0.2 * conv(f"body.{block}.rdb{dense}.conv5", torch.cat(seen, 1)) + x
            x = 0.2 * x + into
        x = first + conv("conv_body", x)
        for n in range(1, of.num_doublings + 1):
            x = leaky_relu(conv(f"conv_up{n}", interpolate(x, scale_factor=2, mode="nearest")), 0.2)
        made = conv("conv_last", leaky_relu(conv("conv_hr", x), 0.2))
    return (made[0].clamp(0, 1) * 255).round().permute(1, 2, 0).numpy()


def finished(pieces: Pieces[Image.Image]) -> tuple[Image.Image, int]:
    """The result, and the number of pieces."""
    count = 0
    while True:
        try:
            next(pieces)
        except StopIteration as done:
            return done.value, count
        count += 1


@pytest.mark.parametrize("architecture", [X4, X2, X2_FOLDED, COMPACT])
def test_tiles_fade_into_the_published_networks_picture(architecture: Architecture) -> None:
    tensors = tensors_of(architecture)
    net, image = network(architecture, tensors), picture(120, 96)
    expected = published(architecture, tensors, image)
    assert expected.std() > 15 and 1 < expected.mean() < 254
    whole, num_pieces = finished(enlarged(net, architecture.scale, image, CPU, 512))
    assert num_pieces == 1
    assert np.abs(np.asarray(whole, dtype=float) - expected).max() <= 1
    tiled, num_pieces = finished(enlarged(net, architecture.scale, image, CPU, 48))
    assert num_pieces == 4 * 3
    off = np.abs(np.asarray(tiled, dtype=float) - expected)
    assert (off <= 1).mean() >= 0.999 and off.max() <= 3, f"{off.max()} levels"


@pytest.mark.parametrize(("width", "height"), [(8, 8), (41, 17), (16, 95)])
def test_any_size_is_enlarged(width: int, height: int) -> None:
    for architecture in (X2_FOLDED, COMPACT):
        net, image = network(architecture, tensors_of(architecture)), picture(width + 4, height + 4)
        made, _ = finished(enlarged(net, architecture.scale, image, CPU, 48))
        assert made.size == (image.width * architecture.scale, image.height * architecture.scale)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("upscalers")
    write_upscaler(folder / f"{NAME}.safetensors", X2)
    nan = write_upscaler(folder / "nan.safetensors", X2)
    data = bytearray(nan.read_bytes())
    data[-4:] = b"\xff\xff\xff\xff"
    nan.write_bytes(data)
    (folder / "cut.safetensors").write_bytes(bytes(data[:-5]))
    return folder


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load_model(demo_folder(), "cpu", "float32")


@pytest.fixture
def runner(model: LoadedModel, folder: Path, tmp_path: Path) -> SDXLRunner:
    return SDXLRunner(model, tmp_path, RunnerOptions(upscaler_dir=folder))


def second_pass(upscaler: str) -> ImageSpec:
    larger = Pass(2 * SIZE[0], 2 * SIZE[1], start_index(4, 0.5), 0.5, upscaler=upscaler)
    return replace(params(steps=4, seed=3, width=SIZE[0], height=SIZE[1]), passes=(Pass(*SIZE), larger))


def test_a_second_pass_is_enlarged_piece_by_piece_while_others_step(runner: SDXLRunner) -> None:
    wanted = second_pass(NAME)
    begin(runner, {"it": wanted, "other": params(steps=30, width=SIZE[0], height=SIZE[1])})
    step(runner, ["it", "other"], times=4)
    kinds: list[str] = []
    for _ in range(100):
        result = runner.execute(StepPlan(advance=("it",)))
        assert not result.failed
        kinds += [piece.kind for piece, _ in result.pieces]
        assert result.prepare_s == pytest.approx(sum(seconds for _, seconds in result.pieces)) and result.prepare_s > 0
        if result.advanced:
            break
        step(runner, ["other"])
    assert kinds == ["decode", "upscale", "upscale", "upscale", "upscale", "encode"]  # 96 x 72: four tiles
    step(runner, ["it"], times=2)
    made = runner.execute(StepPlan(decode=("it",))).decoded["it"]
    assert (made.width, made.height) == (2 * SIZE[0], 2 * SIZE[1])


def test_what_begins_the_second_pass_is_the_networks_picture(runner: SDXLRunner, folder: Path) -> None:
    """All noise of a pass is of strength 1: with other pixels before it the latents differ."""
    from pipelines.image.source_latents import encode_source
    from pipelines.image.vae import decode_image

    begin(runner, {"it": second_pass(NAME)})
    step(runner, ["it"], times=4)
    with torch.inference_mode():
        raw = decode_image(runner.model, runner.latents("it"))
        larger = published(X2, tensors_of(X2), Image.frombytes("RGB", SIZE, raw.rgb)).astype(np.uint8)
        mean = encode_source(runner.model, SourceImage(2 * SIZE[0], 2 * SIZE[1], larger.tobytes())).mean
    while not runner.execute(StepPlan(advance=("it",))).advanced:
        pass
    state = runner._states["it"]
    noise_free = state.latents.flatten() @ mean.flatten() / (state.latents.norm() * mean.norm())
    assert noise_free > 0.3


def test_a_source_is_enlarged_before_it_is_encoded(runner: SDXLRunner) -> None:
    source = Source("a" * 64, *SIZE)
    passes = (Pass(144, 104, start_index(4, 0.5), 0.5, upscaler=NAME),)
    wanted = replace(params(steps=4), source=source, passes=passes)
    image = picture()
    assert wanted.source_key is not None
    order = EncodeOrder(wanted.source_key, SourceImage(*SIZE, image.tobytes()))
    num_plans = 0
    while not (result := runner.execute(StepPlan(encode=(order,)))).encoded:
        assert not result.encode_failed
        num_plans += 1
    assert num_plans >= 4
    mean = runner._sources[wanted.source_key].mean
    assert mean.shape[2:] == (104 // 8, 144 // 8)
    plain = replace(wanted, passes=(replace(passes[0], upscaler="lanczos"),))
    assert plain.source_key != wanted.source_key


@pytest.mark.parametrize(
    ("name", "reason"),
    [("nan", "not finite"), ("cut", "cut"), ("../x", "not in the folder"), ("none", "not in the folder")],
)
def test_an_upscaler_that_fails_fails_its_images_alone(name: str, reason: str, runner: SDXLRunner) -> None:
    begin(runner, {"bad": second_pass(name), "good": second_pass(NAME)})
    step(runner, ["bad", "good"], times=4)
    failed = {}
    for _ in range(100):
        failed |= runner.execute(StepPlan(advance=("bad",))).failed
        if failed:
            break
    assert (failed["bad"].code, reason in failed["bad"].detail, name in failed["bad"].detail) == (
        "upscaler",
        True,
        True,
    )
    while not runner.execute(StepPlan(advance=("good",))).advanced:
        pass
    assert runner.held == {"good"}
    source = replace(params(steps=4), source=Source("a" * 64, *SIZE), passes=(Pass(144, 104, 2, 0.5, upscaler=name),))
    assert source.source_key is not None
    order = EncodeOrder(source.source_key, SourceImage(*SIZE, picture().tobytes()))
    errors = {}
    for _ in range(100):
        errors |= runner.execute(StepPlan(encode=(order,))).encode_failed
        if errors:
            break
    assert errors[source.source_key].code == "upscaler"


def test_a_file_that_is_replaced_is_read_again(model: LoadedModel, tmp_path: Path) -> None:
    runner = SDXLRunner(model, tmp_path, RunnerOptions(upscaler_dir=tmp_path))
    image = picture(32, 32)
    made: list[bytes] = []
    for seed in (0, 0, 1):
        draft = write_upscaler(tmp_path / "draft", X2, seed)
        if seed or not made:
            draft.rename(tmp_path / "it.safetensors")
        with torch.inference_mode():
            made.append(finished(runner._upscalers.enlarged("it", image))[0].tobytes())
    assert made[0] == made[1] != made[2]


def test_a_cancelled_image_leaves_nothing(runner: SDXLRunner) -> None:
    begin(runner, {"it": second_pass(NAME)})
    step(runner, ["it"], times=4)
    runner.execute(StepPlan(advance=("it",)))
    runner.execute(StepPlan(advance=("it",)))
    runner.execute(StepPlan(release=("it",)))
    assert not runner.held and not runner._advancing
