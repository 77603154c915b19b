"""Errors of a job before it exists, and of its readers.

DomainError
├── BaseModelUnread   the base model that jobs are pinned to is still being hashed or downloaded
├── BaseModelChanged  the job to repeat was made with another base model
├── KeyReused         an Idempotency-Key arrived before with another request
├── QueueFull         too many accepted, unfinished jobs
├── LimitReached      the caller's rate limit is reached
├── LineTaken         the line of a batch is a job already, or was cancelled
├── OwnerGone         the caller's account was deleted while the request was accepted
├── TooManyReaders    too many open streams and waits
└── TooManyStreams    too many of one caller, or of one job
"""

from server.errors import (
    CONFLICT,
    KEY_REUSED,
    LIMIT_REACHED,
    NOT_READY,
    QUEUE_FULL,
    SETTINGS_GONE,
    TOO_MANY_READERS,
    TOO_MANY_STREAMS,
    UNAUTHORIZED,
    DomainError,
    rate_limit_headers,
)


class BaseModelChanged(DomainError):
    kind = SETTINGS_GONE

    def __init__(self, made_with: str, now: str) -> None:
        super().__init__(f"the job was made with the base model {made_with}; the server now runs {now}")


class KeyReused(DomainError):
    kind = KEY_REUSED

    def __init__(self, key: str) -> None:
        super().__init__(f"the Idempotency-Key {key[:64]!r} came with another request before; send a fresh one")


class BaseModelUnread(DomainError):
    """A new base model of gigabytes is hashed (or downloaded) once, while the server runs."""

    kind = NOT_READY
    retry_after_s = 10

    def __init__(self) -> None:
        super().__init__("the base model is new here and is being read; jobs are accepted when that is done")


class QueueFull(DomainError):
    """`retry_after_s`: whole seconds until a place is expected to be free."""

    kind = QUEUE_FULL

    def __init__(self, max_queue: int, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"{max_queue} jobs wait already; try again in {retry_after_s} s")


class OwnerGone(DomainError):
    """Its session or key was valid when the request came in."""

    kind = UNAUTHORIZED

    def __init__(self) -> None:
        super().__init__("this account does not exist any more")


class LimitReached(DomainError):
    """`limit` and `remaining` of what is counted, `retry_after_s`: whole seconds until some is given back."""

    kind = LIMIT_REACHED

    def __init__(self, detail: str, limit: int, retry_after_s: int, remaining: int = 0) -> None:
        self.limit = limit
        self.remaining = remaining
        self.retry_after_s = retry_after_s
        super().__init__(detail, rate_limit_headers(limit, remaining, retry_after_s))


class LineTaken(DomainError):
    """No caller sees it."""

    kind = CONFLICT

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} does not wait any more")


class TooManyReaders(DomainError):
    kind = TOO_MANY_READERS
    retry_after_s = 10

    def __init__(self, max_readers: int) -> None:
        super().__init__(f"{max_readers} streams and waits are open already; ask /api/status instead")


class TooManyStreams(DomainError):
    """`reason` names the bound."""

    kind = TOO_MANY_STREAMS
    retry_after_s = 10

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}; close one, or ask /api/status without a wait")
