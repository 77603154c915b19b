"""Styles: named prompt templates. To add one, add it here; the API, its document and the page read this table.

A template puts its words behind the prompt, so that a LoRA's trigger words stay in front of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

PLACE = "{prompt}"


@dataclass(frozen=True, slots=True)
class Style:
    """`prompt` holds `{prompt}` once; `negative_prompt` is added to the caller's (or the default) negative prompt."""

    name: str
    label: str
    prompt: str
    negative_prompt: str = ""

    @property
    def words(self) -> str:
        """What the template adds."""
        return self.prompt.replace(PLACE, " ")

    def apply(self, prompt: str) -> str:
        """A prompt that the template has been applied to already stays as it is."""
        before, after = self.prompt.split(PLACE)
        if prompt.startswith(before) and prompt.endswith(after):
            return prompt
        return before + prompt + after

    def add_negative(self, negative_prompt: str) -> str:
        """The negative prompt, and the style's phrases that are not in it."""
        there = {phrase.strip().lower() for phrase in negative_prompt.split(",")}
        added = [phrase for phrase in self.negative_prompt.split(", ") if phrase and phrase.lower() not in there]
        return ", ".join(filter(None, [negative_prompt, *added]))


def _by_name(*styles: Style) -> Mapping[str, Style]:
    return {style.name: style for style in styles}


STYLES = _by_name(
    Style(
        "photographic",
        "Photographic",
        "{prompt}, photograph, 50mm lens, natural light, sharp focus, fine detail",
        "drawing, painting, illustration, cartoon, render",
    ),
    Style(
        "cinematic",
        "Cinematic",
        "{prompt}, cinematic film still, dramatic light, shallow depth of field, film grain, color graded",
        "drawing, painting, cartoon, flat light, overexposed",
    ),
    Style(
        "watercolor",
        "Watercolor",
        "{prompt}, watercolor painting, soft washes, bleeding edges, paper texture",
        "photograph, render, hard outlines",
    ),
    Style(
        "anime",
        "Anime",
        "{prompt}, anime, cel shading, clean lines, vivid colors, detailed background",
        "photograph, realistic, render",
    ),
    Style(
        "line_art",
        "Line art",
        "{prompt}, line art, black ink on white paper, clean outlines, no shading",
        "photograph, color, shading, render",
    ),
    # The words that the demo model's captions use, as a tag at their end.
    Style("sketch", "Sketch", "{prompt}, sketch"),
    Style("monochrome", "Monochrome", "{prompt}, monochrome"),
    Style("pixel_art", "Pixel art", "{prompt}, pixel art"),
    Style("foggy", "Foggy", "{prompt}, foggy"),
)
