"""HEAD for every address that answers GET (RFC 9110, 9.3.2)."""

import asyncio
from typing import cast

from litestar import Litestar
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, HTTPScope, Message, Method, Receive, Scope, Send
from litestar.utils import normalize_path


class AnswerHead:
    """Wraps the whole app. Where a route has GET but no HEAD of its own, runs it as GET and sends the headers of its
    answer. The route is cancelled then: it sends no body, counts no download, and an endless stream ends."""

    def __init__(self, app: ASGIApp, routes: Litestar) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request = cast(HTTPScope, scope)
        if request["method"] != "HEAD" or self._has(request["path"], "HEAD") or not self._has(request["path"], "GET"):
            return await self._app(scope, receive, send)
        answering: asyncio.Task[None] | None = None

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                assert answering is not None
                answering.cancel()

        request["method"] = "GET"
        answering = asyncio.ensure_future(self._app(scope, receive, send_head))
        try:
            await asyncio.wait({answering})
        finally:
            request["method"] = "HEAD"  # for the server, and for the log
            answering.cancel()
        if not answering.cancelled():
            answering.result()

    def _has(self, path: str, method: Method) -> bool:
        try:
            self._routes.asgi_router.handle_routing(path=normalize_path(path), method=method)
        except HTTPException:
            return False
        return True
