"""Refuse U+0000 in addresses: PostgreSQL cannot store or compare it, SQLite can. Bodies: validation.py."""

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from server.errors import NOT_FOUND, FieldError, InvalidRequest, StudioError

ALLOWED = "text without U+0000"


class NulCheck(ASGIMiddleware):
    """A middleware of every API router."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Raises StudioError (404) of the path, for no id and no name contains it, and InvalidRequest of the query."""
        query = scope["query_string"]
        if "\x00" in scope["path"]:
            raise StudioError(NOT_FOUND, "there is nothing at this address: it contains U+0000")
        if b"%00" in query or b"\x00" in query:
            raise InvalidRequest([FieldError("query", "it contains U+0000", ALLOWED)])
        await next_app(scope, receive, send)
