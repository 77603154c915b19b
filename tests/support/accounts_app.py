"""One server with a person on it, ada, who has made a picture; and what tests of accounts ask of any server. Import
the fixtures: `from tests.accounts_app import ada, folder, job_of_ada, shared`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import select, update

from server.app import create_app
from tests.support.accounts import Browser, register
from tests.support.fake_runner import PaintRunner
from tests.support.studio_app import QUICK, client, studio_settings

Api = TestClient[Litestar]
WAIT = {"Prefer": "wait=30"}


def problem(answer: Any, status: int) -> str:
    """The kind of the problem that was answered."""
    assert answer.status_code == status, answer.text
    return answer.json()["type"].rpartition(":")[2]


def make(browser: Browser, headers: dict[str, str] | None = None) -> str:
    """The id of a finished job."""
    done = browser.call("POST", "/api/generate", QUICK, headers={**WAIT, **(headers or {})})
    assert done.status_code == 200, done.text
    return done.json()["job_id"]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def change(api: Api, table: Any, **values: Any) -> None:
    """What only time does."""

    async def work() -> None:
        async with api.app.state.lifespan.container.database.write() as session:
            await session.execute(update(table).values(**values))

    api.blocking_portal.call(work)


def count(api: Api, table: Any) -> int:
    async def work() -> int:
        async with api.app.state.lifespan.container.database.read() as session:
            return len(list(await session.scalars(select(table))))

    return api.blocking_portal.call(work)


def login(api: Api, email: str, password: str) -> tuple[Browser, Any]:
    browser = Browser(api)
    return browser, browser.call("POST", "/api/auth/login", {"email": email, "password": password})


# ---- one server for what needs no fresh one


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
