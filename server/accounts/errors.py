"""Errors about accounts. Their texts are for people and name no secret.

DomainError
├── RegistrationRefused   registration is closed, or the invitation is not valid
├── TooManyAccounts       too many registrations from one address in a day
├── WrongLogin            unknown e-mail or wrong password; the answer does not reveal which
├── WrongPassword         a logged-in user confirmed with a wrong password
├── CodeUnusable          a reset link is used, expired or made up
├── AccountGone           the account was deleted meanwhile
├── AccountDisabled       an operator disabled the account
├── TooManyLogins         too many attempts for one account or from one address
├── TooManyWrongKeys      too many keys from one address that are not valid
├── TooManyKeys           one account has the maximum number of keys
└── TooManyPasswords      the queue of passwords to verify is full
"""

from server.errors import (
    ACCOUNT_DISABLED,
    BUSY,
    CODE_UNUSABLE,
    CONFLICT,
    REGISTRATION_REFUSED,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
    WRONG_LOGIN,
    WRONG_PASSWORD,
    DomainError,
)


class RegistrationRefused(DomainError):
    kind = REGISTRATION_REFUSED


class TooManyAccounts(DomainError):
    """`retry_after_s`: whole seconds until this address may make another."""

    kind = TOO_MANY_REQUESTS

    def __init__(self, max_accounts: int, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"{max_accounts} registrations a day are allowed from one address; try again later")


class WrongLogin(DomainError):
    kind = WRONG_LOGIN

    def __init__(self) -> None:
        super().__init__("the e-mail or the password is wrong")


class WrongPassword(DomainError):
    kind = WRONG_PASSWORD

    def __init__(self) -> None:
        super().__init__("the password is wrong")


class CodeUnusable(DomainError):
    kind = CODE_UNUSABLE

    def __init__(self) -> None:
        super().__init__("this link was used, is out of date, or was never made; ask the operator for a new one")


class AccountGone(DomainError):
    kind = UNAUTHORIZED

    def __init__(self) -> None:
        super().__init__("this account does not exist any more")


class AccountDisabled(DomainError):
    kind = ACCOUNT_DISABLED

    def __init__(self) -> None:
        super().__init__("this account is switched off; ask the operator")


class TooManyLogins(DomainError):
    """`retry_after_s`: whole seconds until the next attempt is accepted."""

    kind = TOO_MANY_REQUESTS

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"too many tries with a wrong password; try again in {retry_after_s} s")


class TooManyWrongKeys(DomainError):
    """`retry_after_s`: whole seconds until the next key is looked at."""

    kind = TOO_MANY_REQUESTS

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"too many wrong keys from this address; try again in {retry_after_s} s")


class TooManyKeys(DomainError):
    kind = CONFLICT

    def __init__(self, max_keys: int) -> None:
        super().__init__(f"an account has at most {max_keys} keys; revoke one that is not used any more")


class TooManyPasswords(DomainError):
    kind = BUSY
    retry_after_s = 5

    def __init__(self) -> None:
        super().__init__("too many are logging in right now; try again in a few seconds")
