"""The same picture as stock StableDiffusionXLPipeline, alone and in a crowd (fp32: at most 1 level off on 99.9 %)."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.load import LoadedModel, load_model
from pipelines.params import GenerationParams, LoraRef
from pipelines.sampler_shelf import make_sampler
from pipelines.samplers import SAMPLERS
from pipelines.sdxl import SDXLRunner
from tests.demo_model import demo_folder, params, pixels, run, share_within_one_level, write_lora

ENOUGH = 0.999

# Every sampler with its own steps, guidance, seed and prompts; these ten are each other's crowd.
CROWD = {
    name: params(
        sampler=name,
        num_inference_steps=6 + index % 3,
        guidance_scale=(7.0, 1.0, 4.5, 9.0)[index % 4],
        seed=100 + index,
        prompt=f"woman, {('red', 'blue', 'green')[index % 3]} dress, {('beach', 'forest')[index % 2]}",
        negative_prompt="" if index == 2 else "blurry",
    )
    for index, name in enumerate(SAMPLERS)
}
OTHERS = {
    "guided_euler_a": params(sampler="euler_a", guidance_scale=5.5, seed=2**32 - 1),
    "unguided_euler": params(guidance_scale=1.0),
    "portrait": params(width=96, height=160),
    "full_window": params(prompt="woman, red dress, " * 15),
}


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load_model(demo_folder(), "cpu", "float32")


@pytest.fixture(scope="module")
def lora_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("loras")


@pytest.fixture(scope="module")
def loras(model: LoadedModel, lora_dir: Path) -> list[LoraRef]:
    plain = [write_lora(model, lora_dir, seed=seed, strength=0.05) for seed in (1, 2)]
    return [*plain, write_lora(model, lora_dir, seed=3, strength=0.05, alpha=12)]


@pytest.fixture(scope="module")
def runner(model: LoadedModel, lora_dir: Path) -> SDXLRunner:
    return SDXLRunner(model, lora_dir)


class Stock:
    """Stock diffusers, its scheduler swapped for each picture."""

    def __init__(self) -> None:
        from diffusers import StableDiffusionXLPipeline

        self.pipeline: Any = StableDiffusionXLPipeline.from_pretrained(demo_folder(), dtype=torch.float32)
        self.pipeline.set_progress_bar_config(disable=True)
        self.base_config = dict(self.pipeline.scheduler.config)

    def picture(self, wanted: GenerationParams, **options: Any) -> np.ndarray:
        self.pipeline.scheduler = make_sampler(wanted.sampler, self.base_config)
        made = self.pipeline(
            wanted.prompt,
            negative_prompt=wanted.negative_prompt,
            num_inference_steps=wanted.num_inference_steps,
            guidance_scale=wanted.guidance_scale,
            width=wanted.width,
            height=wanted.height,
            generator=torch.Generator("cpu").manual_seed(wanted.seed),
            **options,
        )
        return np.asarray(made.images[0])


@pytest.fixture(scope="module")
def stock() -> Stock:
    return Stock()


@pytest.fixture(scope="module")
def stock_pictures(stock: Stock) -> dict[str, np.ndarray]:
    return {name: stock.picture(wanted) for name, wanted in {**CROWD, **OTHERS}.items()}


@pytest.fixture(scope="module")
def crowd_pictures(runner: SDXLRunner) -> dict[str, np.ndarray]:
    together = run(runner, CROWD, pad_to_rows=24)
    return {name: pixels(picture) for name, picture in together.items()}


@pytest.mark.parametrize("name", [*CROWD, *OTHERS])
def test_alone_it_is_stocks_picture(name: str, runner: SDXLRunner, stock_pictures: dict[str, np.ndarray]) -> None:
    wanted = {**CROWD, **OTHERS}[name]
    ours = pixels(run(runner, {name: wanted})[name])
    assert ours.std() > 5  # a picture, not a flat field
    assert share_within_one_level(ours, stock_pictures[name]) >= ENOUGH


@pytest.mark.parametrize("name", CROWD)
def test_in_a_crowd_it_is_stocks_picture(
    name: str, crowd_pictures: dict[str, np.ndarray], stock_pictures: dict[str, np.ndarray]
) -> None:
    assert share_within_one_level(crowd_pictures[name], stock_pictures[name]) >= ENOUGH


@pytest.fixture
def stock_with_loras(stock: Stock, lora_dir: Path, loras: list[LoraRef]) -> Iterator[Stock]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Already found a `peft_config`")
        for index, lora in enumerate(loras):
            stock.pipeline.load_lora_weights(lora_dir / f"{lora.sha256}.safetensors", adapter_name=f"lora{index}")
    stock.pipeline.unet.eval()  # stock leaves the training dropout that a file's metadata names switched on
    yield stock
    stock.pipeline.unload_lora_weights()


def test_with_loras_it_is_stocks_picture_and_without_them_the_base_is_back(
    runner: SDXLRunner, stock_with_loras: Stock, loras: list[LoraRef], stock_pictures: dict[str, np.ndarray]
) -> None:
    one = params(seed=9, loras=(LoraRef("jade", "1", loras[0].sha256, 0.9),))
    two = params(seed=9, loras=(*one.loras, LoraRef("amber", "1", loras[1].sha256, -0.6)))
    pipeline = stock_with_loras.pipeline

    pipeline.set_adapters(["lora0"], [0.9])
    stock_one = stock_with_loras.picture(one)
    pipeline.set_adapters(["lora0", "lora1"], [0.9, -0.6])
    stock_two = stock_with_loras.picture(two)
    pipeline.set_adapters(["lora2"], [0.5])
    scaled = params(seed=9, loras=(LoraRef("scaled", None, loras[2].sha256, 0.5),))
    stock_scaled = stock_with_loras.picture(scaled)
    together = run(runner, {"a": one, "b": params(**{**_fields(one), "seed": 10, "sampler": "heun"})})
    our_two = pixels(run(runner, {"c": two})["c"])
    plain = pixels(run(runner, {"d": OTHERS["unguided_euler"]})["d"])

    assert share_within_one_level(stock_one, stock_two) < 0.9  # the second LoRA does something
    assert share_within_one_level(pixels(together["a"]), stock_one) >= ENOUGH
    assert share_within_one_level(our_two, stock_two) >= ENOUGH
    assert share_within_one_level(pixels(run(runner, {"e": scaled})["e"]), stock_scaled) >= ENOUGH
    assert share_within_one_level(plain, stock_pictures["unguided_euler"]) >= ENOUGH


def _fields(wanted: GenerationParams) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in GenerationParams.__slots__}


def test_guidance_that_ends_half_way_is_stock_s_dynamic_guidance(runner: SDXLRunner, stock: Stock) -> None:
    """Stock switches guidance off by a callback that drops the negative rows."""
    wanted = params(num_inference_steps=8, guidance_end=0.5)

    def switch_off(pipeline: Any, step: int, _: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        if step + 1 == len(wanted.guided(8)):
            pipeline._guidance_scale = 0.0
            tensors = {name: tensor.chunk(2)[-1] for name, tensor in tensors.items()}
        return tensors

    names = ["prompt_embeds", "add_text_embeds", "add_time_ids"]
    expected = stock.picture(wanted, callback_on_step_end=switch_off, callback_on_step_end_tensor_inputs=names)
    made = run(runner, {"half": wanted, "whole": params(num_inference_steps=8, seed=9)})["half"]
    assert share_within_one_level(pixels(made), expected) >= ENOUGH
    assert share_within_one_level(pixels(made), stock.picture(params(num_inference_steps=8))) < ENOUGH
