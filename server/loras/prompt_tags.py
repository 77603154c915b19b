"""Parse LoRA tags in a prompt, in the syntax of A1111's web UI: `<lora:jade:0.8>`, `<lora:jade-v1>`. Pure.

https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/Features#lora
"""

import re
from dataclasses import dataclass

# Possessive quantifiers (++): backtracking would take time quadratic in a prompt of blanks or digits.
_TAG = re.compile(r"(?<!\s)\s*+<lora:([^<>:]*+)(?::([^<>]*+))?+>", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?+(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)")


@dataclass(frozen=True, slots=True)
class LoraTag:
    """`weight` as written, None without one; `number` is its value, None if it is no number."""

    text: str
    name: str
    weight: str | None

    @property
    def number(self) -> float | None:
        written = (self.weight or "").strip()
        return float(written) if _NUMBER.fullmatch(written) else None


def lora_tags(prompt: str) -> list[LoraTag]:
    return [LoraTag(match[0].strip(), match[1].strip(), match[2]) for match in _TAG.finditer(prompt)]


def without_lora_tags(prompt: str) -> str:
    """The prompt without its tags: the text that is encoded."""
    return _TAG.sub("", prompt).strip()
