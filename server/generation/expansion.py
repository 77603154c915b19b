"""The words of each image of a request: what varies in its prompts is chosen by the seed or by number. Pure."""

from collections.abc import Sequence

from pipelines.spec import A1111
from server.errors import FieldError, InvalidRequest
from server.generation.requests import MAX_PROMPT_CHARACTERS, Expansion
from server.generation.variants import Template, VariantError, Wildcards, varies


def expanded(
    field: str, prompt: str, seeds: Sequence[int], expansion: Expansion, syntax: str, wildcards: Wildcards
) -> list[str]:
    """The prompt for each seed. `field` is its place in the request. Raises InvalidRequest."""
    if syntax != A1111 or not varies(prompt):
        return [prompt] * len(seeds)
    name = field.partition("[")[0].rstrip("s")
    try:
        template = Template(prompt, wildcards, MAX_PROMPT_CHARACTERS)
        if expansion == "combinatorial":
            return [template.nth(number).strip() for number in range(len(seeds))]
        return [template.random(seed, name).strip() for seed in seeds]
    except VariantError as error:
        raise InvalidRequest([FieldError(field, str(error), "see docs/prompts.md, or prompt_syntax plain")]) from error


def num_combinations(prompt: str, wildcards: Wildcards) -> int:
    """Raises InvalidRequest."""
    try:
        return Template(prompt, wildcards, MAX_PROMPT_CHARACTERS).num_combinations
    except VariantError as error:
        raise InvalidRequest([FieldError("prompt", str(error), "see docs/prompts.md")]) from error
