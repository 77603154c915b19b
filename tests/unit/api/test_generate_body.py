"""The body of a generate request: what is read, and that each bad field is named with what is allowed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from server.api.http.validation import read_generate_body
from server.errors import StudioError
from server.generation.requests import Extension, ExtraLora, GenerateRequest, Hires, InitImage, MaskImage

PROMPT = {"prompt": "red dress, beach"}


def refused(body: bytes) -> StudioError:
    with pytest.raises(StudioError) as problem:
        read_generate_body(body)
    assert problem.value.kind.status == 400
    return problem.value


def refused_fields(**fields: Any) -> dict[str, tuple[str, str]]:
    problem = refused(json.dumps(fields).encode())
    return {error.field: (error.detail, error.allowed) for error in problem.errors}


def test_a_prompt_is_enough() -> None:
    request = read_generate_body(json.dumps(PROMPT).encode())
    assert request == GenerateRequest(prompt="red dress, beach")
    assert request.model_name is UNSET
    assert (request.num_images, request.quality) == (4, "high")


def test_every_field_is_read() -> None:
    fields = {
        "prompt": "jade woman",
        "model_name": "jade",
        "model_weight": -1,
        "num_images": 8,
        "quality": "low",
        "negative_prompt": "",
        "width": 256,
        "height": 192,
        "steps": 1,
        "guidance_scale": 0,
        "guidance_start": 0.25,
        "guidance_end": 0.75,
        "clip_skip": 2,
        "prompt_syntax": "plain",
        "expansion": "combinatorial",
        "seed": 2**32 - 1,
        "sampler": "heun",
        "loras": [{"name": "amber"}, {"name": "jade-v1", "weight": -2}],
        "style": "sketch",
        "format": "webp",
        "embed_parameters": "none",
        "init": {"asset_id": "a" * 64, "strength": 0.75, "resize": "fill"},
        "mask": {"asset_id": "b" * 64, "mode": "hard", "blur": 2.5, "padding": 32, "content": "noise", "invert": True},
        "extend": {"left": 64, "top": 8},
        "hires": {"width": 512, "height": 256, "upscaler": "lanczos", "steps": 12, "strength": 0.3},
    }
    expected = {
        **fields,
        "loras": [ExtraLora("amber"), ExtraLora("jade-v1", -2)],
        "init": InitImage("a" * 64, None, 0.75, "fill"),
        "mask": MaskImage("b" * 64, "hard", 2.5, 32, "noise", True),
        "extend": Extension(left=64, top=8),
        "hires": Hires(None, 512, 256, "lanczos", 12, 0.3),
    }
    assert read_generate_body(json.dumps(fields).encode()) == GenerateRequest(**expected)
    assert set(fields) == set(GenerateRequest.__struct_fields__)


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("prompt", "", "text of 1 to 2,000 characters"),
        ("prompt", "x" * 10_000, "text of 1 to 2,000 characters"),
        ("prompt", "  \n", "text of 1 to 2,000 characters"),
        ("prompt", "a\u0000b", "text of 1 to 2,000 characters"),
        ("prompt", None, "text of 1 to 2,000 characters"),
        ("prompt", ["red"], "text of 1 to 2,000 characters"),
        ("model_name", 7, "text of 1 to 128 characters or null"),
        ("model_name", "", "text of 1 to 128 characters or null"),
        ("num_images", 0, "a whole number from 1 to 8"),
        ("num_images", 99, "a whole number from 1 to 8"),
        ("num_images", "4", "a whole number from 1 to 8"),
        ("num_images", 4.5, "a whole number from 1 to 8"),
        ("num_images", 9.0, "a whole number from 1 to 8"),
        ("num_images", True, "a whole number from 1 to 8"),
        ("num_images", 10**30, "a whole number from 1 to 8"),
        ("quality", "best", "one of high, low, medium"),
        ("negative_prompt", "\u0000", "text of at most 2,000 characters or null"),
        ("width", 13, "a whole number from 8 to 16384, a multiple of 8 or null"),
        ("height", 100_000, "a whole number from 8 to 16384, a multiple of 8 or null"),
        ("steps", -1, "a whole number from 1 to 150 or null"),
        ("steps", 151, "a whole number from 1 to 150 or null"),
        ("guidance_scale", 30.5, "a number from 0 to 30 or null"),
        ("guidance_scale", "7", "a number from 0 to 30 or null"),
        ("seed", 2**64, "a whole number from -1 to 18446744073709551615 or null"),
        ("seed", 1e30, "a whole number from -1 to 18446744073709551615 or null"),
        ("seed", -2, "a whole number from -1 to 18446744073709551615 or null"),
        ("sampler", 1, "text of at most 64 characters or null"),
        ("loras", {}, "a list of at most 8, each an object with name, weight or null"),
        ("loras", [{"name": "a"}] * 9, "a list of at most 8, each an object with name, weight or null"),
        ("style", 1, "text of at most 64 characters or null"),
        ("model_weight", 20.5, "a number from -20 to 20 or null"),
        ("format", "gif", "one of jpeg, png, webp or null"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(field: str, value: Any, allowed: str) -> None:
    errors = refused_fields(**{**PROMPT, field: value})
    assert list(errors) == [field]
    assert errors[field][1] == allowed


@pytest.mark.parametrize(
    ("written", "fields"),
    [
        ('"steps": 4.0, "num_images": 2.0', {"steps": 4, "num_images": 2}),
        ('"seed": 1e3, "width": 2.56e2', {"seed": 1000, "width": 256}),
        ('"seed": 18446744073709551615', {"seed": 2**64 - 1}),
        ('"seed": -1.0', {"seed": -1}),
        ('"guidance_scale": 7.0, "loras": [{"name": "a", "weight": 1.0}]', {"guidance_scale": 7.0}),
    ],
)
def test_a_number_counts_by_its_value_not_by_its_form(written: str, fields: dict[str, Any]) -> None:
    request = read_generate_body(b'{"prompt": "red", ' + written.encode() + b"}")
    read = {name: getattr(request, name) for name in fields}
    assert read == fields
    assert {name: type(value) for name, value in read.items()} == {name: type(value) for name, value in fields.items()}


def test_a_byte_order_mark_is_skipped() -> None:
    assert read_generate_body(b"\xef\xbb\xbf" + json.dumps(PROMPT).encode()).prompt == "red dress, beach"


@pytest.mark.parametrize("depth", [3, 400, 900])
def test_a_deep_value_is_refused_like_any_other(depth: int) -> None:
    assert refused(b'{"prompt": "a", "loras": ' + b"[" * depth + b"4.0" + b"]" * depth + b"}").detail


@pytest.mark.parametrize(
    ("lora", "field", "allowed"),
    [
        ({"name": "jade", "weight": 20.5}, "loras[1].weight", "a number from -20 to 20 or null"),
        ({"name": "jade", "weight": "1"}, "loras[1].weight", "a number from -20 to 20 or null"),
        ({"weight": 1}, "loras[1].name", "text of 1 to 128 characters"),
        ({"name": ""}, "loras[1].name", "text of 1 to 128 characters"),
        ({"name": "jade", "scale": 1}, "loras[1].scale", "an object with name, weight"),
        ("jade", "loras[1]", "an object with name, weight"),
    ],
)
def test_a_bad_lora_is_named_by_its_place(lora: Any, field: str, allowed: str) -> None:
    errors = refused_fields(**PROMPT, loras=[{"name": "amber"}, lora])
    assert {name: allowed for name, (_, allowed) in errors.items()} == {field: allowed}


def test_all_bad_fields_are_told_at_once() -> None:
    assert set(refused_fields(num_images=0, steps="12", colour="red")) == {"prompt", "num_images", "steps", "colour"}


def test_a_long_value_is_not_repeated_in_full() -> None:
    detail, _ = refused_fields(prompt="x" * 10_000)["prompt"]
    assert len(detail) < 120
    assert "10,000" in detail


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        b"{",
        b"[]",
        b'"prompt"',
        b"null",
        b'{"prompt": "a", "guidance_scale": NaN}',
        b'{"prompt": "a", "guidance_scale": Infinity}',
        b'{"prompt": "a", "guidance_scale": -Infinity}',
        b'{"prompt": "a", "guidance_scale": 1e999}',
        b'{"prompt": "\xff"}',
        b'{"prompt": "\\ud800"}',
        b'{"prompt": "a",}',
        b"prompt=a",
        b"[" * 100_000,
    ],
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert "allowed" in refused(body).detail


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_body_does_more_than_be_refused(body: bytes) -> None:
    try:
        read_generate_body(body)
    except StudioError as problem:
        assert problem.kind.status == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*GenerateRequest.__struct_fields__, "x", "a.b", "c[0]"]), JSON))
def test_any_json_object_is_read_or_refused_with_the_fields_to_blame(fields: dict[str, Any]) -> None:
    try:
        read_generate_body(json.dumps(fields).encode())
    except StudioError as problem:
        assert problem.errors or "not JSON" in problem.detail
        assert all(error.allowed for error in problem.errors)


def test_a_body_of_many_wrong_fields_is_not_answered_at_length() -> None:
    problem = refused(json.dumps({str(n): 0 for n in range(50_000)}).encode())
    assert len(problem.errors) == 100
    assert problem.detail.endswith("and 49,901 more")  # the prompt is missing too
    assert len(problem.detail) < 100_000
