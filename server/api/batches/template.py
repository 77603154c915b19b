"""One request with variables: `{"prompt": "{{color}} dress"}` and the values of each variable. Pure."""

import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from server.errors import FieldError, InvalidRequest

PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Template:
    """`{{name}}` in a text is replaced by the value; a text that is nothing else becomes the value itself."""

    request: Mapping[str, Any]
    variables: Mapping[str, list[Any]]


def rendered(template: Template, max_lines: int) -> Iterator[dict[str, Any]]:
    """A request for each combination of values, the last variable changing fastest. Raises InvalidRequest."""
    used = dict.fromkeys(name for text in _texts(template.request) for name in PLACE.findall(text))
    errors = [
        FieldError(f"template {{{{{name}}}}}", "there is no such variable", ", ".join(template.variables) or "none")
        for name in used
        if name not in template.variables
    ]
    for name, values in template.variables.items():
        if not values or any(isinstance(value, (list, dict)) for value in values):
            errors.append(FieldError(f"variables.{name}", "it has no usable values", "texts, numbers, true and false"))
        elif name not in used:
            errors.append(FieldError(f"variables.{name}", "the template does not use it", f"{{{{{name}}}}} in a text"))
    num_lines = math.prod(len(values) for values in template.variables.values())
    if num_lines > max_lines:
        errors.append(FieldError("variables", f"they make {num_lines:,} requests", f"1 to {max_lines:,}"))
    if errors:
        raise InvalidRequest(errors)
    names = list(template.variables)
    for values in itertools.product(*template.variables.values()):
        yield {name: _filled(value, dict(zip(names, values, strict=True))) for name, value in template.request.items()}


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        whole = PLACE.fullmatch(value)
        return values[whole[1]] if whole else PLACE.sub(lambda place: _text(values[place[1]]), value)
    if isinstance(value, list):
        return [_filled(each, values) for each in cast(list[Any], value)]
    if isinstance(value, dict):
        return {name: _filled(each, values) for name, each in cast(dict[str, Any], value).items()}
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Raises InvalidRequest where it is nested too deep."""
    if depth > MAX_DEPTH:
        raise InvalidRequest([FieldError("template", "it is nested too deep", f"{MAX_DEPTH} levels at most")])
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in cast(list[Any], value):
            yield from _texts(each, depth + 1)
    elif isinstance(value, Mapping):
        for each in cast(Mapping[str, Any], value).values():
            yield from _texts(each, depth + 1)
