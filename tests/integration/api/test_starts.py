"""Mistakes of the operator end the start in one line that names what to change, before the model is loaded."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from server.app import create_app
from server.cli import run_command
from server.config.settings import Settings
from server.db.session import Database
from tests.fixtures.databases import PostgresServer
from tests.fixtures.studio_app import client, studio_settings
from tests.support.servers.ports import free_port
from tests.support.servers.server_process import ROOT, ServerProcess
from tests.support.tiny_model import write_tiny_model


async def written_by_a_newer_version(database_url: str) -> None:
    database = Database(database_url)
    await database.migrate()
    async with database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()


def line_of_the_start(settings: Settings, caplog: pytest.LogCaptureFixture) -> str:
    """The only error in the log of a server that does not start."""

    def no_model(*_: Any) -> Any:
        raise AssertionError("the model was loaded first")

    app = create_app(settings, make_runner=no_model)
    with pytest.raises(BaseException), client(app):  # noqa: B017  # Litestar's group, around the driver's error
        pass
    (line,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert "\n" not in line
    return line.removeprefix("the server cannot start: ")


def test_a_database_of_a_newer_version(
    settings: Settings, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(written_by_a_newer_version(settings.resolved_database_url))
    for line in (line_of_the_start(settings, caplog), _command(settings, capsys)):
        assert line.startswith("the database ")
        assert "cannot be used: a newer version of LoRA Studio has migrated it (schema 9999)" in line


def _command(settings: Settings, capsys: pytest.CaptureFixture[str]) -> str:
    """The line of a command, which opens the same database."""
    assert run_command(["create-invite"], settings) == 1
    (line,) = capsys.readouterr().err.splitlines()
    return line


MISTAKES: dict[str, tuple[Callable[[Path], dict[str, Any]], str]] = {
    "no such folder": (
        lambda folder: {"database_url": f"sqlite+aiosqlite:///{folder}/none/studio.db"},
        "none/studio.db cannot be used: the database does not answer (unable to open database",
    ),
    "no database file": (
        lambda folder: {"database_url": f"sqlite+aiosqlite:///{folder}/model/model_index.json"},
        "model_index.json cannot be used: (sqlite3.DatabaseError) file is not a database",
    ),
    "no PostgreSQL there": (
        lambda folder: {"database_url": f"postgresql+asyncpg://studio:hush@127.0.0.1:{free_port()}/studio"},
        "/studio cannot be used: the database does not answer (ConnectionRefusedError)",
    ),
    "LoRA folder is a file": (
        lambda folder: {"lora_dir": folder / "model" / "model_index.json"},
        "model_index.json cannot be read (STUDIO_LORA_DIR): [Errno 20] Not a directory",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_in_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture, mistake: str) -> None:
    changes, wanted = MISTAKES[mistake]
    settings = studio_settings(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}")
    line = line_of_the_start(replace(settings, **changes(tmp_path)), caplog)
    assert wanted in line and "hush" not in line


def test_a_database_that_is_not_on_the_server_is_named(
    tmp_path: Path, postgres_server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    settings = studio_settings(tmp_path, postgres_server.url("nowhere"))
    assert 'database "nowhere" does not exist' in line_of_the_start(settings, caplog)


def test_the_process_ends_with_that_line_and_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    asyncio.run(written_by_a_newer_version(f"sqlite+aiosqlite:///{tmp_path / 'data' / 'studio.db'}"))
    settings = {"STUDIO_BASE_MODEL": str(write_tiny_model(tmp_path / "model")), "STUDIO_LORA_DIR": str(ROOT / "loras")}
    with ServerProcess(tmp_path, settings) as server:
        server.launch()
        assert server.process is not None
        assert server.process.wait(60) == 1
        errors = [line for line in server.log.read_text().splitlines() if "INFO" not in line and '"info"' not in line]
        assert len(errors) == 1 and "a newer version of LoRA Studio has migrated it" in errors[0]
