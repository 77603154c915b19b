"""A column that holds a msgspec Struct as JSON."""

from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import JSON, Dialect, TypeDecorator

T = TypeVar("T", bound=msgspec.Struct)


class StructType(TypeDecorator[T], Generic[T]):
    """Converts between `kind` and the database's JSON. A document that is no `kind` raises msgspec.ValidationError at
    read."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def __init__(self, kind: type[T]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: T | None, dialect: Dialect) -> Any:
        return None if value is None else msgspec.to_builtins(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> T | None:
        return None if value is None else msgspec.convert(value, self.kind)
