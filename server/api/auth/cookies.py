"""The cookies, and the proof that a page of ours sends them.

studio_session   who has logged in; scripts cannot read it
csrftoken        read by the page's scripts and sent back as x-csrftoken: pages of other sites cannot read it
anon             set with the page, groups what a browser makes before it signs in; opens nothing else
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any, cast
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from server.accounts.service import SESSION_S
from server.api.auth.origins import CHANGING
from server.errors import FORGED, StudioError

SESSION, CSRF, ANON = "studio_session", "csrftoken", "anon"
CSRF_HEADER = "x-csrftoken"
YEAR_S = 365 * 86_400
ANON_ID = re.compile(r"[A-Za-z0-9_-]{32}")

Connection = ASGIConnection[Any, Any, Any, Any]


def check_csrf(connection: Connection) -> None:
    """Raises StudioError (403): a request that changes something sends the cookie's value in a header too."""
    if cast(Mapping[str, Any], connection.scope).get("method") not in CHANGING:
        return
    told, kept = connection.headers.get(CSRF_HEADER, ""), connection.cookies.get(CSRF, "")
    if not kept or not compare_digest(told.encode(), kept.encode()):
        raise StudioError(
            FORGED,
            f"a request with the session cookie needs the header {CSRF_HEADER} with the value of the cookie {CSRF}; GET"
            " /api/auth/me sets it",
        )


def is_secure(connection: Connection, public_url: str | None) -> bool:
    """Do browsers come by https? Then cookies are sent by nothing else."""
    return connection.url.scheme == "https" or urlsplit(public_url or "").scheme == "https"


def session_cookie(secret: str, is_secure: bool) -> Cookie:
    return Cookie(
        SESSION, value=secret, max_age=int(SESSION_S), httponly=True, secure=is_secure, samesite="lax", path="/"
    )


def csrf_cookie(is_secure: bool) -> Cookie:
    value = secrets.token_urlsafe(24)
    return Cookie(CSRF, value=value, max_age=YEAR_S, httponly=False, secure=is_secure, samesite="lax", path="/")


def ended_session_cookie(is_secure: bool) -> Cookie:
    return Cookie(SESSION, value="", max_age=0, httponly=True, secure=is_secure, samesite="lax", path="/")


def new_anon_cookie(is_secure: bool) -> str:
    """The value of a Set-Cookie header."""
    value = secrets.token_urlsafe(24)
    cookie = Cookie(ANON, value=value, max_age=YEAR_S, httponly=True, secure=is_secure, samesite="lax", path="/")
    return cookie.to_header(header="")


def anon_owner(connection: Connection) -> str | None:
    """`anon:{id}` of a browser that has loaded the page. The id is the cookie's hash: who reads the database cannot
    pass for the browser."""
    value = connection.cookies.get(ANON, "")
    return f"anon:{hashlib.sha256(value.encode()).hexdigest()[:32]}" if ANON_ID.fullmatch(value) else None
