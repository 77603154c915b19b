"""What can go wrong with a job before it exists.

JobsError
├── UnknownLora       a name that no LoRA has
├── LoraTooLarge      an upload beyond the limit
├── BaseModelUnread   the base model that jobs are pinned to is still being read
├── LoraGone          exact bytes that are no longer here
├── BaseModelChanged  a job that is made again was made with another base model
├── KeyReused         an Idempotency-Key that came with another request
├── QueueFull         too many accepted, unfinished jobs
├── LimitReached      this caller has asked for as much as it may, for now
├── OwnerGone         the account that asks was deleted meanwhile
└── TooManyReaders    too many open streams and waits
"""


class JobsError(Exception):
    """Base of what server/jobs raises on purpose."""


class UnknownLora(JobsError):
    """`field` is the request field to blame, `allowed` the names that exist now: `jade`, `jade-v1`, ..."""

    def __init__(self, field: str, name: str, allowed: tuple[str, ...]) -> None:
        super().__init__(f"no LoRA is called {name!r}; there are: {', '.join(allowed) or 'none'}")
        self.field = field
        self.name = name
        self.allowed = allowed


class LoraTooLarge(JobsError):
    """An upload that goes on beyond what a LoRA may be."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"a LoRA may be {max_bytes:,} bytes large (STUDIO_MAX_LORA_MB)")


class LoraGone(JobsError):
    """A LoRA that a job was made with: its bytes are no longer served under any name."""

    def __init__(self, label: str, sha256: str) -> None:
        super().__init__(f"the LoRA {label} with the SHA-256 {sha256} is no longer here; GET /api/loras lists what is")


class BaseModelChanged(JobsError):
    """The job that is made again was made with another base model."""

    def __init__(self, made_with: str, now: str) -> None:
        super().__init__(f"the job was made with the base model {made_with}; the server now runs {now}")


class KeyReused(JobsError):
    """The same key again, for something else."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the Idempotency-Key {key[:64]!r} came with another request before; send a fresh one")


class BaseModelUnread(JobsError):
    """A new base model of gigabytes is hashed (or downloaded) once, while the server answers."""

    def __init__(self) -> None:
        super().__init__("the base model is new here and is being read; jobs are accepted when that is done")


class QueueFull(JobsError):
    """`retry_after_s`: whole seconds until a place is expected to be free."""

    def __init__(self, max_queue: int, retry_after_s: int) -> None:
        super().__init__(f"{max_queue} jobs wait already; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class OwnerGone(JobsError):
    """Its session or key was good when the call came in."""

    def __init__(self) -> None:
        super().__init__("this account does not exist any more")


class LimitReached(JobsError):
    """`limit` and `remaining` of what is counted, `retry_after_s`: whole seconds until some is given back."""

    def __init__(self, detail: str, limit: int, retry_after_s: int, remaining: int = 0) -> None:
        super().__init__(detail)
        self.limit = limit
        self.remaining = remaining
        self.retry_after_s = retry_after_s


class TooManyReaders(JobsError):
    """So many streams and waits are open that no other is taken on."""

    def __init__(self, max_readers: int) -> None:
        super().__init__(f"{max_readers} streams and waits are open already; ask /api/status instead")
