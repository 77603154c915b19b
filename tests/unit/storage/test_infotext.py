"""Infotext: exactly A1111's form, and readable by the way A1111 reads it."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from pipelines.denoise.samplers import SAMPLERS
from pipelines.spec import ImageSpec, LoraRef
from server.storage.infotext import Origin, embedded_text, infotext
from tests.support.builders import image_spec

JADE = LoraRef("jade", "1", "a" * 64, 0.9, "0123456789ab")
AMBER = LoraRef("amber", None, "b" * 64, -1.0, "ba9876543210")
ORIGIN = Origin("demo", "c" * 64, "LoRA Studio 0.1.0")


def params(**changed: object) -> ImageSpec:
    values: dict[str, object] = {
        "prompt": "jade woman, red dress, beach sunset",
        "negative_prompt": "low quality, blurry, distorted",
        "steps": 30,
        "guidance_scale": 7.0,
        "width": 1024,
        "height": 768,
        "seed": 1,
        "sampler": "dpmpp_2m_karras",
        "loras": (JADE,),
    }
    return image_spec(**(values | changed))


def fields_of(line: str) -> dict[str, str]:
    """The last line of an infotext, read the way A1111's infotext parser does."""
    pairs = re.findall(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)', line)
    return {name: json.loads(value) if value.startswith('"') else value for name, value in pairs}


def test_the_form_is_a1111s():
    assert infotext(params(), ORIGIN) == (
        "jade woman, red dress, beach sunset <lora:jade-v1:0.9>\n"
        "Negative prompt: low quality, blurry, distorted\n"
        "Steps: 30, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 1, Size: 1024x768, "
        "Model hash: cccccccccc, Model: demo, "
        'Lora hashes: "jade-v1: 0123456789ab", Version: LoRA Studio 0.1.0'
    )


def test_a_file_tells_as_much_as_it_is_meant_to():
    assert embedded_text(params(embed_parameters="full"), ORIGIN) == infotext(params(), ORIGIN)
    assert embedded_text(params(embed_parameters="none"), ORIGIN) is None
    assert embedded_text(params(embed_parameters="minimal"), ORIGIN) == (
        'Seed: 1, Model hash: cccccccccc, Model: demo, Lora hashes: "jade-v1: 0123456789ab", Version: LoRA Studio 0.1.0'
    )


def test_what_is_empty_is_left_out():
    assert infotext(params(negative_prompt="", loras=(), sampler="euler", guidance_scale=4.5), ORIGIN) == (
        "jade woman, red dress, beach sunset\n"
        "Steps: 30, Sampler: Euler, CFG scale: 4.5, Seed: 1, Size: 1024x768, "
        "Model hash: cccccccccc, Model: demo, Version: LoRA Studio 0.1.0"
    )


def test_clip_skip_is_counted_from_the_last_layer():
    assert ", CFG scale: 7, Clip skip: 3, Seed: 1, " in infotext(params(clip_skip=2), ORIGIN)


def test_several_loras_keep_their_order_and_weights():
    lines = infotext(params(loras=(JADE, AMBER)), ORIGIN).splitlines()
    assert lines[0].endswith("beach sunset <lora:jade-v1:0.9> <lora:amber:-1>")
    assert fields_of(lines[-1])["Lora hashes"] == "jade-v1: 0123456789ab, amber: ba9876543210"


@given(
    base=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).map(str.strip).filter(bool),
    sampler=st.sampled_from(sorted(SAMPLERS)),
    seed=st.integers(0, 2**32 - 1),
    guidance=st.floats(0, 30),
)
def test_every_field_reads_back(base: str, sampler: str, seed: int, guidance: float):
    origin = Origin(base, "c" * 64, "LoRA Studio 0.1.0")
    text = infotext(params(sampler=sampler, seed=seed, guidance_scale=guidance), origin)
    fields = fields_of(text.split("\n")[-1])
    assert fields["Model"] == base
    assert fields["Seed"] == str(seed)
    assert fields["Sampler"] == SAMPLERS[sampler].label
    assert fields.get("Schedule type") == SAMPLERS[sampler].schedule_type
    assert float(fields["CFG scale"]) == guidance
