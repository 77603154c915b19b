"""A server whose page is a few small files."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from server.app import create_app
from tests.fixtures.studio_app import client, studio_settings
from tests.support.fake_runner import PaintRunner
from tests.support.servers.page_app import Api, write_page


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Where `server/page` may lie, and where `frontend` is."""
    (tmp_path / "frontend" / ".build").mkdir(parents=True)
    (tmp_path / "frontend" / "package.json").write_text("{}", encoding="utf-8")
    (tmp_path / "server").mkdir()
    return tmp_path


@pytest.fixture
def page(checkout: Path) -> Path:
    return write_page(checkout / "server" / "page")


@pytest.fixture
def api(checkout: Path) -> Iterator[Api]:
    settings = studio_settings(checkout, f"sqlite+aiosqlite:///{checkout / 'studio.db'}")
    settings = replace(settings, page_dir=checkout / "server" / "page")
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as running:
        yield running
