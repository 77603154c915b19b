"""LoRAs named in a prompt, as A1111's web UI has it: `<lora:jade:0.8>`, `<lora:jade-v1>`. Pure."""

import re
from dataclasses import dataclass

# Without going back (++): a caller's prompt of blanks or digits would take the square of its length.
_TAG = re.compile(r"(?<!\s)\s*+<lora:([^<>:]*+)(?::([^<>]*+))?+>", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?+(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)")


@dataclass(frozen=True, slots=True)
class LoraTag:
    """`weight` as written: None where there is none; `number` what it means, None where it is no number."""

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
    """The text that is encoded."""
    return _TAG.sub("", prompt).strip()
