"""The schema and the two kinds of transaction, over every database."""

import asyncio
import resource
import secrets
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, func, inspect, make_url, select, text
from sqlalchemy.exc import IntegrityError

from server.db import session
from server.db.base import Row
from server.db.clock import now_s
from server.db.models import EventRow, LoraRow
from server.db.session import Database, DatabaseAway, DatabaseFull, _SqliteConnection
from tests.fixtures.databases import PostgresServer


def lora_row(label: str) -> LoraRow:
    return LoraRow(
        label=label,
        name=label,
        version=None,
        sha256="0" * 64,
        short_hash="0" * 12,
        num_bytes=1,
        rank=4,
        num_modules=1,
        has_text_encoder=False,
        trigger=None,
        title=None,
        base_model=None,
        file_metadata={},
        loaded_at_s=0.0,
    )


async def test_the_migrations_make_exactly_the_tables_of_the_models(database: Database):
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, Row.metadata))

    async with database.read() as session:
        assert await (await session.connection()).run_sync(differences) == []


async def test_keys_have_the_names_of_the_models(database: Database):
    """A later migration drops or replaces them by name; alembic's comparison does not look at all of these."""

    def made_and_wanted(connection: Connection) -> Iterator[tuple[set[str | None], set[str | None]]]:
        found, naming = inspect(connection), connection.dialect.identifier_preparer
        for name, table in Row.metadata.tables.items():
            keys = [*found.get_foreign_keys(name), *found.get_unique_constraints(name)]
            wanted = [each for each in table.constraints if not isinstance(each, CheckConstraint)]
            yield (
                {found.get_pk_constraint(name)["name"], *(key["name"] for key in keys)},
                {naming.format_constraint(each) for each in wanted},
            )

    async with database.read() as session:
        connection = await session.connection()
        for made, wanted in await connection.run_sync(lambda sync: list(made_and_wanted(sync))):
            assert made == wanted


async def test_several_processes_may_migrate_at_once_and_again(empty_database_url: str):
    databases = [Database(empty_database_url) for _ in range(3)]
    await asyncio.gather(*(each.migrate() for each in databases))
    await databases[0].migrate()
    async with databases[1].read() as session:
        assert await session.scalar(select(func.count()).select_from(EventRow)) == 0
    for each in databases:
        await each.close()


async def test_a_write_is_kept_whole_or_not_at_all(database: Database):
    async with database.write() as session:
        session.add(lora_row("jade"))
    with pytest.raises(RuntimeError):
        async with database.write() as session:
            session.add(lora_row("amber"))
            await session.flush()
            raise RuntimeError("half way")
    async with database.read() as session:
        assert list(await session.scalars(select(LoraRow.label))) == ["jade"]


async def test_foreign_keys_hold(database: Database):
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            session.add(EventRow(job_id="nobody", seq=1, name="image", data={}, created_at_s=0.0))


async def test_counting_and_adding_in_one_transaction_never_exceeds_the_limit(database: Database, database_url: str):
    other = Database(database_url)

    async def add_unless_full(to: Database, label: str) -> bool:
        async with to.write() as session:
            await to.lock(session, "queue")
            if (await session.scalar(select(func.count()).select_from(LoraRow)) or 0) >= 5:
                return False
            await asyncio.sleep(0.002)
            session.add(lora_row(label))
            return True

    added = await asyncio.gather(*(add_unless_full((database, other)[i % 2], f"lora-{i}") for i in range(20)))
    assert sum(added) == 5
    await other.close()


async def test_the_database_clock_runs_in_seconds(database: Database):
    async with database.read() as session:
        before = await session.scalar(select(now_s()))
    await asyncio.sleep(0.05)
    async with database.read() as session:
        after = await session.scalar(select(now_s()))
    assert before is not None and after is not None
    assert 0.02 <= after - before < 5
    assert before > 1_700_000_000


async def test_sqlite_survives_power_loss_and_checks_references(database: Database, database_url: str):
    if not database_url.startswith("sqlite"):
        return
    async with database.read() as session:
        found = [
            await session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]


async def test_reading_never_waits_for_a_writer(database: Database):
    async with database.write() as session:
        session.add(lora_row("jade"))
        await session.flush()
        async with asyncio.timeout(2), database.read() as reader:
            assert await reader.scalar(select(func.count()).select_from(LoraRow)) == 0


async def test_a_write_that_is_cancelled_locks_nobody_out(database: Database, database_url: str):
    """The error is kept, as a crowded server keeps it until its garbage is collected: it holds the statement."""
    many = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000000) "
    notified = asyncio.Event()

    async def write() -> None:
        async with database.write() as session:
            session.add(lora_row("jade"))
            await session.flush()
            notified.set()
            await session.execute(text(many + "SELECT count(*) FROM numbers"))

    writing = asyncio.create_task(write())
    await notified.wait()
    await asyncio.sleep(0.05)  # well inside the statement, which takes seconds and has an answer
    writing.cancel()
    with pytest.raises(asyncio.CancelledError) as kept:
        await writing
    other = Database(database_url)
    async with asyncio.timeout(8), other.write() as session:
        session.add(lora_row("amber"))
    async with other.read() as session:
        assert list(await session.scalars(select(LoraRow.name))) == ["amber"]
    await other.close()
    assert kept


async def test_a_lock_that_stays_means_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(session, "BUSY_TIMEOUT_MS", 100)
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}")
    await database.migrate()
    with closing(sqlite3.connect(tmp_path / "studio.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseAway, match="database is locked"):
            async with database.write() as writer:
                writer.add(lora_row("jade"))
    async with database.write() as writer:
        writer.add(lora_row("jade"))
    await database.close()


def test_a_connection_is_closed_twice_without_an_error(tmp_path: Path):
    """As after a reader that is cancelled: aiosqlite's error would reach the log with a traceback."""
    connection = sqlite3.connect(tmp_path / "studio.db", factory=_SqliteConnection)
    connection.execute("BEGIN")
    connection.close()
    connection.close()


@pytest.mark.parametrize(
    ("function", "code"), [("pg_cancel_backend", "57014"), ("pg_terminate_backend", "57P01|08003")]
)
async def test_a_statement_that_the_operator_ends_means_away(
    database: Database, database_url: str, function: str, code: str
):
    """By itself (as statement_timeout does), or with its connection."""
    if not database_url.startswith("postgresql"):
        return
    pids: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def write() -> None:
        async with database.write() as session:
            pids.set_result(await session.scalar(text("SELECT pg_backend_pid()")) or 0)
            await session.execute(text("SELECT pg_sleep(20)"))

    writing = asyncio.create_task(write())
    pid = await pids
    async with database.read() as session:
        while not writing.done():
            await session.execute(text(f"SELECT {function}(:pid)"), {"pid": pid})
            await asyncio.sleep(0.02)
    with pytest.raises(DatabaseAway, match=code):
        await writing
    async with database.write() as session:
        session.add(lora_row("jade"))


async def test_more_callers_than_the_server_gives_connections_are_answered_or_refused_as_away(
    postgres_server: PostgresServer,
):
    name = f"few_{secrets.token_hex(6)}"
    for statement in (f"CREATE ROLE {name} LOGIN CONNECTION LIMIT 5", f"CREATE DATABASE {name} OWNER {name}"):
        await postgres_server.execute(statement)
    database = Database(postgres_server.url(name).replace("studio@", f"{name}@"))
    await database.migrate()

    async def call(n: int) -> None:
        async with database.write() as session:
            session.add(lora_row(f"lora-{n}"))
            await asyncio.sleep(0.05)

    answers = await asyncio.gather(*map(call, range(12)), return_exceptions=True)
    refused = [answer for answer in answers if answer is not None]
    assert 0 < len(refused) < 12
    assert all(isinstance(answer, DatabaseAway) for answer in refused), refused
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(LoraRow)) == 12 - len(refused)
    await database.close()
    await postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await postgres_server.execute(f"DROP ROLE {name}")


async def test_a_full_disk_is_told_apart_from_a_wrong_statement(tmp_path: Path):
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}")
    await database.migrate()
    async with database.read() as session:
        await session.execute(text("PRAGMA max_page_count = 1"))  # no larger than it is
    big = lora_row("jade-v1")
    big.title = "x" * 1_000_000
    with pytest.raises(DatabaseFull, match="disk of the database is full"):
        async with database.write() as session:
            session.add(big)
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(LoraRow)) == 0
    await database.close()


@asynccontextmanager
async def writes_refused(database: Database, database_url: str, request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Reads work on: the kernel lets no file be written, as on a full disk; PostgreSQL is switched to read-only."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    for value in ("on", "off"):
        await server.execute(f"ALTER DATABASE {url.database} SET default_transaction_read_only = {value}")
        await database.close()  # the setting is for new connections
        if value == "on":
            yield


async def test_a_database_that_takes_no_write_is_found_by_a_look(
    database: Database, database_url: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
):
    for gap in ("PROBE_GAP_S", "PROBE_GAP_IN_DOUBT_S"):
        monkeypatch.setattr(session, gap, 0.0)
    await database.ping()
    async with writes_refused(database, database_url, request):
        with pytest.raises(DatabaseAway, match="does not answer"):
            await database.ping()
        async with database.read() as reader:
            assert await reader.scalar(select(func.count()).select_from(LoraRow)) == 0
        monkeypatch.setattr(session, "PROBE_GAP_IN_DOUBT_S", 60.0)
        with pytest.raises(DatabaseAway, match="does not answer"):
            await database.ping()  # from memory
        monkeypatch.setattr(session, "PROBE_GAP_IN_DOUBT_S", 0.0)
    await database.ping()
    async with database.read() as reader:
        assert await reader.scalar(text("SELECT count(*) FROM doomed_object")) == 0


async def test_a_write_that_failed_makes_the_next_look_a_write(tmp_path: Path, request: pytest.FixtureRequest):
    url = f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}"
    database = Database(url)
    await database.migrate()
    await database.ping()
    async with writes_refused(database, url, request):
        await database.ping()  # the last write is less than a minute ago
        with pytest.raises(DatabaseAway):
            async with database.write() as writer:
                writer.add(lora_row("jade"))
        with pytest.raises(DatabaseAway):
            await database.ping()
    await database.close()


async def test_a_statement_without_an_answer_is_a_database_that_is_away(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
):
    """PgBouncer keeps statements while PostgreSQL is away."""
    monkeypatch.setattr(session, "STATEMENT_TIMEOUT_S", 0.1)
    waiting = Database(postgres_server.url("postgres"))
    with pytest.raises(DatabaseAway, match="TimeoutError"):
        async with waiting.read() as transaction:
            await transaction.execute(text("SELECT pg_sleep(2)"))
    await waiting.close()


def test_behind_a_pooler_statements_have_no_names(postgres_server: PostgresServer):
    async def names(direct_url: str | None) -> int:
        database = Database(postgres_server.url("postgres"), direct_url=direct_url)
        async with database.read() as transaction:
            for n in range(3):
                await transaction.execute(text(f"SELECT {n}"))
            found = await transaction.scalar(text("SELECT count(*) FROM pg_prepared_statements"))
        await database.close()
        return found or 0

    assert asyncio.run(names(None)) >= 3
    assert asyncio.run(names(postgres_server.url("postgres"))) == 0
