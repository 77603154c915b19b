"""Same image as stock StableDiffusionXLImg2ImgPipeline and StableDiffusionXLInpaintPipeline, alone and in a crowd
(float32: at most 1 level off on 99.9 %). Soft masks: same latents as the plain loop of the published algorithm."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from PIL import Image, ImageDraw, ImageFilter

from pipelines.denoise.sampler_factory import make_sampler
from pipelines.denoise.samplers import SAMPLERS
from pipelines.image.source_pixels import PreparedSource, prepare
from pipelines.model.load import LoadedModel, load_model
from pipelines.plan import EncodeOrder, RawImage, StepPlan
from pipelines.sdxl import RunnerOptions, SDXLRunner
from pipelines.spec import ImageSpec, Mask, Pass, Source, start_index
from tests.support.demo_model import (
    STOCK_ETA,
    begin,
    demo_folder,
    params,
    pixels,
    run,
    share_within_one_level,
    step,
)

ENOUGH = 0.999
STRENGTHS = (0.2, 0.5, 0.75, 1.0)
SIZE = (64, 96)
STEPS = 5


def png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def scene() -> Image.Image:
    """Sky, ground and a house; not of the size that is made."""
    image = Image.new("RGB", (150, 170), (120, 170, 220))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 110, 150, 170), fill=(70, 120, 60))
    draw.rectangle((40, 60, 100, 130), fill=(190, 90, 60))
    draw.polygon([(30, 60), (70, 25), (110, 60)], fill=(90, 50, 40))
    return image.filter(ImageFilter.GaussianBlur(1))


def ellipse(blur: float = 0.0) -> Image.Image:
    mask = Image.new("L", (150, 170), 0)
    ImageDraw.Draw(mask).ellipse((35, 40, 105, 120), fill=255)
    return mask.filter(ImageFilter.GaussianBlur(blur)) if blur else mask


SOURCE = Source("a" * 64, 150, 170, resize="stretch")
HARD = replace(SOURCE, mask=Mask("b" * 64, mode="hard", blur=0.0))
SOFT = replace(SOURCE, mask=Mask("b" * 64, mode="soft", blur=6.0))
AREA = replace(SOURCE, mask=Mask("b" * 64, mode="hard", blur=0.0, padding=12))


def spec(sampler: str, strength: float, source: Source = SOURCE, **changes: Any) -> ImageSpec:
    values = {"steps": STEPS, "seed": 40, "width": SIZE[0], "height": SIZE[1], **changes}
    return params(sampler=sampler, strength=strength, source=source, **values)


def prepared(wanted: ImageSpec) -> PreparedSource:
    return prepare(wanted, png(scene()), png(ellipse()))


def orders(*wanted: ImageSpec) -> list[EncodeOrder]:
    return [EncodeOrder(each.source_key, prepared(each).image) for each in wanted if each.source_key is not None]


CROWD = {
    "text": params(width=SIZE[0], height=SIZE[1], seed=1),
    "heun": params(width=SIZE[0], height=SIZE[1], seed=2, sampler="heun", steps=4),
    "unguided": params(width=SIZE[0], height=SIZE[1], seed=3, guidance_scale=1.0, sampler="euler_a"),
    "half guided": params(width=SIZE[0], height=SIZE[1], seed=4, guidance_end=0.5, sampler="dpmpp_2m_sde"),
    "from an image": spec("euler", 0.6, seed=5),
    "hard": spec("unipc", 0.8, HARD, seed=6),
    "soft": spec("lms", 0.9, SOFT, seed=7),
    "area": spec("lcm", 1.0, AREA, seed=8),
}


WANTED = {
    f"{kind} {sampler} {strength}": spec(sampler, strength, source)
    for kind, source in (("image", SOURCE), ("hard", HARD))
    for sampler in SAMPLERS
    for strength in STRENGTHS
} | {f"area {strength}": spec("euler", strength, AREA) for strength in (0.5, 1.0)}


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load_model(demo_folder(), "cpu", "float32")


@pytest.fixture(scope="module")
def runner(model: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> SDXLRunner:
    return SDXLRunner(model, tmp_path_factory.mktemp("loras"))


class Stock:
    """Stock diffusers' pipelines over one set of weights."""

    def __init__(self) -> None:
        from diffusers import StableDiffusionXLImg2ImgPipeline, StableDiffusionXLInpaintPipeline

        self.img2img: Any = StableDiffusionXLImg2ImgPipeline.from_pretrained(demo_folder(), dtype=torch.float32)
        self.inpaint: Any = StableDiffusionXLInpaintPipeline(**self.img2img.components)
        self.base_config = dict(self.img2img.scheduler.config)

    def picture(self, wanted: ImageSpec, image: Image.Image | None = None) -> np.ndarray:
        assert wanted.source is not None
        mask = wanted.source.mask
        pipeline = self.img2img if mask is None else self.inpaint
        pipeline.set_progress_bar_config(disable=True)
        pipeline.scheduler = make_sampler(wanted.sampling.sampler, self.base_config)
        options: dict[str, Any] = {}
        image = image or scene()
        first = wanted.passes[0]
        if mask is None:
            image = image.resize((first.width, first.height), Image.Resampling.LANCZOS)  # as its own preprocessing
        else:
            options = {"mask_image": ellipse(), "width": first.width, "height": first.height}
            options |= {"padding_mask_crop": mask.padding} if mask.padding is not None else {}
        made = pipeline(
            wanted.prompt,
            negative_prompt=wanted.negative_prompt,
            image=image,
            strength=first.strength,
            eta=STOCK_ETA.get(wanted.sampling.sampler, 0.0),
            num_inference_steps=wanted.sampling.steps,
            guidance_scale=wanted.sampling.guidance_scale,
            generator=torch.Generator("cpu").manual_seed(wanted.sampling.seed),
            **options,
        )
        return np.asarray(made.images[0])


@pytest.fixture(scope="module")
def stock() -> Stock:
    return Stock()


@pytest.fixture(scope="module")
def crowded(runner: SDXLRunner) -> dict[str, np.ndarray]:
    """Every wanted image, made with all others of its strength and with text requests: some thirty in a forward."""
    made: dict[str, np.ndarray] = {}
    for strength in STRENGTHS:
        together = {name: each for name, each in WANTED.items() if each.passes[0].strength == strength} | CROWD
        raw = run(runner, together, orders(*together.values()))
        made |= {name: pasted(WANTED[name], raw[name]) for name in together if name in WANTED}
    return made


def pasted(wanted: ImageSpec, raw: RawImage) -> np.ndarray:
    """A whole image before anything is pasted over it, as stock makes it; a masked area is pasted into its source."""
    overlay = prepared(wanted).overlay
    return pixels(overlay.applied(raw) if overlay is not None and overlay.box is not None else raw)


@pytest.mark.parametrize("name", WANTED)
def test_it_is_stocks_picture(name: str, runner: SDXLRunner, stock: Stock, crowded: dict[str, np.ndarray]) -> None:
    wanted = WANTED[name]
    theirs = stock.picture(wanted)
    assert theirs.std() > 5
    assert theirs.shape == (wanted.height, wanted.width, 3)
    alone = run(runner, {"it": wanted}, orders(wanted))["it"]
    assert share_within_one_level(pasted(wanted, alone), theirs) >= ENOUGH
    assert share_within_one_level(crowded[name], theirs) >= ENOUGH


@pytest.mark.parametrize("strength", (0.5, 1.0))
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_soft_mask_is_the_published_algorithm(
    sampler: str, strength: float, runner: SDXLRunner, model: LoadedModel
) -> None:
    wanted = spec(sampler, strength, SOFT, guidance_scale=1.0)
    runner.execute(StepPlan(encode=tuple(orders(wanted))))
    count = begin(runner, {"it": wanted}).begun["it"]
    step(runner, ["it"], times=count)
    ours = runner.latents("it").clone()
    runner.execute(StepPlan(release=("it",)))
    torch.testing.assert_close(ours, differential(model, runner, wanted), rtol=1e-3, atol=1e-3)


@torch.inference_mode()
def differential(model: LoadedModel, runner: SDXLRunner, wanted: ImageSpec) -> torch.Tensor:
    """The loop of arXiv 2306.00950, for one image without guidance: before each step, the pixels whose turn has not
    come are the source's with that step's noise."""
    source = prepared(wanted).image
    generator = torch.Generator("cpu").manual_seed(wanted.sampling.seed)
    image = torch.tensor(np.frombuffer(source.rgb, np.uint8).reshape(1, source.height, source.width, 3).copy())
    scale = model.vae.config.scaling_factor
    clean = scale * model.vae.encode(image.permute(0, 3, 1, 2) / 127.5 - 1).latent_dist.sample(generator)
    noise = torch.randn(clean.shape, generator=generator)
    assert source.mask is not None
    mask = torch.tensor(np.frombuffer(source.mask, np.uint8).reshape(1, 1, source.height, source.width).copy()) / 255
    mask = torch.nn.functional.avg_pool2d(mask, 8)
    sampler = make_sampler(wanted.sampling.sampler, runner.model.scheduler_config)
    steps, strength = wanted.sampling.steps, wanted.passes[0].strength
    sampler.set_timesteps(steps)
    start = steps - int(steps * strength)
    timesteps = sampler.timesteps[start * sampler.order :]
    if hasattr(sampler, "set_begin_index"):
        sampler.set_begin_index(start * sampler.order)
    embedding = runner._encoder.encode_pair(wanted, ()).positive[0][0]  # pyright: ignore[reportPrivateUsage]
    height, width = source.height, source.width
    conditions = {
        "text_embeds": embedding.pooled,
        "time_ids": torch.tensor([[height, width, 0, 0, height, width]], dtype=torch.float32),
    }
    latents = sampler.add_noise(clean, noise, timesteps[:1])
    options = {"generator": generator} if "generator" in sampler.step.__code__.co_varnames else {}
    for i, timestep in enumerate(timesteps):
        if i % sampler.order == 0:
            turn = start + i // sampler.order if sampler.order == 1 else start + (i + 1) // 2
            waits = steps - (steps * strength * mask + 1e-6).int() > turn
            latents = torch.where(waits, sampler.add_noise(clean, noise, timesteps[i : i + 1]), latents)
        scaled = sampler.scale_model_input(latents, timestep)
        prediction = model.unet(scaled, timestep, embedding.context, added_cond_kwargs=conditions)[0]
        latents = sampler.step(prediction, timestep, latents, return_dict=False, **options)[0]
    never = (steps * strength * mask + 1e-6).int() == 0
    return torch.where(never, clean, latents)


@pytest.mark.parametrize("source", [SOURCE, HARD, SOFT, AREA], ids=["plain", "hard", "soft", "area"])
def test_with_exact_rows_the_bits_do_not_depend_on_neighbors(
    source: Source, model: LoadedModel, tmp_path: Path
) -> None:
    runner = SDXLRunner(model, tmp_path, RunnerOptions(exact_rows=8))
    wanted = spec("dpmpp_2m_sde", 0.75, source)
    alone = run(runner, {"it": wanted}, orders(wanted))["it"]
    crowded = run(runner, {**CROWD, "it": wanted}, orders(*CROWD.values(), wanted))["it"]
    assert alone.rgb == crowded.rgb


def test_what_a_mask_leaves_out_is_the_source_bit_for_bit(runner: SDXLRunner) -> None:
    for source in (replace(HARD, mask=Mask("b" * 64, mode="hard", blur=3.0)), SOFT):
        wanted = spec("euler", 1.0, source)
        ready = prepared(wanted)
        assert ready.overlay is not None
        made = pixels(ready.overlay.applied(run(runner, {"it": wanted}, orders(wanted))["it"]))
        resized = np.asarray(scene().resize(SIZE, Image.Resampling.LANCZOS))
        outside = np.asarray(ready.overlay.mask) == 0
        assert 0.2 < outside.mean() < 0.9
        assert (made[outside] == resized[outside]).all()
        inside = np.asarray(ready.overlay.mask) > 160
        assert (made[inside] != resized[inside]).mean() > 0.5


@pytest.mark.parametrize("sampler", ("euler", "heun", "dpmpp_2m_sde", "lcm"))
def test_a_second_pass_is_stocks_image_to_image_of_the_enlarged_first(
    sampler: str, runner: SDXLRunner, stock: Stock
) -> None:
    larger = Pass(2 * SIZE[0], 2 * SIZE[1], start_index(STEPS, 0.6), 0.6, upscaler="lanczos")
    first = params(sampler=sampler, steps=STEPS, seed=40, width=SIZE[0], height=SIZE[1])
    small = run(runner, {"it": first})["it"]
    image = Image.frombytes("RGB", SIZE, small.rgb).resize((larger.width, larger.height), Image.Resampling.LANCZOS)
    theirs = stock.picture(replace(first, passes=(larger,), source=SOURCE), image)
    wanted = replace(first, passes=(*first.passes, larger))
    assert share_within_one_level(pixels(two_passes(runner, wanted)), theirs) >= ENOUGH


def test_latents_are_enlarged_without_a_decode(runner: SDXLRunner) -> None:
    larger = Pass(2 * SIZE[0], 2 * SIZE[1], start_index(STEPS, 0.6), 0.6, upscaler="latent")
    wanted = replace(params(steps=STEPS, seed=40, width=SIZE[0], height=SIZE[1]), passes=(Pass(*SIZE), larger))
    made = two_passes(runner, wanted, num_pieces=1)
    assert (made.width, made.height) == (2 * SIZE[0], 2 * SIZE[1])
    assert pixels(made).std() > 5


def two_passes(runner: SDXLRunner, wanted: ImageSpec, num_pieces: int = 2) -> RawImage:
    count = begin(runner, {"it": wanted}).begun["it"]
    step(runner, ["it"], times=count)
    for _ in range(num_pieces - 1):
        assert not runner.execute(StepPlan(advance=("it",))).advanced
    advanced = runner.execute(StepPlan(advance=("it",)))
    assert advanced.advanced == ("it",)
    step(runner, ["it"], times=advanced.begun["it"])
    return runner.execute(StepPlan(decode=("it",))).decoded["it"]
