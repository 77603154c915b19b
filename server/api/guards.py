"""Who may make the operator's calls."""

from hmac import compare_digest
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from server.api.problems import OPERATORS_ONLY, UNAUTHORIZED, Problem

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="operator"'}


def operator(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A guard of the calls that change what the server offers: the bearer key must be `app.state.admin_key`, which is
    STUDIO_ADMIN_KEY. Raises Problem (401, 403)."""
    admin_key: str | None = connection.app.state.admin_key
    if admin_key is None:
        raise Problem(
            OPERATORS_ONLY,
            "this server has no operator key; set STUDIO_ADMIN_KEY and start it again, then send"
            " Authorization: Bearer with that key",
        )
    given = bearer_key(connection)
    if given is None:
        raise Problem(UNAUTHORIZED, "this call needs Authorization: Bearer with STUDIO_ADMIN_KEY", headers=CHALLENGE)
    if not compare_digest(given.encode(), admin_key.encode()):
        raise Problem(UNAUTHORIZED, "the key of this call is not STUDIO_ADMIN_KEY", headers=CHALLENGE)


def bearer_key(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """The key of an Authorization header that names one."""
    scheme, _, key = connection.headers.get("authorization", "").strip().partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None
