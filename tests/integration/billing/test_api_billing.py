"""Credit over HTTP: prices, charges and refusals, the history, what operators do, and a server that charges nothing."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.app import create_app
from tests.fixtures.studio_app import BROKEN_SEED, QUICK, client, studio_settings
from tests.support.accounts import Browser, register
from tests.support.assets import picture, upload
from tests.support.fake_runner import PaintRunner
from tests.support.servers.accounts_app import problem

Api = TestClient[Litestar]
WAIT = {"Prefer": "wait=30"}
PRICE = 500_000
MANY = {**QUICK, "width": 96, "height": 96, "num_images": 8, "steps": 60}
"""4 native pictures of 30 steps are a generation of the tiny model, whose own size is 64."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("studio")
    settings = replace(
        studio_settings(folder, f"sqlite+aiosqlite:///{folder / 'studio.db'}"), billing=True, admin_key="operator-key"
    )
    runner = PaintRunner(broken_seeds=frozenset({BROKEN_SEED}))
    with client(create_app(settings, make_runner=lambda *_: runner)) as running:
        yield running


@pytest.fixture(scope="module")
def operator(api: Api) -> Browser:
    return register(api, "operator@example.org", is_operator=True)


@pytest.fixture(scope="module")
def user(api: Api, operator: Browser) -> Browser:
    """With $100."""
    made = register(api, "user@example.org")
    grant(operator, made, 200 * PRICE)
    return made


@pytest.fixture(scope="module")
def poor(api: Api) -> Browser:
    """With nothing."""
    return register(api, "poor@example.org")


def user_id(browser: Browser) -> str:
    return browser.call("GET", "/api/auth/me").json()["user"]["id"]


def grant(operator: Browser, browser: Browser, micro_usd: int) -> dict[str, Any]:
    body = {"micro_usd": micro_usd, "reason": "a gift"}
    answer = operator.call("POST", f"/api/operator/users/{user_id(browser)}/credit/grant", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def credit(browser: Browser) -> tuple[int, int]:
    """Available and held, by both calls that say so."""
    answer = browser.call("GET", "/api/billing").json()
    assert answer.items() >= browser.call("GET", "/api/auth/me").json()["credit"].items()
    return answer["available_micro_usd"], answer["held_micro_usd"]


def history(browser: Browser, job_id: str | None = None) -> list[tuple[str, int]]:
    """Kinds and amounts, the newest first."""
    entries = browser.call("GET", "/api/billing/history").json()["entries"]
    return [(each["kind"], each["amount_micro_usd"]) for each in entries if job_id in (None, each["job_id"])]


@pytest.mark.parametrize("body", [QUICK, MANY, {**QUICK, "num_images": 5, "width": 64, "height": 64, "steps": 30}])
def test_a_job_is_charged_what_its_price_says(user: Browser, body: dict[str, Any]) -> None:
    before, _ = credit(user)
    quote = user.call("POST", "/api/price", body).json()
    assert quote["available_micro_usd"] == before
    done = user.call("POST", "/api/generate", body, headers=WAIT)
    assert done.status_code == 200, done.text
    assert credit(user) == (before - quote["price_micro_usd"], 0)
    assert history(user, done.json()["job_id"]) == [("hold", -quote["price_micro_usd"])]


def test_every_way_to_make_pictures_is_charged(user: Browser) -> None:
    made = user.call("POST", "/api/generate", {**QUICK, "width": 64, "height": 64}, headers=WAIT).json()
    image_id = made["outputs"][0]["id"]
    compare = {"prompts": ["a", "b"], "seeds": [1, 2, 3], "variants": [{"model_name": None}, {"model_name": "jade"}]}
    asset = upload(user, picture(64, 64))["asset_id"]
    calls: list[tuple[str, dict[str, Any]]] = [
        (f"/api/jobs/{made['job_id']}/again", {}),
        (f"/api/images/{image_id}/vary", {}),
        (f"/api/images/{image_id}/upscale", {}),
        (f"/api/images/{image_id}/extend", {"left": 32}),
        ("/api/compare", {**compare, "width": 64, "height": 64, "steps": 30}),
        ("/api/generate", {**QUICK, "init": {"asset_id": asset, "strength": 0.5}}),
    ]
    for path, body in calls:
        before, _ = credit(user)
        answer = user.call("POST", path, body, headers=WAIT)
        assert answer.status_code == 200, answer.text
        charged = before - credit(user)[0]
        assert charged >= PRICE, path
        if path == "/api/compare":
            assert charged == 3 * PRICE
            assert user.call("POST", "/api/price/compare", body).json()["price_micro_usd"] == charged
        if path == "/api/generate":
            assert user.call("POST", "/api/price", body).json()["price_micro_usd"] == charged


def test_what_is_not_made_is_given_back(user: Browser) -> None:
    before, _ = credit(user)
    failed = user.call(
        "POST", "/api/generate", {**QUICK, "seed": BROKEN_SEED - 1, "num_images": 2}, headers=WAIT
    ).json()
    assert failed["status"] == "failed"
    assert credit(user) == (before - PRICE // 2, 0)
    assert history(user, failed["job_id"]) == [("release", PRICE // 2), ("hold", -PRICE)]


def test_the_same_idempotency_key_is_charged_once(user: Browser) -> None:
    before, _ = credit(user)
    for _ in range(3):
        user.call("POST", "/api/generate", QUICK, headers={**WAIT, "Idempotency-Key": "once"})
    assert credit(user) == (before - PRICE, 0)


def test_too_little_credit_is_402_with_what_is_missing(poor: Browser, operator: Browser) -> None:
    for headers in ({}, {"Idempotency-Key": "poor"}):
        answer = poor.call("POST", "/api/generate", QUICK, headers=headers)
        assert problem(answer, 402) == "insufficient-credit"
        assert (answer.json()["needed"], answer.json()["available"]) == (PRICE, 0)
        assert "$0.50" in answer.json()["detail"]
    grant(operator, poor, PRICE)
    assert poor.call("POST", "/api/generate", QUICK, headers=WAIT).status_code == 200
    assert problem(poor.call("POST", "/api/generate", QUICK), 402) == "insufficient-credit"
    assert credit(poor) == (0, 0)


def test_visitors_see_prices_and_need_an_account(api: Api) -> None:
    visitor = Browser(api)
    assert visitor.call("POST", "/api/price", QUICK).json() == {"price_micro_usd": PRICE, "available_micro_usd": 0}
    answer = visitor.call("POST", "/api/generate", QUICK)
    assert problem(answer, 401) == "unauthorized"
    assert "log in or register" in answer.json()["detail"]
    assert credit(visitor) == (0, 0)
    assert problem(visitor.call("POST", "/api/billing/checkout", {"price_micro_usd": 5_000_000}), 401) == "unauthorized"


def test_the_operator_s_key_pays_nothing(api: Api) -> None:
    answer = api.post("/api/generate", json=QUICK, headers={**WAIT, "Authorization": "Bearer operator-key"})
    assert answer.status_code == 200, answer.text


def test_an_operator_adjusts_and_refunds_with_a_reason(user: Browser, operator: Browser) -> None:
    path = f"/api/operator/users/{user_id(user)}/credit"
    before, _ = credit(user)
    taken = operator.call("POST", f"{path}/adjust", {"micro_usd": -PRICE, "reason": "granted twice"})
    assert taken.json()["available_micro_usd"] == before - PRICE
    assert problem(operator.call("POST", f"{path}/adjust", {"micro_usd": -before, "reason": "all"}), 409) == "conflict"
    for body in ({"micro_usd": PRICE}, {"micro_usd": PRICE, "reason": ""}):
        assert problem(operator.call("POST", f"{path}/adjust", body), 400) == "invalid-request"
    assert problem(operator.call("POST", f"{path}/grant", {"micro_usd": 0, "reason": "x"}), 400) == "invalid-request"

    job_id = user.call("POST", "/api/generate", QUICK, headers=WAIT).json()["job_id"]
    refund = operator.call("POST", f"/api/operator/jobs/{job_id}/refund", {"reason": "all black"})
    assert refund.json() == {"job_id": job_id, "owner": f"user:{user_id(user)}", "micro_usd": PRICE}
    again = operator.call("POST", f"/api/operator/jobs/{job_id}/refund", {"reason": "all black"})
    assert problem(again, 409) == "conflict"
    assert credit(user) == (before - PRICE, 0)
    newest = operator.call("GET", f"{path}/history").json()["entries"][0]
    assert (newest["kind"], newest["note"], newest["job_id"]) == ("refund", "all black", job_id)


def test_the_history_adds_up_page_by_page_and_as_csv(user: Browser, operator: Browser) -> None:
    for n in range(50):
        grant(operator, user, n + 1)
    entries: list[dict[str, Any]] = []
    cursor = None
    while cursor is not None or not entries:
        page = user.call("GET", f"/api/billing/history{f'?cursor={cursor}' if cursor else ''}").json()
        entries += page["entries"]
        cursor = page["next_cursor"]
    assert len(entries) > 50
    assert sorted((each["id"] for each in entries), reverse=True) == [each["id"] for each in entries]
    available, _ = credit(user)
    assert sum(each["amount_micro_usd"] for each in entries) == available
    answer = user.call("GET", "/api/billing/history.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert sum(int(row["available_micro_usd"]) for row in rows) == available
    assert {row["kind"] for row in rows} >= {"grant", "hold", "capture", "release", "refund", "adjust"}
    assert "attachment" in answer.headers["content-disposition"]


def test_free_credit_comes_each_month(tmp_path: Path, database_url: str) -> None:
    settings = replace(studio_settings(tmp_path, database_url), billing=True, free_usd_per_month=Decimal("1.00"))
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
        user = register(api, "user@example.org")
        assert user.call("GET", "/api/billing").json()["free_micro_usd"] == 2 * PRICE
        for expected in (200, 200, 402):
            assert user.call("POST", "/api/generate", QUICK, headers=WAIT).status_code == expected
        assert credit(user) == (0, 0)


def test_a_server_that_charges_nothing_shows_nothing(tmp_path: Path) -> None:
    settings = studio_settings(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}")
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
        user = register(api, "user@example.org")
        assert "credit" not in user.call("GET", "/api/auth/me").json()
        for path in ("/api/billing", "/api/billing/history", "/api/billing/history.csv", "/api/billing/receipts/x"):
            assert problem(user.call("GET", path), 404) == "not-found", path
        for path, body in (("/api/price", QUICK), ("/api/billing/checkout", {"price_micro_usd": 1})):
            assert "STUDIO_BILLING" in user.call("POST", path, body).json()["detail"]
        assert problem(api.post("/api/billing/stripe", content=b"{}"), 404) == "not-found"
        assert user.call("POST", "/api/generate", QUICK, headers=WAIT).status_code == 200
