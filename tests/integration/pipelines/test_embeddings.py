"""Textual inversion embeddings: the images of stock's `load_textual_inversion`, alone and in a crowd."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.model.load import LoadedModel, load_model
from pipelines.plan import BeginOrder, StepPlan
from pipelines.prompt.analysis import PromptAnalyzer
from pipelines.sdxl import SDXLRunner
from pipelines.spec import EmbeddingRef, ImageSpec
from tests.support.demo_model import demo_folder, params, pixels, run, share_within_one_level
from tests.support.embeddings import matrices, write_embedding

ENOUGH = 0.999
STEPS = {"steps": 3, "prompt_syntax": "a1111"}
VECTORS = {"jadestyle": 1, "neghand": 5, "longword": 60}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("copies")


@pytest.fixture(scope="module")
def embeddings(folder: Path) -> dict[str, EmbeddingRef]:
    return {name: write_embedding(folder, name, count, seed=count) for name, count in VECTORS.items()}


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return load_model(demo_folder(), "cpu", "float32")


@pytest.fixture(scope="module")
def runner(model: LoadedModel, folder: Path) -> SDXLRunner:
    return SDXLRunner(model, folder)


@pytest.fixture(scope="module")
def stock() -> Any:
    from diffusers import StableDiffusionXLPipeline

    pipeline: Any = StableDiffusionXLPipeline.from_pretrained(demo_folder(), dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    for name, count in VECTORS.items():
        both = matrices(count, seed=count)
        parts = (("clip_l", pipeline.text_encoder, pipeline.tokenizer),)
        parts += (("clip_g", pipeline.text_encoder_2, pipeline.tokenizer_2),)
        for key, encoder, tokenizer in parts:
            vectors = torch.from_numpy(both[key])
            pipeline.load_textual_inversion(vectors, token=name, text_encoder=encoder, tokenizer=tokenizer)
    return pipeline


def wanted(embeddings: dict[str, EmbeddingRef], **changes: Any) -> ImageSpec:
    return params(**{**STEPS, "embeddings": tuple(embeddings[name] for name in sorted(embeddings)), **changes})


CASES: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "prompt": ({"prompt": "jadestyle, woman", "negative_prompt": "", "seed": 1}, ("jadestyle, woman", "")),
    "several": ({"prompt": "woman, neghand", "negative_prompt": "", "seed": 2}, ("woman, neghand", "")),
    "negative": ({"prompt": "woman", "negative_prompt": "neghand, blurry", "seed": 3}, ("woman", "neghand, blurry")),
    "both": (
        {"prompt": "Embedding:JadeStyle man", "negative_prompt": "embedding:neghand.safetensors", "seed": 4},
        ("jadestyle man", "neghand"),
    ),
    "twice": (
        {"prompt": "jadestyle neghand JADESTYLE.", "negative_prompt": "", "seed": 5},
        ("jadestyle neghand jadestyle.", ""),
    ),
    "none": ({"prompt": "woman, beach", "negative_prompt": "blurry", "seed": 6}, ("woman, beach", "blurry")),
}


@pytest.fixture(scope="module")
def stocks(stock: Any) -> dict[str, np.ndarray]:
    def image(how: dict[str, Any], texts: tuple[str, str]) -> np.ndarray:
        spec = params(**STEPS, **how)
        made = stock(
            texts[0],
            negative_prompt=texts[1],
            num_inference_steps=spec.sampling.steps,
            guidance_scale=spec.sampling.guidance_scale,
            width=spec.width,
            height=spec.height,
            generator=torch.Generator("cpu").manual_seed(spec.sampling.seed),
        )
        return np.asarray(made.images[0])

    return {name: image(*case) for name, case in CASES.items()}


@pytest.mark.parametrize("name", CASES)
def test_alone_it_is_the_image_of_stock(
    name: str, runner: SDXLRunner, embeddings: dict[str, EmbeddingRef], stocks: dict[str, np.ndarray]
) -> None:
    made = run(runner, {name: wanted(embeddings, **CASES[name][0])})
    assert share_within_one_level(pixels(made[name]), stocks[name]) >= ENOUGH


def test_in_a_crowd_it_is_that_image_too(
    runner: SDXLRunner, embeddings: dict[str, EmbeddingRef], stocks: dict[str, np.ndarray]
) -> None:
    crowd = {name: wanted(embeddings, **how) for name, (how, _) in CASES.items()}
    crowd["text"] = params(**STEPS, **CASES["prompt"][0])
    made = run(runner, crowd)
    for name in CASES:
        assert share_within_one_level(pixels(made[name]), stocks[name]) >= ENOUGH
    assert share_within_one_level(pixels(made["text"]), stocks["prompt"]) < 0.9  # there the name is a word


@torch.inference_mode()
def test_the_contexts_are_those_of_stock_to_the_last_digits(
    runner: SDXLRunner, embeddings: dict[str, EmbeddingRef], stock: Any
) -> None:
    for _, (prompt, negative) in CASES.values():
        made = runner._encoder.encode_pair(wanted(embeddings, prompt=prompt, negative_prompt=negative), ())  # pyright: ignore[reportPrivateUsage]
        theirs = stock.encode_prompt(prompt, negative_prompt=negative, do_classifier_free_guidance=True)
        assert made.negative is not None
        (positive,), (without,) = made.positive[0], made.negative[0]
        ours = (positive.context, without.context, positive.pooled, without.pooled)
        for our, their in zip(ours, theirs, strict=True):
            assert torch.allclose(our, their, atol=1e-5)


@torch.inference_mode()
def test_the_end_of_the_text_is_found_with_the_published_configuration_too(
    folder: Path, embeddings: dict[str, EmbeddingRef], stock: Any
) -> None:
    """With `eos_token_id` 2, as SDXL is published, transformers takes the largest id for the end of the text."""
    model = load_model(demo_folder(), "cpu", "float32")
    for encoder in model.text_encoders:
        for module in encoder.modules():
            if hasattr(module, "eos_token_id"):
                module.eos_token_id = 2
    spec = wanted(embeddings, prompt="woman, neghand, beach", guidance_scale=1.0)
    runner = SDXLRunner(model, folder)
    pooled = runner._encoder.encode_pair(spec, ()).positive[0][0].pooled  # pyright: ignore[reportPrivateUsage]
    _, _, theirs, _ = stock.encode_prompt(spec.prompt, do_classifier_free_guidance=False)
    assert torch.allclose(pooled, theirs, atol=1e-5)


@torch.inference_mode()
def test_weights_schedules_and_break_take_the_vectors(runner: SDXLRunner, embeddings: dict[str, EmbeddingRef]) -> None:
    """A weighted name is the context scaled away from the empty text; the other texts are those of the plain name."""
    encoder = runner._encoder  # pyright: ignore[reportPrivateUsage]

    def contexts(prompt: str) -> list[torch.Tensor]:
        made = encoder.encode_pair(wanted(embeddings, prompt=prompt, negative_prompt="", steps=4), ())
        return [each.context for each in made.positive[0]]

    (plain,), (heavy,), (empty,) = contexts("neghand"), contexts("(neghand:1.5)"), contexts("")
    assert torch.allclose(heavy[:, 1:6], empty[:, 1:6] + 1.5 * (plain - empty)[:, 1:6], atol=1e-5)
    (light,) = contexts("woman, (embedding:neghand:0.5)")
    assert not torch.allclose(light, contexts("woman, neghand")[0], atol=1e-3)
    assert all(map(torch.equal, contexts("[woman:embedding:neghand:2]"), [*contexts("woman") * 2, plain, plain]))
    (broken,) = contexts("woman BREAK neghand")
    assert torch.allclose(broken, torch.cat([*contexts("woman"), plain], dim=1), atol=1e-5)


def test_an_embedding_is_not_split_over_two_windows(
    model: LoadedModel, runner: SDXLRunner, embeddings: dict[str, EmbeddingRef]
) -> None:
    """The scheduler counts what the encoder makes."""
    spec = wanted(
        embeddings, prompt="woman beach man night boat sunset red dress " * 4 + "longword", guidance_scale=1.0
    )
    context = runner._encoder.encode_pair(spec, ()).positive[0][0].context  # pyright: ignore[reportPrivateUsage]
    assert context.shape[1] == PromptAnalyzer(demo_folder()).num_context_tokens(spec) == 154
    alone = runner._encoder.encode("longword", (), reading=_reading(spec)).context  # pyright: ignore[reportPrivateUsage]
    assert torch.allclose(context[:, 77:], alone, atol=1e-5)
    much = wanted(embeddings, prompt="longword, " * 20)
    analyzer = PromptAnalyzer(demo_folder())
    assert analyzer.num_context_tokens(much) == 8 * 77
    assert (analyzer.overflow(much, much.prompt) or "").startswith("longword")


def test_texts_without_a_name_share_one_encoding(
    model: LoadedModel, folder: Path, embeddings: dict[str, EmbeddingRef]
) -> None:
    runner = SDXLRunner(model, folder)
    runner.execute(StepPlan(begin=(BeginOrder("a", params(prompt="woman", negative_prompt="blurry", **STEPS)),)))
    with_names = wanted(embeddings, prompt="jadestyle", negative_prompt="blurry")
    result = runner.execute(StepPlan(begin=(BeginOrder("b", with_names),)))
    assert (result.embedding_hits, result.embedding_misses) == (1, 1)


def test_other_bytes_under_a_name_are_another_encoding(runner: SDXLRunner, folder: Path) -> None:
    first, second = (write_embedding(folder, "changes", 2, seed) for seed in (11, 12))
    one, other = (
        runner._encoder.encode("changes", (), reading=_reading(wanted({"changes": each}))).context  # pyright: ignore[reportPrivateUsage]
        for each in (first, second)
    )
    assert not torch.allclose(one, other, atol=1e-3)


@pytest.mark.parametrize("trouble", ["missing", "changed"])
def test_an_embedding_that_is_not_here_fails_its_image_alone(
    trouble: str, runner: SDXLRunner, folder: Path, embeddings: dict[str, EmbeddingRef]
) -> None:
    gone = write_embedding(folder, "gone", 1, seed=20 + len(trouble))
    path = folder / f"{gone.sha256}.safetensors"
    path.unlink() if trouble == "missing" else path.write_bytes(b"x" + path.read_bytes()[1:])
    orders = (
        BeginOrder("bad", wanted({"gone": gone}, prompt="gone")),
        BeginOrder("good", wanted(embeddings, prompt="neghand")),
    )
    result = runner.execute(StepPlan(begin=orders))
    runner.execute(StepPlan(release=("good",)))
    assert set(result.begun) == {"good"}
    error = result.failed["bad"]
    assert error.code == "embedding" and "gone" in error.detail and gone.sha256 in error.detail
    assert ("not on this server" if trouble == "missing" else "not those") in error.detail


def _reading(spec: ImageSpec) -> Any:
    from pipelines.prompt.windows import Reading

    return Reading.of(spec)
