"""What can go wrong with an account.

AccountsError
├── RegistrationRefused   closed, or the invitation does not open it
├── TooManyAccounts       from this address, today
├── EmailTaken            there is an account with this e-mail
├── WrongLogin            the password, or nobody has this e-mail: never told which
├── WrongPassword         of who has logged in, asked once more
├── CodeUnusable          a reset link that is used, out of date or made up
├── AccountGone           deleted meanwhile
├── AccountDisabled       by an operator
├── TooManyLogins         too many tries for this account or from this address
├── TooManyKeys           of one account
└── TooManyPasswords      more passwords wait to be checked than can be
"""


class AccountsError(Exception):
    """Base of what server/accounts raises on purpose. The text is for people and names no secret."""


class RegistrationRefused(AccountsError):
    pass


class TooManyAccounts(AccountsError):
    """`retry_after_s`: whole seconds until this address may make another."""

    def __init__(self, max_accounts: int, retry_after_s: int) -> None:
        super().__init__(f"{max_accounts} accounts were made from this address in a day; try again later")
        self.retry_after_s = retry_after_s


class EmailTaken(AccountsError):
    def __init__(self) -> None:
        super().__init__("there is an account with this e-mail already; log in, or ask the operator for a reset link")


class WrongLogin(AccountsError):
    def __init__(self) -> None:
        super().__init__("the e-mail or the password is wrong")


class WrongPassword(AccountsError):
    def __init__(self) -> None:
        super().__init__("the password is wrong")


class CodeUnusable(AccountsError):
    def __init__(self) -> None:
        super().__init__("this link was used, is out of date, or was never made; ask the operator for a new one")


class AccountGone(AccountsError):
    def __init__(self) -> None:
        super().__init__("this account does not exist any more")


class AccountDisabled(AccountsError):
    def __init__(self) -> None:
        super().__init__("this account is switched off; ask the operator")


class TooManyLogins(AccountsError):
    """`retry_after_s`: whole seconds until the next try is looked at."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many tries with a wrong password; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class TooManyKeys(AccountsError):
    def __init__(self, max_keys: int) -> None:
        super().__init__(f"an account has at most {max_keys} keys; revoke one that is not used any more")


class TooManyPasswords(AccountsError):
    def __init__(self) -> None:
        super().__init__("too many are logging in right now; try again in a few seconds")
