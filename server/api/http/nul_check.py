"""Refuse U+0000 in addresses: PostgreSQL cannot store or compare it, SQLite can. Bodies: validation.py."""

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from server.errors import FieldError, InvalidRequest

ALLOWED = "text without U+0000"


class NulCheck(ASGIMiddleware):
    """A middleware of every API router."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Raises InvalidRequest."""
        query = scope["query_string"]
        if "\x00" in scope["path"]:
            raise InvalidRequest([FieldError("path", "it contains U+0000", ALLOWED)])
        if b"%00" in query or b"\x00" in query:
            raise InvalidRequest([FieldError("query", "it contains U+0000", ALLOWED)])
        await next_app(scope, receive, send)
