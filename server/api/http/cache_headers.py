"""What caches between the server and its callers may keep."""

from collections.abc import Mapping

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message


async def keep_private(message: Message, scope: Mapping[str, object]) -> None:
    """A before_send hook: answers of the API that say nothing themselves are for their caller alone, so that a CDN does
    not hand them to others."""
    if message["type"] == "http.response.start" and str(scope["path"]).startswith("/api/"):
        headers = MutableScopeHeaders.from_message(message)
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "private, no-cache"
