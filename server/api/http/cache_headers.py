"""Headers that every answer has, or has unless it sets them itself."""

from collections.abc import Mapping
from typing import Any, cast

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message

PRIVATE = "private"
"""The `opt` of handlers and routers whose answers are for one caller."""


async def keep_private(message: Message, scope: Mapping[str, object]) -> None:
    """A before_send hook: keeps answers to one caller, and errors, out of shared caches (CDNs). An answer that sets
    Cache-Control itself is left alone."""
    if message["type"] != "http.response.start":
        return
    handler = cast(Any, scope.get("route_handler"))
    if message["status"] >= 400 or (handler is not None and handler.opt.get(PRIVATE)):
        headers = MutableScopeHeaders.from_message(message)
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "private, no-cache"


async def no_sniff(message: Message, scope: Mapping[str, object]) -> None:
    """A before_send hook: browsers take the Content-Type of an answer as it is."""
    if message["type"] == "http.response.start":
        MutableScopeHeaders.from_message(message)["X-Content-Type-Options"] = "nosniff"
