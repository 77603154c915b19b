"""What tests of accounts ask of a server, with the errors that they expect."""

from typing import Any

from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import select, update

from tests.fixtures.studio_app import QUICK
from tests.support.accounts import Browser

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


def stored(api: Api, table: Any) -> list[Any]:
    """All rows of a table."""

    async def work() -> list[Any]:
        async with api.app.state.lifespan.container.database.read() as session:
            return list(await session.scalars(select(table)))

    return api.blocking_portal.call(work)


def count(api: Api, table: Any) -> int:
    return len(stored(api, table))


def login(api: Api, email: str, password: str) -> tuple[Browser, Any]:
    browser = Browser(api)
    return browser, browser.call("POST", "/api/auth/login", {"email": email, "password": password})
