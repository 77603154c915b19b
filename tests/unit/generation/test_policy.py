"""From a request to an order: the defaults of the design, and the bounds that depend on the model."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.denoise.samplers import SAMPLERS
from pipelines.lora.files.few_steps import FAMILIES
from pipelines.spec import ImageSpec, Output, Pass, Sampling
from server.errors import InvalidRequest
from server.generation.policy import RequestPolicy
from server.generation.requests import CompareRequest, CompareVariant, ExtraLora, GenerateRequest, Hires
from server.generation.styles import STYLES
from server.loras.prompt_tags import lora_tags, without_lora_tags
from server.queue.model import ImageDraft, JobDraft, LoraChoice, LoraChoices, Requester
from tests.support.builders import request_policy

CALLER = Requester("ip:192.0.2.7", "ip:192.0.2.7")
POLICY = request_policy()


def draft(policy: RequestPolicy = POLICY, **fields: Any) -> JobDraft:
    return policy.generate(GenerateRequest(**{"prompt": "red dress", **fields}), CALLER, 77)


def first(policy: RequestPolicy = POLICY, **fields: Any) -> ImageSpec:
    """The spec of the first image."""
    return draft(policy, **fields).images[0].spec


def choices(policy: RequestPolicy = POLICY, **fields: Any) -> LoraChoices:
    named = draft(policy, **fields).images[0].choices
    assert named is not None
    return named


def blamed(**fields: Any) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as problem:
        draft(**fields)
    assert problem.value.kind.status == 400
    return {error.field: error.allowed for error in problem.value.errors}


def test_a_prompt_alone_takes_every_default() -> None:
    made = draft(prompt=" red dress\n")
    spec = ImageSpec(
        prompt="red dress",
        negative_prompt="low quality, blurry, distorted",
        sampling=Sampling("euler", 30, 7.0, seed=77, prompt_syntax="a1111"),
        passes=(Pass(256, 256),),
        output=Output("jpeg", "full"),
        quality="high",
    )
    named = LoraChoices(LoraChoice("jade", None, "model_name"))
    images = tuple(ImageDraft(spec.with_seed(77 + n), named) for n in range(4))
    sent = {"prompt": " red dress\n", "num_images": 4, "quality": "high", "guidance_start": 0.0, "guidance_end": 1.0}
    sent |= {"clip_skip": 0, "prompt_syntax": "a1111", "expansion": "random"}
    assert made == JobDraft("generate", CALLER, "red dress", images, sent)


@pytest.mark.parametrize(("quality", "steps"), [("low", 12), ("medium", 20), ("high", 30)])
def test_quality_decides_the_steps_unless_they_are_given(quality: str, steps: int) -> None:
    assert first(quality=quality).sampling.steps == steps
    assert first(quality=quality, steps=7).sampling.steps == 7


def test_zero_and_empty_are_values_and_not_absence() -> None:
    made = first(negative_prompt="", guidance_scale=0.0, seed=0)
    assert (made.negative_prompt, made.sampling.guidance_scale, made.sampling.seed) == ("", 0.0, 0)


def test_a_given_seed_wins_over_the_random_one() -> None:
    assert first(seed=5).sampling.seed == 5
    assert first().sampling.seed == 77
    assert first(seed=-1).sampling.seed == 77


def test_of_a_large_seed_the_lower_32_bits_count() -> None:
    assert [image.spec.sampling.seed for image in draft(seed=2**64 - 1, num_images=2).images] == [2**32 - 1, 0]
    assert first(seed=2**32 + 7) == first(seed=7)


@pytest.mark.parametrize("name", [None, "base"])
def test_null_and_base_mean_no_lora(name: str | None) -> None:
    assert choices(model_name=name).model is None


def test_the_operator_decides_what_files_tell_and_a_request_may_say_otherwise() -> None:
    quiet = replace(POLICY, embed_parameters="none")
    assert first(quiet).output.embed_parameters == "none"
    assert first(quiet, embed_parameters="minimal").output.embed_parameters == "minimal"


def test_the_operator_decides_the_default_lora() -> None:
    assert choices(replace(POLICY, default_model="amber")).model == LoraChoice("amber", None, "model_name")
    assert choices(replace(POLICY, default_model="base")).model is None


def test_the_weight_is_that_of_the_lora_named_by_model_name() -> None:
    assert choices(model_weight=-0.5, model_name="amber").model == LoraChoice("amber", -0.5, "model_name")
    assert choices(model_weight=0.0).model == LoraChoice("jade", 0.0, "model_name")
    assert choices(model_weight=None).model == LoraChoice("jade", None, "model_name")


@pytest.mark.parametrize("name", [None, "base"])
def test_a_weight_without_a_lora_is_refused(name: str | None) -> None:
    assert set(blamed(model_name=name, model_weight=0.9)) == {"model_weight"}
    assert choices(model_name=name, model_weight=None).model is None


def test_a_style_brings_its_negative_words_along_and_leaves_the_prompt_as_typed() -> None:
    style = STYLES["photographic"]
    made = first(style="photographic")
    assert (made.style, made.prompt) == ("photographic", "red dress")
    assert made.negative_prompt == f"low quality, blurry, distorted, {style.negative_prompt}"
    assert first(style="photographic", negative_prompt="").negative_prompt == style.negative_prompt
    assert first(style=None).style is None


@pytest.mark.parametrize("name", ["", "oil", "Sketch"])
def test_an_unknown_style_is_refused_with_those_there_are(name: str) -> None:
    assert blamed(style=name) == {"style": "null or one of " + ", ".join(STYLES)}


def test_further_loras_are_blamed_by_their_place() -> None:
    made = choices(loras=[ExtraLora("amber"), ExtraLora("jade-v1", -1)])
    assert made.others == (LoraChoice("amber", None, "loras[0].name"), LoraChoice("jade-v1", -1, "loras[1].name"))


@pytest.mark.parametrize("side", ["width", "height"])
def test_a_size_outside_the_models_bounds_is_refused(side: str) -> None:
    for px in (120, 520):
        assert blamed(**{side: px}) == {side: "a multiple of 8 from 128 to 512"}


def test_bounds_themselves_are_allowed() -> None:
    made = first(width=128, height=512)
    assert (made.width, made.height) == (128, 512)


def test_too_many_pixels_are_refused_though_each_side_fits() -> None:
    assert blamed(width=512, height=512) == {"width": "width times height up to 147,456"}


def test_an_unknown_sampler_is_refused_with_those_there_are() -> None:
    assert blamed(sampler="ddpm") == {"sampler": "one of " + ", ".join(SAMPLERS)}


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_samplers_own_bounds_on_steps_hold(sampler: str) -> None:
    spec = SAMPLERS[sampler]
    assert first(sampler=sampler, steps=spec.max_steps).sampling.steps == spec.max_steps
    if spec.max_steps < 150:
        assert set(blamed(sampler=sampler, steps=spec.max_steps + 1)) == {"steps"}


def test_loras_in_the_prompt_are_loras() -> None:
    made = draft(prompt="red <lora:amber:0.4> dress<lora: jade-v1 >", loras=[ExtraLora("jade", 1)])
    named = made.images[0].choices
    assert made.prompt == "red <lora:amber:0.4> dress<lora: jade-v1 >"
    assert [(lora.name, lora.weight, lora.field) for lora in (named.others if named else ())] == [
        ("jade", 1, "loras[0].name"),
        ("amber", 0.4, "prompt"),
        ("jade-v1", None, "prompt"),
    ]
    assert without_lora_tags(made.prompt) == "red dress"


@pytest.mark.parametrize(
    "prompt",
    [
        *("red <lora:jade:21>", "red <lora:jade:x>", "red <lora:jade:>", "red <lora::1>", "red <lora:jade:1:te=1>"),
        *(" <lora:jade:1> ", "red" + "<lora:jade>" * 9, "red " + "[red] blue " * 64, f"red <lora:{'j' * 129}>"),
    ],
)
def test_a_tag_or_weight_that_cannot_be_used_names_the_prompt(prompt: str) -> None:
    assert list(blamed(prompt=prompt)) == ["prompt"]


def test_a_lora_in_the_negative_prompt_is_refused() -> None:
    assert list(blamed(negative_prompt="blurry <lora:jade:1>")) == ["negative_prompt"]
    assert list(blamed(negative_prompt="[a] b " * 64)) == ["negative_prompt"]


@given(st.text(st.sampled_from("<lora:jde>.180- "), max_size=40))
def test_no_tag_cannot_be_read(prompt: str) -> None:
    for tag in lora_tags(prompt):
        assert tag.text.startswith("<lora:") and tag.text.endswith(">")
        assert tag.number is None or tag.weight is not None
        assert len(without_lora_tags(prompt)) <= len(prompt) - len(tag.text)


@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
@pytest.mark.parametrize(
    ("changing", "steps", "named"),
    [
        ("red AND blue:0.5", 30, "composition with AND is not supported"),
        ("[a:1]" * 101, 30, "it has more than 100 brackets that change with the steps"),
        ("[a|b|c|d|e] [a|b|c|d|e|f|g|h|i|j|k]", 55, "it changes into more than 48 different texts"),
        ("[a|b|c|d|e|f|g|h|i|j|k] (d:0.5) e (f:0.4) g (h:0.3) i (j:0.2) k (l:0.1)", 30, "it takes 66 encodings"),
    ],
)
def test_a_prompt_that_changes_too_much_is_refused_by_name(field: str, changing: str, steps: int, named: str) -> None:
    asked = {"prompt": "red", field: changing, "steps": steps}
    with pytest.raises(InvalidRequest) as problem:
        draft(**asked)
    assert [(error.field, error.detail) for error in problem.value.errors] == [(field, named)]
    if "encodings" not in named:
        draft(**asked, prompt_syntax="plain")


def sampled(**fields: Any) -> tuple[int, str, float]:
    """Steps, sampler and guidance of a request, where `fast` is a LoRA for few steps."""
    request = GenerateRequest(**{"prompt": "red dress", **fields})
    made = POLICY.generate(
        request, CALLER, 77, few_steps={"fast": FAMILIES["lightning"], "jade": FAMILIES["hyper_cfg"]}
    )
    sampling = made.images[0].spec.sampling
    return sampling.steps, sampling.sampler, sampling.guidance_scale


FAST = (4, "euler_trailing", 1.0)


def test_a_lora_for_few_steps_sets_what_the_request_leaves_out() -> None:
    assert sampled(model_name="fast") == FAST
    assert sampled(model_name=None, loras=[ExtraLora("amber"), ExtraLora("fast", 0.8)]) == FAST
    assert sampled(model_name=None, prompt="red dress <lora:fast:1>") == FAST
    assert sampled() == (8, "euler_trailing", 5.0)  # the default model
    assert sampled(loras=[ExtraLora("fast")]) == (8, "euler_trailing", 5.0)  # the first counts
    assert sampled(model_name="fast", quality="low") == FAST
    assert sampled(model_name="fast", steps=6, sampler="euler", guidance_scale=2.0) == (6, "euler", 2.0)
    assert sampled(model_name="fast", guidance_scale=2.0) == (4, "euler_trailing", 2.0)


def test_a_lora_that_does_not_count_sets_nothing() -> None:
    usual = (30, "euler", 7.0)
    assert sampled(model_name="amber") == usual
    assert sampled(model_name="fast", model_weight=0.0) == usual
    assert sampled(model_name=None, prompt="red dress <lora:fast:0>") == usual
    assert sampled(model_name="fast", steps=100) == (100, "euler", 7.0)  # more than its sampler takes


def test_a_part_of_the_way_is_counted_in_the_steps_of_the_lora() -> None:
    request = GenerateRequest(prompt="red dress", model_name="fast", hires=Hires(scale=2, strength=0.5))
    spec = POLICY.generate(request, CALLER, 77, few_steps={"fast": FAMILIES["lightning"]}).images[0].spec
    assert [each.start for each in spec.passes] == [0, 2]


def test_each_column_of_a_comparison_is_sampled_for_its_own_loras() -> None:
    variants = [CompareVariant("fast"), CompareVariant(None), CompareVariant(None, loras=[ExtraLora("fast", 0.5)])]
    request = CompareRequest(prompts=["red dress", "blue dress <lora:fast:1>"], seeds=[1], variants=variants)
    made = POLICY.compare(request, CALLER, few_steps={"fast": FAMILIES["lightning"]})
    steps = [image.spec.sampling.steps for image in made.images]
    assert steps == [4, 30, 4, 4, 4, 4]
    assert [image.spec.prompt for image in made.images[3:]] == ["blue dress <lora:fast:1>"] * 3
