"""Identify the caller of a request: by API key, session cookie or stream token, else by the page's cookie or the
address."""

import re
from dataclasses import replace
from hmac import compare_digest
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from server.accounts.key_throttle import KeyThrottle
from server.accounts.keys import ApiKeys
from server.accounts.service import Account, Accounts, owner_of
from server.api.auth.caller import (
    EVERYBODY,
    ON_BEHALF,
    OPERATOR,
    READ,
    Caller,
    anonymous,
)
from server.api.auth.cookies import SESSION, anon_owner, check_csrf
from server.api.auth.guards import bearer_key
from server.errors import INVALID_REQUEST, SCOPE_LACKING, UNAUTHORIZED, FieldError, StudioError

END_USER_HEADER = "x-end-user"
END_USER = re.compile(r"[\x21-\x7e]{1,128}")
STREAM_TOKEN = "token"  # query parameter of handlers with this `opt`
OPERATOR_OWNER = "operator"

Connection = ASGIConnection[Any, Any, Any, Any]


class Identification(ASGIMiddleware):
    """The middleware of every API router: sets `user` of the connection to its `Caller`. A request with a key that is
    not valid is refused, never treated as anonymous. `anonymous_allowed`: STUDIO_ANONYMOUS."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, accounts: Accounts, keys: ApiKeys, throttle: KeyThrottle, anonymous_allowed: bool) -> None:
        self.accounts = accounts
        self.keys = keys
        self.throttle = throttle
        self.anonymous_allowed = anonymous_allowed

    def __deepcopy__(self, memo: dict[int, Any]) -> "Identification":
        """Litestar copies the routers that it registers; all copies share this instance."""
        return self

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Raises StudioError (400, 401, 403, 429)."""
        connection = Connection(scope)
        caller = await self._caller(connection, anonymous(connection))
        scope["user"] = _for_end_user(connection, caller)
        await next_app(scope, receive, send)

    async def _caller(self, connection: Connection, unknown: Caller) -> Caller:
        key = bearer_key(connection)
        if key is not None:
            return await self._of_key(connection, key, unknown)
        token = connection.query_params.get(STREAM_TOKEN)
        if token is not None and connection.route_handler.opt.get(STREAM_TOKEN):
            return await self._of_stream(connection, token, unknown)
        session = connection.cookies.get(SESSION)
        if session is not None:
            check_csrf(connection)
            account = await self.accounts.of_session(session)
            if account is not None:
                return _of_account(account, unknown)
        scopes = EVERYBODY if self.anonymous_allowed else frozenset[str]()
        return replace(unknown, owner=anon_owner(connection) or unknown.owner, scopes=scopes)

    async def _of_key(self, connection: Connection, secret: str, unknown: Caller) -> Caller:
        """An API key is valid from a throttled address, too: it has 256 random bits, which no one guesses."""
        admin_key: str | None = connection.app.state.admin_key
        if self.throttle.is_throttled(unknown.address):
            admin_key = None
        if admin_key is not None and compare_digest(secret.encode(), admin_key.encode()):
            return replace(unknown, owner=OPERATOR_OWNER, scopes=EVERYBODY | {OPERATOR}, is_operator=True)
        key_and_role = await self.keys.find(secret) if secret else None
        if key_and_role is None:
            self.throttle.note_wrong(unknown.address, secret)
            raise StudioError(
                UNAUTHORIZED,
                "this key is not known, was revoked or has expired; make one at POST /api/keys",
            )
        key, account_is_operator = key_and_role
        scopes = key.scopes if account_is_operator else key.scopes - {OPERATOR}
        return replace(
            unknown,
            owner=owner_of(key.account_id),
            user_id=key.account_id,
            key_id=key.id,
            scopes=scopes,
            is_operator=OPERATOR in scopes,
        )

    async def _of_stream(self, connection: Connection, token: str, unknown: Caller) -> Caller:
        """A caller that may see the job has created the token; it opens this one call as an operator would."""
        job_id = str(connection.path_params.get("job_id", ""))
        if not await self.keys.opens_stream(token, job_id):
            raise StudioError(
                UNAUTHORIZED,
                "this stream token has expired or is another job's; POST stream-token makes one",
            )
        return replace(unknown, scopes=frozenset({READ}), is_operator=True)


def caller_of(request: Request[Any, Any, Any]) -> Caller:
    """Provide the dependency `caller`."""
    return request.user


def _of_account(account: Account, unknown: Caller) -> Caller:
    scopes = EVERYBODY | {OPERATOR} if account.is_operator else EVERYBODY
    return replace(unknown, owner=account.owner, user_id=account.id, scopes=scopes, is_operator=account.is_operator)


def _for_end_user(connection: Connection, caller: Caller) -> Caller:
    end_user = connection.headers.get(END_USER_HEADER)
    if end_user is None:
        return caller
    if ON_BEHALF not in caller.scopes:
        raise StudioError(SCOPE_LACKING, "X-End-User is for API keys with the scope on_behalf")
    if not END_USER.fullmatch(end_user):
        allowed = "1 to 128 printable ASCII characters without blanks"
        raise StudioError(
            INVALID_REQUEST, "X-End-User cannot be used", [FieldError("X-End-User", "it cannot be used", allowed)]
        )
    return replace(caller, end_user=end_user)
