"""Count what a connection sends to PostgreSQL, in the server's own log."""

import re
from pathlib import Path

from scripts.measure.database_actions import Actions
from server.db.session import Database
from tests.fixtures.databases import PostgresServer

SENT = re.compile(r"LOG:  (?:statement|execute [^:]*): ")
TIMES = 2
"""The first time a connection also reads types, and is not pinged."""


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


async def statements_of_actions(server: PostgresServer, name: str, folder: Path) -> dict[str, int]:
    """Of every action, on the empty database `name` of the newest schema."""
    await server.execute(f"ALTER DATABASE {name} SET log_statement = 'all'")
    database = Database(server.url(name))
    actions = Actions(database, folder)
    await actions.prepare(TIMES)
    counts: dict[str, int] = {}
    for action_name, action in actions.all.items():
        for _ in range(TIMES * (2 if action_name == "image stored" else 1)):
            sent = SentStatements(server.log)
            await action()
            counts[action_name] = sent.count()
    await database.close()
    return counts
