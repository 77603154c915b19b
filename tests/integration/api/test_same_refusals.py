"""What one database cannot store is refused over both, in the same words."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from server.accounts.login_throttle import MAX_OF_PAIR, LoginThrottle
from server.app import create_app
from server.config.settings import Settings
from server.db.models import JobRow
from tests.fixtures.studio_app import PROMPT, QUICK, client
from tests.support.fake_runner import PaintRunner
from tests.support.servers.accounts_app import Api, bearer, problem, stored

ADMIN_KEY = "operator-key-of-the-tests"

NUL_CALLS: list[tuple[str, str, Any, str]] = [
    ("GET", "/api/usage?user=%00", None, "query"),
    ("GET", "/api/history?q=%00", None, "query"),
    ("GET", "/api/history?lora=a%00b", None, "query"),
    ("GET", "/api/history?cursor=%00", None, "query"),
    ("POST", "/api/images/zip", {"ids": ["\x00"]}, "ids[0]"),
    ("POST", "/api/generate", {**PROMPT, "negative_prompt": "\x00"}, "negative_prompt"),
    ("POST", "/api/generate", {**PROMPT, "loras": [{"name": "jade\x00"}]}, "loras[0].name"),
    ("POST", "/api/compare", {"prompts": ["a", "b\x00"], "seeds": [1], "variants": [{}]}, "prompts[1]"),
    ("POST", "/api/auth/login", {"email": "a\x00@example.org", "password": "x"}, "email"),
    ("POST", "/api/auth/reset", {"token": "\x00", "new_password": "correct horse battery"}, "token"),
]


@pytest.fixture
def running(settings: Settings) -> Iterator[Api]:
    settings = replace(settings, admin_key=ADMIN_KEY, trusted_proxies=("testclient",))
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
        yield api


def test_u_0000_is_refused_wherever_it_comes(running: Api) -> None:
    for method, path, body, field in NUL_CALLS:
        answer = running.request(method, path, json=body, headers=bearer(ADMIN_KEY))
        assert problem(answer, 400) == "invalid-request", path
        assert [error["field"] for error in answer.json()["errors"]] == [field], path


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/operator/users/%00/disable"),
        ("GET", "/api/status/%00"),
        ("GET", "/api/jobs/%00/events?token=x"),
        ("DELETE", "/api/images/a%00-1"),
    ],
)
def test_nothing_is_at_an_address_with_u_0000(running: Api, method: str, path: str) -> None:
    assert problem(running.request(method, path, headers=bearer(ADMIN_KEY)), 404) == "not-found"


def test_an_e_mail_whose_lower_case_is_too_long_is_refused(running: Api) -> None:
    """240 letters of two characters each in lower case: 490 for a column of 254."""
    account = {"email": "\u0130" * 240 + "@bbbbb.org", "password": "correct horse battery"}
    answer = running.post("/api/auth/register", json=account)
    assert problem(answer, 400) == "invalid-request"
    assert [error["field"] for error in answer.json()["errors"]] == ["email"]
    assert problem(running.post("/api/auth/login", json=account), 401) == "wrong-login"


def test_forged_parts_left_of_a_proxy_s_give_no_further_tries_to_log_in(running: Api) -> None:
    account = {"email": "ada@example.org", "password": "wrong horse battery"}
    throttle = LoginThrottle(running.app.state.lifespan.container.database)
    for _ in range(MAX_OF_PAIR - 1):
        running.blocking_portal.call(throttle.attempt, "ip:192.0.2.7", account["email"])
    statuses = [
        running.post("/api/auth/login", json=account, headers={"X-Forwarded-For": forwarded}).status_code
        for forwarded in ("198.51.100.1, 192.0.2.7", "198.51.100.2, 192.0.2.7", "192.0.2.7, 192.0.2.8")
    ]
    assert statuses == [401, 429, 401]


@pytest.mark.parametrize(
    ("forwarded", "owner"),
    [
        ("192.0.2.7", "ip:192.0.2.7"),
        ("rubbish, 192.0.2.7", "ip:192.0.2.7"),
        ("192.0.2.7:4711", "ip:192.0.2.7"),
        ("[2001:db8::7]:443", "ip:2001:db8::/64"),
        ("192.0.2.7, " + "a" * 5000, "ip:testclient"),
        ("unknown", "ip:testclient"),
        ("192.0.2.7, 999.0.2.7", "ip:testclient"),
    ],
)
def test_an_address_that_cannot_be_read_is_the_proxy_s(running: Api, forwarded: str, owner: str) -> None:
    assert running.post("/api/generate", json=QUICK, headers={"X-Forwarded-For": forwarded}).status_code == 202
    (job,) = stored(running, JobRow)
    assert (job.owner, job.address) == (owner, owner)
