"""Errors about batches.

DomainError
└── BatchTooLarge   what was sent has too many bytes
"""

from server.errors import TOO_LARGE, DomainError


class BatchTooLarge(DomainError):
    kind = TOO_LARGE

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"allowed are at most {max_bytes:,} bytes")
