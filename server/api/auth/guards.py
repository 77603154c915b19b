"""Guards: which caller may make which call. Every call under /api that creates, reads or changes something has one;
authentication.py has identified the caller before."""

from collections.abc import Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from server.api.auth.caller import OPERATOR, Caller
from server.errors import OPERATORS_ONLY, SCOPE_LACKING, UNAUTHORIZED, StudioError

Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], None]

NO_OPERATOR = (
    "this server has no operator key; set STUDIO_ADMIN_KEY and start it again, then send Authorization: Bearer with"
    " that key; or make an operator account: python -m server create-operator --email you@example.org"
)


def needs(scope: str) -> Guard:
    """A guard that requires a scope (caller.py). It raises StudioError (401, 403)."""

    def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        caller: Caller = connection.user
        if scope in caller.scopes:
            return
        if caller.is_anonymous:
            raise StudioError(
                UNAUTHORIZED,
                "this server requires an account: log in, or send Authorization: Bearer with an API key",
            )
        raise StudioError(SCOPE_LACKING, f"this key lacks the scope {scope}; make one that has it at POST /api/keys")

    return guard


def operator(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard of the calls that change what the server offers. Admits an operator's session, a key with the scope
    operator, and STUDIO_ADMIN_KEY (`app.state.admin_key`). Raises StudioError (401, 403)."""
    caller: Caller = connection.user
    if OPERATOR in caller.scopes:
        return
    if not caller.is_anonymous:
        raise StudioError(OPERATORS_ONLY, "this call is for operators; this account or key is none")
    if connection.app.state.admin_key is None:
        raise StudioError(OPERATORS_ONLY, NO_OPERATOR)
    raise StudioError(
        UNAUTHORIZED,
        "this call is for the operator: send Authorization: Bearer with STUDIO_ADMIN_KEY or a key with the scope"
        " operator, or log in",
    )


def signed_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard of changes to the caller's own account. Requires a login: a key may be in many hands. Raises StudioError
    (401, 403)."""
    caller: Caller = connection.user
    if caller.key_id is not None or (caller.user_id is None and not caller.is_anonymous):
        raise StudioError(SCOPE_LACKING, "a key cannot do this; log in with e-mail and password")
    if caller.user_id is None:
        raise StudioError(UNAUTHORIZED, "log in first: POST /api/auth/login")


def bearer_key(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """The key of a Bearer Authorization header, which may be empty. None: there is no such header."""
    scheme, _, key = connection.headers.get("authorization", "").strip().partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None
