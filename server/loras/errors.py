"""Errors about LoRAs.

InvalidRequest
└── UnknownLora     a request names a LoRA that does not exist
DomainError
├── LoraNotFound    an address names a LoRA that does not exist
├── LoraTooLarge    an upload exceeds STUDIO_MAX_LORA_MB
└── LoraGone        the exact bytes that a job was made with are no longer served
"""

from server.errors import NOT_FOUND, SETTINGS_GONE, TOO_LARGE, DomainError, FieldError, InvalidRequest


class UnknownLora(InvalidRequest):
    """`field` is the request field at fault, `allowed` the names that exist now: `jade`, `jade-v1`, ..."""

    def __init__(self, field: str, name: str, allowed: tuple[str, ...]) -> None:
        names = (*allowed, "base") if field == "model_name" else allowed
        super().__init__([FieldError(field, f"no LoRA is called {name!r}", ", ".join(names) or "nothing")])
        self.field = field
        self.name = name
        self.allowed = allowed


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


class LoraGone(DomainError):
    kind = SETTINGS_GONE

    def __init__(self, label: str, sha256: str) -> None:
        super().__init__(f"the LoRA {label} with the SHA-256 {sha256} is no longer here; GET /api/loras lists what is")
