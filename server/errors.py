"""Domain errors carry what an API needs to render them: a kind (code, status, title), a detail, field errors,
headers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec import Struct

MAX_ERRORS = 100


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    status: int
    title: str

    @property
    def type(self) -> str:
        return f"urn:lora-studio:problem:{self.name}"


INVALID_REQUEST = Kind("invalid-request", 400, "The request cannot be carried out as it is")


class FieldError(Struct, frozen=True):
    """One field: `loras[0].weight`, what is wrong with it, what is allowed."""

    field: str
    detail: str
    allowed: str


class StudioError(Exception):
    def __init__(
        self, kind: Kind, detail: str, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})


class InvalidRequest(StudioError):
    """A 400 that names every wrong field, of very many the first."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        shown = errors[:MAX_ERRORS]
        detail = "; ".join(f"{e.field}: {e.detail}, allowed is {e.allowed}" for e in shown)
        more = f"; and {len(errors) - len(shown):,} more" if len(errors) > len(shown) else ""
        super().__init__(INVALID_REQUEST, detail + more, shown)
