"""A compiled UNet and its LoRAs: the warm-up makes every graph, and the pictures are those of the uncompiled one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from pipelines.model.load import LoadedModel, load_model
from pipelines.plan import BeginOrder, StepPlan
from pipelines.sdxl import RunnerOptions, SDXLRunner
from pipelines.spec import ImageSpec, LoraRef
from scripts.measure.recompiles import compiled_runner, measure, num_graphs
from tests.support.demo_model import (
    demo_folder,
    params,
    pixels,
    run,
    share_within_one_level,
    write_lora,
)
from tests.support.loras.files import all_layer_lora, keep

ROWS = (4, 8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("loras")


@pytest.fixture(scope="module")
def plain() -> LoadedModel:
    return load_model(demo_folder(), "cpu", "float32")


@pytest.fixture(scope="module")
def loras(plain: LoadedModel, folder: Path) -> list[LoraRef]:
    """Two of rank 4, one of rank 40 over everything."""
    thin = [write_lora(plain, folder, seed=seed, strength=0.05) for seed in (1, 2)]
    return [*thin, keep(folder, all_layer_lora(plain, rank=40, seed=3, strength=0.02), "all", 0.7)]


@pytest.fixture(scope="module")
def runner(folder: Path) -> Iterator[SDXLRunner]:
    """Warmed up, with dynamo but no code generation, which takes minutes."""
    model = load_model(demo_folder(), "cpu", "float32")
    try:
        yield compiled_runner(model, folder, "eager", 8, ROWS)
    finally:
        torch.compiler.set_stance("default")
        torch._dynamo.reset()


def test_mixed_requests_add_no_graph(runner: SDXLRunner, loras: list[LoraRef]) -> None:
    """scripts/measure/recompiles.py does the same with 200."""
    outcome = measure(runner, loras[:2], 20, ROWS)
    assert outcome.more_graphs == 0
    # Two shapes of blocks; square images, and upright ones, which have the pixels of lying ones; without and with LoRAs
    assert outcome.warm_graphs == 2 * 2 * len(ROWS) * 2
    assert outcome.forwards >= 20


def test_what_has_no_graph_runs_without_one_and_the_pictures_are_the_same(
    runner: SDXLRunner, plain: LoadedModel, folder: Path, loras: list[LoraRef]
) -> None:
    """A rank and a number of LoRAs that were not warmed up, next to images with graphs."""
    side = {"width": 256, "height": 256, "steps": 2}
    wanted = {
        "plain": params(**side),
        "one": params(**side, loras=(loras[0],)),
        "large": params(**side, loras=(loras[2],)),
        "two": params(**side, loras=(loras[0], loras[1])),
        "odd": params(width=64, height=64, steps=2, loras=(loras[1],)),
    }
    before = num_graphs()
    torch.compiler.set_stance("eager_on_recompile")
    for together in (("plain", "one"), ("large",), ("two", "one"), ("odd",)):
        specs = {name: wanted[name] for name in together}
        made, expected = run(runner, specs, pad_to_rows=4), run(SDXLRunner(plain, folder), specs)
        for name, picture in expected.items():
            assert share_within_one_level(pixels(made[name]), pixels(picture)) >= 0.999, name
    assert num_graphs() == before


def test_why_a_step_has_no_graph_is_said_and_logged_once(
    runner: SDXLRunner, loras: list[LoraRef], caplog: pytest.LogCaptureFixture
) -> None:
    side = {"width": 256, "height": 256, "steps": 2}
    steps: list[tuple[str, int, ImageSpec]] = [
        ("", 4, params(**side, loras=(loras[0],))),
        ("", 4, params(width=512, height=128, steps=2)),  # as many latents in each level
        ("rank", 4, params(**side, loras=(loras[2],))),
        ("loras", 4, params(**side, loras=(loras[0], loras[1]))),
        ("size", 4, params(width=64, height=64, steps=2)),
        ("rows", 0, params(**side)),
        ("prompt", 4, params(**side, prompt="red " * 100)),
    ]
    kinds = runner._forward.compiled
    assert kinds is not None
    kinds._logged.clear()
    torch.compiler.set_stance("eager_on_recompile")
    for reason, pad_to_rows, spec in steps:
        runner.fetch_loras([lora.sha256 for lora in spec.loras]).result()
        order = BeginOrder("image", spec)
        first = runner.execute(StepPlan(begin=(order,), step=("image",), pad_to_rows=pad_to_rows))
        again = runner.execute(StepPlan(step=("image",), pad_to_rows=pad_to_rows))
        runner.execute(StepPlan(release=("image",)))
        assert (first.uncompiled, again.uncompiled) == (reason, reason)
    lines = [record.getMessage() for record in caplog.records if "run uncompiled" in record.getMessage()]
    assert len(lines) == 5
    assert "64 x 64 is not among the native sizes" in lines[2]


def test_shapes_stay_while_loras_come_and_go(plain: LoadedModel, folder: Path, loras: list[LoraRef]) -> None:
    """A bank with room for one LoRA of the fixed rank: each takes the place of the one before."""
    model = load_model(demo_folder(), "cpu", "float32")
    runner = SDXLRunner(model, folder, RunnerOptions(compiled_rank=8, lora_cache_bytes=1))
    name = next(name for name, layer in model.unet.named_modules() if hasattr(layer, "lora_values"))
    layer = model.unet.get_submodule(name)
    address, num_bytes = layer.lora_values.data_ptr(), runner.lora_bytes
    for lora in (loras[0], loras[1], loras[0]):
        run(runner, {"image": params(width=64, height=64, steps=1, loras=(lora,))})
        assert runner.resident_loras == {lora.sha256}
        assert layer.lora_values.data_ptr() == address
    assert runner.lora_bytes > num_bytes  # the text encoders' layers have a stack, too
