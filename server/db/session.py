"""One database, two ways in: `write` and `read`."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from server.db.channel import Channel
from server.db.filesystem import check_local
from server.errors import DATABASE_AWAY, DISK_FULL, DomainError

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT_MS = 10_000
MIGRATE_TRIES = 5
MIGRATE_GAP_S = 0.1
CONNECT_TIMEOUT_S = 5.0
STATEMENT_TIMEOUT_S = 60.0
STALLED_S = 10.0
"""After so long PostgreSQL ends the transaction of a process that says nothing: its locks would stop all others."""
LOCKS = {"migrate": 7_310_001, "queue": 7_310_002, "accounts": 7_310_003, "retention": 7_310_004}
"""Advisory locks of PostgreSQL that we take, all in transactions."""


SQLALCHEMYS_OWN = ("async_creator_fn", "async_fallback", "prepared_statement_cache_size")
"""What an address may say that asyncpg does not know."""

AWAY_STATES = ("08", "57P", "53300")
"""What PostgreSQL's error codes begin with where it is stopping, starting, gone, or takes no further connection."""
FULL_STATE = "53100"
AWAY_TEXTS = ("database is locked", "unable to open database", "disk I/O error")
FULL_TEXT = "database or disk is full"

DATABASE_ERRORS = (SQLAlchemyError, OSError)
"""What a unit of work raises where the database cannot be reached, or cannot do it now."""


class _DatabaseError(DomainError, SQLAlchemyError):
    """`reason` is for the log, where `str()` goes; callers of the API get the class's `public` text."""

    public: str

    def __init__(self, reason: str) -> None:
        super().__init__(self.public)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class DatabaseAway(_DatabaseError):
    """The database does not answer now. The unit of work is not stored, unless only the answer to its commit is
    lost."""

    kind = DATABASE_AWAY
    public = "the database does not answer; what was accepted before is kept, try again in a few seconds"
    retry_after_s = 5
    log_level = logging.WARNING


class DatabaseFull(_DatabaseError):
    """The disk of the database is full. Nothing of the unit of work is stored."""

    kind = DISK_FULL
    public = "the disk of the server's database is full, so nothing more is accepted; the operator must make room"
    retry_after_s = 60
    log_level = logging.ERROR


class Database:
    """`url` is a SQLAlchemy address with an async driver: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://...`.

    SQLite (WAL, synchronous=FULL) lets one transaction write at a time, in this process by turns, among processes by
    BEGIN IMMEDIATE and busy_timeout. PostgreSQL runs READ COMMITTED; count-then-insert takes `lock`.
    """

    def __init__(self, url: str) -> None:
        """Raises NetworkFilesystem."""
        self._is_sqlite = make_url(url).get_backend_name() == "sqlite"
        if self._is_sqlite:
            check_local(Path(make_url(url).database or "").parent)
        self._engine = (
            _sqlite_engine(url)
            if self._is_sqlite
            else create_async_engine(
                url,
                pool_pre_ping=True,
                hide_parameters=True,
                connect_args={
                    "timeout": CONNECT_TIMEOUT_S,
                    "command_timeout": STATEMENT_TIMEOUT_S,
                    "server_settings": {"idle_in_transaction_session_timeout": f"{STALLED_S * 1000:.0f}"},
                },
            )
        )
        self._turn = asyncio.Lock()

    @property
    def is_shared(self) -> bool:
        """True if other processes may work on this database."""
        return not self._is_sqlite

    async def migrate(self) -> None:
        """Bring the schema to the newest version. Safe when several processes start at once. Raises DatabaseAway and
        DatabaseFull."""
        for tries_left in reversed(range(MIGRATE_TRIES)):
            try:
                async with self._connection() as session:
                    if not self._is_sqlite:
                        await self.lock(session, "migrate")
                    connection = await session.connection()
                    return await connection.run_sync(_upgrade)
            except DatabaseAway:
                # two that switch a new SQLite file to WAL: one of them is refused without waiting
                if not (tries_left and self._is_sqlite):
                    raise
                await asyncio.sleep(MIGRATE_GAP_S)

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncSession]:
        """A transaction that may write, committed when the block ends, rolled back when it raises. Raises
        DatabaseAway and DatabaseFull."""
        async with self._connection() as session:
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncSession]:
        """A transaction that only reads. On SQLite it sees one state throughout. Raises as `write` does."""
        with _told():
            async with AsyncSession(self._engine, expire_on_commit=False) as session:
                await _connect(session)
                yield session

    async def lock(self, session: AsyncSession, name: str) -> None:
        """Hold the lock `name` (of `LOCKS`) until the transaction ends. SQLite's writers take turns anyway."""
        if not self._is_sqlite:
            await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCKS[name]})

    def channel(self, on_text: Callable[[str], None], on_connect: Callable[[], None]) -> Channel | None:
        """To the other processes on this database. None: SQLite has no such thing."""
        if self._is_sqlite:
            return None
        _, options = self._engine.dialect.create_connect_args(self._engine.url)
        options = {name: value for name, value in options.items() if name not in SQLALCHEMYS_OWN}

        async def connect() -> Any:
            asyncpg: Any = import_module("asyncpg")  # part of an extra
            return await asyncpg.connect(timeout=CONNECT_TIMEOUT_S, command_timeout=STATEMENT_TIMEOUT_S, **options)

        return Channel(connect, on_text, on_connect)

    async def ping(self) -> None:
        """Raises DatabaseAway."""
        async with self.read() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[AsyncSession]:
        with _told():
            async with AsyncExitStack() as stack:
                if self._is_sqlite:
                    await stack.enter_async_context(self._turn)
                session = await stack.enter_async_context(AsyncSession(self._engine, expire_on_commit=False))
                await _connect(session, writes=True)
                yield session
                await session.commit()


async def _connect(session: AsyncSession, writes: bool = False) -> None:
    """Raises DatabaseAway. While there is no connection, what asyncpg raises comes as it is."""
    try:
        await session.connection(execution_options={"writes": writes})
    except Exception as error:
        if not isinstance(error, OSError) and not type(error).__module__.startswith("asyncpg"):
            raise
        raise DatabaseAway(f"the database does not answer ({type(error).__name__})") from error


@contextmanager
def _told() -> Generator[None]:
    """Tells a database that is away or full from a statement that is wrong."""
    try:
        yield
    except (ConnectionError, PoolTimeout) as error:
        raise DatabaseAway(f"the database does not answer ({type(error).__name__})") from error
    except DBAPIError as error:
        state, text = str(getattr(error.orig, "sqlstate", None) or ""), str(error.orig)
        if state == FULL_STATE or FULL_TEXT in text:
            raise DatabaseFull("the disk of the database is full") from error
        lost = error.connection_invalidated or isinstance(error, InterfaceError) or state.startswith(AWAY_STATES)
        if lost or any(each in text for each in AWAY_TEXTS):
            raise DatabaseAway(f"the database does not answer ({state or type(error.orig).__name__})") from error
        raise


class _SqliteConnection(sqlite3.Connection):
    """Its transaction ends when it is closed. SQLite by itself keeps both open while a statement of theirs lives, and
    the error of a unit of work that was cancelled keeps one: nobody could write until the garbage is collected."""

    def close(self) -> None:
        try:
            if self.in_transaction:
                self.rollback()
        finally:
            super().close()


def _sqlite_engine(url: str) -> AsyncEngine:
    engine = create_async_engine(
        url,
        hide_parameters=True,
        connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_MS / 1000, "factory": _SqliteConnection},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def set_pragmas(connection: DBAPIConnection, record: Any) -> None:  # pyright: ignore[reportUnusedFunction]
        cursor = connection.cursor()
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
