"""An image's parameters as text, in the format of A1111's web UI."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.denoise.samplers import SAMPLERS
from pipelines.prompt.foreign import OF_A1111, foreign_syntax
from pipelines.spec import A1111, ImageSpec

NEGATIVE = "Negative prompt:"


@dataclass(frozen=True, slots=True)
class Origin:
    """What made an image, in addition to its spec. `moderation`: what that says about it, like `flagged 0.93`."""

    base_name: str
    base_sha256: str
    software: str
    moderation: str = ""


def embedded_text(spec: ImageSpec, origin: Origin) -> str | None:
    """What the file contains about its making, by `embed_parameters`: `full` is everything, `minimal` what is not the
    caller's own words and settings, `none` nothing."""
    match spec.output.embed_parameters:
        case "full":
            return infotext(spec, origin)
        case "minimal":
            return _line({"Seed": str(spec.sampling.seed), **_made_with(spec, origin)})
        case "none":
            return None
        case amount:
            raise ValueError(f"embed_parameters {amount!r}; allowed are full, minimal and none")


def infotext(spec: ImageSpec, origin: Origin) -> str:
    """Prompt with its LoRAs as `<lora:name:weight>`, then the negative prompt if any, then one line of fields."""
    tags = "".join(f" <lora:{lora.label}:{number(lora.weight)}>" for lora in spec.loras)
    sampling = spec.sampling
    sampler = SAMPLERS[sampling.sampler]
    fields = {
        "Steps": str(sampling.steps),
        "Sampler": sampler.label,
        "Schedule type": sampler.schedule_type or "",
        "CFG scale": number(sampling.guidance_scale),
        "Guidance start": number(sampling.guidance_start) if sampling.guidance_start > 0 else "",
        "Guidance end": number(sampling.guidance_end) if sampling.guidance_end < 1 else "",
        "Clip skip": str(sampling.clip_skip + 1) if sampling.clip_skip > 0 else "",
        "Prompt syntax": _plain_syntax(spec),
        "Seed": str(sampling.seed),
        "Size": f"{spec.passes[0].width}x{spec.passes[0].height}",
        **_from_image(spec),
        **_second_pass(spec),
        "Prompt lines": _ambiguous_lines(spec.prompt),
        **_made_with(spec, origin),
    }
    lines = [spec.prompt + tags]
    if spec.negative_prompt:
        lines.append(f"{NEGATIVE} {spec.negative_prompt}")
    lines.append(_line(fields))
    return "\n".join(lines)


def _from_image(spec: ImageSpec) -> dict[str, str]:
    """A1111's fields of image-to-image and inpainting."""
    source, first = spec.source, spec.passes[0]
    if source is None:
        return {}
    fields = {"Denoising strength": number(first.strength)}
    if first.upscaler is not None:
        fields["Upscaler"] = first.upscaler
    mask = source.mask
    if mask is not None:
        fields["Mask blur"] = number(mask.blur)
        fields["Soft inpainting enabled"] = "True" if mask.mode == "soft" else ""
        fields["Mask mode"] = "Inpaint not masked" if mask.invert else ""
        fields["Masked content"] = {"original": "", "noise": "latent noise"}.get(mask.content, mask.content)
        if mask.padding is not None:
            fields |= {"Inpaint area": "Only masked", "Masked area padding": str(mask.padding)}
    return fields


def _second_pass(spec: ImageSpec) -> dict[str, str]:
    """A1111's fields of its hires fix."""
    if len(spec.passes) == 1:
        return {}
    first, last = spec.passes[0], spec.passes[-1]
    scale = last.width / first.width
    has_scale = (last.width, last.height) == (int(first.width * scale), int(first.height * scale))
    size = {"Hires upscale": number(scale)} if has_scale else {"Hires resize": f"{last.width}x{last.height}"}
    return {
        "Denoising strength": number(last.strength),
        **size,
        "Hires steps": str(last.steps) if last.steps else "",
        "Hires upscaler": {"latent": "Latent", "lanczos": "Lanczos"}.get(last.upscaler or "", last.upscaler or ""),
    }


def _ambiguous_lines(prompt: str) -> str:
    """The number of the prompt's lines, where one of them looks like the beginning of the negative prompt: A1111's
    format has no escape for it. The page reads this field, other tools ignore it."""
    lines = prompt.split("\n")
    return str(len(lines)) if any(line.strip().startswith(NEGATIVE) for line in lines) else ""


def _plain_syntax(spec: ImageSpec) -> str:
    """`plain`, where A1111 would read something in the prompts that was read as text."""
    if spec.sampling.prompt_syntax == A1111:
        return ""
    read = OF_A1111.intersection({**foreign_syntax(spec.prompt), **foreign_syntax(spec.negative_prompt)})
    return spec.sampling.prompt_syntax if read else ""


def _made_with(spec: ImageSpec, origin: Origin) -> dict[str, str]:
    return {
        "Model hash": origin.base_sha256[:10],
        "Model": origin.base_name,
        "Lora hashes": ", ".join(f"{lora.label}: {lora.short_hash}" for lora in spec.loras),
        "TI hashes": ", ".join(f"{each.name}: {each.short_hash}" for each in spec.embeddings),
        "Moderation": origin.moderation,
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
