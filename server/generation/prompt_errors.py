"""What a prompt must not contain. Pure."""

from collections.abc import Iterator, Sequence

from pipelines.prompt.foreign import COMPOSITION, foreign_syntax
from pipelines.prompt.schedule import MAX_CHANGES, MAX_TEXTS, TooManyChanges, all_texts
from pipelines.prompt.weights import read_weights
from pipelines.spec import A1111, ImageSpec
from server.errors import FieldError
from server.generation.requests import MAX_ENCODINGS, MAX_EXTRA_LORAS, MAX_LORA_NAME_CHARACTERS, MAX_LORA_WEIGHT
from server.loras.prompt_tags import lora_tags, without_lora_tags


def prompt_errors(field: str, prompt: str, num_loras: int, spec: ImageSpec) -> Iterator[FieldError]:
    """`num_loras` LoRAs are named outside the prompt. `spec`: of the images that are made with it."""
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
    yield from reading_errors(field, without_lora_tags(prompt), spec)


def negative_prompt_errors(negative_prompt: str, spec: ImageSpec) -> Iterator[FieldError]:
    if tags := lora_tags(negative_prompt):
        allowed = "name LoRAs in the prompt or in loras: they work on the whole picture"
        yield FieldError("negative_prompt", f"{tags[0].text[:80]} cannot stand here", allowed)
    yield from reading_errors("negative_prompt", negative_prompt, spec)


def reading_errors(field: str, prompt: str, spec: ImageSpec) -> Iterator[FieldError]:
    """What would be read and cannot be encoded. Each text costs the text encoders a round, and each part with a weight
    below 1 another."""
    if spec.sampling.prompt_syntax == A1111 and COMPOSITION in foreign_syntax(prompt):
        allowed = 'one prompt: write "and", or take prompt_syntax "plain", in which AND is a word'
        yield FieldError(field, f"{COMPOSITION} is not supported", allowed)
    try:
        texts = all_texts(spec, prompt)
    except TooManyChanges as error:
        allowed = f"up to {MAX_TEXTS} texts and {MAX_CHANGES} brackets that change"
        yield FieldError(field, str(error), allowed)
        return
    num_encodings = sum(1 + sum(part.weight < 1 for part in read_weights(text)) for text in texts)
    if num_encodings > MAX_ENCODINGS:
        allowed = f"up to {MAX_ENCODINGS}: one for each text that it changes into, and for each weight below 1 in it"
        yield FieldError(field, f"it takes {num_encodings} encodings", allowed)


def read_errors(
    field: str, prompts: Sequence[str], negatives: Sequence[str], num_loras: int, spec: ImageSpec
) -> Iterator[FieldError]:
    """Of the prompts of all images, each problem once."""
    errors = [error for prompt in dict.fromkeys(prompts) for error in prompt_errors(field, prompt, num_loras, spec)]
    errors += [error for negative in dict.fromkeys(negatives) for error in negative_prompt_errors(negative, spec)]
    yield from dict.fromkeys(errors)
