"""Infotext: exactly A1111's form, and readable by the way A1111 reads it."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from pipelines.denoise.samplers import SAMPLERS
from pipelines.plan import RawImage
from pipelines.spec import ImageSpec, LoraRef
from server.storage.encoding import encode_image
from server.storage.infotext import Origin, embedded_text, infotext
from tests.support.builders import image_spec
from tests.support.picture_text import a1111_text

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


def parts_of(text: str) -> tuple[str, str, dict[str, str]]:
    """Prompt, negative prompt and fields, by A1111's `infotext_utils.parse_generation_parameters`."""
    *lines, last = text.strip().split("\n")
    prompt: list[str] = []
    negative: list[str] = []
    target = prompt
    for line in map(str.strip, lines):
        if line.startswith("Negative prompt:"):
            target = negative
            line = line.removeprefix("Negative prompt:").strip()
        target.append(line)
    return "\n".join(prompt), "\n".join(negative), fields_of(last)


HOSTILE = st.lists(
    st.sampled_from(
        [
            "Steps: 9, Sampler: Euler, CFG scale: 3, Seed: 5",
            '"a", "b: c',
            "\\",
            "שלום\u202e\u202c",
            "👩\u200d👧",
            "雪",
            ",",
        ]
    )
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20),
    min_size=1,
    max_size=4,
).map(lambda lines: "\n".join(stripped for line in lines if (stripped := line.strip())) or "red")


@given(prompt=HOSTILE, negative=HOSTILE, image_format=st.sampled_from(["jpeg", "webp", "png"]))
def test_a1111_reads_any_prompt_back_from_any_file(prompt: str, negative: str, image_format: str):
    text = infotext(params(prompt=prompt, negative_prompt=negative, loras=()), ORIGIN)
    file = encode_image(RawImage(8, 8, bytes(8 * 8 * 3)), image_format, text).data
    read_prompt, read_negative, fields = parts_of(a1111_text(file))
    assert (read_prompt, read_negative) == (prompt, negative)
    assert (fields["Steps"], fields["Seed"], "Prompt lines" in fields) == ("30", "1", False)


def test_a_prompt_that_looks_like_a_negative_one_says_how_many_lines_it_has():
    prompt = "red dress\nsea\n Negative prompt: snow"
    assert fields_of(infotext(params(prompt=prompt), ORIGIN).split("\n")[-1])["Prompt lines"] == "3"


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


def test_plain_syntax_is_named_where_it_matters():
    for prompt, named in (("[red:blue:0.5]", True), ("a BREAK b", True), ("red [dress]", False)):
        assert (", Prompt syntax: plain, " in infotext(params(prompt=prompt), ORIGIN)) == named
    assert "Prompt syntax" not in infotext(params(prompt="[red:blue:0.5]", prompt_syntax="a1111"), ORIGIN)


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
