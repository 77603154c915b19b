"""The whole server in this process: the real app over a database, with a torch-free runner that paints.

Import the fixtures: `from tests.studio_app import api, app, runner, settings`; `database_url` comes from
tests/support/databases.py.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.app import create_app
from server.config.settings import Settings
from tests.support.fake_runner import PaintRunner
from tests.support.tiny_model import write_lora, write_tiny_model

PROMPT = {"prompt": "red dress, beach sunset"}
BROKEN_SEED = 13
QUICK = {**PROMPT, "num_images": 1, "steps": 2, "width": 32, "height": 32}


def studio_settings(folder: Path, database_url: str) -> Settings:
    """A tiny demo model, `jade` in two versions, `amber` without one."""
    write_lora(folder / "loras" / "jade-v1.safetensors", trigger="jade woman", value=0.1)
    write_lora(folder / "loras" / "jade-v2.safetensors", trigger="jade woman", value=0.2)
    write_lora(folder / "loras" / "amber.safetensors", value=0.3)
    return Settings(
        data_dir=folder / "data",
        database_url=database_url,
        base_model=write_tiny_model(folder / "model"),
        lora_dir=folder / "loras",
        cors_origins=("https://app.example.org",),
        max_queue=20,
        rate_limit_per_hour=0,
    )


def client(app: Litestar) -> TestClient[Litestar]:
    return TestClient(app, base_url="http://studio.test:8000", raise_server_exceptions=False)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return studio_settings(tmp_path, database_url)


@pytest.fixture
def runner() -> PaintRunner:
    return PaintRunner(broken_seeds=frozenset({BROKEN_SEED}))


@pytest.fixture
def app(settings: Settings, runner: PaintRunner) -> Litestar:
    return create_app(settings, make_runner=lambda *_: runner)


@pytest.fixture
def api(app: Litestar) -> Iterator[TestClient[Litestar]]:
    with client(app) as running:
        yield running
