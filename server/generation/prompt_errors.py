"""What a prompt must not contain. Pure."""

from collections.abc import Iterator

from pipelines.prompt.weights import read_weights
from server.errors import FieldError
from server.generation.requests import MAX_EXTRA_LORAS, MAX_LORA_NAME_CHARACTERS, MAX_LORA_WEIGHT, MAX_LOWERED_PARTS
from server.loras.prompt_tags import lora_tags, without_lora_tags


def prompt_errors(field: str, prompt: str, num_loras: int) -> Iterator[FieldError]:
    """`num_loras` LoRAs are named outside the prompt."""
    tags = lora_tags(prompt)
    if tags and not without_lora_tags(prompt):
        yield FieldError(field, "there are no words besides the LoRAs", "some words")
    for tag in tags:
        if not 1 <= len(tag.name) <= MAX_LORA_NAME_CHARACTERS:
            yield FieldError(field, f"{tag.text[:80]} names no LoRA", "<lora:name> or <lora:name:weight>")
        elif tag.weight is not None and (tag.number is None or abs(tag.number) > MAX_LORA_WEIGHT):
            allowed = f"a weight from -{MAX_LORA_WEIGHT:g} to {MAX_LORA_WEIGHT:g}, as in <lora:{tag.name}:0.8>"
            yield FieldError(field, f"{tag.text[:80]} has no usable weight", allowed)
    if tags and len(tags) + num_loras > MAX_EXTRA_LORAS:
        allowed = f"{MAX_EXTRA_LORAS} LoRAs at most, in the prompt and in loras together"
        yield FieldError(field, f"{len(tags) + num_loras} LoRAs are too many", allowed)
    yield from _lowered_errors(field, prompt)


def negative_prompt_errors(negative_prompt: str | None) -> Iterator[FieldError]:
    if tags := lora_tags(negative_prompt or ""):
        allowed = "name LoRAs in the prompt or in loras: they work on the whole picture"
        yield FieldError("negative_prompt", f"{tags[0].text[:80]} cannot stand here", allowed)
    yield from _lowered_errors("negative_prompt", negative_prompt or "")


def _lowered_errors(field: str, prompt: str) -> Iterator[FieldError]:
    """Each part with a weight below 1 costs the text encoders another round."""
    num_lowered = sum(part.weight < 1 for part in read_weights(prompt))
    if num_lowered > MAX_LOWERED_PARTS:
        allowed = f"up to {MAX_LOWERED_PARTS} parts with a weight below 1"
        yield FieldError(field, f"{num_lowered} parts have a weight below 1", allowed)
