"""One line of the log for each request, and an id that ties together all that is logged while it is answered."""

import logging
import re
import secrets
import time

from litestar.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

log = logging.getLogger(__name__)

HEADER = "X-Request-ID"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
LOOKS = ("/healthz", "/readyz", "/metrics")
"""Asked every few seconds by programs: not told."""


class RequestLog:
    """Around the whole app, so that answers to unknown addresses are told too. A caller's X-Request-ID is taken where
    it can be, and every answer has one. Told are method, route (a template, without ids and query strings), status and
    milliseconds; of a stream how long it was open."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given_id(scope) or secrets.token_hex(8)
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        status, begun_s = 0, time.perf_counter()

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (HEADER.lower().encode(), request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            route = str(scope.get("path_template") or "none")
            facts = {"method": str(scope["method"]), "route": route, "status": status}
            level = logging.DEBUG if route in LOOKS else logging.INFO
            log.log(level, "request", extra={**facts, "ms": round((time.perf_counter() - begun_s) * 1000)})


def _given_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name.lower() == HEADER.lower().encode():
            text = value.decode("latin-1")
            return text if REQUEST_ID.fullmatch(text) else None
    return None
