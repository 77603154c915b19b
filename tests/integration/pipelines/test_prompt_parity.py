"""Weighted and long prompts: the pictures of stock diffusers fed with compel's embeddings, alone and in a crowd."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.lora.bank import LoraBank
from pipelines.lora.loader import LoraLoader
from pipelines.lora.weights import LoraParser
from pipelines.model.info import SDXL_BASE
from pipelines.model.load import LoadedModel, load_model
from pipelines.prompt.analysis import PromptAnalyzer
from pipelines.prompt.compel_encoder import encode_parts
from pipelines.prompt.encoder import PromptEncoder
from pipelines.prompt.tokenizer import read_tokenizers
from pipelines.prompt.weights import plain_text, read_weights
from pipelines.prompt.windows import PromptWindows
from pipelines.sdxl import SDXLRunner
from pipelines.spec import ImageSpec, LoraRef
from tests.support.demo_model import (
    bank_of,
    demo_folder,
    params,
    pixels,
    run,
    share_within_one_level,
    write_lora,
)

ENOUGH = 0.999
LONG = "woman, red dress, beach, sunset. " * 12
STEPS = {"steps": 4}

# As typed, and as compel writes the same.
PROMPTS: Mapping[str, tuple[str, str]] = {
    "up": ("woman, (red dress:1.4), beach", "woman, (red dress)1.4, beach"),
    "down": ("woman, [red dress], (beach:0.5)", "woman, (red dress)0.909091, (beach)0.5"),
    "nested": ("((woman)), (red (dress:1.2):1.1) beach", "(woman)1.21 , (red (dress)1.2)1.1 beach"),
    "escaped": (r"woman \(red\), (dress:1.3)", r"woman \(red\), (dress)1.3"),
    "quotes": ('woman, red dress. "beach" (sunset:1.2)', 'woman, red dress. \\"beach\\" (sunset)1.2'),
    "long": (LONG, LONG),
    "long_and_weighted": (LONG + "(forest:1.3), [night]", LONG + "(forest)1.3, (night)0.909091"),
}
CROWD = {
    name: params(prompt=typed, seed=40 + index, **STEPS, guidance_scale=(7.0, 1.0)[name == "nested"])
    for index, (name, (typed, _)) in enumerate(PROMPTS.items())
}
CROWD["short_with_long_negative"] = params(negative_prompt="(blurry:1.2) " + LONG, **STEPS)
THEIRS = {"(blurry:1.2) " + LONG: "(blurry)1.2 " + LONG} | dict(PROMPTS.values())


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


def compels(pipeline: Any, wanted: ImageSpec) -> dict[str, torch.Tensor]:
    """CompelForSDXL's embeddings; the pooled ones are compel's of the words without brackets and numbers."""
    from compel import CompelForSDXL

    compel: Any = CompelForSDXL(pipeline)
    texts = (wanted.prompt, wanted.negative_prompt)
    with torch.inference_mode():
        made = compel(THEIRS.get(texts[0], texts[0]), negative_prompt=THEIRS.get(texts[1], texts[1]))
        provider = compel.compel_2.conditioning_provider
        pooled = [provider.get_pooled_embeddings([plain_text(read_weights(text))]) for text in texts]
    return {
        "prompt_embeds": made.embeds,
        "negative_prompt_embeds": made.negative_embeds,
        "pooled_prompt_embeds": pooled[0],
        "negative_pooled_prompt_embeds": pooled[1],
    }


@pytest.fixture(scope="module")
def stock_images(stock: Any) -> dict[str, np.ndarray]:
    def picture(wanted: ImageSpec) -> np.ndarray:
        made = stock(
            **compels(stock, wanted),
            num_inference_steps=wanted.sampling.steps,
            guidance_scale=wanted.sampling.guidance_scale,
            width=wanted.width,
            height=wanted.height,
            generator=torch.Generator("cpu").manual_seed(wanted.sampling.seed),
        )
        return np.asarray(made.images[0])

    return {name: picture(wanted) for name, wanted in CROWD.items()}


@pytest.mark.parametrize("name", CROWD)
def test_alone_it_is_the_picture_of_compels_embeddings(
    name: str, runner: SDXLRunner, stock_images: dict[str, np.ndarray]
) -> None:
    ours = pixels(run(runner, {name: CROWD[name]})[name])
    assert share_within_one_level(ours, stock_images[name]) >= ENOUGH


def test_in_a_crowd_of_its_length_it_is_that_picture_too(
    runner: SDXLRunner, stock_images: dict[str, np.ndarray]
) -> None:
    analyzer = PromptAnalyzer(demo_folder())
    plain = {"plain": params(**STEPS), "plain_too": params(seed=1, guidance_scale=1.0, **STEPS)}
    lengths = {name: analyzer.num_context_tokens(wanted) for name, wanted in {**CROWD, **plain}.items()}
    assert set(lengths.values()) == {77, 154}
    for length in set(lengths.values()):
        crowd = {name: wanted for name, wanted in {**CROWD, **plain}.items() if lengths[name] == length}
        assert len(crowd) >= 3
        for name, picture in run(runner, crowd).items():
            if name in CROWD:
                assert share_within_one_level(pixels(picture), stock_images[name]) >= ENOUGH


@pytest.mark.parametrize("prompt", ["woman, red dress, beach", "woman, (red dress:1.0), beach"])
def test_clip_skip_is_diffusers(runner: SDXLRunner, stock: Any, prompt: str) -> None:
    """In one batch with the same prompt without it; the negative prompt is encoded without it."""
    wanted = params(prompt=prompt, negative_prompt="blurry", seed=3, clip_skip=1, **STEPS)
    made = stock(
        "woman, red dress, beach",
        negative_prompt="blurry",
        clip_skip=1,
        num_inference_steps=wanted.sampling.steps,
        guidance_scale=wanted.sampling.guidance_scale,
        width=wanted.width,
        height=wanted.height,
        generator=torch.Generator("cpu").manual_seed(wanted.sampling.seed),
    )
    plain = params(prompt=prompt, negative_prompt="blurry", seed=3, **STEPS)
    both = run(runner, {"skipped": wanted, "plain": plain})
    assert share_within_one_level(pixels(both["skipped"]), np.asarray(made.images[0])) >= ENOUGH
    assert share_within_one_level(pixels(both["skipped"]), pixels(both["plain"])) < 0.9


def test_clip_skip_works_on_weighted_prompts_and_has_a_bound(encoder: PromptEncoder) -> None:
    """The demo model's first text encoder has two layers: all of 1 and more use its embeddings."""
    with torch.inference_mode():
        contexts = [encoder.encode("woman, (red dress:1.4)", (), clip_skip).context for clip_skip in (0, 1, 2, 11)]
    assert len({tuple(context.flatten().tolist()) for context in contexts}) == 3
    assert torch.equal(contexts[2], contexts[3])
    assert len({context.shape for context in contexts}) == 1


def test_a_weight_changes_the_picture(runner: SDXLRunner) -> None:
    both = run(runner, {"with": CROWD["up"], "without": params(prompt="woman, red dress, beach", seed=40, **STEPS)})
    assert share_within_one_level(pixels(both["with"]), pixels(both["without"])) < 0.9


def test_the_empty_text_is_encoded_with_the_loras_at_work(model: LoadedModel, tmp_path: Path) -> None:
    """compel keeps it: with one provider for all it would be another LoRA's."""
    refs = [write_lora(model, tmp_path, seed=seed, strength=1.0) for seed in (1, 2)]
    text = "woman, (red dress:1.5)"

    def encoded(order: list[LoraRef]) -> dict[str, torch.Tensor]:
        loader = LoraLoader(tmp_path, LoraParser(model).parse, 10**9)
        loader.fetch([ref.sha256 for ref in refs]).result()
        bank = LoraBank(model, loader, 10**9)
        encoder = PromptEncoder(model, bank, 0)
        contexts: dict[str, torch.Tensor] = {}
        with torch.inference_mode():
            for ref in order:
                adapters = ((ref.sha256, 1.0),)
                assert bank.admit(adapters, ())
                contexts[ref.sha256] = encoder.encode(text, adapters).context
        return contexts

    one, other = encoded(refs), encoded(refs[::-1])
    assert all(torch.equal(one[ref.sha256], other[ref.sha256]) for ref in refs)


WORDS = st.sampled_from(
    ["woman", "red dress", ",", ".", ";", "astronaut", "!", "!!", "\U0001f600", "7", "(", ")", "[", "]", ":1.3)", "\n"]
)
TRAPS = st.sampled_from(["\\(", "<|endoftext|>", "<|startoftext|>", "super" * 50, "\u200b", "\x1d", "word " * 40])


@pytest.fixture(scope="module")
def encoder(model: LoadedModel) -> PromptEncoder:
    return PromptEncoder(model, bank_of(model, Path()), 0)


@pytest.fixture(scope="module")
def analyzer() -> PromptAnalyzer:
    return PromptAnalyzer(demo_folder())


@settings(max_examples=60, deadline=None)
@given(text=st.lists(WORDS | TRAPS, max_size=60).map(" ".join))
def test_the_predicted_length_is_that_of_the_context(
    encoder: PromptEncoder, analyzer: PromptAnalyzer, text: str
) -> None:
    """The scheduler's count is the length of compel's context, and no text makes compel fail."""
    with torch.inference_mode():
        embedding = encoder.encode(text, ())
    assert embedding.num_tokens == analyzer.num_context_tokens(params(prompt=text, guidance_scale=1.0)) <= 8 * 77
    assert embedding.context.isfinite().all()


class BlankEncoder:
    """A text encoder that maps all texts to the same output."""

    device, dtype = torch.device("cpu"), torch.float32

    def __call__(self, token_ids: torch.Tensor, *_: Any, **__: Any) -> Any:
        assert token_ids.shape == (1, 77)
        hidden = torch.zeros(1, 77, 4)
        return SimpleNamespace(hidden_states=[hidden, hidden], text_embeds=hidden[:, 0])


@pytest.fixture(scope="module")
def sdxl() -> Any:
    """A model with SDXL's own tokenizers and no weights."""
    tokenizers = read_tokenizers(SDXL_BASE)
    blank = BlankEncoder()
    return SimpleNamespace(
        tokenizers=tokenizers,
        text_encoders=(blank, blank),
        device=blank.device,
        dtype=blank.dtype,
        windows=PromptWindows(tokenizers),
        analyzer=PromptAnalyzer(SDXL_BASE),
    )


@settings(max_examples=60, deadline=None)
@given(text=st.lists(WORDS | TRAPS, max_size=60).map(" ".join))
def test_with_sdxl_s_vocabulary_too(sdxl: Any, text: str) -> None:
    """Its second tokenizer pads with "!" and so reads it differently: the contexts may differ in length."""
    (fitted,) = sdxl.windows.fit(text).sections
    assert (
        encode_parts(sdxl.text_encoders, sdxl.tokenizers, fitted.parts).num_tokens == 77 * fitted.num_windows <= 8 * 77
    )
    num_tokens = sdxl.analyzer.num_context_tokens(params(prompt=text, guidance_scale=1.0))
    assert num_tokens == 77 * fitted.num_windows
