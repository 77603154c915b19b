"""Pages of other sites may not make pictures here: a browser sends a simple POST to any address, the visitor's own
machine included, and only hides the answer from the page."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from litestar.config.cors import CORSConfig
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from server.errors import FOREIGN_ORIGIN, StudioError

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
CORS_REQUEST_HEADERS = ["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "Prefer", "X-Request-ID"]
CORS_ANSWER_HEADERS = [
    "Content-Disposition",
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


class OriginCheck:
    """A guard of the whole app. Callers that are no browsers send no Origin and are not asked for one.
    A browser's must be this server (by the Host header or `public_url`) or one of `cors_origins`."""

    def __init__(self, public_url: str | None, cors_origins: tuple[str, ...]) -> None:
        self._public_host = urlsplit(public_url).netloc if public_url else None
        self._origins = frozenset(cors_origins)

    def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        """Raises StudioError (403)."""
        origin = connection.headers.get("origin")
        changes = cast(Mapping[str, Any], connection.scope).get("method") in CHANGING
        if origin is None or not changes or self._knows(origin, connection.headers.get("host", "")):
            return
        raise StudioError(FOREIGN_ORIGIN, f"pages of {origin[:200]} may not use this server (STUDIO_CORS_ORIGINS)")

    def _knows(self, origin: str, host: str) -> bool:
        if "*" in self._origins or origin in self._origins:
            return True
        try:
            return urlsplit(origin).netloc in {host, self._public_host} - {"", None}
        except ValueError:  # like http://[
            return False


def cors(origins: tuple[str, ...]) -> CORSConfig | None:
    """What Litestar tells browsers: which pages may read the answers. None: only ours."""
    if not origins:
        return None
    return CORSConfig(
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=CORS_REQUEST_HEADERS,
        expose_headers=CORS_ANSWER_HEADERS,
    )
