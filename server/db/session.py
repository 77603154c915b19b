"""Database access: a transaction of `read` or of `write`."""

import asyncio
import logging
import math
import secrets
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from server.db.channel import Channel
from server.db.filesystem import check_local
from server.db.migrations.upgrade import upgrade
from server.errors import DATABASE_AWAY, DISK_FULL, DomainError
from server.held_file import HeldFile

BUSY_TIMEOUT_MS = 10_000
MIGRATE_TRIES = 5
MIGRATE_GAP_S = 0.1
CONNECT_TIMEOUT_S = 5.0
STATEMENT_TIMEOUT_S = 60.0
STALLED_S = 10.0
"""PostgreSQL ends the transaction of a process that is idle for so long: its locks would block all others."""
PROBE_GAP_S = 60.0
PROBE_GAP_IN_DOUBT_S = 1.0
PROBE_TIMEOUT_S = 3.0
LOCKS = {
    "migrate": 7_310_001,
    "queue": 7_310_002,
    "accounts": 7_310_003,
    "retention": 7_310_004,
    "assets": 7_310_005,
    "billing": 7_310_006,
    "share": 7_310_016,
    "collections": 7_310_017,
}
"""PostgreSQL's advisory locks, all held within transactions."""


SQLALCHEMY_OPTIONS = ("async_creator_fn", "async_fallback", "prepared_statement_cache_size")
"""Options of an address that asyncpg does not know."""

BEFORE_COMMIT = "before_commit"
"""Key of a session's `info`: an async function of the session, the last work of a transaction of `write`."""

AWAY_STATES = ("08", "57P", "57014", "53300", "25006")
"""Prefixes of PostgreSQL's error codes for: connection lost, stopping, starting, statement cancelled by an operator,
too many connections, read-only."""
FULL_STATE = "53100"
AWAY_TEXTS = ("database is locked", "unable to open database", "disk I/O error", "readonly database")
FULL_TEXT = "database or disk is full"

DATABASE_ERRORS = (SQLAlchemyError, OSError)
"""Raised by a unit of work if the database cannot be reached, or cannot do it now."""


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


class DatabaseLost(DatabaseAway):
    """The database file or the data folder was deleted, replaced or unmounted while the server runs: what is written
    now may be gone after a restart."""

    public = "the server's data is not in its place, so nothing is accepted; the operator must put it back"


class DatabaseFull(_DatabaseError):
    """The disk of the database is full. Nothing of the unit of work is stored."""

    kind = DISK_FULL
    public = "the disk of the server's database is full, so nothing more is accepted; the operator must make room"
    retry_after_s = 60
    log_level = logging.ERROR


class Database:
    """`url` is a SQLAlchemy address with an async driver: `sqlite+aiosqlite:///path` or `postgresql+asyncpg://...`.

    SQLite (WAL, synchronous=FULL) has one writer at a time: an asyncio lock within this process, BEGIN IMMEDIATE and
    busy_timeout between processes. PostgreSQL runs READ COMMITTED; count-then-insert takes `lock`.
    """

    def __init__(
        self, url: str, refusal: Callable[[], str | None] = lambda: None, direct_url: str | None = None
    ) -> None:
        """`refusal`: why nothing may be written now; None: it may. `direct_url`: the same PostgreSQL, where `url` leads
        to it through PgBouncer in transaction mode. Raises NetworkFilesystem."""
        self._url = make_url(url)
        self._direct_url = make_url(direct_url) if direct_url else self._url
        self._is_sqlite = self._url.get_backend_name() == "sqlite"
        self._refusal = refusal
        self._file: HeldFile | None = None
        self._doubt: _DatabaseError | None = None  # the last write has failed, or the last probe
        self._probed_at_s = -math.inf
        if self._is_sqlite:
            check_local(Path(self._url.database or "").parent)
        self._engine = _sqlite_engine(url) if self._is_sqlite else _postgres_engine(self._url, direct_url is not None)
        self._writer = asyncio.Lock()

    @property
    def is_shared(self) -> bool:
        """True if other processes may work on this database."""
        return not self._is_sqlite

    async def migrate(self) -> None:
        """Upgrade the schema to the newest version. Several processes may do it at the same time. Raises DatabaseAway,
        DatabaseFull and NewerDatabase."""
        for tries_left in reversed(range(MIGRATE_TRIES)):
            try:
                async with self._connection() as session:
                    if not self._is_sqlite:
                        await self.lock(session, "migrate")
                    connection = await session.connection()
                    await connection.run_sync(upgrade)
                break
            except DatabaseAway:
                # two processes switch a new SQLite file to WAL: SQLite refuses one of them without waiting
                if not (tries_left and self._is_sqlite):
                    raise
                await asyncio.sleep(MIGRATE_GAP_S)
        if self._is_sqlite and self._file is None:
            self._file = HeldFile(Path(self._url.database or ""))

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncSession]:
        """A transaction that may write: committed at the end of the block, rolled back if it raises. Raises
        DatabaseAway and DatabaseFull."""
        async with self._connection() as session:
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncSession]:
        """A read-only transaction. On SQLite it sees one snapshot. Raises DatabaseAway and DatabaseFull."""
        self._check_file()
        with _translated_errors():
            async with AsyncSession(self._engine, expire_on_commit=False) as session:
                await _connect(session)
                yield session

    async def lock(self, session: AsyncSession, name: str) -> None:
        """Hold the lock `name` (of `LOCKS`) until the transaction ends. SQLite needs none: it has one writer."""
        if not self._is_sqlite:
            await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCKS[name]})

    def channel(self, on_text: Callable[[str], None], on_connect: Callable[[], None]) -> Channel | None:
        """A channel to the other processes on this database. None: SQLite has no channels."""
        if self._is_sqlite:
            return None
        _, options = self._engine.dialect.create_connect_args(self._direct_url)
        options = {name: value for name, value in options.items() if name not in SQLALCHEMY_OPTIONS}

        async def connect() -> Any:
            asyncpg: Any = import_module("asyncpg")  # part of an extra
            return await asyncpg.connect(timeout=CONNECT_TIMEOUT_S, command_timeout=STATEMENT_TIMEOUT_S, **options)

        return Channel(connect, on_text, on_connect)

    async def ping(self) -> None:
        """Check the connection, and now and then, or after a write that failed, a write. Raises DatabaseAway and
        DatabaseFull."""
        async with self.read() as session:
            await session.execute(text("SELECT 1"))
        gap_s = PROBE_GAP_S if self._doubt is None else PROBE_GAP_IN_DOUBT_S
        if time.monotonic() - self._probed_at_s >= gap_s:
            self._probed_at_s = time.monotonic()
            await self._probe()
        elif self._doubt is not None:
            raise type(self._doubt)(self._doubt.reason)

    async def close(self) -> None:
        await self._engine.dispose()
        if self._file is not None:
            self._file.close()
            self._file = None

    async def _probe(self) -> None:
        """Insert a row and delete it, in one transaction: it reaches the disk, and no other one sees it."""
        key = {"key": f"probe-{secrets.token_hex(8)}"}
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S), self.write() as session:
                await session.execute(text("INSERT INTO doomed_object (storage_key, due_at_s) VALUES (:key, 0)"), key)
                await session.execute(text("DELETE FROM doomed_object WHERE storage_key = :key"), key)
        except TimeoutError as error:
            self._doubt = DatabaseAway(f"a write takes longer than {PROBE_TIMEOUT_S:.0f} s")
            raise self._doubt from error
        self._doubt = None

    def _check_file(self) -> None:
        """Raises DatabaseLost. A new connection would make a new file under the old name."""
        if self._file is not None and (trouble := self._file.trouble()) is not None:
            raise DatabaseLost(trouble)

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[AsyncSession]:
        if (refusal := self._refusal()) is not None:
            raise DatabaseLost(refusal)
        try:
            with _translated_errors():
                async with AsyncExitStack() as stack:
                    if self._is_sqlite:
                        await stack.enter_async_context(self._writer)
                        self._check_file()
                    session = await stack.enter_async_context(AsyncSession(self._engine, expire_on_commit=False))
                    await _connect(session, writes=True)
                    yield session
                    if (last_work := session.info.pop(BEFORE_COMMIT, None)) is not None:
                        await last_work(session)
                    await session.commit()
        except (DatabaseAway, DatabaseFull) as error:
            self._doubt = error
            raise
        self._check_file()  # what was committed to a deleted file counts as refused


async def _connect(session: AsyncSession, writes: bool = False) -> None:
    """Open the session's connection. Raises DatabaseAway: before a connection exists, SQLAlchemy passes asyncpg's own
    errors on."""
    try:
        await session.connection(execution_options={"writes": writes})
    except Exception as error:
        if not isinstance(error, OSError) and not type(error).__module__.startswith("asyncpg"):
            raise
        raise DatabaseAway(f"the database does not answer ({type(error).__name__})") from error


@contextmanager
def _translated_errors() -> Generator[None]:
    """Translate driver errors: DatabaseAway or DatabaseFull; a wrong statement keeps its error."""
    try:
        yield
    except (ConnectionError, TimeoutError, PoolTimeout) as error:
        raise DatabaseAway(f"the database does not answer ({type(error).__name__})") from error
    except DBAPIError as error:
        state, text = str(getattr(error.orig, "sqlstate", None) or ""), str(error.orig)
        if state == FULL_STATE or FULL_TEXT in text:
            raise DatabaseFull("the disk of the database is full") from error
        lost = error.connection_invalidated or isinstance(error, InterfaceError) or state.startswith(AWAY_STATES)
        away_text = next((part for part in AWAY_TEXTS if part in text), None)
        if lost or away_text:
            cause = state or away_text or type(error.orig).__name__
            raise DatabaseAway(f"the database does not answer ({cause})") from error
        raise


class _SqliteConnection(sqlite3.Connection):
    """Rolls back when it is closed. SQLite itself keeps a transaction open while one of its statements exists, and the
    error of a cancelled unit of work references one: writers would wait for the garbage collection."""

    def close(self) -> None:
        try:
            with suppress(sqlite3.ProgrammingError):  # SQLAlchemy closes the connection of a cancelled reader twice
                if self.in_transaction:
                    self.rollback()
        finally:
            super().close()


def _postgres_engine(url: URL, pooled: bool) -> AsyncEngine:
    """`pooled`: PgBouncer gives each transaction another connection of PostgreSQL. So there are no named prepared
    statements, and no parameters of a session: its `idle_transaction_timeout` does what STALLED_S does."""
    options: dict[str, Any] = {"timeout": CONNECT_TIMEOUT_S, "command_timeout": STATEMENT_TIMEOUT_S}
    if pooled:
        options |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
        options["prepared_statement_name_func"] = str  # "": the unnamed one
    else:
        options["server_settings"] = {"idle_in_transaction_session_timeout": f"{STALLED_S * 1000:.0f}"}
    return create_async_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=options)


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


def in_one_line(error: Exception) -> str:
    """An error of the database for the operator, with the driver's words where the error itself has none."""
    texts = [str(each).strip().partition("\n")[0] for each in (error, error.__cause__) if each is not None]
    return ": ".join(dict.fromkeys(filter(None, texts))) or type(error).__name__
