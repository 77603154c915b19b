"""What is sent as a batch, line by line: JSON, JSON lines, CSV, a template. Each error names its line."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.api.batches.reading import COLUMNS, TEXT_COLUMNS, form_of, read_lines
from server.batches.model import MAX_LINES, ReadLine
from server.errors import InvalidRequest, StudioError


def requests(lines: list[ReadLine]) -> list[tuple[int, dict[str, object]]]:
    """Line and what differs from a request of nothing but a prompt."""
    plain = msgspec.structs.asdict(read_lines(b'[{"prompt": "x"}]', "json")[0].request)  # type: ignore[arg-type]
    return [
        (
            line.line,
            {name: value for name, value in msgspec.structs.asdict(line.request).items() if value != plain[name]},
        )
        for line in lines
        if line.request is not None
    ]


def errors(lines: list[ReadLine]) -> list[tuple[int, str]]:
    return [(line.line, error.field) for line in lines for error in line.errors]


WANTED = [
    {"prompt": "red dress, beach", "seed": 7},
    {"prompt": 'a "quoted" word\nin two lines', "num_images": 2, "loras": [{"name": "amber", "weight": 0.5}]},
]


def test_the_same_requests_are_read_from_every_form() -> None:
    table = (
        "\ufeffPrompt,seed, num_images,loras\r\n"
        '"red dress, beach",7,,\r\n'
        "\r\n"
        '"a ""quoted"" word\nin two lines",,2,"[{""name"": ""amber"", ""weight"": 0.5}]"\r\n'
    )
    lines = b"\xef\xbb\xbf" + json.dumps(WANTED[0]).encode() + b"\r\n\r\n  " + json.dumps(WANTED[1]).encode()
    read = {
        "json": read_lines(json.dumps(WANTED).encode(), "json"),
        "object": read_lines(json.dumps({"requests": WANTED}).encode(), "json"),
        "jsonl": read_lines(lines, "jsonl"),
        "csv": read_lines(table.encode(), "csv"),
    }
    assert {form: [line.line for line in found] for form, found in read.items()} == {
        "json": [1, 2],
        "object": [1, 2],
        "jsonl": [1, 3],
        "csv": [2, 4],
    }
    wanted = [fields for _, fields in requests(read["json"])]
    assert [fields["prompt"] for fields in wanted] == [each["prompt"] for each in WANTED]
    for form, found in read.items():
        assert errors(found) == [], form
        assert [fields for _, fields in requests(found)] == wanted, form


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_may_be_separated_by_commas_semicolons_and_tabs(delimiter: str) -> None:
    table = delimiter.join(("prompt", "steps", "style")) + "\n" + delimiter.join(("red", "5", "sketch")) + "\n"
    (line,) = read_lines(table.encode(), "csv")
    assert line.request is not None and (line.request.steps, line.request.style) == (5, "sketch")


def test_every_wrong_field_of_every_line_is_named() -> None:
    lines = read_lines(
        b'[{"prompt": "red", "steps": 0, "width": 7}, {"steps": 5}, 7, {"prompt": "red"}, {"prompt": "red", "x": 1},'
        b'{"prompt": "a\\u0000b"}, {"prompt": " "}]',
        "json",
    )
    wrong = [(1, "width"), (1, "steps"), (2, "prompt"), (3, "request"), (5, "x"), (6, "prompt"), (7, "prompt")]
    assert errors(lines) == wrong
    table = b"prompt,steps,seed,quality\nred,0,x,best\nred,5,1,low,7\n,5,,\nblue,,,\n"
    assert errors(read_lines(table, "csv")) == [(2, "quality"), (2, "steps"), (2, "seed"), (3, "file"), (4, "prompt")]


def test_columns_that_are_no_fields_are_named_once() -> None:
    with pytest.raises(InvalidRequest) as error:
        read_lines(b"colour,steps,steps\nred,1,2\n", "csv")
    assert [(each.line, each.field) for each in error.value.errors] == [(1, "colour"), (1, "steps"), (1, "prompt")]


def test_a_template_makes_a_request_of_each_combination() -> None:
    template = {
        "template": {
            "prompt": "{{color}} {{ what }}, {{steps}} steps",
            "steps": "{{steps}}",
            "loras": [{"name": "{{l}}"}],
        },
        "variables": {"color": ["red", "blue"], "what": ["dress"], "steps": [5, 6], "l": ["amber"]},
    }
    found = [line.request for line in read_lines(json.dumps(template).encode(), "json")]
    assert [(each.prompt, each.steps) for each in found if each] == [
        ("red dress, 5 steps", 5),
        ("red dress, 6 steps", 6),
        ("blue dress, 5 steps", 5),
        ("blue dress, 6 steps", 6),
    ]
    assert found[0] is not None and found[0].loras is not None and found[0].loras[0].name == "amber"


@pytest.mark.parametrize(
    ("template", "variables", "field"),
    [
        ({"prompt": "{{a}} {{b}}"}, {"a": ["x"]}, "template {{b}}"),
        ({"prompt": "{{a}}"}, {"a": []}, "variables.a"),
        ({"prompt": "{{a}}"}, {"a": [["x"]]}, "variables.a"),
        ({"prompt": "red"}, {"a": ["x"]}, "variables.a"),
        ({"prompt": "{{a}}{{b}}"}, {"a": list(range(101)), "b": list(range(100))}, "variables"),
        ({"prompt": json.loads("[" * 20 + "]" * 20)}, {}, "template"),
    ],
)
def test_a_template_that_cannot_be_filled_in_is_refused(template: object, variables: object, field: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        read_lines(json.dumps({"template": template, "variables": variables}).encode(), "json")
    assert field in [each.field for each in error.value.errors]


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"", "json"),
        (b"[]", "json"),
        (b"{}", "json"),
        (b'{"requests": [], "template": {}}', "json"),
        (b"[{]", "json"),
        (b"[" * 100_000, "json"),
        (b"\n \n", "jsonl"),
        (b"prompt\n", "csv"),
        (b"prompt\n\xff\n", "csv"),
        (b"[" + b"{}," * MAX_LINES + b"{}]", "json"),
        (b"prompt\n" + b"x\n" * (MAX_LINES + 1), "csv"),
    ],
)
def test_what_has_no_usable_lines_is_refused(data: bytes, form: str) -> None:
    with pytest.raises(InvalidRequest):
        read_lines(data, form)


@given(
    st.binary(max_size=200) | st.text(alphabet='{}[]",:;\n\r\tpromt0x\\', max_size=80).map(str.encode),
    st.sampled_from(["csv", "json", "jsonl"]),
)
def test_whatever_is_sent_is_read_or_refused(data: bytes, form: str) -> None:
    try:
        lines = read_lines(b"prompt,steps\n" + data if form == "csv" else data, form)
    except StudioError:
        return
    assert all((line.request is None) == bool(line.errors) for line in lines)
    assert len({line.line for line in lines}) == len(lines)


def test_the_form_follows_from_the_type_or_the_name() -> None:
    assert form_of("text/csv", "") == "csv"
    assert form_of("", "prompts.CSV") == "csv"
    assert form_of("application/octet-stream", "prompts.jsonl") == "jsonl"
    assert form_of("application/vnd.ms-excel", "prompts.csv") == "csv"  # what browsers on Windows say of CSV files
    assert form_of("text/plain", "") == "json"
    with pytest.raises(StudioError):
        form_of("image/png", "prompts.png")


def test_columns_are_text_where_the_field_is() -> None:
    assert {"prompt", "negative_prompt", "model_name", "quality", "sampler", "style", "format"} <= TEXT_COLUMNS
    assert not TEXT_COLUMNS & {"seed", "steps", "width", "loras", "init", "guidance_scale", "num_images"}
    assert set(COLUMNS) >= TEXT_COLUMNS
