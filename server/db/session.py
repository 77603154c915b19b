"""One database, two ways in: `write` and `read`."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession


class Database:
    """`url` is a SQLAlchemy address with an async driver: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://...`."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def migrate(self) -> None:
        """Bring the schema to the newest version. Safe when several processes start at once."""
        raise NotImplementedError

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncSession]:
        """A transaction that may write, committed when the block ends, rolled back when it raises."""
        raise NotImplementedError
        yield

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncSession]:
        """A transaction that only reads."""
        raise NotImplementedError
        yield

    async def ping(self) -> None:
        """Raises SQLAlchemyError when the database cannot be reached."""
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError
