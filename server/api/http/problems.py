"""Errors as RFC 9457 problem documents: the one table of kinds, and the Problem that handlers raise. error_handlers.py
maps other exceptions to problems; openapi_errors.py documents them in the OpenAPI document."""

from litestar import Response
from msgspec import Struct

from server.errors import INVALID_REQUEST, FieldError, InvalidRequest, Kind, StudioError

__all__ = ["INVALID_REQUEST", "FieldError", "Kind"]

MEDIA_TYPE = "application/problem+json"
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="LoRA Studio"'}
"""Goes with every 401."""


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


class ProblemDocument(Struct, frozen=True, omit_defaults=True):
    """RFC 9457. `type` is a stable name for programs, `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []


Problem = StudioError


def invalid(errors: list[FieldError]) -> Problem:
    return InvalidRequest(errors)


def rate_limit_headers(limit: int, remaining: int, reset_s: int) -> dict[str, str]:
    return {"RateLimit-Limit": str(limit), "RateLimit-Remaining": str(remaining), "RateLimit-Reset": str(reset_s)}


def answer_of(problem: Problem) -> Response[ProblemDocument]:
    kind = problem.kind
    document = ProblemDocument(kind.type, kind.title, kind.status, problem.detail, problem.errors)
    return Response(document, status_code=kind.status, media_type=MEDIA_TYPE, headers=problem.headers)
