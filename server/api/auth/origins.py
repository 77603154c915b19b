"""Origin check and CORS. A browser sends a simple POST of any page to any address, the visitor's own machine included,
and only hides the answer from the page: so requests of other sites' pages are refused."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from litestar.config.cors import CORSConfig
from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from server.errors import FOREIGN_ORIGIN, StudioError

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
CORS_REQUEST_HEADERS = ["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "Prefer", "X-Request-ID"]
CORS_ANSWER_HEADERS = [
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Range",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Limit",
    "RateLimit-Policy",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Request-ID",
]


class OriginCheck(ASGIMiddleware):
    """The outer middleware of every API router. The Origin of a request that changes something must be this server (by
    the Host header or `public_url`) or one of `cors_origins`. Programs send no Origin and pass."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, public_url: str | None, cors_origins: tuple[str, ...]) -> None:
        self._public_host = urlsplit(public_url).netloc if public_url else None
        self._origins = frozenset(cors_origins)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Raises StudioError (403)."""
        headers = Headers.from_scope(scope)
        origin = headers.get("origin")
        changes = cast(Mapping[str, Any], scope).get("method") in CHANGING
        if origin is not None and changes and not self._knows(origin, headers.get("host", "")):
            raise StudioError(FOREIGN_ORIGIN, f"pages of {origin[:200]} may not use this server (STUDIO_CORS_ORIGINS)")
        await next_app(scope, receive, send)

    def _knows(self, origin: str, host: str) -> bool:
        if "*" in self._origins or origin in self._origins:
            return True
        try:
            return urlsplit(origin).netloc in {host, self._public_host} - {"", None}
        except ValueError:  # like http://[
            return False


def cors(origins: tuple[str, ...]) -> CORSConfig | None:
    """The pages that may read answers. None: only pages of this server."""
    if not origins:
        return None
    return CORSConfig(
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=CORS_REQUEST_HEADERS,
        expose_headers=CORS_ANSWER_HEADERS,
    )
