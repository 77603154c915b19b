"""Account endpoints: register, log in and out, change or reset the password, delete the account."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from msgspec import UNSET

from server.accounts.common_passwords import weakness
from server.accounts.emails import canonical
from server.accounts.login_throttle import LoginThrottle
from server.accounts.service import Account, Accounts, Signup
from server.api.accounts import examples as account_examples
from server.api.accounts.schemas import (
    AccountDeletion,
    Credentials,
    Me,
    PasswordChange,
    PasswordReset,
    Registered,
    Registration,
    User,
    utc,
)
from server.api.auth.caller import Caller
from server.api.auth.cookies import (
    CSRF,
    SESSION,
    anon_owner,
    csrf_cookie,
    ended_session_cookie,
    is_secure,
    session_cookie,
)
from server.api.auth.guards import signed_in
from server.api.billing.schemas import credit_left
from server.api.http.openapi_errors import documented
from server.api.http.validation import body_like, json_body
from server.api.jobs import examples
from server.api.jobs.presenters import Addresses
from server.api.usage.schemas import limits_left
from server.billing.service import Billing
from server.errors import (
    ACCOUNT_DISABLED,
    BUSY,
    CODE_UNUSABLE,
    INVALID_REQUEST,
    REGISTRATION_REFUSED,
    TOO_LARGE,
    TOO_MANY_REQUESTS,
    UNSUPPORTED_MEDIA_TYPE,
    WRONG_LOGIN,
    WRONG_PASSWORD,
    FieldError,
    InvalidRequest,
)
from server.usage.service import Usage

PRIVATE = {"Cache-Control": "no-store"}
MAX_BODY_BYTES = 10_000
REFUSED = (INVALID_REQUEST, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)


class AuthController(Controller):
    path = "/api/auth"
    tags = ("accounts",)

    @get(
        "/me",
        operation_id="me",
        summary="Who am I, and what is left of my limits?",
        description="Anonymous callers may call it too: `user` is null. Sets the cookie `csrftoken`.",
        responses={200: examples.answers(account_examples.ME, "The caller"), **documented()},
    )
    async def me(
        self,
        request: Request[Any, Any, Any],
        caller: NamedDependency[Caller],
        accounts: NamedDependency[Accounts],
        usage: NamedDependency[Usage],
        billing: NamedDependency[Billing],
        addresses: NamedDependency[Addresses],
    ) -> Response[Me]:
        account = await accounts.get(caller.user_id) if caller.user_id is not None else None
        cookies = [] if CSRF in request.cookies else [csrf_cookie(is_secure(request, addresses.public_url))]
        me = Me(
            user=_user(account) if account else None,
            scopes=sorted(caller.scopes),  # pyright: ignore[reportArgumentType]  # they are Scopes
            registration=accounts.registration,  # pyright: ignore[reportArgumentType]  # a setting of these three
            anonymous=accounts.anonymous_allowed,
            limits=limits_left(await usage.left(caller.requester)),
            credit=credit_left(await billing.balance(caller.owner)) if billing.is_on else UNSET,
        )
        return Response(me, headers=PRIVATE, cookies=cookies)

    @post(
        "/register",
        status_code=202,
        operation_id="register",
        summary="Create an account",
        description=(
            "The answer is the same whether the e-mail had an account before or not; then nothing is changed. Log in"
            " afterwards: the right password shows that the account is yours."
        ),
        before_request=body_like(account_examples.REGISTRATION),
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            202: examples.answers(account_examples.REGISTERED, "There is an account with this e-mail: log in"),
            **documented(*REFUSED, REGISTRATION_REFUSED, TOO_MANY_REQUESTS, BUSY),
        },
    )
    async def register(
        self,
        data: Annotated[Registration, json_body(account_examples.REGISTRATION)],
        caller: NamedDependency[Caller],
        accounts: NamedDependency[Accounts],
    ) -> Response[Registered]:
        email = canonical(data.email)
        if email is None:
            raise InvalidRequest([FieldError("email", "it is no e-mail address", "an address like ada@example.org")])
        _check_new_password("password", data.password, email)
        await accounts.register(Signup(email, data.password, caller.address, data.invite))
        return Response(Registered(email=email), status_code=202, headers=PRIVATE)

    @post(
        "/login",
        status_code=200,
        operation_id="login",
        summary="Log in",
        before_request=body_like(account_examples.CREDENTIALS),
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            200: examples.answers(account_examples.USER, "The account; the response sets the session cookie"),
            **documented(*REFUSED, WRONG_LOGIN, ACCOUNT_DISABLED, TOO_MANY_REQUESTS, BUSY),
        },
    )
    async def login(
        self,
        request: Request[Any, Any, Any],
        data: Annotated[Credentials, json_body(account_examples.CREDENTIALS)],
        caller: NamedDependency[Caller],
        accounts: NamedDependency[Accounts],
        throttle: NamedDependency[LoginThrottle],
        addresses: NamedDependency[Addresses],
    ) -> Response[User]:
        old_secret = request.cookies.get(SESSION)
        await throttle.attempt(caller.address, data.email)
        account, secret = await accounts.log_in(data.email, data.password, old_secret, anon_owner(request))
        await throttle.succeeded(caller.address, data.email)
        return _logged_in(account, secret, is_secure(request, addresses.public_url), 200)

    @post(
        "/logout",
        status_code=204,
        operation_id="logout",
        summary="Log out",
        description="Ends the session of the cookie. Without a session the answer is the same.",
        responses={**examples.nothing("No session is left"), **documented()},
    )
    async def logout(
        self,
        request: Request[Any, Any, Any],
        accounts: NamedDependency[Accounts],
        addresses: NamedDependency[Addresses],
    ) -> Response[None]:
        secret = request.cookies.get(SESSION)
        if secret is not None:
            await accounts.log_out(secret)
        return _logged_out(request, addresses)

    @post(
        "/password",
        status_code=204,
        guards=[signed_in],
        operation_id="change_password",
        summary="Change the password",
        description="Ends every other session. API keys stay valid.",
        before_request=body_like(account_examples.PASSWORD_CHANGE),
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            **examples.nothing("Changed; the response sets a new session cookie"),
            **documented(*REFUSED, WRONG_PASSWORD, TOO_MANY_REQUESTS, BUSY),
        },
    )
    async def password(
        self,
        request: Request[Any, Any, Any],
        data: Annotated[PasswordChange, json_body(account_examples.PASSWORD_CHANGE)],
        caller: NamedDependency[Caller],
        accounts: NamedDependency[Accounts],
        throttle: NamedDependency[LoginThrottle],
        addresses: NamedDependency[Addresses],
    ) -> Response[None]:
        assert caller.user_id is not None  # by the guard
        _check_new_password("new_password", data.new_password)
        await throttle.attempt(caller.owner, caller.user_id)
        secret = await accounts.change_password(caller.user_id, data.password, data.new_password)
        await throttle.succeeded(caller.owner, caller.user_id)
        secure = is_secure(request, addresses.public_url)
        return Response(
            None, status_code=204, headers=PRIVATE, cookies=[session_cookie(secret, secure), csrf_cookie(secure)]
        )

    @post(
        "/reset",
        status_code=204,
        operation_id="reset_password",
        summary="Set a new password by a one-time link",
        description="The operator creates the link: `python -m server reset-link --email ...`. Ends every session.",
        before_request=body_like(account_examples.PASSWORD_RESET),
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            **examples.nothing("Set; log in with it"),
            **documented(*REFUSED, CODE_UNUSABLE, BUSY),
        },
    )
    async def reset(
        self,
        request: Request[Any, Any, Any],
        data: Annotated[PasswordReset, json_body(account_examples.PASSWORD_RESET)],
        accounts: NamedDependency[Accounts],
        addresses: NamedDependency[Addresses],
    ) -> Response[None]:
        _check_new_password("new_password", data.new_password)
        await accounts.reset_password(data.token, data.new_password)
        return _logged_out(request, addresses)

    @delete(
        "/account",
        status_code=204,
        guards=[signed_in],
        operation_id="delete_account",
        summary="Delete the account",
        description=(
            "Deletes its keys, jobs and pictures too; stored files follow as soon as the store is available. Running"
            " jobs stop."
        ),
        before_request=body_like(account_examples.ACCOUNT_DELETION),
        request_max_body_size=MAX_BODY_BYTES,
        responses={
            **examples.nothing("Deleted"),
            **documented(*REFUSED, WRONG_PASSWORD, TOO_MANY_REQUESTS, BUSY),
        },
    )
    async def account(
        self,
        request: Request[Any, Any, Any],
        data: Annotated[AccountDeletion, json_body(account_examples.ACCOUNT_DELETION)],
        caller: NamedDependency[Caller],
        accounts: NamedDependency[Accounts],
        throttle: NamedDependency[LoginThrottle],
        addresses: NamedDependency[Addresses],
    ) -> Response[None]:
        assert caller.user_id is not None  # by the guard
        await throttle.attempt(caller.owner, caller.user_id)
        await accounts.delete(caller.user_id, data.password)
        await throttle.succeeded(caller.owner, caller.user_id)
        return _logged_out(request, addresses)


def _logged_in(account: Account, secret: str, secure: bool, status: int) -> Response[User]:
    cookies = [session_cookie(secret, secure), csrf_cookie(secure)]
    return Response(_user(account), status_code=status, headers=PRIVATE, cookies=cookies)


def _logged_out(request: Request[Any, Any, Any], addresses: Addresses) -> Response[None]:
    cookie = ended_session_cookie(is_secure(request, addresses.public_url))
    return Response(None, status_code=204, headers=PRIVATE, cookies=[cookie])


def _user(account: Account) -> User:
    return User(
        id=account.id, email=account.email, is_operator=account.is_operator, created_at=utc(account.created_at_s)
    )


def _check_new_password(field: str, password: str, email: str | None = None) -> None:
    """Raises InvalidRequest if the password is one of the commonest."""
    if reason := weakness(password, email):
        allowed = "a password that is hard to guess, like four words or ten characters without a pattern"
        raise InvalidRequest([FieldError(field, reason, allowed)])
