"""Cookies, and the CSRF check of requests that carry a session.

studio_session   secret of the session; not readable by scripts
csrftoken        the page's scripts read it and send it back as x-csrftoken, which pages of other sites cannot
anon             set with the page; groups the jobs of a browser without a login, and gives no other access
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
    """Check the double-submit cookie: a request that changes something repeats its value in a header. Raises
    StudioError (403)."""
    if cast(Mapping[str, Any], connection.scope).get("method") not in CHANGING:
        return
    header, cookie = connection.headers.get(CSRF_HEADER, ""), connection.cookies.get(CSRF, "")
    if not cookie or not compare_digest(header.encode(), cookie.encode()):
        raise StudioError(
            FORGED,
            f"a request with the session cookie needs the header {CSRF_HEADER} with the value of the cookie {CSRF}; GET"
            " /api/auth/me sets it",
        )


def is_secure(connection: Connection, public_url: str | None) -> bool:
    """True if browsers use https; cookies are then sent over https only."""
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
    """`anon:{id}` of a browser that has loaded the page. The id is a hash of the cookie, so that a reader of the
    database cannot use it as one."""
    value = connection.cookies.get(ANON, "")
    return f"anon:{hashlib.sha256(value.encode()).hexdigest()[:32]}" if ANON_ID.fullmatch(value) else None
