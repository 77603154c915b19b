"""Prompts that change on the way: the images of a stock diffusers loop that swaps the embeddings at the same step,
alone and in a crowd."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.denoise.sampler_factory import make_sampler
from pipelines.model.load import LoadedModel, load_model
from pipelines.plan import StepPlan
from pipelines.prompt.analysis import PromptAnalyzer
from pipelines.sdxl import RunnerOptions, SDXLRunner
from pipelines.spec import ImageSpec, Pass
from tests.support.demo_model import begin, demo_folder, params, pixels, run, share_within_one_level, step

ENOUGH = 0.999
A, B, C = "woman, red dress, beach", "man, night", "boat, sunset"

CASES: dict[str, tuple[ImageSpec, list[str], list[str]]] = {}
"""Image, and the texts of its prompt and negative prompt at each step."""


def case(name: str, prompt: str, at: Sequence[str], negative: str = "", negatives: Sequence[str] = (), **how: Any):
    spec = params(prompt=prompt, negative_prompt=negative, prompt_syntax="a1111", **{"steps": len(at), **how})
    CASES[name] = (spec, list(at), list(negatives) or [negative] * len(at))


case("from_to", f"[{A}:{B}:2]", [A, A, B, B, B], seed=1)
case("share", f"[{A}:{B}:0.4]", [A, A, B, B, B], seed=2, sampler="euler_a")
case("to", f"woman[, {B}:2]", ["woman", "woman", f"woman, {B}", f"woman, {B}"], seed=3, sampler="dpmpp_2m")
case("from", f"woman[, {B}::3]", [f"woman, {B}"] * 3 + ["woman"], seed=4, sampler="dpmpp_2m_sde")
case("alternate", f"[{A}|{B}|{C}]", [A, B, C, A, B], seed=5, sampler="unipc")
case("nested", f"[[{A}|{B}]:{C}:3]", [A, B, A, C, C], seed=6, sampler="ddim")
case("both", f"[{A}:{B}:2]", [A, A, B, B], "[blurry:night:1]", ["blurry", "night", "night", "night"], seed=7)
case("heun", f"[{A}:{B}:2]", [A, A, B, B], seed=8, sampler="heun")


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load_model(demo_folder(), "cpu", "float32")


@pytest.fixture(scope="module")
def runner(model: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> SDXLRunner:
    return SDXLRunner(model, tmp_path_factory.mktemp("loras"))


@pytest.fixture(scope="module")
def stock() -> Any:
    from diffusers import StableDiffusionXLPipeline

    pipeline = StableDiffusionXLPipeline.from_pretrained(demo_folder(), dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def stocks(pipeline: Any, spec: ImageSpec, at: list[str], negatives: list[str]) -> np.ndarray:
    return decoded(pipeline, denoised(pipeline, spec, at, negatives))


@torch.inference_mode()
def denoised(
    pipeline: Any, spec: ImageSpec, at: list[str], negatives: list[str], before: torch.Tensor | None = None
) -> torch.Tensor:
    """The loop of diffusers, with the embeddings of the step's texts. With the latents of the pass `before`, its
    image-to-image loop."""
    encoded = {
        texts: pipeline.encode_prompt(texts[0], negative_prompt=texts[1], do_classifier_free_guidance=True)
        for texts in zip(at, negatives, strict=True)
    }
    sampler = make_sampler(spec.sampling.sampler, pipeline.scheduler.config)
    sampler.set_timesteps(spec.sampling.steps)
    generator = torch.Generator("cpu").manual_seed(spec.sampling.seed)
    this = spec.passes[0 if before is None else 1]
    size, timesteps = (this.height, this.width), sampler.timesteps[this.start * sampler.order :]
    noise = torch.randn((1, 4, size[0] // 8, size[1] // 8), generator=generator)
    if before is None:
        latents = noise * sampler.init_noise_sigma
    else:
        sampler.set_begin_index(this.start * sampler.order)
        larger = torch.nn.functional.interpolate(before, size=noise.shape[2:], mode="bilinear")
        latents = sampler.add_noise(larger, noise, timesteps[:1])
    options = {"generator": generator} if "generator" in sampler.step.__code__.co_varnames else {}
    time_ids = torch.tensor([[*size, 0, 0, *size]] * 2, dtype=torch.float32)
    for number, timestep in enumerate(timesteps):
        turn = number // sampler.order
        context, uncontext, pooled, unpooled = encoded[at[turn], negatives[turn]]
        conditions = {"text_embeds": torch.cat([unpooled, pooled]), "time_ids": time_ids}
        scaled = sampler.scale_model_input(torch.cat([latents] * 2), timestep)
        out = pipeline.unet(scaled, timestep, torch.cat([uncontext, context]), added_cond_kwargs=conditions)[0]
        without, prompted = out.chunk(2)
        guided = without + spec.sampling.guidance_scale * (prompted - without)
        latents = sampler.step(guided, timestep, latents, return_dict=False, **options)[0]
    return latents


@torch.inference_mode()
def decoded(pipeline: Any, latents: torch.Tensor) -> np.ndarray:
    image = pipeline.vae.decode(latents / pipeline.vae.config.scaling_factor)[0]
    return (pipeline.image_processor.postprocess(image, output_type="np")[0] * 255).round().astype(np.uint8)


@pytest.fixture(scope="module")
def expected(stock: Any) -> dict[str, np.ndarray]:
    return {name: stocks(stock, *each) for name, each in CASES.items()}


@pytest.mark.parametrize("name", CASES)
def test_alone_it_is_the_image_of_a_loop_that_swaps_embeddings(
    name: str, runner: SDXLRunner, expected: dict[str, np.ndarray]
) -> None:
    ours = pixels(run(runner, {name: CASES[name][0]})[name])
    assert share_within_one_level(ours, expected[name]) >= ENOUGH


def test_in_a_crowd_it_is_that_image_too(runner: SDXLRunner, expected: dict[str, np.ndarray]) -> None:
    """Each image is at another step of another schedule."""
    crowd = {name: spec for name, (spec, _, _) in CASES.items()} | {"plain": params(steps=3), "one": params(steps=6)}
    made = run(runner, crowd)
    for name in CASES:
        assert share_within_one_level(pixels(made[name]), expected[name]) >= ENOUGH


def test_plain_syntax_reads_brackets_as_weaker_text(runner: SDXLRunner) -> None:
    spec = params(prompt=f"[{A}:{B}:2]", steps=4)
    made = run(runner, {"plain": spec, "changes": params(prompt=f"[{A}:{B}:2]", steps=4, prompt_syntax="a1111")})
    same = run(runner, {"same": params(prompt=f"({A}\\:{B}\\:2:0.909091)".replace("\\:", ":"), steps=4)})["same"]
    assert share_within_one_level(pixels(made["plain"]), pixels(same)) >= ENOUGH
    assert share_within_one_level(pixels(made["plain"]), pixels(made["changes"])) < 0.9


def test_the_context_is_as_long_as_the_longest_text(runner: SDXLRunner) -> None:
    long = "woman, red dress, beach, sunset. " * 12
    spec = params(prompt=f"[{A}:{long}:2]", negative_prompt="blurry", steps=4, prompt_syntax="a1111")
    conditions = runner._encoder.encode_pair(spec, ())  # pyright: ignore[reportPrivateUsage]
    assert conditions.negative is not None
    embeddings = [*conditions.positive[0], *conditions.negative[0]]
    assert {embedding.num_tokens for embedding in embeddings} == {154}
    assert PromptAnalyzer(demo_folder()).num_context_tokens(spec) == 154
    first, last = conditions.positive[0][0], conditions.positive[0][-1]
    assert torch.equal(first.context[:, :77], runner._encoder.encode(A, ()).context)  # pyright: ignore[reportPrivateUsage]
    assert len(conditions.positive[0]) == 4 and first is conditions.positive[0][1] and last is conditions.positive[0][2]


def test_break_is_two_windows_of_stock(runner: SDXLRunner, stock: Any) -> None:
    """Each of them as stock encodes its text; the pooled embedding is that of the first."""
    spec = params(prompt=f"{A} BREAK {B}", steps=2, prompt_syntax="a1111", guidance_scale=1.0)
    embedding = runner._encoder.encode_pair(spec, ()).positive[0][0]  # pyright: ignore[reportPrivateUsage]
    with torch.inference_mode():
        (first, _, pooled, _), (second, *_) = (
            stock.encode_prompt(text, do_classifier_free_guidance=False) for text in (A, B)
        )
    assert torch.allclose(embedding.context, torch.cat([first, second], dim=1), atol=1e-5)
    assert torch.allclose(embedding.pooled, pooled, atol=1e-5)
    assert PromptAnalyzer(demo_folder()).num_context_tokens(spec) == 154


def test_a_second_pass_and_a_source_take_the_texts_of_their_steps(runner: SDXLRunner) -> None:
    """Each equals the image whose prompt is, from the beginning, the text that its steps have."""
    larger = Pass(160, 160, start=2, strength=0.5, upscaler="latent")
    changed, same = (
        params(prompt=prompt, steps=4, prompt_syntax="a1111", more_passes=(larger,), seed=3)
        for prompt in (f"[{A}:{B}:8]", A)
    )
    made = run_passes(runner, {"changed": changed, "same": same})
    assert share_within_one_level(made["changed"], made["same"]) >= ENOUGH
    later = run_passes(runner, {"later": params(**{**hires(f"[{A}:{B}:7]"), "more_passes": (larger,)})})["later"]
    assert share_within_one_level(later, made["same"]) < 0.99


@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m"])
def test_hires_is_the_image_of_a_second_stock_loop(runner: SDXLRunner, stock: Any, sampler: str) -> None:
    """The prompt changes in the second pass, the negative prompt in the first. In a crowd of another schedule."""
    larger = Pass(160, 160, start=1, strength=0.75, upscaler="latent")
    how = {**hires(f"[{A}:{B}:7]"), "negative_prompt": "[blurry:night:2]", "more_passes": (larger,), "sampler": sampler}
    spec = params(**how)
    first = denoised(stock, spec, [A] * 4, ["blurry", "blurry", "night", "night"])
    second = denoised(stock, spec, [A, A, B], ["night"] * 3, before=first)
    other = params(**{**how, "prompt": f"[{C}:{A}:1.5]"})
    made = run_passes(runner, {"hires": spec, "other": other}, second_steps=3)
    assert share_within_one_level(made["hires"], decoded(stock, second)) >= ENOUGH


def hires(prompt: str) -> dict[str, Any]:
    return {"prompt": prompt, "steps": 4, "prompt_syntax": "a1111", "seed": 3}


def run_passes(runner: SDXLRunner, wanted: dict[str, ImageSpec], second_steps: int = 2) -> dict[str, np.ndarray]:
    begin(runner, wanted)
    step(runner, wanted, times=4)
    advanced = runner.execute(StepPlan(advance=tuple(wanted)))
    assert set(advanced.advanced) == set(wanted)
    step(runner, wanted, times=second_steps)
    decoded = runner.execute(StepPlan(decode=tuple(wanted))).decoded
    return {name: pixels(image) for name, image in decoded.items()}


def test_with_exact_rows_the_bits_do_not_depend_on_neighbors(
    model: LoadedModel, tmp_path_factory: pytest.TempPathFactory
) -> None:
    runner = SDXLRunner(model, tmp_path_factory.mktemp("loras"), RunnerOptions(exact_rows=8))
    target = CASES["both"][0]
    latents: list[torch.Tensor] = []
    for names in ((), ("from_to", "alternate", "nested")):
        crowd = {**{name: CASES[name][0] for name in names}, "target": target}
        begin(runner, crowd)
        assert not step(runner, crowd, times=4).failed
        latents.append(runner.latents("target").clone())
    assert torch.equal(*latents)
