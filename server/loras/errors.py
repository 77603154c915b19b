"""Errors about LoRAs.

InvalidRequest
├── UnknownLora     a request names a LoRA that does not exist
└── FailedLora      a request names a LoRA that makes no image
DomainError
├── LoraNotFound    an address names a LoRA that does not exist
├── LoraTooLarge    an upload exceeds STUDIO_MAX_LORA_MB
├── LoraOverwritten an upload was overwritten in the folder before it was read
└── LoraGone        the exact bytes that a job was made with are no longer served
"""

from server.errors import NOT_FOUND, SETTINGS_GONE, TOO_LARGE, UNUSABLE_LORA, DomainError, FieldError, InvalidRequest


class UnknownLora(InvalidRequest):
    """`field` is the request field at fault, `allowed` the names that exist now: `jade`, `jade-v1`, ..."""

    def __init__(self, field: str, name: str, allowed: tuple[str, ...]) -> None:
        super().__init__([FieldError(field, f"no LoRA is called {name!r}", _names(field, allowed))])
        self.field = field
        self.name = name
        self.allowed = allowed


class FailedLora(InvalidRequest):
    """`field` is the request field at fault."""

    def __init__(self, field: str, label: str, failure: str, allowed: tuple[str, ...]) -> None:
        detail = f"the LoRA {label} is not offered, because it makes no picture: {failure}"
        super().__init__([FieldError(field, detail, _names(field, allowed))])


class LoraNotFound(DomainError):
    """`allowed`: the names that exist now."""

    kind = NOT_FOUND

    def __init__(self, name: str, allowed: tuple[str, ...]) -> None:
        super().__init__(f"no LoRA is called {name[:80]!r}; there are: {', '.join(allowed) or 'none'}")
        self.name = name
        self.allowed = allowed


class LoraTooLarge(DomainError):
    kind = TOO_LARGE

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"a LoRA may be {max_bytes:,} bytes large (STUDIO_MAX_LORA_MB)")


class LoraOverwritten(DomainError):
    kind = UNUSABLE_LORA

    def __init__(self, label: str) -> None:
        super().__init__(
            f"{label} was overwritten or removed in the LoRA folder before it was read; POST /api/loras/reload names"
            " what is there now"
        )


class LoraGone(DomainError):
    """`failure`: why the bytes are not offered, if they are still here."""

    kind = SETTINGS_GONE

    def __init__(self, label: str, sha256: str, failure: str | None = None) -> None:
        why = f"makes no picture: {failure}" if failure else "is no longer here; GET /api/loras lists what is"
        super().__init__(f"the LoRA {label} with the SHA-256 {sha256} {why}")


def _names(field: str, loras: tuple[str, ...]) -> str:
    """What the request field can name."""
    return ", ".join((*loras, "base") if field == "model_name" else loras) or "nothing"
