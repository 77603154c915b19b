"""Throttle of password guessing: login attempts are counted for each address and account. They are counted in the
database before the password is verified, so that parallel attempts and several processes count too.

A stranger cannot lock an account: attempts from elsewhere leave the owner's own. They only lower their number where the
account is guessed at from many addresses.
"""

import hashlib
import math

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.emails import spellings
from server.accounts.errors import TooManyLogins
from server.db.account_models import LoginAttemptRow
from server.db.clock import now_s
from server.db.session import Database

WINDOW_S = 900
MAX_OF_PAIR = 10  # one address, one account
MAX_OF_ADDRESS = 30  # one address, all accounts
CROWD = 100  # attempts for one account from all addresses, beyond which each address has:
MAX_OF_PAIR_IN_A_CROWD = 2


class LoginThrottle:
    """Each method is one unit of work. Runs on the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def attempt(self, address: str, account: str) -> None:
        """Count one attempt from an address for an account (its e-mail or id). Raises TooManyLogins."""
        async with self._database.write() as session:
            await self._database.lock(session, "accounts")
            now = await session.scalar(select(now_s())) or 0.0
            is_old = or_(LoginAttemptRow.created_at_s <= now - WINDOW_S, LoginAttemptRow.created_at_s > now)
            await session.execute(delete(LoginAttemptRow).where(is_old))  # a clock that ran ahead leaves future ones
            of_account = LoginAttemptRow.account_sha256 == _digest(account)
            of_address = LoginAttemptRow.address == address
            is_crowded = (await _count(session, of_account))[0] >= CROWD
            for which, most in (
                (of_account & of_address, MAX_OF_PAIR_IN_A_CROWD if is_crowded else MAX_OF_PAIR),
                (of_address, MAX_OF_ADDRESS),
            ):
                count, oldest_s = await _count(session, which)
                if count >= most:
                    raise TooManyLogins(max(1, math.ceil(oldest_s + WINDOW_S - now)))
            session.add(LoginAttemptRow(address=address, account_sha256=_digest(account), created_at_s=now))

    async def succeeded(self, address: str, account: str) -> None:
        """Forget the attempts from this address for the account: the password was right."""
        async with self._database.write() as session:
            attempts = (LoginAttemptRow.account_sha256 == _digest(account)) & (LoginAttemptRow.address == address)
            await session.execute(delete(LoginAttemptRow).where(attempts).execution_options(synchronize_session=False))


async def _count(session: AsyncSession, which: ColumnElement[bool]) -> tuple[int, float]:
    """The number of attempts and the time of the oldest."""
    counted = select(func.count(), func.min(LoginAttemptRow.created_at_s)).where(which)
    count, oldest_s = (await session.execute(counted)).one()
    return count, oldest_s or 0.0


def _digest(account: str) -> str:
    """Of all spellings of an e-mail the same."""
    return hashlib.sha256(spellings(account)[0].encode()).hexdigest()
