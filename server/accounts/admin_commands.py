"""Account administration: from the command line (server/cli.py), which needs access to the database and no login, and
by operators."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.passwords import Passwords
from server.accounts.service import add_account, find_account
from server.accounts.tokens import digest, new_secret
from server.db.account_models import OneTimeCodeRow
from server.db.clock import now_s
from server.db.session import Database


class Administration:
    """Each method is one unit of work and commits it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    @asynccontextmanager
    async def of(cls, database_url: str) -> AsyncGenerator["Administration"]:
        """Open and migrate the database, which need not exist yet. Raises NetworkFilesystem, OSError and
        SQLAlchemyError."""
        url = make_url(database_url)
        if url.get_backend_name() == "sqlite" and url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)  # no other task runs
        database = Database(database_url)
        try:
            await database.migrate()
            yield cls(database)
        finally:
            await database.close()

    async def promote(self, email: str) -> bool:
        """Make an account an operator. True if the account exists."""
        async with self._database.write() as session:
            account = await find_account(session, email)
            if account is not None:
                account.is_operator = True
        return account is not None

    async def create_operator(self, email: str, password: str) -> None:
        """Create an operator account. `email` is canonical (emails.py)."""
        password_hash = await Passwords().hash(password)
        async with self._database.write() as session:
            await add_account(session, email, password_hash, is_operator=True)

    async def reset_code(self, email: str, lifetime_s: float) -> str | None:
        """Create a one-time code that sets a new password; earlier codes of the account become invalid. None: there is
        no such account."""
        async with self._database.write() as session:
            account = await find_account(session, email)
            if account is None:
                return None
            await session.execute(delete(OneTimeCodeRow).where(OneTimeCodeRow.account_id == account.id))
            return await self._add_code(session, account.id, lifetime_s)

    async def invitation(self, lifetime_s: float) -> str:
        """Create a one-time code that opens registration."""
        async with self._database.write() as session:
            return await self._add_code(session, None, lifetime_s)

    async def _add_code(self, session: AsyncSession, account_id: str | None, lifetime_s: float) -> str:
        code, current_s = new_secret(), await session.scalar(select(now_s())) or 0.0
        await session.execute(delete(OneTimeCodeRow).where(OneTimeCodeRow.expires_at_s < current_s))
        session.add(
            OneTimeCodeRow(code_sha256=digest(code), account_id=account_id, expires_at_s=current_s + lifetime_s)
        )
        return code
