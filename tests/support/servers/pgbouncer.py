"""A real PgBouncer in transaction mode before a PostgreSQL of the tests."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

import pytest

from tests.support.servers.ports import free_port

INSTALL_PGBOUNCER = "sudo apt-get install pgbouncer"
START_S = 20.0
INI = """[databases]
* = host=127.0.0.1 port={postgres_port} user=studio

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {num_connections}
max_client_conn = 500
idle_transaction_timeout = 10
log_connections = 0
log_disconnections = 0
server_login_retry = 1
query_wait_timeout = 5
logfile = {folder}/log
pidfile = {folder}/pid
"""


class PgBouncer:
    """Serves `num_connections` connections of the PostgreSQL on `postgres_port` to any number of clients."""

    def __init__(self, postgres_port: int, num_connections: int) -> None:
        program = shutil.which("pgbouncer", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))
        if program is None:
            pytest.skip(f"needs PgBouncer: {INSTALL_PGBOUNCER}")
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="studio-pgbouncer-"))
        self._user = "postgres" if os.geteuid() == 0 else None  # it refuses root
        if self._user:
            os.chown(self._folder, pwd.getpwnam(self._user).pw_uid, -1)
        ini = self._folder / "pgbouncer.ini"
        ini.write_text(
            INI.format(
                postgres_port=postgres_port, port=self.port, num_connections=num_connections, folder=self._folder
            )
        )
        ini.chmod(0o644)
        self._process = subprocess.Popen(
            [program, "-q", str(ini)], user=self._user, cwd=self._folder, stderr=subprocess.DEVNULL
        )

    def __enter__(self) -> "PgBouncer":
        deadline = time.monotonic() + START_S
        while not (self._folder / "pid").exists():
            log = self._folder / "log"
            ended = self._process.poll() is not None or time.monotonic() > deadline
            assert not ended, f"PgBouncer does not start:\n{log.read_text() if log.exists() else ''}"
            time.sleep(0.02)
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        if kind is not None:
            print((self._folder / "log").read_text())
        self._process.terminate()
        self._process.wait(20)
        shutil.rmtree(self._folder)

    def url(self, name: str) -> str:
        return f"postgresql+asyncpg://studio@127.0.0.1:{self.port}/{name}"
