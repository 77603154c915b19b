"""Same image as stock StableDiffusionXLPipeline, alone and in a crowd (float32: at most 1 level off on 99.9 %)."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from pipelines.denoise.sampler_factory import make_sampler
from pipelines.denoise.samplers import SAMPLERS
from pipelines.model.load import LoadedModel, load_model
from pipelines.sdxl import SDXLRunner
from pipelines.spec import ImageSpec, LoraRef, seed_at
from tests.support.demo_model import (
    ROOT,
    STOCK_ETA,
    demo_folder,
    params,
    pixels,
    run,
    share_within_one_level,
    write_lora,
)
from tests.support.loras.files import (
    all_layer_lora,
    keep,
    kohya_copy,
    stock_loras,
)

ENOUGH = 0.999

# Every sampler with its own steps, guidance, seed and prompts; these ten share their forwards.
CROWD = {
    name: params(
        sampler=name,
        steps=6 + index % 3,
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
    """Stock diffusers with another scheduler for each image."""

    def __init__(self) -> None:
        from diffusers import StableDiffusionXLPipeline

        self.pipeline: Any = StableDiffusionXLPipeline.from_pretrained(demo_folder(), dtype=torch.float32)
        self.pipeline.set_progress_bar_config(disable=True)
        self.base_config = dict(self.pipeline.scheduler.config)

    def picture(self, wanted: ImageSpec, **options: Any) -> np.ndarray:
        self.pipeline.scheduler = make_sampler(wanted.sampling.sampler, self.base_config)
        made = self.pipeline(
            wanted.prompt,
            negative_prompt=wanted.negative_prompt,
            eta=STOCK_ETA.get(wanted.sampling.sampler, 0.0),
            num_inference_steps=wanted.sampling.steps,
            guidance_scale=wanted.sampling.guidance_scale,
            width=wanted.width,
            height=wanted.height,
            generator=torch.Generator("cpu").manual_seed(wanted.sampling.seed),
            **options,
        )
        return np.asarray(made.images[0])


@pytest.fixture(scope="module")
def stock() -> Stock:
    return Stock()


@pytest.fixture(scope="module")
def stock_images(stock: Stock) -> dict[str, np.ndarray]:
    return {name: stock.picture(wanted) for name, wanted in {**CROWD, **OTHERS}.items()}


@pytest.fixture(scope="module")
def crowd_images(runner: SDXLRunner) -> dict[str, np.ndarray]:
    together = run(runner, CROWD, pad_to_rows=24)
    return {name: pixels(picture) for name, picture in together.items()}


@pytest.mark.parametrize("name", [*CROWD, *OTHERS])
def test_alone_it_is_stocks_picture(name: str, runner: SDXLRunner, stock_images: dict[str, np.ndarray]) -> None:
    wanted = {**CROWD, **OTHERS}[name]
    ours = pixels(run(runner, {name: wanted})[name])
    assert ours.std() > 5  # a picture, not a flat field
    assert share_within_one_level(ours, stock_images[name]) >= ENOUGH


@pytest.mark.parametrize("name", CROWD)
def test_in_a_crowd_it_is_stocks_picture(
    name: str, crowd_images: dict[str, np.ndarray], stock_images: dict[str, np.ndarray]
) -> None:
    assert share_within_one_level(crowd_images[name], stock_images[name]) >= ENOUGH


@pytest.fixture(scope="module")
def lora_crowd(model: LoadedModel, lora_dir: Path, loras: list[LoraRef]) -> dict[str, ImageSpec]:
    """Images with LoRA sets, steps, samplers and guidance of their own that share their forwards."""
    jade, amber = ((ROOT / "loras" / f"{name}-v1.safetensors").read_bytes() for name in ("jade", "amber"))
    jade_1, amber_1 = keep(lora_dir, jade, "jade", 1.0), keep(lora_dir, amber, "amber", 0.9)
    wide = keep(lora_dir, all_layer_lora(model, rank=20, seed=8, strength=0.01), "wide", 0.8)
    sets: dict[str, tuple[LoraRef, ...]] = {
        "none": (),
        "jade": (jade_1,),
        "jade_0.4": (replace(jade_1, weight=0.4),),
        "amber": (amber_1,),
        "jade_and_amber": (jade_1, replace(amber_1, weight=-0.6)),
        "kohya": (keep(lora_dir, kohya_copy(jade, 6.0), "kohya", 0.9),),
        "two_kohya": (keep(lora_dir, kohya_copy(amber), "kohya2", 0.7), jade_1),
        "text_encoder": (loras[0],),  # most of it is in the text encoders and the attention
        "settings_with_alpha": (replace(loras[2], weight=0.5), loras[1]),
        "convolutions": (wide, replace(amber_1, weight=0.3)),
        "jade_again": (jade_1,),
        "amber_0.5": (replace(amber_1, weight=0.5),),
    }
    return {
        name: params(
            sampler=sampler,
            steps=4 + index % 4,
            guidance_scale=(7.0, 1.0, 4.5)[index % 3],
            seed=700 + index,
            prompt=f"jade woman, {('red', 'blue')[index % 2]} dress, beach",
            loras=each,
        )
        for index, ((name, each), sampler) in enumerate(zip(sets.items(), SAMPLERS, strict=True))
    }


def test_with_loras_of_its_own_in_a_crowd_it_is_stocks_picture(
    runner: SDXLRunner, stock: Stock, lora_dir: Path, lora_crowd: dict[str, ImageSpec]
) -> None:
    """All share their forwards; stock diffusers makes them one by one, with `load_lora_weights` and `set_adapters`."""
    expected: dict[str, np.ndarray] = {}
    with stock_loras(stock.pipeline, lora_dir) as with_loras:
        for name, wanted in lora_crowd.items():
            with_loras.use(wanted.loras)
            expected[name] = stock.picture(wanted)
    together = run(runner, lora_crowd, pad_to_rows=24)
    shares = {name: share_within_one_level(pixels(together[name]), each) for name, each in expected.items()}
    assert min(shares.values()) >= ENOUGH, shares
    for name, wanted in lora_crowd.items():  # each LoRA does something
        if wanted.loras:
            assert share_within_one_level(expected[name], stock.picture(replace(wanted, loras=()))) < 0.95, name


@pytest.mark.parametrize("seed", [2**32, 2**32 + 7, 2**63 + 5, 2**64 - 1])
def test_of_a_large_seed_torch_takes_the_lower_32_bits_as_the_policy_does(seed: int) -> None:
    large, small = (torch.Generator("cpu").manual_seed(each) for each in (seed, seed_at(seed, 0)))
    assert seed_at(seed, 0) < 2**32
    assert torch.equal(torch.randn(64, generator=large), torch.randn(64, generator=small))


def test_guidance_that_ends_half_way_is_stock_s_dynamic_guidance(runner: SDXLRunner, stock: Stock) -> None:
    """Stock diffusers switches guidance off with a callback that drops the negative rows."""
    wanted = params(steps=8, guidance_end=0.5)

    def switch_off(pipeline: Any, step: int, _: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        if step + 1 == len(wanted.guided(8)):
            pipeline._guidance_scale = 0.0
            tensors = {name: tensor.chunk(2)[-1] for name, tensor in tensors.items()}
        return tensors

    names = ["prompt_embeds", "add_text_embeds", "add_time_ids"]
    expected = stock.picture(wanted, callback_on_step_end=switch_off, callback_on_step_end_tensor_inputs=names)
    made = run(runner, {"half": wanted, "whole": params(steps=8, seed=9)})["half"]
    assert share_within_one_level(pixels(made), expected) >= ENOUGH
    assert share_within_one_level(pixels(made), stock.picture(params(steps=8))) < ENOUGH
