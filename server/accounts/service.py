"""Accounts and their sessions. Each method is one unit of work and commits it."""

import math
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.emails import spellings
from server.accounts.errors import (
    AccountDisabled,
    AccountGone,
    CodeUnusable,
    RegistrationRefused,
    TooManyAccounts,
    WrongLogin,
    WrongPassword,
)
from server.accounts.passwords import Passwords
from server.accounts.tokens import digest, new_secret
from server.assets.service import remove_assets, transfer_assets
from server.db.account_models import AccountRow, LoginRow, OneTimeCodeRow, RegistrationRow
from server.db.batch_models import BatchRow
from server.db.clock import now_s
from server.db.history_models import CollectionRow, EngagementRow
from server.db.models import JobRow
from server.db.session import Database
from server.db.usage_models import GenerationRow
from server.queue.deletion import Remover, remove_jobs
from server.tallies.facts import move_active_days

SESSION_S = 30 * 86_400.0
DAY_S = 86_400.0
MAX_ACCOUNTS_A_DAY = 5  # from one address


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    email: str
    is_operator: bool
    created_at_s: float
    is_disabled: bool = False
    is_unmoderated: bool = False

    @property
    def owner(self) -> str:
        """The owner of the account's jobs."""
        return owner_of(self.id)


@dataclass(frozen=True, slots=True)
class Signup:
    """A request for an account. `email` is canonical (emails.py), `address` the caller's (`ip:...`), `invite` an
    invitation's code."""

    email: str
    password: str
    address: str
    invite: str | None = None


def owner_of(account_id: str) -> str:
    return f"user:{account_id}"


class Accounts:
    """`registration` is open, invite or closed; `anonymous_allowed`: True if images are made without an account. Runs
    on the event loop."""

    def __init__(
        self, database: Database, passwords: Passwords, remover: Remover, registration: str, anonymous_allowed: bool
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._remover = remover
        self.registration = registration
        self.anonymous_allowed = anonymous_allowed

    async def register(self, signup: Signup) -> None:
        """Create an account, unless its e-mail has one: then nothing changes, and nothing differs for the caller, who
        learns from it no more than from a login. Raises RegistrationRefused, TooManyAccounts and TooManyPasswords."""
        async with self._database.read() as session:  # before hashing, which takes a fifth of a second
            await self._refuse(session, signup)
        password_hash = await self._passwords.hash(signup.password)
        async with self._database.write() as session:
            await self._database.lock(session, "accounts")
            await self._refuse(session, signup)
            if signup.invite is not None:
                await session.execute(delete(OneTimeCodeRow).where(_invitation(signup.invite)))
            await self._count(session, signup.address)
            if await find_account(session, signup.email) is None:
                await add_account(session, signup.email, password_hash, is_operator=False)

    async def log_in(
        self, email: str, password: str, old_secret: str | None = None, anonymous_owner: str | None = None
    ) -> tuple[Account, str]:
        """Log in. Returns the account with the secret of a new session; the session of `old_secret` ends. Raises
        WrongLogin, AccountDisabled and TooManyPasswords."""
        async with self._database.read() as session:
            row = await find_account(session, email)
        if not await self._passwords.verify(password, row.password_hash if row else None) or row is None:
            raise WrongLogin
        if row.disabled_at_s is not None:
            raise AccountDisabled
        async with self._database.write() as session:
            try:
                await _require_same_hash(session, row.id, row.password_hash)
            except WrongPassword:
                raise WrongLogin from None
            if old_secret is not None:
                await session.execute(delete(LoginRow).where(LoginRow.token_sha256 == digest(old_secret)))
            return _account(row), await self._open(session, row.id, anonymous_owner)

    async def of_session(self, secret: str) -> Account | None:
        """The account of a session; None: the session has ended or never existed."""
        valid = (LoginRow.token_sha256 == digest(secret)) & (LoginRow.expires_at_s > now_s())
        valid &= AccountRow.disabled_at_s.is_(None)
        async with self._database.read() as session:
            row = await session.scalar(select(AccountRow).join(LoginRow).where(valid))
        return _account(row) if row else None

    async def get(self, account_id: str) -> Account | None:
        async with self._database.read() as session:
            row = await session.get(AccountRow, account_id)
        return _account(row) if row else None

    async def page(self, after_email: str, limit: int) -> list[Account]:
        """Accounts in order of e-mail, after the given one."""
        following = select(AccountRow).where(AccountRow.email > after_email).order_by(AccountRow.email).limit(limit)
        async with self._database.read() as session:
            return [_account(row) for row in await session.scalars(following)]

    async def set_disabled(self, account_id: str, is_disabled: bool) -> Account | None:
        """Disable or enable an account; while disabled, its sessions and keys are invalid. None: there is no such
        account."""
        async with self._database.write() as session:
            row = await session.get(AccountRow, account_id)
            if row is None:
                return None
            row.disabled_at_s = await session.scalar(select(now_s())) if is_disabled else None
            await session.flush()
        return _account(row)

    async def log_out(self, secret: str) -> None:
        async with self._database.write() as session:
            await session.execute(delete(LoginRow).where(LoginRow.token_sha256 == digest(secret)))

    async def change_password(self, account_id: str, old: str, new: str) -> str:
        """Set a new password and end all sessions. Returns the secret of a new session. Raises WrongPassword,
        AccountGone and TooManyPasswords."""
        checked = await self._check_password(account_id, old)
        password_hash = await self._passwords.hash(new)
        async with self._database.write() as session:
            await _require_same_hash(session, account_id, checked)
            await _set_password(session, account_id, password_hash)
            return await self._open(session, account_id)

    async def delete(self, account_id: str, password: str) -> None:
        """Delete an account with its sessions, keys, jobs, images, collections and assets. Raises WrongPassword,
        AccountGone and TooManyPasswords."""
        checked = await self._check_password(account_id, password)
        async with self._database.write() as session:
            await _require_same_hash(session, account_id, checked)
            await session.execute(delete(AccountRow).where(AccountRow.id == account_id))
            job_ids = await remove_jobs(session, JobRow.owner == owner_of(account_id))
            await session.execute(delete(BatchRow).where(BatchRow.owner == owner_of(account_id)))
            await remove_assets(session, owner_of(account_id))
            await session.execute(delete(CollectionRow).where(CollectionRow.owner == owner_of(account_id)))
        self._remover.removed(job_ids)

    async def reset_password(self, code: str, password: str) -> None:
        """Set a new password by a one-time code and end all sessions. Raises CodeUnusable and TooManyPasswords."""
        usable = (OneTimeCodeRow.code_sha256 == digest(code)) & (OneTimeCodeRow.expires_at_s > now_s())
        usable &= OneTimeCodeRow.account_id.is_not(None)
        async with self._database.read() as session:
            if await session.scalar(select(OneTimeCodeRow.account_id).where(usable)) is None:
                raise CodeUnusable
        password_hash = await self._passwords.hash(password)
        async with self._database.write() as session:
            used = delete(OneTimeCodeRow).where(usable).returning(OneTimeCodeRow.account_id)
            account_id = await session.scalar(used.execution_options(synchronize_session=False))
            if account_id is None:
                raise CodeUnusable
            await session.execute(delete(OneTimeCodeRow).where(OneTimeCodeRow.account_id == account_id))
            await _set_password(session, account_id, password_hash)

    async def _refuse(self, session: AsyncSession, signup: Signup) -> None:
        """Raises RegistrationRefused and TooManyAccounts."""
        if self.registration == "closed":
            raise RegistrationRefused("this server makes no new accounts; ask its operator")
        if self.registration == "invite":
            invited = signup.invite is not None and await session.scalar(
                select(OneTimeCodeRow.code_sha256).where(_invitation(signup.invite))
            )
            if not invited:
                raise RegistrationRefused(
                    "an account needs an invitation that was not used before; ask the operator for one (invite)"
                )
        recent = (RegistrationRow.address == signup.address) & _is_recent()
        count, first_s, current_s = (
            await session.execute(select(func.count(), func.min(RegistrationRow.created_at_s), now_s()).where(recent))
        ).one()
        if count >= MAX_ACCOUNTS_A_DAY:
            raise TooManyAccounts(MAX_ACCOUNTS_A_DAY, max(1, math.ceil(first_s + DAY_S - current_s)))

    async def _count(self, session: AsyncSession, address: str) -> None:
        """The registration counts for the address, whether its e-mail has an account or not."""
        current_s = await session.scalar(select(now_s())) or 0.0
        await session.execute(delete(RegistrationRow).where(~_is_recent()))
        session.add(RegistrationRow(account_id=secrets.token_hex(16), address=address, created_at_s=current_s))

    async def _open(self, session: AsyncSession, account_id: str, anonymous_owner: str | None = None) -> str:
        """Open a session. Returns its secret. The earlier jobs and assets of an anonymous browser become the
        account's."""
        secret, current_s = new_secret(), await session.scalar(select(now_s())) or 0.0
        await session.execute(delete(LoginRow).where(LoginRow.expires_at_s < current_s))
        session.add(
            LoginRow(
                token_sha256=digest(secret),
                account_id=account_id,
                created_at_s=current_s,
                expires_at_s=current_s + SESSION_S,
            )
        )
        if anonymous_owner is not None:
            await claim_anonymous_work(session, anonymous_owner, owner_of(account_id))
            await transfer_assets(self._database, session, anonymous_owner, owner_of(account_id))
        return secret

    async def _check_password(self, account_id: str, password: str) -> str:
        """Verify the password. Returns its hash, for `_require_same_hash` in the transaction that relies on it. Raises
        AccountGone, WrongPassword and TooManyPasswords."""
        async with self._database.read() as session:
            password_hash = await session.scalar(select(AccountRow.password_hash).where(AccountRow.id == account_id))
        if password_hash is None:
            raise AccountGone
        if not await self._passwords.verify(password, password_hash):
            raise WrongPassword
        return password_hash


async def claim_anonymous_work(session: AsyncSession, anonymous_owner: str, owner: str) -> None:
    """Transfer everything that an anonymous browser owns to an account, except its assets (`transfer_assets`). A new
    table with an owner needs a line here."""
    for table in (JobRow, BatchRow, GenerationRow, EngagementRow, CollectionRow):
        await _update(session, table, table.owner == anonymous_owner, owner=owner)
    await move_active_days(session, anonymous_owner, owner)


async def find_account(session: AsyncSession, email: str) -> AccountRow | None:
    """The account of an address in any spelling. An account of an earlier version may have its own spelling."""
    forms = spellings(email)
    rows = {row.email: row for row in await session.scalars(select(AccountRow).where(AccountRow.email.in_(forms)))}
    return next((rows[form] for form in reversed(forms) if form in rows), None)


async def add_account(session: AsyncSession, email: str, password_hash: str, is_operator: bool) -> Account:
    """`email` is canonical (emails.py)."""
    row = AccountRow(
        id=secrets.token_hex(16),
        email=email,
        password_hash=password_hash,
        is_operator=is_operator,
        created_at_s=await session.scalar(select(now_s())) or 0.0,
    )
    session.add(row)
    await session.flush()
    return _account(row)


async def _require_same_hash(session: AsyncSession, account_id: str, password_hash: str) -> None:
    """Raises WrongPassword if the password was changed after it was verified."""
    unchanged = (AccountRow.id == account_id) & (AccountRow.password_hash == password_hash)
    if await session.scalar(select(AccountRow.id).where(unchanged).with_for_update()) is None:
        raise WrongPassword


async def _set_password(session: AsyncSession, account_id: str, password_hash: str) -> None:
    """Set the hash and end every session. Raises AccountGone."""
    if not await _update(session, AccountRow, AccountRow.id == account_id, password_hash=password_hash):
        raise AccountGone
    await session.execute(delete(LoginRow).where(LoginRow.account_id == account_id))


def _is_recent() -> ColumnElement[bool]:
    """Registrations of the last day. A clock that ran ahead leaves rows of the future: they count in no window."""
    return RegistrationRow.created_at_s.between(now_s() - DAY_S, now_s())


def _invitation(code: str) -> ColumnElement[bool]:
    valid = (OneTimeCodeRow.code_sha256 == digest(code)) & (OneTimeCodeRow.expires_at_s > now_s())
    return valid & OneTimeCodeRow.account_id.is_(None)


def _account(row: AccountRow) -> Account:
    is_disabled = row.disabled_at_s is not None
    return Account(row.id, row.email, row.is_operator, row.created_at_s, is_disabled, row.is_unmoderated)


async def _update(session: AsyncSession, table: type[Any], which: ColumnElement[bool], **values: Any) -> bool:
    """True if a row was changed."""
    changed = update(table).where(which).values(**values).execution_options(synchronize_session=False)
    return bool((await session.execute(changed)).rowcount)  # pyright: ignore
