"""From the bytes of a batch to its lines, each read on its own: every wrong field of every line is reported. Runs on a
thread."""

import codecs
import csv
import io
import json
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import msgspec

from server.api.batches.template import Template, rendered
from server.api.http.validation import json_object, read_generate_fields
from server.batches.model import MAX_LINES, ReadLine
from server.errors import UNSUPPORTED_MEDIA_TYPE, FieldError, InvalidRequest, StudioError
from server.generation.requests import GenerateRequest

MAX_BYTES = 20_000_000
MAX_CELL_CHARACTERS = 100_000
SHOWN_CHARACTERS = 200
EXAMPLE = '{"prompt": "red dress, beach"}'
ALLOWED_LINES = f"1 to {MAX_LINES:,} requests"
CSV, JSON, JSONL = "csv", "json", "jsonl"
BY_TYPE = {
    "text/csv": CSV,
    "application/json": JSON,
    "application/x-ndjson": JSONL,
    "application/jsonl": JSONL,
    "application/x-jsonlines": JSONL,
}
BY_ENDING = {".csv": CSV, ".tsv": CSV, ".json": JSON, ".jsonl": JSONL, ".ndjson": JSONL}
UNTYPED = ("", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded")
"""Of `fetch`, of curl, and of a file whose type the client does not know: its name decides, else it is JSON."""
DELIMITERS = ",;\t"


def _texts() -> frozenset[str]:
    """The fields of a request whose values are text."""

    def is_text(kind: msgspec.inspect.Type) -> bool:
        if isinstance(kind, msgspec.inspect.UnionType):
            return any(map(is_text, kind.types))
        is_choice = isinstance(kind, msgspec.inspect.LiteralType)
        return is_choice or isinstance(kind, msgspec.inspect.StrType)

    info = msgspec.inspect.type_info(GenerateRequest)
    assert isinstance(info, msgspec.inspect.StructType)
    plain = {field.name: _without_meta(field.type) for field in info.fields}
    return frozenset(name for name, kind in plain.items() if is_text(kind))


def _without_meta(kind: msgspec.inspect.Type) -> msgspec.inspect.Type:
    while isinstance(kind, msgspec.inspect.Metadata):
        kind = kind.type
    if isinstance(kind, msgspec.inspect.UnionType):
        return msgspec.inspect.UnionType(tuple(map(_without_meta, kind.types)))
    return kind


COLUMNS = tuple(field.encode_name for field in msgspec.structs.fields(GenerateRequest))
TEXT_COLUMNS = _texts()


class JsonBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A batch as a JSON object."""

    requests: list[msgspec.Raw] | None = None
    template: dict[str, Any] | None = None
    variables: dict[str, list[Any]] | None = None


def form_of(media_type: str, filename: str) -> str:
    """csv, json or jsonl. Raises StudioError (415)."""
    if (form := BY_TYPE.get(media_type.lower())) is not None:
        return form
    ending = PurePath(filename).suffix.lower()
    if media_type.lower() in UNTYPED or ending in BY_ENDING:
        return BY_ENDING.get(ending, JSON)
    detail = f"{media_type[:200]} cannot be read; send JSON, JSON lines (application/x-ndjson) or text/csv"
    raise StudioError(UNSUPPORTED_MEDIA_TYPE, detail)


def read_lines(data: bytes | bytearray, form: str) -> list[ReadLine]:
    """Raises InvalidRequest and StudioError (400) where the whole cannot be read."""
    data = data.removeprefix(codecs.BOM_UTF8)
    read = {CSV: _csv_lines, JSON: _json_lines, JSONL: _jsonl_lines}[form]
    lines: list[ReadLine] = []
    for line in read(data):
        lines.append(line)
        if len(lines) > MAX_LINES:
            raise _too_many()
    if not lines:
        raise InvalidRequest([FieldError("requests", "there is no line", ALLOWED_LINES)])
    return lines


def _too_many() -> InvalidRequest:
    return InvalidRequest([FieldError("requests", "there are too many lines", ALLOWED_LINES)])


def _json_lines(data: bytes | bytearray) -> Iterator[ReadLine]:
    """A list, or an object with `requests` or `template`. Raises InvalidRequest."""
    try:
        if data.lstrip()[:1] == b"{":
            body = msgspec.json.decode(data, type=JsonBody)
        else:
            body = JsonBody(requests=msgspec.json.decode(data, type=list[msgspec.Raw]))
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        allowed = f'a list of requests like [{EXAMPLE}], {{"requests": [...]}} or {{"template": {{...}}}}'
        raise InvalidRequest([FieldError("requests", f"the body cannot be read: {error}", allowed)]) from error
    if (body.requests is None) == (body.template is None):
        raise InvalidRequest([FieldError("requests", "there is no list and no template, or both", "one of them")])
    if body.requests is not None:
        if len(body.requests) > MAX_LINES:  # before they are read, which takes seconds
            raise _too_many()
        for number, item in enumerate(body.requests, start=1):
            yield _read_json(number, bytes(item))
    elif body.template is not None:
        template = Template(body.template, body.variables or {})
        for number, fields in enumerate(rendered(template, MAX_LINES), start=1):
            yield _read_fields(number, fields)


def _jsonl_lines(data: bytes | bytearray) -> Iterator[ReadLine]:
    """An object a line; blank lines count but are no requests."""
    for number, line in enumerate(bytes(data).split(b"\n"), start=1):
        if line.strip():
            yield _read_json(number, line)


def _csv_lines(data: bytes | bytearray) -> Iterator[ReadLine]:
    """The first line names the columns: request fields. Raises InvalidRequest."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest([FieldError("file", f"byte {error.start:,} is no UTF-8", "text in UTF-8")]) from error
    first_line = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=lambda each: (first_line.count(each), each == ","))
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] | None = None
    while True:
        number = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            detail = f"the file cannot be read from here on: {error}"
            yield ReadLine(number, "", None, (FieldError("file", detail, "a CSV file as RFC 4180 describes it"),))
            return
        if not any(cell.strip() for cell in cells):
            continue
        if columns is None:
            columns = _columns(cells)
        elif len(cells) > len(columns):
            detail = f"there are {len(cells)} cells, and {len(columns)} columns"
            wrong = FieldError("file", detail, f"text with a {delimiter!r} in it stands in double quotes")
            yield ReadLine(number, "", None, (wrong,))
        else:
            yield _read_fields(number, _fields_of(dict(zip(columns, cells, strict=False))))


def _columns(cells: list[str]) -> list[str]:
    """Raises InvalidRequest."""
    columns = [cell.strip().lower() for cell in cells]
    allowed = "of " + ", ".join(COLUMNS)
    errors = [
        FieldError(name[:60] or f"column {n}", "there is no such field", allowed, line=1)
        for n, name in enumerate(columns, start=1)
        if name not in COLUMNS
    ]
    errors += [
        FieldError(name, "the column occurs twice", "once", line=1) for name in COLUMNS if columns.count(name) > 1
    ]
    if "prompt" not in columns:
        errors.append(FieldError("prompt", "there is no such column; line 1 names the columns", allowed, line=1))
    if errors:
        raise InvalidRequest(errors)
    return columns


def _fields_of(cells: dict[str, str]) -> dict[str, Any]:
    """An empty cell is a field that is left out. Numbers, lists and objects are written as JSON."""
    return {name: cell if name in TEXT_COLUMNS else _value(cell) for name, cell in cells.items() if cell.strip()}


def _value(cell: str) -> Any:
    try:
        return msgspec.json.decode(cell.strip())
    except (msgspec.MsgspecError, RecursionError):
        return cell  # reported as a value that cannot be used


def _read_json(number: int, data: bytes) -> ReadLine:
    try:
        return _read_fields(number, json_object(data, EXAMPLE))
    except StudioError as error:
        return ReadLine(number, "", None, (FieldError("request", error.detail, f"an object like {EXAMPLE}"),))


def _read_fields(number: int, fields: dict[str, Any]) -> ReadLine:
    prompt = fields.get("prompt")
    shown = prompt[:SHOWN_CHARACTERS] if isinstance(prompt, str) else json.dumps(prompt)[:SHOWN_CHARACTERS]
    try:
        return ReadLine(number, shown, read_generate_fields(fields))
    except StudioError as error:
        return ReadLine(number, shown, None, error.errors)
