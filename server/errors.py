"""Errors that an API returns to its caller, at the bottom of the import order.

Exception
└── StudioError           kind, detail, field errors, response headers; each API renders them in its own form
    ├── InvalidRequest    400 that names every wrong field
    ├── InvalidBatch      400 that names every wrong field of every line of a batch
    └── DomainError       carries its own kind
        ├── JobsError                     server/queue/errors.py
        ├── LorasError                    server/loras/errors.py
        ├── AccountsError                 server/accounts/errors.py
        ├── errors about credit           server/billing/errors.py
        ├── StoreError                    server/storage/store.py
        └── DatabaseAway, DatabaseFull    server/db/session.py
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec import Struct

MAX_ERRORS = 100


@dataclass(frozen=True, slots=True)
class Kind:
    """A problem type: its stable name, HTTP status and title. `example` is a detail for the OpenAPI document."""

    name: str
    status: int
    title: str
    example: str

    @property
    def type(self) -> str:
        return f"urn:lora-studio:problem:{self.name}"


INVALID_REQUEST = Kind(
    "invalid-request", 400, "Invalid request", "num_images: 99 cannot be used, allowed is a whole number from 1 to 8"
)
UNAUTHORIZED = Kind(
    "unauthorized",
    401,
    "Authentication required",
    "this key is not known, was revoked or has expired; make one at POST /api/keys",
)
INSUFFICIENT_CREDIT = Kind(
    "insufficient-credit",
    402,
    "Insufficient credit",
    "this costs $0.50, and $0.20 of your credit is left: buy more on the page of your account",
)
FORGED_EVENT = Kind(
    "forged-event",
    400,
    "Signature invalid",
    "the Stripe-Signature is missing, wrong, or older than 5 minutes",
)
WRONG_LOGIN = Kind("wrong-login", 401, "Invalid credentials", "the e-mail or the password is wrong")
NOT_YOURS = Kind(
    "not-yours",
    403,
    "Not the owner",
    "only who has made a picture may change it: with the same cookie, account or address",
)
OPERATORS_ONLY = Kind(
    "operators-only",
    403,
    "Operator access required",
    "this server has no operator key; set STUDIO_ADMIN_KEY and start it again, then send Authorization: Bearer with"
    " that key",
)
SCOPE_LACKING = Kind(
    "scope-lacking",
    403,
    "Insufficient scope",
    "this key lacks the scope generate; make one that has it at POST /api/keys",
)
FORGED = Kind(
    "csrf",
    403,
    "CSRF token missing or invalid",
    "a request with the session cookie needs the header x-csrftoken with the value of the cookie csrftoken; GET"
    " /api/auth/me sets it",
)
FOREIGN_ORIGIN = Kind(
    "foreign-origin",
    403,
    "Origin not allowed",
    "pages of https://elsewhere.example may not use this server (STUDIO_CORS_ORIGINS)",
)
REGISTRATION_REFUSED = Kind(
    "registration-refused", 403, "Registration refused", "this server makes no new accounts; ask its operator"
)
ACCOUNT_DISABLED = Kind("account-disabled", 403, "Account disabled", "this account is switched off; ask the operator")
WRONG_PASSWORD = Kind("wrong-password", 403, "Wrong password", "the password is wrong")
NOT_FOUND = Kind("not-found", 404, "Not found", "no job has the id 0123456789abcdef0123456789abcdef")
METHOD_NOT_ALLOWED = Kind("method-not-allowed", 405, "Method not allowed", "PUT is not a method of /api/generate")
CONFLICT = Kind(
    "conflict",
    409,
    "Conflict",
    "an account has at most 100 keys; revoke one that is not used any more",
)
MISDIRECTED = Kind(
    "misdirected-request",
    421,
    "Misdirected request",
    "this server listens on a loopback address and is not called evil.example; its public address is STUDIO_PUBLIC_URL",
)
SETTINGS_GONE = Kind(
    "settings-gone",
    409,
    "Settings no longer available",
    f"the LoRA jade-v1 with the SHA-256 {'9b0d3e77' * 8} is no longer here; GET /api/loras lists what is",
)
UNFINISHED = Kind(
    "unfinished",
    409,
    "Job not finished",
    "the job of this picture is still being made; wait for its end or cancel it",
)
CODE_UNUSABLE = Kind(
    "code-unusable",
    410,
    "Link expired or already used",
    "this link was used, is out of date, or was never made; ask the operator for a new one",
)
TOO_LARGE = Kind("too-large", 413, "Content too large", "allowed are at most 1,000,000 bytes")
UNSUPPORTED_MEDIA_TYPE = Kind(
    "unsupported-media-type",
    415,
    "Unsupported media type",
    "multipart/form-data cannot be read; send application/json in UTF-8",
)
RANGE_NOT_SATISFIABLE = Kind(
    "range-not-satisfiable",
    416,
    "Range not satisfiable",
    "bytes=900000- lies behind the end of the file, which has 48,213 bytes",
)
UNUSABLE_LORA = Kind(
    "unusable-lora",
    422,
    "LoRA file not usable",
    "unet.mid_block.attentions.0.proj_in.lora_B.weight holds numbers that are not finite",
)
CONTENT_BLOCKED = Kind(
    "content-blocked",
    422,
    "Content blocked",
    "file: a classifier scores this picture 0.93; from 0.8 on it is blocked as explicit",
)
KEY_REUSED = Kind(
    "key-reused",
    422,
    "Idempotency key already used",
    "the Idempotency-Key 'abc' came with another request before; send a fresh one",
)
LIMIT_REACHED = Kind("limit-reached", 429, "Rate limit reached", "10 jobs an hour are allowed; try again in 348 s")
TOO_MANY_REQUESTS = Kind(
    "too-many-requests",
    429,
    "Too many requests",
    "5 registrations a day are allowed from one address; try again later",
)
TOO_MANY_STREAMS = Kind(
    "too-many-streams",
    429,
    "Too many open streams of one caller",
    "50 streams and waits of this caller are open already; close one, or ask /api/status without a wait",
)
INTERNAL = Kind("internal", 500, "Internal server error", "the server could not answer this request; its log says more")
NOT_READY = Kind("not-ready", 503, "Server not ready", "the model is being loaded")
QUEUE_FULL = Kind("queue-full", 503, "Queue full", "500 jobs wait already; try again in 12 s")
TOO_MANY_READERS = Kind(
    "too-many-readers",
    503,
    "Too many open streams",
    "1000 streams and waits are open already; ask /api/status instead",
)
PAYMENTS_AWAY = Kind(
    "payments-away",
    503,
    "Payment service unavailable",
    "the payment service does not answer; nothing was paid, try again in a few seconds",
)
STORE_AWAY = Kind(
    "store-away", 503, "Image store unavailable", "https://s3.example.org does not answer (ConnectTimeoutError)"
)
DATABASE_AWAY = Kind(
    "database-away", 503, "Database unavailable", "the database does not answer; try again in a few seconds"
)
LORA_FOLDER = Kind(
    "lora-folder",
    503,
    "LoRA folder not writable",
    "the LoRA folder cannot be written to: Read-only file system",
)
BUSY = Kind("busy", 503, "Server busy", "too many are logging in right now; try again in a few seconds")
DISK_FULL = Kind(
    "disk-full", 507, "Insufficient storage", "the disk of the server's database is full, so nothing more is accepted"
)


class FieldError(Struct, frozen=True, omit_defaults=True):
    """One field: `loras[0].weight`, what is wrong with it, what is allowed. `line`: of a batch."""

    field: str
    detail: str
    allowed: str
    line: int | None = None


class StudioError(Exception):
    """Fails a request. `str()` is for the log; callers get `detail`, which names no secret. `log_level`: the level of
    the log line that an API writes; None: no line."""

    kind: Kind
    log_level: int | None = None

    def __init__(
        self, kind: Kind, detail: str, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


class InvalidRequest(StudioError):
    """A 400 that names every wrong field, the first 100 of them."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        shown = errors[:MAX_ERRORS]
        detail = "; ".join(f"{e.field}: {e.detail}, allowed is {e.allowed}" for e in shown)
        more = f"; and {len(errors) - len(shown):,} more" if len(errors) > len(shown) else ""
        super().__init__(INVALID_REQUEST, detail + more, shown)


class InvalidBatch(StudioError):
    """A 400 that names every wrong field of every line."""

    def __init__(self, errors: Sequence[FieldError], num_lines: int) -> None:
        wrong = sorted({error.line for error in errors if error.line is not None})
        shown = ", ".join(map(str, wrong[:MAX_ERRORS])) + (", ..." if len(wrong) > MAX_ERRORS else "")
        where = f"line{'s' if len(wrong) > 1 else ''} {shown}" if wrong else errors[0].detail
        detail = f"{len(wrong):,} of {num_lines:,} lines cannot be used: {where}"
        super().__init__(INVALID_REQUEST, detail, errors)


class DomainError(StudioError):
    """An error of a feature. A subclass sets `kind`, and `retry_after_s` (whole seconds) where a retry can succeed."""

    retry_after_s: int = 0

    def __init__(self, detail: str, headers: Mapping[str, str] | None = None) -> None:
        retry = {"Retry-After": str(self.retry_after_s)} if self.retry_after_s else {}
        super().__init__(self.kind, detail, headers={**(headers or {}), **retry})


def rate_limit_headers(limit: int, remaining: int, reset_s: int) -> dict[str, str]:
    return {"RateLimit-Limit": str(limit), "RateLimit-Remaining": str(remaining), "RateLimit-Reset": str(reset_s)}
