"""The simulator counts the statements that the product sends."""

import asyncio
import secrets
from pathlib import Path

from scripts.fleet_simulation.statements import STATEMENTS
from scripts.measure.server_log import statements_of_actions
from tests.fixtures.databases import PostgresServer


def test_each_action_sends_as_many_statements_as_the_simulator_counts(
    postgres_server: PostgresServer, migrated_template: str, tmp_path: Path
):
    name = f"test_{secrets.token_hex(6)}"
    asyncio.run(postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE {migrated_template}"))
    counted = asyncio.run(statements_of_actions(postgres_server, name, tmp_path))
    asyncio.run(postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)"))
    assert counted == STATEMENTS
