"""Access log: one line for each request, and a request id in every log line that the request causes."""

import logging
import re
import secrets
import time

from litestar.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

log = logging.getLogger(__name__)

HEADER = "X-Request-ID"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
PROBES = ("/healthz", "/readyz", "/metrics")
"""Called every few seconds by programs: logged at DEBUG."""


class RequestLog:
    """Wraps the whole app, so that requests to unknown addresses are logged too. A valid X-Request-ID of the caller is
    kept, and every answer has one. Logs the method, route (a template, without ids and query strings), status and
    milliseconds, for a stream until it was closed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given_id(scope) or secrets.token_hex(8)
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        status, started_s = 0, time.perf_counter()

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
            level = logging.DEBUG if route in PROBES else logging.INFO
            log.log(level, "request", extra={**facts, "ms": round((time.perf_counter() - started_s) * 1000)})


def _given_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name.lower() == HEADER.lower().encode():
            text = value.decode("latin-1")
            return text if REQUEST_ID.fullmatch(text) else None
    return None
