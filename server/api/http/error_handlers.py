"""Exception handlers that answer with problem documents.

StudioError                → its own kind, logged at its own level
litestar's HTTPException   → the kind of its status; a client that has gone is no error of the server
anything else              → internal; the traceback goes to the log only
"""

import logging
from collections.abc import Callable
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from server.api.http.problems import ProblemDocument, problem_response
from server.errors import (
    INTERNAL,
    INVALID_REQUEST,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    NOT_READY,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    FieldError,
    InvalidRequest,
    StudioError,
)

log = logging.getLogger(__name__)

GONE = "client disconnected prematurely"
"""Litestar's detail of the 500 that it raises when the connection ends before the body does."""

BY_STATUS = {
    kind.status: kind
    for kind in (
        INVALID_REQUEST,
        NOT_FOUND,
        METHOD_NOT_ALLOWED,
        TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        INTERNAL,
        NOT_READY,
    )
}

Handler = Callable[[Request[Any, Any, Any], Any], Response[ProblemDocument]]


def exception_handlers() -> dict[int | type[Exception], Handler]:
    return {
        StudioError: _from_studio_error,
        ValidationException: _from_validation,
        HTTPException: _from_http,
        Exception: _from_unexpected,
    }


def _from_studio_error(request: Request[Any, Any, Any], error: StudioError) -> Response[ProblemDocument]:
    if error.log_level is not None:
        log.log(error.log_level, "%s %s: %s: %s", request.method, request.url.path, error.kind.title, error)
    return problem_response(error)


def _from_validation(request: Request[Any, Any, Any], error: ValidationException) -> Response[ProblemDocument]:
    """Parameters of the address and the headers (bodies: validation.py). A parameter's description says what is
    allowed."""
    parameters = request.route_handler.parsed_fn_signature.parameters
    causes: list[dict[str, str]] = error.extra if isinstance(error.extra, list) else []
    errors: list[FieldError] = []
    for cause in causes:
        name = cause.get("key", "")
        definition = parameters[name].kwarg_definition if name in parameters else None
        allowed = getattr(definition, "description", None) or "what /docs says"
        errors.append(FieldError(name, cause.get("message", "it cannot be used"), allowed))
    return problem_response(InvalidRequest(errors) if errors else StudioError(INVALID_REQUEST, error.detail))


def _from_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[ProblemDocument]:
    path = request.url.path
    if error.detail == GONE:
        log.info("%s %s: the client closed the connection before its request was complete", request.method, path)
        return problem_response(StudioError(INVALID_REQUEST, "the connection was closed before the end of the body"))
    kind = BY_STATUS.get(error.status_code, INTERNAL if error.status_code >= 500 else INVALID_REQUEST)
    if kind is INTERNAL:
        return _from_unexpected(request, error)
    details = {
        NOT_FOUND: f"there is nothing at {path}; the calls are listed at /docs",
        METHOD_NOT_ALLOWED: f"{request.method} is not a method of {path}",
        TOO_LARGE: "allowed are at most 1,000,000 bytes",
    }
    return problem_response(StudioError(kind, details.get(kind, error.detail), headers=error.headers))


def _from_unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[ProblemDocument]:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem_response(StudioError(INTERNAL, INTERNAL.example))
