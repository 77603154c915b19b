"""One server, with a user on it, ada, who has made an image: for tests that need no fresh one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.app import create_app
from tests.fixtures.studio_app import client, studio_settings
from tests.support.accounts import Browser, register
from tests.support.fake_runner import PaintRunner
from tests.support.servers.accounts_app import Api, make


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[Api]:
    settings = studio_settings(folder, f"sqlite+aiosqlite:///{folder / 'studio.db'}")
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as running:
        yield running


@pytest.fixture(scope="module")
def ada(shared: Api) -> Browser:
    return register(shared, "ada@example.org")


@pytest.fixture(scope="module")
def job_of_ada(ada: Browser) -> str:
    return make(ada)
