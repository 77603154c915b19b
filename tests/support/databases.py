"""The databases that integration tests run over: SQLite always, PostgreSQL where its programs are installed.

Import the fixtures in a conftest: `from tests.databases import database, database_url, postgres_server`. A missing
PostgreSQL skips with "needs PostgreSQL: <how to install it>".
"""

import asyncio
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from server.db.session import Database

INSTALL_POSTGRES = "sudo apt-get install postgresql"


def missing_server(name: str, install: str) -> None:
    """Skip the test that needs the server `name`. The prefix "needs " is what the summary at the end looks for."""
    pytest.skip(f"needs {name}: {install}")


def _programs() -> Path | None:
    """The folder of postgres, initdb and pg_ctl: Debian's newest version, else what PATH names."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("postgres")
    found = debian[-1] if debian else Path(on_path).resolve() if on_path else None
    return found.parent if found and (found.parent / "initdb").exists() else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PostgresServer:
    """A server of its own on a free port, in a temporary folder. PostgreSQL refuses root: `postgres` runs it then."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="studio-postgres-"))
        if self._user:
            os.chown(self._folder, pwd.getpwnam(self._user).pw_uid, -1)
        self.port = _free_port()

    def start(self) -> None:
        data = self._folder / "data"
        self._run("initdb", "-D", str(data), "-U", "studio", "--auth=trust", "--no-sync", "-E", "UTF8")
        self._run_server()

    def pause(self) -> None:
        """Stop it as a crash does; `go_on` starts it with the same data."""
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")

    def go_on(self) -> None:
        self._run_server()

    def stop(self) -> None:
        self.pause()
        shutil.rmtree(self._folder)

    def url(self, name: str) -> str:
        return f"postgresql+asyncpg://studio@127.0.0.1:{self.port}/{name}"

    async def execute(self, statement: str) -> None:
        connection = await asyncpg.connect(host="127.0.0.1", port=self.port, user="studio", database="postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _run_server(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        log, data = str(self._folder / "log"), str(self._folder / "data")
        self._run("pg_ctl", "-D", data, "-w", "-t", "60", "-l", log, "-o", options, "start")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        done = subprocess.run(
            command, user=self._user, cwd=self._folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed: {done.stdout.decode(errors='replace')}")


def started_postgres_server() -> Iterator[PostgresServer]:
    programs = _programs()
    if programs is None:
        missing_server("PostgreSQL", INSTALL_POSTGRES)
        raise AssertionError
    server = PostgresServer(programs)
    server.start()
    yield server
    server.stop()


postgres_server = pytest.fixture(scope="session", name="postgres_server")(started_postgres_server)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, one for each test."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"test_{secrets.token_hex(6)}"
    asyncio.run(server.execute(f"CREATE DATABASE {name}"))
    yield server.url(name)
    asyncio.run(server.execute(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database."""
    made = Database(database_url)
    await made.migrate()
    yield made
    await made.close()
