"""Errors as RFC 9457 problem documents: one table of kinds, one place that turns an exception into an answer.

Problem (raised by handlers)        → its kind
litestar's HTTPException            → the kind of its status
UnknownLora, QueueFull, TooManyReaders (the jobs)   → invalid-request, queue-full, too-many-readers
LimitReached (the jobs)             → limit-reached
LoraGone, KeyReused (the jobs)      → settings-gone, key-reused
BaseModelUnread (the jobs)          → not-ready
AccountsError (server/accounts)     → ACCOUNT_KINDS
DatabaseAway, DatabaseFull          → database-away, disk-full
anything else                       → internal, logged with its traceback, told without
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from msgspec import Struct, to_builtins

from server.accounts import errors as accounts
from server.db.session import DatabaseAway, DatabaseFull
from server.jobs.errors import (
    BaseModelUnread,
    KeyReused,
    LimitReached,
    LoraGone,
    OwnerGone,
    QueueFull,
    TooManyReaders,
    UnknownLora,
)
from server.storage.store import StoreError

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="LoRA Studio"'}
"""Goes with every 401."""


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    status: int
    title: str

    @property
    def type(self) -> str:
        return f"urn:lora-studio:problem:{self.name}"


INVALID_REQUEST = Kind("invalid-request", 400, "The request cannot be carried out as it is")
NOT_FOUND = Kind("not-found", 404, "There is nothing at this address")
METHOD_NOT_ALLOWED = Kind("method-not-allowed", 405, "This address does not take this method")
TOO_LARGE = Kind("too-large", 413, "The request body is too large")
UNSUPPORTED_MEDIA_TYPE = Kind("unsupported-media-type", 415, "The request body is not JSON")
INTERNAL = Kind("internal", 500, "The server failed")
NOT_READY = Kind("not-ready", 503, "The server cannot make a picture yet")
LIMIT_REACHED = Kind("limit-reached", 429, "Enough for now")
QUEUE_FULL = Kind("queue-full", 503, "Too many jobs wait")
DATABASE_AWAY = Kind("database-away", 503, "The database does not answer")
DISK_FULL = Kind("disk-full", 507, "The server's disk is full")
STORE_AWAY = Kind("store-away", 503, "The store of pictures does not answer")
TOO_MANY_READERS = Kind("too-many-readers", 503, "Too many streams are open")
UNUSABLE_LORA = Kind("unusable-lora", 422, "This LoRA cannot be used")
LORA_FOLDER = Kind("lora-folder", 503, "The LoRA folder cannot be written to")
UNAUTHORIZED = Kind("unauthorized", 401, "This call needs a key")
NOT_YOURS = Kind("not-yours", 403, "This belongs to somebody else")
SETTINGS_GONE = Kind("settings-gone", 409, "What made this is no longer here")
KEY_REUSED = Kind("key-reused", 422, "This key came with another request")
UNFINISHED = Kind("unfinished", 409, "This is still being made")
OPERATORS_ONLY = Kind("operators-only", 403, "This call is for the operator")
SCOPE_LACKING = Kind("scope-lacking", 403, "This key may not do that")
FORGED = Kind("csrf", 403, "This request may come from another page")
REGISTRATION_REFUSED = Kind("registration-refused", 403, "No account can be made now")
WRONG_LOGIN = Kind("wrong-login", 401, "The e-mail or the password is wrong")
ACCOUNT_DISABLED = Kind("account-disabled", 403, "This account is switched off")
WRONG_PASSWORD = Kind("wrong-password", 403, "The password is wrong")
CODE_UNUSABLE = Kind("code-unusable", 410, "This link works no more")
CONFLICT = Kind("conflict", 409, "This cannot be done as things stand")
TOO_MANY_REQUESTS = Kind("too-many-requests", 429, "This was asked for too often")
BUSY = Kind("busy", 503, "The server is busy")
FOREIGN_ORIGIN = Kind("foreign-origin", 403, "This page may not use this server")

BY_STATUS = {
    kind.status: kind
    for kind in (INVALID_REQUEST, NOT_FOUND, METHOD_NOT_ALLOWED, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INTERNAL, NOT_READY)
}


ACCOUNT_KINDS: Mapping[type[accounts.AccountsError], Kind] = {
    accounts.RegistrationRefused: REGISTRATION_REFUSED,
    accounts.TooManyAccounts: TOO_MANY_REQUESTS,
    accounts.EmailTaken: CONFLICT,
    accounts.WrongLogin: WRONG_LOGIN,
    accounts.WrongPassword: WRONG_PASSWORD,
    accounts.CodeUnusable: CODE_UNUSABLE,
    accounts.AccountGone: UNAUTHORIZED,
    accounts.TooManyKeys: CONFLICT,
    accounts.TooManyLogins: TOO_MANY_REQUESTS,
    accounts.AccountDisabled: ACCOUNT_DISABLED,
    accounts.TooManyPasswords: BUSY,
}
BUSY_RETRY_S = 5


class FieldError(Struct, frozen=True):
    """One field to blame: `loras[0].weight`, what is wrong with it, what is allowed."""

    field: str
    detail: str
    allowed: str


class ProblemDocument(Struct, frozen=True, omit_defaults=True):
    """RFC 9457. `type` is a stable name for programs, `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []


class Problem(Exception):
    """Answer this request with a problem document."""

    def __init__(
        self, kind: Kind, detail: str, errors: list[FieldError] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = errors or []
        self.headers = dict(headers or {})


def invalid(errors: list[FieldError]) -> Problem:
    """A 400 that names every field to blame."""
    return Problem(INVALID_REQUEST, "; ".join(f"{e.field}: {e.detail}, allowed is {e.allowed}" for e in errors), errors)


Answer = Callable[[Request[Any, Any, Any], Any], Response[ProblemDocument]]


def exception_handlers() -> dict[int | type[Exception], Answer]:
    return {
        Problem: _from_problem,
        UnknownLora: _from_unknown_lora,
        QueueFull: _from_queue_full,
        LimitReached: _from_limit_reached,
        LoraGone: _from_lora_gone,
        KeyReused: _from_key_reused,
        BaseModelUnread: _from_base_model_unread,
        TooManyReaders: _from_too_many_readers,
        StoreError: _from_store_error,
        accounts.AccountsError: _from_accounts_error,
        DatabaseAway: _from_database_away,
        DatabaseFull: _from_database_full,
        OwnerGone: lambda _, error: _answer(Problem(UNAUTHORIZED, str(error), headers=CHALLENGE)),
        ValidationException: _from_validation,
        HTTPException: _from_http,
        Exception: _from_anything,
    }


def _answer(problem: Problem) -> Response[ProblemDocument]:
    kind = problem.kind
    document = ProblemDocument(kind.type, kind.title, kind.status, problem.detail, problem.errors)
    return Response(document, status_code=kind.status, media_type=MEDIA_TYPE, headers=problem.headers)


def _from_problem(_: Request[Any, Any, Any], error: Problem) -> Response[ProblemDocument]:
    return _answer(error)


def _from_unknown_lora(_: Request[Any, Any, Any], error: UnknownLora) -> Response[ProblemDocument]:
    names = ", ".join((*error.allowed, "base")) if error.field == "model_name" else ", ".join(error.allowed)
    return _answer(invalid([FieldError(error.field, f"no LoRA is called {error.name!r}", names or "nothing")]))


def _from_queue_full(_: Request[Any, Any, Any], error: QueueFull) -> Response[ProblemDocument]:
    return _answer(Problem(QUEUE_FULL, str(error), headers={"Retry-After": str(error.retry_after_s)}))


def _from_limit_reached(_: Request[Any, Any, Any], error: LimitReached) -> Response[ProblemDocument]:
    headers = rate_limit_headers(error.limit, error.remaining, error.retry_after_s)
    return _answer(Problem(LIMIT_REACHED, str(error), headers=headers | {"Retry-After": str(error.retry_after_s)}))


def _from_lora_gone(_: Request[Any, Any, Any], error: LoraGone) -> Response[ProblemDocument]:
    return _answer(Problem(SETTINGS_GONE, str(error)))


def _from_key_reused(_: Request[Any, Any, Any], error: KeyReused) -> Response[ProblemDocument]:
    return _answer(Problem(KEY_REUSED, str(error)))


def rate_limit_headers(limit: int, remaining: int, reset_s: int) -> dict[str, str]:
    return {"RateLimit-Limit": str(limit), "RateLimit-Remaining": str(remaining), "RateLimit-Reset": str(reset_s)}


def _from_base_model_unread(_: Request[Any, Any, Any], error: BaseModelUnread) -> Response[ProblemDocument]:
    return _answer(Problem(NOT_READY, str(error), headers={"Retry-After": "10"}))


def _from_too_many_readers(_: Request[Any, Any, Any], error: TooManyReaders) -> Response[ProblemDocument]:
    return _answer(Problem(TOO_MANY_READERS, str(error), headers={"Retry-After": "10"}))


def _from_store_error(request: Request[Any, Any, Any], error: StoreError) -> Response[ProblemDocument]:
    log.warning("%s %s: the store failed: %s", request.method, request.url.path, error)
    return _answer(Problem(STORE_AWAY, str(error), headers={"Retry-After": "10"}))


def _from_accounts_error(_: Request[Any, Any, Any], error: accounts.AccountsError) -> Response[ProblemDocument]:
    kind, headers = ACCOUNT_KINDS[type(error)], dict[str, str]()
    if isinstance(error, accounts.TooManyAccounts | accounts.TooManyLogins | accounts.TooManyPasswords):
        headers["Retry-After"] = str(getattr(error, "retry_after_s", BUSY_RETRY_S))
    if kind.status == 401:
        headers |= CHALLENGE
    return _answer(Problem(kind, str(error), headers=headers))


def _from_database_away(request: Request[Any, Any, Any], error: DatabaseAway) -> Response[ProblemDocument]:
    log.warning("%s %s: %s", request.method, request.url.path, error)
    detail = "the database does not answer; what was accepted before is kept, try again in a few seconds"
    return _answer(Problem(DATABASE_AWAY, detail, headers={"Retry-After": "5"}))


def _from_database_full(request: Request[Any, Any, Any], error: DatabaseFull) -> Response[ProblemDocument]:
    log.error("%s %s: %s", request.method, request.url.path, error)
    detail = "the disk of the server's database is full, so nothing more is accepted; the operator must make room"
    return _answer(Problem(DISK_FULL, detail, headers={"Retry-After": "60"}))


def _from_validation(request: Request[Any, Any, Any], error: ValidationException) -> Response[ProblemDocument]:
    """Parameters of the address and the headers; bodies are read by server/api/body.py. What is allowed is told by the
    parameter's description."""
    parameters = request.route_handler.parsed_fn_signature.parameters
    told: list[dict[str, str]] = error.extra if isinstance(error.extra, list) else []
    errors: list[FieldError] = []
    for each in told:
        name = each.get("key", "")
        definition = parameters[name].kwarg_definition if name in parameters else None
        allowed = getattr(definition, "description", None) or "what /docs says"
        errors.append(FieldError(name, each.get("message", "it cannot be used"), allowed))
    return _answer(invalid(errors) if errors else Problem(INVALID_REQUEST, error.detail))


def _from_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[ProblemDocument]:
    kind = BY_STATUS.get(error.status_code, INTERNAL if error.status_code >= 500 else INVALID_REQUEST)
    if kind is INTERNAL:
        return _from_anything(request, error)
    details = {
        NOT_FOUND: f"there is nothing at {request.url.path}; the calls are listed at /docs",
        METHOD_NOT_ALLOWED: f"{request.method} is not a method of {request.url.path}",
        TOO_LARGE: "allowed are at most 1,000,000 bytes",
    }
    return _answer(Problem(kind, details.get(kind, error.detail), headers=error.headers))


def _from_anything(request: Request[Any, Any, Any], error: Exception) -> Response[ProblemDocument]:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _answer(Problem(INTERNAL, "the server could not answer this request; its log says more"))


EXAMPLES = {
    NOT_YOURS: Problem(
        NOT_YOURS, "only who has made a picture may change it: with the same cookie, account or address"
    ),
    SETTINGS_GONE: Problem(
        SETTINGS_GONE,
        f"the LoRA jade-v1 with the SHA-256 {'9b0d3e77' * 8} is no longer here; GET /api/loras tells what is",
    ),
    KEY_REUSED: Problem(KEY_REUSED, "the Idempotency-Key 'abc' came with another request before; send a fresh one"),
    UNFINISHED: Problem(UNFINISHED, "the job of this picture is still being made; wait for its end or cancel it"),
    LORA_FOLDER: Problem(LORA_FOLDER, "the LoRA folder cannot be written to: Read-only file system"),
    UNUSABLE_LORA: Problem(
        UNUSABLE_LORA, "unet.mid_block.attentions.0.proj_in.lora_B.weight holds numbers that are not finite"
    ),
    UNAUTHORIZED: Problem(
        UNAUTHORIZED, "this key is not known, was revoked or has expired; make one at POST /api/keys"
    ),
    SCOPE_LACKING: Problem(SCOPE_LACKING, "this key lacks the scope generate; make one that has it at POST /api/keys"),
    FORGED: Problem(
        FORGED,
        "a request with the session cookie needs the header x-csrftoken with the value of the cookie csrftoken; GET"
        " /api/auth/me sets it",
    ),
    REGISTRATION_REFUSED: Problem(REGISTRATION_REFUSED, "this server makes no new accounts; ask its operator"),
    WRONG_LOGIN: Problem(WRONG_LOGIN, str(accounts.WrongLogin())),
    WRONG_PASSWORD: Problem(WRONG_PASSWORD, str(accounts.WrongPassword())),
    CODE_UNUSABLE: Problem(CODE_UNUSABLE, str(accounts.CodeUnusable())),
    CONFLICT: Problem(CONFLICT, str(accounts.EmailTaken())),
    ACCOUNT_DISABLED: Problem(ACCOUNT_DISABLED, str(accounts.AccountDisabled())),
    TOO_MANY_REQUESTS: Problem(TOO_MANY_REQUESTS, str(accounts.TooManyAccounts(5, 3600))),
    BUSY: Problem(BUSY, str(accounts.TooManyPasswords())),
    OPERATORS_ONLY: Problem(
        OPERATORS_ONLY,
        "this server has no operator key; set STUDIO_ADMIN_KEY and start it again, then send"
        " Authorization: Bearer with that key",
    ),
    INVALID_REQUEST: Problem(
        INVALID_REQUEST,
        "num_images: 99 cannot be used, allowed is a whole number from 1 to 8",
        [FieldError("num_images", "99 cannot be used", "a whole number from 1 to 8")],
    ),
    NOT_FOUND: Problem(NOT_FOUND, "no job has the id 0123456789abcdef0123456789abcdef"),
    TOO_LARGE: Problem(TOO_LARGE, "allowed are at most 1,000,000 bytes"),
    UNSUPPORTED_MEDIA_TYPE: Problem(
        UNSUPPORTED_MEDIA_TYPE, "multipart/form-data cannot be read; send application/json in UTF-8"
    ),
    INTERNAL: Problem(INTERNAL, "the server could not answer this request; its log says more"),
    NOT_READY: Problem(NOT_READY, "the model is being loaded"),
    LIMIT_REACHED: Problem(LIMIT_REACHED, "10 jobs an hour are allowed; try again in 348 s"),
    QUEUE_FULL: Problem(QUEUE_FULL, "500 jobs wait already; try again in 12 s"),
    TOO_MANY_READERS: Problem(TOO_MANY_READERS, "1000 streams and waits are open already; ask /api/status instead"),
    STORE_AWAY: Problem(STORE_AWAY, "https://s3.example.org does not answer (ConnectTimeoutError)"),
    DATABASE_AWAY: Problem(DATABASE_AWAY, "the database does not answer; try again in a few seconds"),
    DISK_FULL: Problem(DISK_FULL, "the disk of the server's database is full, so nothing more is accepted"),
    FOREIGN_ORIGIN: Problem(
        FOREIGN_ORIGIN, "pages of https://elsewhere.example may not use this server (STUDIO_CORS_ORIGINS)"
    ),
}


def documented(*kinds: Kind) -> dict[int, ResponseSpec]:
    """The problems of a call under /api for the OpenAPI document, each with an example. Every such call can also be
    refused for a bad key (401) or for who sends it (403)."""
    return documented_open(*kinds, UNAUTHORIZED, SCOPE_LACKING, FORGED, FOREIGN_ORIGIN, DATABASE_AWAY)


def documented_open(*kinds: Kind) -> dict[int, ResponseSpec]:
    """The same for calls that ask nobody who they are; every call can also answer 500."""
    by_status: defaultdict[int, list[Kind]] = defaultdict(list)
    for kind in dict.fromkeys((*kinds, INTERNAL)):
        by_status[kind.status].append(kind)
    return {
        status: ResponseSpec(
            ProblemDocument,
            generate_examples=False,
            description="; ".join(kind.title for kind in same),
            media_type=MEDIA_TYPE,  # pyright: ignore[reportArgumentType]  # any media type works
            examples=[Example(kind.name, value=to_builtins(_answer(EXAMPLES[kind]).content)) for kind in same],
        )
        for status, same in by_status.items()
    }
