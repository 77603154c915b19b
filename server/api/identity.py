"""Finds out who calls."""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from server.api.callers import Caller, anonymous


class Identification:
    """A guard of the whole app: puts the `Caller` into the connection's state."""

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        connection.state.caller = anonymous(connection)


def caller_of(request: Request[Any, Any, Any]) -> Caller:
    """What the dependency `caller` gives."""
    return request.state.caller
