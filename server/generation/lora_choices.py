"""The LoRAs that a request names, and how images with them are sampled. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipelines.lora.files.few_steps import FewSteps
from server.generation.requests import CompareVariant, ExtraLora, GenerateRequest
from server.loras.prompt_tags import lora_tags
from server.queue.model import LoraChoice, LoraChoices

NO_LORA = "base"


def choices_of(model_name: str | None, source: GenerateRequest | CompareVariant, path: str) -> LoraChoices:
    """`path` leads to the source's fields in the request."""
    model = None
    if model_name not in (None, NO_LORA):
        model = LoraChoice(model_name, source.model_weight, f"{path}model_name")
    loras: list[ExtraLora] = source.loras or []
    others = (LoraChoice(lora.name, lora.weight, f"{path}loras[{n}].name") for n, lora in enumerate(loras))
    return LoraChoices(model, tuple(others))


def with_tags(choices: LoraChoices, prompt: str, field: str) -> LoraChoices:
    """And the LoRAs that the prompt names; `field` is its place in the request."""
    tagged = (LoraChoice(tag.name, tag.number, field) for tag in lora_tags(prompt))
    return replace(choices, others=(*choices.others, *tagged))


def default_that_fits(wanted: str, names: Sequence[str], labels: Sequence[str]) -> str:
    """The operator's default where there is such a LoRA, else none: a LoRA that the operator did not choose is in no
    image."""
    return wanted if wanted in names or wanted in labels else NO_LORA


def few_steps_of(choices: LoraChoices, prompt: str, few_steps: Mapping[str, FewSteps]) -> FewSteps | None:
    """Of the first LoRA that has any and a weight, tags in the prompt included."""
    if not few_steps:
        return None
    tagged = [(tag.name, tag.number) for tag in lora_tags(prompt)]
    named = [(each.name, each.weight) for each in ((choices.model,) if choices.model else ()) + choices.others]
    return next((few_steps[name] for name, weight in [*named, *tagged] if name in few_steps and weight != 0), None)
