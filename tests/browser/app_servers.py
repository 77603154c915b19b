"""Servers of the browser tests with their data in SQLite and files, or in PostgreSQL and a bucket."""

import asyncio
import secrets
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.browser.create_page import CreatePage
from tests.browser.users import PASSWORD, painting_server
from tests.fixtures.databases import PostgresServer
from tests.fixtures.s3_server import S3Server
from tests.support.servers.server_process import ServerProcess

OPERATOR = "operator@example.org"


@dataclass(frozen=True)
class AppServer:
    """A server that paints, with the LoRAs jade-v1 and amber-v1 in the folder `loras`, an operator, and one job an hour
    for anonymous callers. `hosts`: hosts of the pictures besides the server."""

    server: ServerProcess
    loras: Path
    hosts: tuple[str, ...] = ()

    def log_in_operator(self, visitor: CreatePage) -> None:
        """By the call that the login page makes."""
        account = {"email": OPERATOR, "password": PASSWORD}
        answer = visitor.page.request.post("/api/auth/login", data=account)
        assert answer.status == 200, answer.text()


@pytest.fixture(scope="module", params=["sqlite and files", "postgresql and s3"])
def app_server(
    request: pytest.FixtureRequest, built_page: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AppServer]:
    settings, hosts = {"STUDIO_RATE_LIMIT_PER_HOUR": "1"}, ()
    if request.param == "postgresql and s3":
        s3: S3Server = request.getfixturevalue("s3_server")
        name = f"browser-{secrets.token_hex(6)}"
        s3.make_bucket(name)
        url = new_database(request.getfixturevalue("postgres_server"))
        settings |= {"STUDIO_DATABASE_URL": url, **s3.settings(name)}
        hosts = (urlsplit(s3.url).netloc,)
    folder = tmp_path_factory.mktemp("app_server")
    with painting_server(folder, **settings) as server:
        server.start()
        command = [sys.executable, "-m", "server", "create-operator", "--email", OPERATOR]
        subprocess.run(command, input=PASSWORD, text=True, check=True, cwd=folder, env=server.environment, timeout=60)
        yield AppServer(server, folder / "loras", hosts)


def new_database(postgres: PostgresServer) -> str:
    """Create a database and return its address. In a thread: Playwright's event loop runs in this one."""
    name = f"browser_{secrets.token_hex(6)}"
    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, postgres.execute(f"CREATE DATABASE {name}")).result()
    return postgres.url(name)
