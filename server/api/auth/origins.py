"""Origin check and CORS. A browser sends a simple POST of any page to any address, the visitor's own machine included,
and only hides the answer from the page: so requests of other sites' pages are refused."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, cast
from urllib.parse import urlsplit

from litestar.config.cors import CORSConfig
from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from server.errors import FOREIGN_ORIGIN, MISDIRECTED, StudioError

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


LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:@/?#]+))(?::[0-9]*)?")


class HostCheck(ASGIMiddleware):
    """The outer middleware of a server that only its own machine reaches. Refuses a Host that is none of `hosts`: a
    page elsewhere can let its name lead to the visitor's machine (DNS rebinding), and is then of the same origin.
    Programs without a Host (HTTP/1.0) pass: browsers send one."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, hosts: frozenset[str]) -> None:
        self._hosts = hosts

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Raises StudioError (421)."""
        host = Headers.from_scope(scope).get("host")
        if host and host_name(host) not in self._hosts:
            raise StudioError(
                MISDIRECTED,
                f"this server listens on a loopback address and is not called {host[:200]}; its public address is"
                " STUDIO_PUBLIC_URL",
            )
        await next_app(scope, receive, send)


def host_name(host: str) -> str | None:
    """`localhost` of `localhost:8000`, `::1` of `[::1]:8000`. None: it cannot be read."""
    match = HOST.fullmatch(host)
    return (match[1] or match[2]).lower() if match else None


def loopback_hosts(address: str, *names: str | None) -> frozenset[str]:
    """The names of a server that listens on `address`; `names` are further ones, as hosts or web addresses. Empty: it
    is no loopback address, so the server cannot know its names."""
    if not ip_address(address).is_loopback:
        return frozenset()
    known = (host_name(urlsplit(name).netloc if "://" in name else name) for name in (address, *filter(None, names)))
    return LOOPBACK | frozenset(filter(None, known))


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
