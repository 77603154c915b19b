"""Throttle of password guessing: login attempts are counted per account and per address. They are counted in the
database before the password is verified, so that parallel attempts and several processes count too."""

import hashlib
import math

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.errors import TooManyLogins
from server.db.account_models import LoginAttemptRow
from server.db.clock import now_s
from server.db.session import Database

WINDOW_S = 900
MAX_OF_ACCOUNT = 10
MAX_OF_ADDRESS = 30


class LoginThrottle:
    """Each method is one unit of work. Runs on the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def attempt(self, address: str, account: str) -> None:
        """Count one attempt for an account (its e-mail or id). Raises TooManyLogins."""
        async with self._database.write() as session:
            await self._database.lock(session, "accounts")
            now = await session.scalar(select(now_s())) or 0.0
            is_old = or_(LoginAttemptRow.created_at_s <= now - WINDOW_S, LoginAttemptRow.created_at_s > now)
            await session.execute(delete(LoginAttemptRow).where(is_old))  # a clock that ran ahead leaves future ones
            await _check(session, LoginAttemptRow.account_sha256 == _digest(account), MAX_OF_ACCOUNT, now)
            await _check(session, LoginAttemptRow.address == address, MAX_OF_ADDRESS, now)
            session.add(LoginAttemptRow(address=address, account_sha256=_digest(account), created_at_s=now))

    async def succeeded(self, account: str) -> None:
        """Forget the attempts for an account: its password was right."""
        async with self._database.write() as session:
            attempts = LoginAttemptRow.account_sha256 == _digest(account)
            await session.execute(delete(LoginAttemptRow).where(attempts).execution_options(synchronize_session=False))


async def _check(session: AsyncSession, which: ColumnElement[bool], most: int, now: float) -> None:
    count, oldest_s = (
        await session.execute(select(func.count(), func.min(LoginAttemptRow.created_at_s)).where(which))
    ).one()
    if count >= most:
        raise TooManyLogins(max(1, math.ceil(oldest_s + WINDOW_S - now)))


def _digest(account: str) -> str:
    return hashlib.sha256(account.strip().lower().encode()).hexdigest()
