"""Upgrade the schema over an open connection, in its transaction."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

MIGRATIONS = Path(__file__).parent


class NewerDatabase(SQLAlchemyError):
    """A newer version of the server has migrated the database."""


def upgrade(connection: Connection) -> None:
    """Raises NewerDatabase."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    newer = set(MigrationContext.configure(connection).get_current_heads()) - known
    if newer:
        raise NewerDatabase(
            f"a newer version of LoRA Studio has migrated it (schema {', '.join(sorted(newer))}), and this one cannot"
            " read it: install the newer version, or restore a backup; nothing was changed"
        )
    command.upgrade(config, "head")
