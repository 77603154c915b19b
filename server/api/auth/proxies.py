"""X-Forwarded-For and X-Forwarded-Proto of trusted proxies (STUDIO_TRUSTED_PROXIES)."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

from litestar.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

PEER = "studio.peer"


class TrustedProxies:
    """Wraps the whole app. uvicorn's middleware reads the headers: the rightmost address that is not a trusted proxy's
    is the client's. Where it is no address, the client's is the proxy's own: limits count by it, and rows store it."""

    def __init__(self, app: ASGIApp, proxies: Sequence[str]) -> None:
        forwarded: Any = self._forwarded  # uvicorn has ASGI types of its own
        self._headers: Any = ProxyHeadersMiddleware(forwarded, list(proxies))
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[PEER] = scope["client"]  # pyright: ignore[reportGeneralTypeIssues]  # a key of our own
        await self._headers(scope, receive, send)

    async def _forwarded(self, scope: Any, receive: Receive, send: Send) -> None:
        peer, client = scope.pop(PEER, None), scope.get("client")
        if client != peer and not _is_address(client[0]):
            scope["client"] = peer
        await self._app(scope, receive, send)


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
