"""The one place that turns an exception into an answer.

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
from collections.abc import Callable, Mapping
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from server.accounts import errors as accounts
from server.api.http import problems
from server.api.http.problems import (
    FieldError,
    Kind,
    Problem,
    ProblemDocument,
    answer_of,
    invalid,
    rate_limit_headers,
)
from server.db.session import DatabaseAway, DatabaseFull
from server.errors import StudioError
from server.queue.errors import (
    BaseModelChanged,
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

BY_STATUS = {
    kind.status: kind
    for kind in (
        problems.INVALID_REQUEST,
        problems.NOT_FOUND,
        problems.METHOD_NOT_ALLOWED,
        problems.TOO_LARGE,
        problems.UNSUPPORTED_MEDIA_TYPE,
        problems.INTERNAL,
        problems.NOT_READY,
    )
}
ACCOUNT_KINDS: Mapping[type[accounts.AccountsError], Kind] = {
    accounts.RegistrationRefused: problems.REGISTRATION_REFUSED,
    accounts.TooManyAccounts: problems.TOO_MANY_REQUESTS,
    accounts.EmailTaken: problems.CONFLICT,
    accounts.WrongLogin: problems.WRONG_LOGIN,
    accounts.WrongPassword: problems.WRONG_PASSWORD,
    accounts.CodeUnusable: problems.CODE_UNUSABLE,
    accounts.AccountGone: problems.UNAUTHORIZED,
    accounts.TooManyKeys: problems.CONFLICT,
    accounts.TooManyLogins: problems.TOO_MANY_REQUESTS,
    accounts.AccountDisabled: problems.ACCOUNT_DISABLED,
    accounts.TooManyPasswords: problems.BUSY,
}
BUSY_RETRY_S = 5

Answer = Callable[[Request[Any, Any, Any], Any], Response[ProblemDocument]]


def exception_handlers() -> dict[int | type[Exception], Answer]:
    return {
        StudioError: _from_problem,
        UnknownLora: _from_unknown_lora,
        QueueFull: _from_queue_full,
        LimitReached: _from_limit_reached,
        LoraGone: _from_lora_gone,
        BaseModelChanged: lambda _, error: answer_of(Problem(problems.SETTINGS_GONE, str(error))),
        KeyReused: _from_key_reused,
        BaseModelUnread: _from_base_model_unread,
        TooManyReaders: _from_too_many_readers,
        StoreError: _from_store_error,
        accounts.AccountsError: _from_accounts_error,
        DatabaseAway: _from_database_away,
        DatabaseFull: _from_database_full,
        OwnerGone: lambda _, error: answer_of(Problem(problems.UNAUTHORIZED, str(error), headers=problems.CHALLENGE)),
        ValidationException: _from_validation,
        HTTPException: _from_http,
        Exception: _from_anything,
    }


def _from_problem(_: Request[Any, Any, Any], error: Problem) -> Response[ProblemDocument]:
    return answer_of(error)


def _from_unknown_lora(_: Request[Any, Any, Any], error: UnknownLora) -> Response[ProblemDocument]:
    names = ", ".join((*error.allowed, "base")) if error.field == "model_name" else ", ".join(error.allowed)
    return answer_of(invalid([FieldError(error.field, f"no LoRA is called {error.name!r}", names or "nothing")]))


def _from_queue_full(_: Request[Any, Any, Any], error: QueueFull) -> Response[ProblemDocument]:
    return answer_of(Problem(problems.QUEUE_FULL, str(error), headers={"Retry-After": str(error.retry_after_s)}))


def _from_limit_reached(_: Request[Any, Any, Any], error: LimitReached) -> Response[ProblemDocument]:
    headers = rate_limit_headers(error.limit, error.remaining, error.retry_after_s)
    return answer_of(
        Problem(problems.LIMIT_REACHED, str(error), headers=headers | {"Retry-After": str(error.retry_after_s)})
    )


def _from_lora_gone(_: Request[Any, Any, Any], error: LoraGone) -> Response[ProblemDocument]:
    return answer_of(Problem(problems.SETTINGS_GONE, str(error)))


def _from_key_reused(_: Request[Any, Any, Any], error: KeyReused) -> Response[ProblemDocument]:
    return answer_of(Problem(problems.KEY_REUSED, str(error)))


def _from_base_model_unread(_: Request[Any, Any, Any], error: BaseModelUnread) -> Response[ProblemDocument]:
    return answer_of(Problem(problems.NOT_READY, str(error), headers={"Retry-After": "10"}))


def _from_too_many_readers(_: Request[Any, Any, Any], error: TooManyReaders) -> Response[ProblemDocument]:
    return answer_of(Problem(problems.TOO_MANY_READERS, str(error), headers={"Retry-After": "10"}))


def _from_store_error(request: Request[Any, Any, Any], error: StoreError) -> Response[ProblemDocument]:
    log.warning("%s %s: the store failed: %s", request.method, request.url.path, error)
    return answer_of(Problem(problems.STORE_AWAY, str(error), headers={"Retry-After": "10"}))


def _from_accounts_error(_: Request[Any, Any, Any], error: accounts.AccountsError) -> Response[ProblemDocument]:
    kind, headers = ACCOUNT_KINDS[type(error)], dict[str, str]()
    if isinstance(error, accounts.TooManyAccounts | accounts.TooManyLogins | accounts.TooManyPasswords):
        headers["Retry-After"] = str(getattr(error, "retry_after_s", BUSY_RETRY_S))
    if kind.status == 401:
        headers |= problems.CHALLENGE
    return answer_of(Problem(kind, str(error), headers=headers))


def _from_database_away(request: Request[Any, Any, Any], error: DatabaseAway) -> Response[ProblemDocument]:
    log.warning("%s %s: %s", request.method, request.url.path, error)
    detail = "the database does not answer; what was accepted before is kept, try again in a few seconds"
    return answer_of(Problem(problems.DATABASE_AWAY, detail, headers={"Retry-After": "5"}))


def _from_database_full(request: Request[Any, Any, Any], error: DatabaseFull) -> Response[ProblemDocument]:
    log.error("%s %s: %s", request.method, request.url.path, error)
    detail = "the disk of the server's database is full, so nothing more is accepted; the operator must make room"
    return answer_of(Problem(problems.DISK_FULL, detail, headers={"Retry-After": "60"}))


def _from_validation(request: Request[Any, Any, Any], error: ValidationException) -> Response[ProblemDocument]:
    """Parameters of the address and the headers; http/validation.py reads bodies. The parameter's description
    says what is allowed."""
    parameters = request.route_handler.parsed_fn_signature.parameters
    told: list[dict[str, str]] = error.extra if isinstance(error.extra, list) else []
    errors: list[FieldError] = []
    for each in told:
        name = each.get("key", "")
        definition = parameters[name].kwarg_definition if name in parameters else None
        allowed = getattr(definition, "description", None) or "what /docs says"
        errors.append(FieldError(name, each.get("message", "it cannot be used"), allowed))
    return answer_of(invalid(errors) if errors else Problem(problems.INVALID_REQUEST, error.detail))


def _from_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[ProblemDocument]:
    kind = BY_STATUS.get(error.status_code, problems.INTERNAL if error.status_code >= 500 else problems.INVALID_REQUEST)
    if kind is problems.INTERNAL:
        return _from_anything(request, error)
    details = {
        problems.NOT_FOUND: f"there is nothing at {request.url.path}; the calls are listed at /docs",
        problems.METHOD_NOT_ALLOWED: f"{request.method} is not a method of {request.url.path}",
        problems.TOO_LARGE: "allowed are at most 1,000,000 bytes",
    }
    return answer_of(Problem(kind, details.get(kind, error.detail), headers=error.headers))


def _from_anything(request: Request[Any, Any, Any], error: Exception) -> Response[ProblemDocument]:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer_of(Problem(problems.INTERNAL, "the server could not answer this request; its log says more"))
