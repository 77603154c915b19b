"""A picture's parameters as text, in the form that A1111's web UI writes and other tools read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.params import GenerationParams
from pipelines.samplers import SAMPLERS


@dataclass(frozen=True, slots=True)
class Origin:
    """What made a picture, beside its parameters. `lora_hashes`: LoRA label -> short hash (12 hex digits)."""

    base_name: str
    base_sha256: str
    software: str
    lora_hashes: Mapping[str, str]


def infotext(params: GenerationParams, origin: Origin) -> str:
    """Prompt with its LoRAs as `<lora:name:weight>`, then the negative prompt if any, then one line of fields."""
    tags = "".join(f" <lora:{lora.label}:{number(lora.weight)}>" for lora in params.loras)
    sampler = SAMPLERS[params.sampler]
    hashes = ", ".join(f"{lora.label}: {origin.lora_hashes[lora.label]}" for lora in params.loras)
    fields = {
        "Steps": str(params.num_inference_steps),
        "Sampler": sampler.label,
        "Schedule type": sampler.schedule_type or "",
        "CFG scale": number(params.guidance_scale),
        "Seed": str(params.seed),
        "Size": f"{params.width}x{params.height}",
        "Model hash": origin.base_sha256[:10],
        "Model": origin.base_name,
        "Lora hashes": hashes,
        "Version": origin.software,
    }
    lines = [params.prompt + tags]
    if params.negative_prompt:
        lines.append(f"Negative prompt: {params.negative_prompt}")
    lines.append(", ".join(f"{name}: {quote(value)}" for name, value in fields.items() if value))
    return "\n".join(lines)


def quote(value: str) -> str:
    """JSON-quoted where a comma, colon or newline would end the value early."""
    return json.dumps(value, ensure_ascii=False) if any(mark in value for mark in ",:\n") else value


def number(value: float) -> str:
    """`7`, `0.9`: as people write it."""
    return str(int(value)) if value == int(value) else repr(value)
