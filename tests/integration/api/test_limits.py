"""Limits, use and the operator's view through the API."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import update

from server.accounts.errors import TooManyLogins
from server.accounts.login_throttle import (
    CROWD,
    MAX_OF_ADDRESS,
    MAX_OF_PAIR,
    MAX_OF_PAIR_IN_A_CROWD,
    WINDOW_S,
    LoginThrottle,
)
from server.app import create_app
from server.config.settings import Settings
from server.db.account_models import LoginAttemptRow
from server.db.session import Database
from tests.fixtures.studio_app import QUICK, client, studio_settings
from tests.support.fake_runner import PaintRunner

Api = TestClient[Litestar]
WAIT = {"Prefer": "wait=30"}
OPERATOR = {"Authorization": "Bearer operator-key-of-the-tests"}
ACCOUNT = {"email": "ada@example.org", "password": "correct horse battery"}


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return replace(
        studio_settings(tmp_path, database_url),
        admin_key="operator-key-of-the-tests",
        rate_limit_per_hour=2,
        user_daily_pictures=3,
        max_images=6,
        anonymous_max_images=2,
        anonymous_max_steps=20,
        anonymous_max_pixels=1024,
    )


@pytest.fixture
def api(settings: Settings) -> Iterator[Api]:
    with client(create_app(settings, make_runner=lambda *_: PaintRunner(step_s=0.01))) as running:
        yield running


def signed_in(api: Api) -> dict[str, str]:
    """Headers of a user: the session's cookies are the client's."""
    assert api.post("/api/auth/register", json=ACCOUNT).status_code == 202
    assert api.post("/api/auth/login", json=ACCOUNT).status_code == 200
    return {"x-csrftoken": api.cookies["csrftoken"]}


def test_accepted_jobs_tell_what_is_left_and_one_too_many_when_to_come_back(api: Api) -> None:
    wrong = api.post("/api/generate", json={**QUICK, "num_images": 99})
    assert wrong.status_code == 400
    for remaining in (1, 0):
        answer = api.post("/api/generate", json=QUICK)
        assert answer.status_code == 202
        assert answer.headers["ratelimit-limit"] == "2"
        assert answer.headers["ratelimit-remaining"] == str(remaining)
        assert 3500 < int(answer.headers["ratelimit-reset"]) <= 3600
    refused = api.post("/api/generate", json=QUICK)
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:lora-studio:problem:limit-reached")
    assert refused.headers["ratelimit-remaining"] == "0"
    assert refused.headers["retry-after"] == refused.headers["ratelimit-reset"]
    left = api.get("/api/auth/me").json()["limits"]
    assert (left["jobs_per_hour"]["limit"], left["jobs_per_hour"]["remaining"]) == (2, 0)
    assert left["pictures_per_day"] is None
    assert api.get("/api/usage").json()["limits"]["jobs_per_hour"]["remaining"] == 0


def test_bounds_are_lower_without_an_account_and_options_tells_them_to_who_asks(api: Api) -> None:
    options = api.get("/api/options").json()
    bounds = options["bounds"]
    assert (bounds["max_images"], bounds["max_steps"], bounds["max_pixels"]) == (2, 20, 1024)
    assert options["defaults"]["num_images"] == 2
    for field, value in (("num_images", 3), ("steps", 21), ("width", 64)):
        answer = api.post("/api/generate", json={**QUICK, field: value})
        assert answer.status_code == 400
        assert [each["field"] for each in answer.json()["errors"]] == [field]
    answer = api.post("/api/generate", json={**QUICK, "steps": None, "quality": "high"}, headers=WAIT)
    assert answer.json()["metadata"]["steps"] == 20
    signed_in(api)
    bounds = api.get("/api/options").json()["bounds"]
    assert (bounds["max_images"], bounds["max_steps"]) == (6, 150)


def test_use_is_told_day_by_day_and_stays_when_pictures_are_deleted(api: Api) -> None:
    user = signed_in(api)
    job = api.post("/api/generate", json={**QUICK, "num_images": 2}, headers={**user, **WAIT}).json()
    assert api.delete(f"/api/images/{job['outputs'][0]['id']}", headers=user).status_code == 204
    usage = api.get("/api/usage").json()
    (day,) = usage["days"]
    assert day["date"] == time.strftime("%Y-%m-%d", time.gmtime())
    assert (day["generations"], day["pictures"]) == (1, 2)
    assert day["gpu_s"] > 0
    assert usage["total"] == {name: day[name] for name in ("generations", "pictures", "gpu_s")}
    limits = usage["limits"]
    assert limits["jobs_per_hour"] is limits["gpu_s_per_day"] is None
    assert (limits["pictures_per_day"]["limit"], limits["pictures_per_day"]["remaining"]) == (3, 1)
    refused = api.post("/api/generate", json={**QUICK, "num_images": 2}, headers=user)
    assert refused.status_code == 429
    assert "1 are left" in refused.json()["detail"]
    user_id = api.get("/api/auth/me").json()["user"]["id"]
    assert api.get("/api/usage?user=all").status_code == 403
    api.cookies.clear()
    api.post("/api/generate", json=QUICK)
    assert api.get(f"/api/usage?user={user_id}", headers=OPERATOR).json()["total"] == usage["total"]
    everybody = api.get("/api/usage?user=all", headers=OPERATOR).json()
    assert (everybody["total"]["generations"], everybody["limits"]) == (2, None)


def test_the_operator_sees_the_queue_and_switches_accounts_off_and_on(api: Api) -> None:
    assert api.get("/api/operator/queue").status_code == 401
    user = signed_in(api)
    key = api.post("/api/keys", json={"name": "program"}, headers=user).json()["key"]
    api.post("/api/generate", json=QUICK, headers={**user, **WAIT})
    queue = api.get("/api/operator/queue", headers=OPERATOR).json()
    assert (queue["waiting"], queue["running"], queue["jobs"], queue["pictures_per_min"]) == (0, 0, [], 1.0)
    assert queue["step_s"] > 0 and queue["rows"] >= 1
    (shown,) = api.get("/api/operator/users", headers=OPERATOR).json()["users"]
    assert (shown["email"], shown["disabled"], shown["total"]["pictures"]) == (ACCOUNT["email"], False, 1)
    disabled = api.post(f"/api/operator/users/{shown['id']}/disable", headers=OPERATOR)
    assert disabled.json() == {**shown, "disabled": True}
    assert api.get("/api/auth/me").json()["user"] is None
    assert api.get("/api/history", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    api.cookies.clear()
    login = api.post("/api/auth/login", json=ACCOUNT)
    assert (login.status_code, login.json()["type"]) == (403, "urn:lora-studio:problem:account-disabled")
    assert api.post(f"/api/operator/users/{shown['id']}/enable", headers=OPERATOR).json() == shown
    assert api.post("/api/auth/login", json=ACCOUNT).status_code == 200
    assert api.post(f"/api/operator/users/{'0' * 32}/enable", headers=OPERATOR).status_code == 404


async def test_tries_to_log_in_are_limited_exactly_by_account_and_by_address(database: Database, database_url: str):
    other = Database(database_url)
    throttles = [LoginThrottle(each) for each in (database, other)]

    async def allowed(n: int, address: str, account: str) -> bool:
        try:
            await throttles[n % 2].attempt(address, account)
        except TooManyLogins as error:
            assert 1 <= error.retry_after_s <= WINDOW_S
            return False
        return True

    async def num_allowed(*tries: tuple[str, str]) -> int:
        return sum(await asyncio.gather(*(allowed(n, *each) for n, each in enumerate(tries))))

    mine = ("ip:192.0.2.200", "ada@example.org")
    assert await num_allowed(*[mine] * (MAX_OF_PAIR + 5)) == MAX_OF_PAIR
    for spelling in (" ADA@example.org", "\uff41da@example.org"):
        assert await num_allowed(("ip:192.0.2.200", spelling)) == 0
    assert await num_allowed(("ip:192.0.2.1", "ada@example.org")) == 1
    await throttles[1].succeeded(*mine)
    assert await num_allowed(mine) == 1
    many_names: list[tuple[str, str]] = [("ip:192.0.2.201", f"{n}@example.org") for n in range(MAX_OF_ADDRESS + 5)]
    assert await num_allowed(*many_names) == MAX_OF_ADDRESS
    await other.close()


async def test_a_stranger_slows_an_owner_down_and_does_not_lock_them_out(database: Database):
    """From as many addresses as there are: the owner's address has tries of its own."""
    throttle = LoginThrottle(database)
    for n in range(CROWD):
        await throttle.attempt(f"ip:198.51.100.{n}", "ada@example.org")
    for _ in range(MAX_OF_PAIR_IN_A_CROWD):
        await throttle.attempt("ip:192.0.2.7", "ada@example.org")
    with pytest.raises(TooManyLogins):
        await throttle.attempt("ip:192.0.2.7", "ada@example.org")
    await throttle.attempt("ip:192.0.2.7", "bo@example.org")


def test_guessing_a_password_is_slowed_down_and_told_when_to_try_again(api: Api) -> None:
    signed_in(api)
    api.cookies.clear()
    wrong: dict[str, Any] = {**ACCOUNT, "password": "wrong horse battery"}
    container: Any = api.app.state.lifespan.container
    throttle = LoginThrottle(container.database)
    with api.portal() as portal:
        for _ in range(MAX_OF_PAIR - 1):
            portal.call(throttle.attempt, "ip:192.0.2.9", ACCOUNT["email"])  # a stranger's do not count
            portal.call(throttle.attempt, "ip:testclient", ACCOUNT["email"])
    assert api.post("/api/auth/login", json=wrong).status_code == 401
    refused = api.post("/api/auth/login", json=ACCOUNT)
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:lora-studio:problem:too-many-requests")
    assert WINDOW_S - 60 < int(refused.headers["retry-after"]) <= WINDOW_S


async def test_attempts_of_a_clock_that_ran_ahead_lock_no_account(database: Database):
    throttle = LoginThrottle(database)
    for n in range(MAX_OF_ADDRESS):
        await throttle.attempt("ip:192.0.2.201", f"{n}@example.org")
    with pytest.raises(TooManyLogins):
        await throttle.attempt("ip:192.0.2.201", "ada@example.org")
    async with database.write() as session:
        await session.execute(update(LoginAttemptRow).values(created_at_s=LoginAttemptRow.created_at_s + 3 * 86_400))
    await throttle.attempt("ip:192.0.2.201", "ada@example.org")
