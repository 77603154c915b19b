"""Descriptions of allowed values, derived from the msgspec types that validate them."""

from collections.abc import Iterator
from typing import cast

import msgspec
from msgspec import inspect


def describe(kind: inspect.Type) -> str:
    """Like `a whole number from 1 to 8` or `one of low, medium, high`."""
    match kind:
        case inspect.Metadata(type=inspect.IntType(le=None, multiple_of=None) as whole):
            bounds = cast(dict[str, int], kind.extra_json_schema or {})  # pyright: ignore[reportUnknownMemberType]
            return f"a whole number{_between(whole.ge, bounds.get('maximum'))}"  # msgspec's own end at 2^63 - 1
        case inspect.Metadata():
            return describe(kind.type)
        case inspect.UnionType():
            parts = [part for part in kind.types if not isinstance(part, inspect.NoneType)]
            return " or ".join([*map(describe, parts), *(["null"] if kind.includes_none else [])])
        case inspect.LiteralType():
            return "one of " + ", ".join(str(value) for value in kind.values)
        case inspect.IntType():
            multiple = f", a multiple of {kind.multiple_of}" if kind.multiple_of else ""
            return f"a whole number{_between(kind.ge, kind.le)}{multiple}"
        case inspect.FloatType():
            return f"a number{_between(kind.ge, kind.le)}" if kind.gt is None else _above(kind.gt, kind.le)
        case inspect.StrType():
            return kind.pattern or f"text{_characters(kind.min_length, kind.max_length)}"
        case inspect.ListType():
            return f"a list of at most {kind.max_length}, each {describe(kind.item_type)}"
        case inspect.StructType():
            return "an object with " + ", ".join(field.encode_name for field in kind.fields)
        case inspect.NoneType():
            return "null"
        case inspect.BoolType():
            return "true or false"
        case _:
            raise TypeError(f"no description for {kind}: add it here")


def at_path(struct: type[msgspec.Struct], path: str) -> str:
    """The allowed values at a path like `loras[0].weight` of `struct`."""
    kind: inspect.Type = inspect.type_info(struct)
    for name in _names(path):
        kind = _step(kind, name)
    return describe(kind)


def _names(path: str) -> Iterator[str]:
    """`loras[0].weight` → `loras`, `[]`, `weight`."""
    for part in path.split("."):
        name, bracket, _ = part.partition("[")
        if name:
            yield name
        if bracket:
            yield "[]"


def _step(kind: inspect.Type, name: str) -> inspect.Type:
    candidates = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    for candidate in map(_plain, candidates):
        if name == "[]" and isinstance(candidate, inspect.ListType):
            return candidate.item_type
        if isinstance(candidate, inspect.StructType):
            for field in candidate.fields:
                if field.encode_name == name:
                    return field.type
    return kind


def _plain(kind: inspect.Type) -> inspect.Type:
    return _plain(kind.type) if isinstance(kind, inspect.Metadata) else kind


def _between(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    if high is None:
        return f" of at least {_number(low)}"
    return f" up to {_number(high)}" if low is None else f" from {_number(low)} to {_number(high)}"


def _above(low: float, high: float | None) -> str:
    return f"a number above {_number(low)}" + (f", up to {_number(high)}" if high is not None else "")


def _number(value: float | None) -> str:
    return str(int(value)) if value is not None and value == int(value) else str(value)


def _characters(low: int | None, high: int | None) -> str:
    if high is None:
        return ""
    return f" of {low} to {high:,} characters" if low else f" of at most {high:,} characters"
