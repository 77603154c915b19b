"""Bodies and answers of the account and key endpoints."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from server.accounts.emails import MAX_CHARACTERS
from server.api.billing.schemas import CreditLeft
from server.api.usage.schemas import LimitsLeft

MIN_PASSWORD, MAX_PASSWORD = 10, 200
MAX_KEY_DAYS = 3650

Scope = Literal["generate", "read", "operator", "on_behalf"]
Email = Annotated[
    str, Meta(min_length=3, max_length=MAX_CHARACTERS, description="Case does not count.", examples=["ada@example.org"])
]
Password = Annotated[
    str,
    Meta(
        min_length=1, max_length=MAX_PASSWORD, description="The current password.", examples=["correct horse battery"]
    ),
]
NewPassword = Annotated[
    str,
    Meta(
        min_length=MIN_PASSWORD,
        max_length=MAX_PASSWORD,
        description="Any characters; long is better than odd. The commonest passwords are refused.",
        examples=["correct horse battery"],
    ),
]
KeyName = Annotated[str, Meta(min_length=1, max_length=64, description="For you.", examples=["front end"])]
OneTimeCode = Annotated[str, Meta(min_length=1, max_length=128)]


class Registration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for an account. `invite` is required if STUDIO_REGISTRATION=invite."""

    email: Email
    password: NewPassword
    invite: OneTimeCode | None = None


class Registered(Struct, frozen=True, kw_only=True):
    """`email` as it is stored: the name to log in with."""

    email: str


class Credentials(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """E-mail and password of an account."""

    email: Email
    password: Password


class PasswordChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`password` is the old one."""

    password: Password
    new_password: NewPassword


class PasswordReset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`token` is from the link that `python -m server reset-link` prints."""

    token: OneTimeCode
    new_password: NewPassword


class AccountDeletion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The current password, as a confirmation."""

    password: Password


class User(Struct, frozen=True, kw_only=True):
    """`created_at` in UTC, RFC 3339."""

    id: str
    email: str
    is_operator: bool
    created_at: str


class Me(Struct, frozen=True, kw_only=True):
    """The caller. `user` null: not logged in. `scopes`: what this call may do. `registration` and `anonymous` are
    settings of the server. `limits`: what is left of each limit. `credit`: only where pictures cost credit."""

    user: User | None
    scopes: list[Scope]
    registration: Literal["open", "invite", "closed"]
    anonymous: bool
    limits: LimitsLeft
    credit: CreditLeft | UnsetType = UNSET


class KeyWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for a key. Only operators may give the scope `operator`."""

    name: KeyName
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=4, description="Default generate and read.")] = field(
        default_factory=lambda: list[Scope](("generate", "read"))
    )
    expires_in_days: (
        Annotated[int, Meta(ge=1, le=MAX_KEY_DAYS, description="Null: the key does not expire.")] | None
    ) = None


class NewKey(Struct, frozen=True, kw_only=True):
    """`key` is in this answer only; the server does not keep it."""

    id: str
    name: str
    key: str
    scopes: list[Scope]
    expires_at: str | None


class Key(Struct, frozen=True, kw_only=True):
    """Times in UTC, RFC 3339. `last_used_at` is updated at most once a minute."""

    id: str
    name: str
    scopes: list[Scope]
    created_at: str
    expires_at: str | None
    last_used_at: str | None


class Keys(Struct, frozen=True):
    """The keys that are not revoked, oldest first."""

    keys: list[Key]


class StreamToken(Struct, frozen=True, kw_only=True):
    """`events_url` contains the token: open it within `expires_in_s` seconds."""

    token: str
    events_url: str
    expires_in_s: int


def utc(seconds: float) -> str:
    """Seconds since 1970 as `2026-11-22T10:00:00Z`."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")
