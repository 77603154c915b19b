"""Validation of JSON bodies: every wrong field is reported, in one answer.

Stricter than Litestar's own conversion, which takes "4" for 4.
"""

import codecs
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar, cast

import msgspec
from litestar import Request
from litestar.openapi.spec import Example
from litestar.params import BodyKwarg

from pipelines.spec import MAX_WRITTEN_SEED
from server.api.http.constraint_text import at_path
from server.errors import INVALID_REQUEST, UNSUPPORTED_MEDIA_TYPE, FieldError, InvalidRequest, StudioError
from server.generation.requests import CompareRequest, GenerateRequest
from server.queue.grid import MAX_CELLS

MAX_BODY_BYTES = 1_000_000
MAX_SHOWN_CHARACTERS = 60
COMPARE_EXAMPLE = '{"prompts": ["red dress"], "seeds": [7], "variants": [{"model_name": "jade"}, {"model_name": null}]}'
EXAMPLE = '{"prompt": "red dress, beach"}'

NEVER_SHOWN = frozenset({"prompt", "prompts", "negative_prompt", "password", "new_password", "token", "invite"})
"""Values of these fields are never echoed in errors: proxies and clients log them."""

NUL = b"\\u0000"
"""U+0000 in JSON, which allows no control character itself."""

T = TypeVar("T", bound=msgspec.Struct)
Check = Callable[[dict[str, Any]], list[FieldError]]
"""From the values of all well-formed fields to their errors."""

Hook = Callable[[Request[Any, Any, Any]], Awaitable[None]]

# `fetch` sends text/plain by default, curl -d the form type: the body decides.
READABLE = re.compile(r"(|text/plain|application/x-www-form-urlencoded|application/(.+\+)?json)")


class CheckedRequest(Request[Any, Any, Any]):
    """Hands a handler's `data` the struct that the handler's before_request hook has checked: each body is parsed
    once."""

    async def json(self) -> msgspec.Struct:
        return self.state.checked_body


async def check_generate_body(request: Request[Any, Any, Any]) -> None:
    """A before_request hook: raises StudioError if the body is no GenerateRequest."""
    request.state.checked_body = read_generate_body(await json_bytes(request))


async def check_compare_body(request: Request[Any, Any, Any]) -> None:
    """A before_request hook: raises StudioError if the body is no CompareRequest."""
    body = await json_bytes(request)
    request.state.checked_body = read_body(body, CompareRequest, COMPARE_EXAMPLE, _compare_errors)


def read_generate_body(body: bytes) -> GenerateRequest:
    """Raises StudioError (400) that names each wrong field, its error and the allowed values."""
    return read_body(body, GenerateRequest, EXAMPLE, _generate_errors)


def read_generate_fields(fields: dict[str, Any]) -> GenerateRequest:
    """The same, from a JSON object that is decoded already."""
    return read_fields(fields, GenerateRequest, _generate_errors)


def json_body(example: msgspec.Struct) -> BodyKwarg:
    """The body's description in the OpenAPI document."""
    return BodyKwarg(media_type="application/json", examples=[Example("example", value=msgspec.to_builtins(example))])


def body_like(example: msgspec.Struct, check: Check = lambda values: []) -> Hook:
    """A before_request hook: raises StudioError if the body is no struct of the example's type. `check` as in
    `read_body`."""
    kind, shown = type(example), msgspec.json.encode(example).decode()

    async def hook(request: Request[Any, Any, Any]) -> None:
        request.state.checked_body = read_body(await json_bytes(request), kind, shown, check)

    return hook


async def json_bytes(request: Request[Any, Any, Any]) -> bytes:
    """The body of a request whose Content-Type is JSON or missing. Raises StudioError (415)."""
    media_type = request.content_type[0].lower()
    encoding = content_coding(request)
    if not READABLE.fullmatch(media_type) or encoding != "identity":
        what = media_type if encoding == "identity" else f"content encoding {encoding}"
        raise StudioError(UNSUPPORTED_MEDIA_TYPE, f"{what} cannot be read; send application/json in UTF-8")
    return await request.body()


def content_coding(request: Request[Any, Any, Any]) -> str:
    """The Content-Encoding of a body, in lower case: codings have no case (RFC 9110, 8.4.1). `identity` for none."""
    return request.headers.get("content-encoding", "").strip().lower() or "identity"


def read_body(body: bytes, kind: type[T], example: str, check: Check) -> T:
    """Convert JSON to `kind`; an absent field has its default. `example` is a valid body, for errors; `check` looks at
    the well-formed fields. Raises StudioError (400) that names each wrong field, its error and the allowed values."""
    return read_fields(json_object(body, example), kind, check, has_nul=NUL in body)


def read_fields(fields: dict[str, Any], kind: type[T], check: Check, *, has_nul: bool = True) -> T:
    """The same, from a JSON object that is decoded already. `has_nul` False: no text of it has U+0000."""
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    errors = [
        FieldError(name[:MAX_SHOWN_CHARACTERS], "there is no such field", "only " + ", ".join(known))
        for name in fields
        if name not in known
    ]
    values: dict[str, Any] = {}
    for name, field in known.items():
        if name not in fields:
            if field.required:
                errors.append(FieldError(name, "it is missing", at_path(kind, name)))
            continue
        try:
            values[field.name] = msgspec.convert(_with_whole_numbers(fields[name]), field.type)
        except msgspec.ValidationError as error:
            errors.append(_field_error(kind, name, fields[name], str(error)))
    errors.extend(check(values))
    if has_nul:
        known_bad = {error.field for error in errors}
        paths = (path for name in values for path in _paths_with_nul(fields[name], name) if path not in known_bad)
        errors += [FieldError(path, "it contains U+0000", at_path(kind, path)) for path in paths]
    if errors:
        raise InvalidRequest(errors)
    return kind(**values)


def _paths_with_nul(value: Any, path: str) -> Iterator[str]:
    """The texts of a JSON value that hold U+0000, which PostgreSQL cannot store."""
    if isinstance(value, str) and "\x00" in value:
        yield path
    elif isinstance(value, list):
        for n, item in enumerate(cast(list[Any], value)):
            yield from _paths_with_nul(item, f"{path}[{n}]")
    elif isinstance(value, dict):
        for key, item in cast(dict[str, Any], value).items():
            yield from _paths_with_nul(item, f"{path}.{key}")


def json_object(body: bytes, example: str) -> dict[str, Any]:
    """Raises StudioError (400)."""
    try:
        value = msgspec.json.decode(body.removeprefix(codecs.BOM_UTF8))  # RFC 8259, section 8.1
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        detail = "the request body is empty" if not body.strip() else f"the request body is not JSON: {reason}"
        raise StudioError(INVALID_REQUEST, f"{detail}; allowed is an object like {example}") from None
    if not isinstance(value, dict):
        raise StudioError(INVALID_REQUEST, f"the request body is not an object; allowed is one like {example}")
    return value  # pyright: ignore[reportUnknownVariableType]  # JSON objects have text keys


def _with_whole_numbers(value: Any, depth: int = 2) -> Any:
    """4.0 and 1e3 become 4 and 1000, as JSON Schema counts them; fields of type float take whole numbers as well. What
    lies deeper or is longer than in any valid body stays as it is."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_WRITTEN_SEED:
        return int(value)
    items, named = cast(list[Any], value), cast(dict[str, Any], value)
    if depth and isinstance(value, list) and len(items) <= MAX_CELLS:
        return [_with_whole_numbers(each, depth - 1) for each in items]
    if depth and isinstance(value, dict) and len(named) <= MAX_CELLS:
        return {name: _with_whole_numbers(each, depth - 1) for name, each in named.items()}
    return value  # pyright: ignore[reportUnknownVariableType]  # narrowed to a list or dict of unknown items


def _field_error(kind: type[msgspec.Struct], name: str, value: Any, message: str) -> FieldError:
    """`message` ends in msgspec's path within the field, like "- at `$[0].weight`"."""
    position = re.search(r"- at `\$(.*)`$", message)
    path = name + (position[1] if position else "")
    unknown = re.match(r"Object contains unknown field `([^`]*)`", message)
    missing = re.match(r"Object missing required field `([^`]*)`", message)
    if unknown:
        return FieldError(f"{path}.{unknown[1]}", "there is no such field", at_path(kind, path))
    if missing:
        return FieldError(f"{path}.{missing[1]}", "it is missing", at_path(kind, f"{path}.{missing[1]}"))
    shown = _described(value) if name in NEVER_SHOWN else _shown(_value_at(value, position[1] if position else ""))
    return FieldError(path, f"{shown} cannot be used", at_path(kind, path))


def _value_at(value: Any, path: str) -> Any:
    for index, key in re.findall(r"\[(\d+)\]|\.(\w+)", path):
        value = value[int(index)] if index else value[key]
    return value


def _described(value: Any) -> str:
    return f"text of {len(value):,} characters" if isinstance(value, str) else "the value"


def _shown(value: Any) -> str:
    """The value as JSON, shortened to MAX_SHOWN_CHARACTERS."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "a value this deep"
    if len(text) <= MAX_SHOWN_CHARACTERS:
        return text
    return f"{text[:MAX_SHOWN_CHARACTERS]}... ({len(value):,} long)" if isinstance(value, str) else "a value this long"


def _generate_errors(values: dict[str, Any]) -> list[FieldError]:
    return [*_prompt_errors("prompt", values.get("prompt")), *_seed_errors("seed", values.get("seed"))]


def _compare_errors(values: dict[str, Any]) -> list[FieldError]:
    prompts, seeds = values.get("prompts") or (), values.get("seeds") or ()
    return [
        *(error for n, prompt in enumerate(prompts) for error in _prompt_errors(f"prompts[{n}]", prompt)),
        *(error for n, seed in enumerate(seeds) for error in _seed_errors(f"seeds[{n}]", seed)),
    ]


def _prompt_errors(path: str, prompt: str | None) -> list[FieldError]:
    """A prompt must have more than blanks."""
    is_blank = prompt is not None and not prompt.strip()
    return [FieldError(path, "it is blank", at_path(GenerateRequest, "prompt"))] if is_blank else []


def _seed_errors(path: str, seed: int | None) -> list[FieldError]:
    """The upper bound of seeds, which msgspec cannot hold."""
    is_beyond = seed is not None and seed > MAX_WRITTEN_SEED
    kind = CompareRequest if "[" in path else GenerateRequest
    return [FieldError(path, f"{_shown(seed)} cannot be used", at_path(kind, path))] if is_beyond else []
