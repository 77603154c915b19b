"""Count what a connection sends to PostgreSQL, in the server's own log."""

import re
from pathlib import Path

from tests.fixtures.databases import PostgresServer

SENT = re.compile(r"^.*LOG:  (?:statement|execute [^:]*): ", re.MULTILINE)


async def log_statements_of(server: PostgresServer, database: str) -> None:
    """Of the connections that are opened from now on."""
    await server.execute(f"ALTER DATABASE {database} SET log_statement = 'all'")


class SentStatements:
    """Those written to the log since the last `count`."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._at = log.stat().st_size

    def count(self) -> int:
        with self._log.open("rb") as file:
            file.seek(self._at)
            text = file.read()
        self._at += len(text)
        return len(SENT.findall(text.decode(errors="replace")))
