"""From a comparison's request to a `JobOrder`. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from server.api.auth.caller import Caller
from server.api.http.problems import FieldError, invalid
from server.api.jobs.compare_schemas import CompareRequest
from server.api.jobs.schemas import MAX_IMAGES, GenerateRequest
from server.generation.policy import (
    NO_LORA,
    RequestBounds,
    Rules,
    fill_in,
    prompt_errors,
)
from server.queue.grid import MAX_CELLS
from server.queue.model import (
    Comparison,
    JobOrder,
    LoraChoice,
    Variant,
)

COMMON = tuple(name for name in CompareRequest.__struct_fields__ if name in GenerateRequest.__struct_fields__)


def fill_in_comparison(request: CompareRequest, rules: Rules, caller: Caller) -> JobOrder:
    """Raises Problem (400)."""
    if errors := list(_errors(request, rules.bounds(caller))):
        raise invalid(errors)
    common = {name: getattr(request, name) for name in COMMON}
    order = fill_in(GenerateRequest(prompt="-", model_name=None, num_images=1, **common), rules, caller, 0)
    comparison = Comparison(
        prompts=tuple(prompt.strip() for prompt in request.prompts),
        seeds=tuple(request.seeds),
        variants=tuple(_variants(request)),
    )
    return replace(
        order,
        prompt="\n".join(comparison.prompts),
        seed=comparison.seeds[0],
        num_images=_num_cells(request),
        comparison=comparison,
    )


def _variants(request: CompareRequest) -> Iterator[Variant]:
    for n, asked in enumerate(request.variants):
        here = f"variants[{n}]"
        name = None if asked.model_name == NO_LORA else asked.model_name
        model = LoraChoice(name, asked.model_weight, f"{here}.model_name") if name else None
        loras = enumerate(asked.loras or ())
        yield Variant(model, tuple(LoraChoice(lora.name, lora.weight, f"{here}.loras[{m}].name") for m, lora in loras))


def _errors(request: CompareRequest, bounds: RequestBounds) -> Iterator[FieldError]:
    max_cells = MAX_CELLS if bounds.max_images >= MAX_IMAGES else bounds.max_images
    if (num_cells := _num_cells(request)) > max_cells:
        allowed = f"prompts times seeds times variants up to {max_cells}"
        yield FieldError("variants", f"{num_cells} pictures are too many", allowed)
    if len(set(request.seeds)) < len(request.seeds):
        yield FieldError("seeds", "a seed is there twice", "each seed once")
    num_loras = max(len(variant.loras or ()) for variant in request.variants)
    for n, prompt in enumerate(request.prompts):
        yield from prompt_errors(f"prompts[{n}]", prompt, num_loras)
    for n, variant in enumerate(request.variants):
        if variant.model_weight is not None and variant.model_name in (None, NO_LORA):
            allowed = "only beside a model_name that names a LoRA"
            yield FieldError(f"variants[{n}].model_weight", "there is no LoRA to weigh", allowed)


def _num_cells(request: CompareRequest) -> int:
    return len(request.prompts) * len(request.seeds) * len(request.variants)
