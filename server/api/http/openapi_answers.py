"""What the OpenAPI document says of an answer."""

from typing import Any, Self

from litestar.openapi.datastructures import ResponseSpec


class AnswerSpec(ResponseSpec):
    """All copies of a handler share it. Litestar copies each handler twice, with everything that it refers to: the
    examples are half of the time that it takes to make the app."""

    def __deepcopy__(self, _: dict[int, Any]) -> Self:
        return self
