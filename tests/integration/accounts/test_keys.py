"""API keys and stream tokens: what each of them opens, for whom and for how long."""

import re
from dataclasses import replace
from pathlib import Path

from server.accounts.key_throttle import MAX_WRONG_KEYS
from server.app import create_app
from server.db.account_models import ApiKeyRow, StreamTokenRow
from tests.fixtures.studio_app import QUICK, client, studio_settings
from tests.support.accounts import Browser, new_key, register
from tests.support.fake_runner import PaintRunner
from tests.support.servers.accounts_app import Api, bearer, change, make, problem


def test_a_key_is_shown_once_and_opens_what_its_scopes_say(shared: Api, ada: Browser, job_of_ada: str) -> None:
    made = new_key(ada, scopes=["read"], expires_in_days=1)
    assert re.fullmatch(r"ls_[\w-]{43}", made["key"])
    listed = ada.call("GET", "/api/keys")
    assert made["key"] not in listed.text
    headers = bearer(made["key"])
    assert shared.get(f"/api/result/{job_of_ada}", headers=headers).status_code == 200
    assert problem(shared.post("/api/generate", json=QUICK, headers=headers), 403) == "scope-lacking"
    assert problem(shared.get("/api/keys", headers=headers), 403) == "scope-lacking"
    noted = {key["id"]: key["last_used_at"] for key in ada.call("GET", "/api/keys").json()["keys"]}
    assert noted[made["id"]] is not None
    assert problem(register(shared, "eve@example.org").call("DELETE", f"/api/keys/{made['id']}"), 404) == "not-found"
    assert ada.call("DELETE", f"/api/keys/{made['id']}").status_code == 204
    assert problem(shared.get("/api/options", headers=headers), 401) == "unauthorized"
    assert problem(ada.call("DELETE", f"/api/keys/{made['id']}"), 404) == "not-found"


def test_an_expired_key_opens_nothing(shared: Api, ada: Browser) -> None:
    key = new_key(ada, expires_in_days=1)["key"]
    change(shared, ApiKeyRow, expires_at_s=1.0)
    for call in ("/api/loras", "/api/auth/me"):
        assert problem(shared.get(call, headers=bearer(key)), 401) == "unauthorized"
    change(shared, ApiKeyRow, expires_at_s=None)


def test_only_operators_make_operator_keys_and_lose_them_with_their_office(shared: Api, ada: Browser) -> None:
    wish = {"name": "x", "scopes": ["operator"]}
    assert problem(ada.call("POST", "/api/keys", wish), 403) == "operators-only"
    boss = register(shared, "boss@example.org", is_operator=True)
    key = new_key(boss, scopes=["operator"])["key"]
    assert shared.post("/api/loras/reload", headers=bearer(key)).status_code == 200
    assert problem(shared.post("/api/generate", json=QUICK, headers=bearer(key)), 403) == "scope-lacking"
    plain = new_key(boss)["key"]
    assert problem(shared.post("/api/loras/reload", headers=bearer(plain)), 403) == "operators-only"


def test_a_key_calls_for_end_users_who_do_not_see_each_other(shared: Api, ada: Browser) -> None:
    key = new_key(ada, scopes=["generate", "read", "on_behalf"])["key"]
    bob, eve = ({**bearer(key), "X-End-User": name} for name in ("bob", "eve"))
    job_id = make(Browser(shared), bob)
    assert shared.get(f"/api/status/{job_id}", headers=bob).status_code == 200
    assert problem(shared.get(f"/api/status/{job_id}", headers=eve), 404) == "not-found"
    assert ada.call("GET", f"/api/status/{job_id}").status_code == 200
    histories = [shared.get("/api/history", headers=headers).json()["items"] for headers in (bob, eve)]
    assert [[item["job_id"] for item in items] for items in histories] == [[job_id], []]
    plain = new_key(ada)["key"]
    for headers in ({}, bearer(plain)):
        answer = shared.post("/api/generate", json=QUICK, headers={**headers, "X-End-User": "bob"})
        assert problem(answer, 403) == "scope-lacking"
    assert problem(shared.get("/api/history", headers={**bob, "X-End-User": "b b"}), 400) == "invalid-request"


def test_a_stream_token_reads_the_events_of_one_job_for_a_minute(shared: Api, ada: Browser, job_of_ada: str) -> None:
    made = ada.call("POST", f"/api/jobs/{job_of_ada}/stream-token").json()
    other = make(ada)
    token = made["token"]
    assert made["events_url"].endswith(f"/api/jobs/{job_of_ada}/events?token={token}")
    assert "event: completed" in shared.get(f"/api/jobs/{job_of_ada}/events?token={token}").text
    assert problem(shared.get(f"/api/jobs/{other}/events?token={token}"), 401) == "unauthorized"
    for path in (f"/api/status/{job_of_ada}", f"/api/jobs/{job_of_ada}/zip"):
        assert problem(shared.get(f"{path}?token={token}"), 404) == "not-found"
    change(shared, StreamTokenRow, expires_at_s=1.0)
    answer = shared.get(f"/api/jobs/{job_of_ada}/events?token={token}")
    assert problem(answer, 401) == "unauthorized"
    assert token not in answer.text


def test_guessing_keys_is_throttled_and_valid_api_keys_stay_valid(tmp_path: Path) -> None:
    """STUDIO_ADMIN_KEY is not compared any more; an API key has 256 random bits."""
    settings = studio_settings(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}")
    admin = bearer("operator-key-of-the-tests")
    app = create_app(replace(settings, admin_key="operator-key-of-the-tests"), make_runner=lambda *_: PaintRunner())
    with client(app) as api:
        own = bearer(new_key(register(api, "ada@example.org"))["key"])
        assert api.get("/api/operator/queue", headers=admin).status_code == 200
        for n in range(MAX_WRONG_KEYS):
            assert problem(api.get("/api/options", headers=bearer(f"guess-{n}")), 401) == "unauthorized"
        for headers in (bearer("guess-0"), bearer("another"), admin):
            answer = api.get("/api/operator/queue", headers=headers)
            assert problem(answer, 429) == "too-many-requests"
            assert 0 < int(answer.headers["retry-after"]) <= 900
        assert api.get("/api/history", headers=own).status_code == 200
        assert api.get("/api/options").status_code == 200
