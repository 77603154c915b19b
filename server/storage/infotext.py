"""A picture's parameters as text, in the form that A1111's web UI writes and other tools read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.denoise.samplers import SAMPLERS
from pipelines.params import GenerationParams


@dataclass(frozen=True, slots=True)
class Origin:
    """What made a picture, beside its parameters. `lora_hashes`: LoRA label -> short hash (12 hex digits)."""

    base_name: str
    base_sha256: str
    software: str
    lora_hashes: Mapping[str, str]


def embedded_text(amount: str, params: GenerationParams, origin: Origin) -> str | None:
    """What a picture's file tells of its making: `full` is all of it, `minimal` what is not the caller's own words,
    `none` nothing."""
    match amount:
        case "full":
            return infotext(params, origin)
        case "minimal":
            return _line({"Seed": str(params.seed), **_made_with(params, origin)})
        case "none":
            return None
        case _:
            raise ValueError(f"{amount!r} is no amount of parameters; there are full, minimal and none")


def infotext(params: GenerationParams, origin: Origin) -> str:
    """Prompt with its LoRAs as `<lora:name:weight>`, then the negative prompt if any, then one line of fields."""
    tags = "".join(f" <lora:{lora.label}:{number(lora.weight)}>" for lora in params.loras)
    sampler = SAMPLERS[params.sampler]
    fields = {
        "Steps": str(params.num_inference_steps),
        "Sampler": sampler.label,
        "Schedule type": sampler.schedule_type or "",
        "CFG scale": number(params.guidance_scale),
        "Guidance start": number(params.guidance_start) if params.guidance_start > 0 else "",
        "Guidance end": number(params.guidance_end) if params.guidance_end < 1 else "",
        "Seed": str(params.seed),
        "Size": f"{params.width}x{params.height}",
        **_made_with(params, origin),
    }
    lines = [params.prompt + tags]
    if params.negative_prompt:
        lines.append(f"Negative prompt: {params.negative_prompt}")
    lines.append(_line(fields))
    return "\n".join(lines)


def _made_with(params: GenerationParams, origin: Origin) -> dict[str, str]:
    return {
        "Model hash": origin.base_sha256[:10],
        "Model": origin.base_name,
        "Lora hashes": ", ".join(f"{lora.label}: {origin.lora_hashes[lora.label]}" for lora in params.loras),
        "Version": origin.software,
    }


def _line(fields: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {quote(value)}" for name, value in fields.items() if value)


def quote(value: str) -> str:
    """JSON-quoted where a comma, colon or newline would end the value early, and where it looks quoted already."""
    is_plain = not value.startswith('"') and not any(mark in value for mark in ",:\n")
    return value if is_plain else json.dumps(value, ensure_ascii=False)


def number(value: float) -> str:
    """`7`, `0.9`: as people write it."""
    return str(int(value)) if value == int(value) else repr(value)
