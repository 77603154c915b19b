"""LoRAs that are distilled to few steps: what each family is sampled with, and how a file's family is found.
Torch-free.

The name decides: the title in the file's metadata, else the name of the file. One that is published as
`pytorch_lora_weights.safetensors`, as others are, too, is known by its hash. Sources of the values: the model cards
ByteDance/SDXL-Lightning, ByteDance/Hyper-SD, tianweiy/DMD2, latent-consistency/lcm-lora-sdxl, h1t/TCD-SDXL-LoRA.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

FamilyName = Literal["lightning", "hyper", "hyper_cfg", "dmd2", "lcm", "tcd", "turbo"]
FAMILY_NAMES: tuple[FamilyName, ...] = get_args(FamilyName)
Names = tuple[str | None, ...]
MAX_FEW_STEPS = 16
WEIGHT = 1.0
"""The weight that they are distilled for."""


@dataclass(frozen=True, slots=True)
class FewSteps:
    """How images with a LoRA are sampled. `guidance_scale` 1: none, and each step costs one row instead of two."""

    family: FamilyName
    steps: int
    sampler: str
    guidance_scale: float = 1.0


# Hyper-SD's card names DDIM with trailing timesteps: without added noise its steps are Euler's.
FAMILIES: Mapping[FamilyName, FewSteps] = {
    family.family: family
    for family in (
        FewSteps("lightning", 4, "euler_trailing"),
        FewSteps("hyper", 8, "euler_trailing"),
        FewSteps("hyper_cfg", 8, "euler_trailing", guidance_scale=5.0),
        FewSteps("dmd2", 4, "lcm"),
        FewSteps("lcm", 8, "lcm"),
        FewSteps("tcd", 4, "tcd"),
        FewSteps("turbo", 4, "lcm"),
    )
}

# A word alone can be a style's ("lightning bolts"): it counts next to a number of steps, or as a family writes it. The
# first pattern that is found decides.
_FEW = r"\b\d{1,2} ?steps?\b"
_NAMES: tuple[tuple[FamilyName, re.Pattern[str]], ...] = (
    ("hyper_cfg", re.compile(rf"\bhyper\b.*{_FEW}.*\bcfg\b")),
    ("hyper", re.compile(rf"\bhyper\b.*{_FEW}|{_FEW}.*\bhyper\b|\bhyper sd(xl)?\b")),
    ("lightning", re.compile(rf"\blightning\b.*{_FEW}|{_FEW}.*\blightning\b|\b(sd)?xl lightning\b")),
    ("dmd2", re.compile(r"\bdmd ?2\b")),
    ("lcm", re.compile(r"\blcm (lora|(sd)?xl)\b|\b(sd)?xl lcm\b")),
    ("tcd", re.compile(r"\btcd (lora|(sd)?xl)\b|\b(sd)?xl tcd\b")),
    ("turbo", re.compile(r"\b(sd)?xl turbo lora\b|\bturbo lora (sd)?xl\b")),
)
_STEPS = re.compile(r"\b(\d{1,2}) ?steps?\b")
_HASHES: Mapping[str, FamilyName] = {
    "a764e6859b6e04047cd761c08ff0cee96413a8e004c9f07707530cd776b19141": "lcm",  # latent-consistency/lcm-lora-sdxl
}


@functools.lru_cache(8192)  # a request looks at every LoRA
def recognized(sha256: str, names: Names) -> FewSteps | None:
    """How a file is sampled by its hash, or else by the first of its names that is a family's; None: as any other."""
    texts = [re.sub(r"[\W_]+", " ", name.lower()) for name in names if name]
    if (family := _HASHES.get(sha256)) is not None:
        return FAMILIES[family]
    for text in texts:
        for family, pattern in _NAMES:
            if pattern.search(text):
                return with_steps(FAMILIES[family], named_steps((text,)))
    return None


def named_steps(names: Names) -> int | None:
    """`8` of `Hyper-SDXL-8steps-lora`; None where no name says it, or says that it is many."""
    for name in names:
        found = _STEPS.search(re.sub(r"[\W_]+", " ", (name or "").lower()))
        if found and 1 <= int(found[1]) <= MAX_FEW_STEPS:
            return int(found[1])
    return None


def with_steps(few_steps: FewSteps, steps: int | None) -> FewSteps:
    """Hyper-SD's LoRA for one step is made for TCD."""
    if steps is None:
        return few_steps
    is_one_step = few_steps.family == "hyper" and steps == 1
    return replace(few_steps, steps=steps, sampler="tcd" if is_one_step else few_steps.sampler)
