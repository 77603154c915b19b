"""Accounts from the first visit to the last: what each session and cookie opens, and what it does not."""

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import update

from scripts.build_page import write_script_hashes
from server.accounts.admin_commands import Administration
from server.app import create_app
from server.cli import run_command
from server.config.settings import Settings
from server.db.account_models import AccountRow, ApiKeyRow, LoginRow, OneTimeCodeRow, RegistrationRow
from server.db.models import JobRow
from tests.fixtures.studio_app import QUICK, client, studio_settings
from tests.support.accounts import PASSWORD, Browser, new_key, register
from tests.support.fake_runner import PaintRunner
from tests.support.servers.accounts_app import Api, bearer, change, count, login, make, problem


def test_an_account_from_its_registration_to_its_end(api: Api, settings: Settings) -> None:
    ada = register(api, "Ada@Example.org")
    me = ada.call("GET", "/api/auth/me").json()
    assert (me["user"]["email"], me["scopes"]) == ("ada@example.org", ["generate", "read"])
    job_id = make(ada)
    assert problem(Browser(api).call("GET", f"/api/status/{job_id}"), 404) == "not-found"
    other, answer = login(api, " ADA@example.org", PASSWORD)
    assert answer.status_code == 200
    changed = {"password": PASSWORD, "new_password": "another battery horse"}
    assert problem(ada.call("POST", "/api/auth/password", {**changed, "password": "x"}), 403) == "wrong-password"
    guessed_first = {**changed, "new_password": "iloveyou2026"}
    assert problem(ada.call("POST", "/api/auth/password", guessed_first), 400) == "invalid-request"
    assert ada.call("POST", "/api/auth/password", changed).status_code == 204
    assert other.call("GET", "/api/auth/me").json()["user"] is None  # every other session has ended
    assert ada.call("GET", "/api/auth/me").json()["user"] is not None
    assert problem(login(api, "ada@example.org", PASSWORD)[1], 401) == "wrong-login"
    assert problem(login(api, "nobody@example.org", PASSWORD)[1], 401) == "wrong-login"
    assert problem(ada.call("DELETE", "/api/auth/account", {"password": PASSWORD}), 403) == "wrong-password"
    assert list((settings.data_dir / "pictures").rglob("*.jpg"))
    assert ada.call("DELETE", "/api/auth/account", {"password": changed["new_password"]}).status_code == 204
    api.blocking_portal.call(api.app.state.lifespan.container.api.remover.run_once)
    assert [count(api, table) for table in (JobRow, LoginRow, ApiKeyRow)] == [0, 0, 0]
    assert list((settings.data_dir / "pictures").rglob("*.jpg")) == []
    assert ada.call("GET", "/api/auth/me").json()["user"] is None


def test_a_password_that_is_reset_meanwhile_stays_reset(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who changed it knew the old one only: for each of the two calls it is taken from under the check."""
    ada = register(api, "ada@example.org")
    passwords = api.app.state.lifespan.container.api.passwords
    hashed, verify = passwords.hash, passwords.verify

    async def reset() -> None:
        async with api.app.state.lifespan.container.database.write() as session:
            await session.execute(update(AccountRow).values(password_hash="of a reset"))

    async def hash_late(password: str) -> str:
        await reset()
        return await hashed(password)

    async def verify_early(password: str, password_hash: str | None) -> bool:
        answer = await verify(password, password_hash)
        await reset()
        return answer

    with monkeypatch.context() as late:
        late.setattr(passwords, "hash", hash_late)
        asked = {"password": PASSWORD, "new_password": "another battery horse"}
        assert problem(ada.call("POST", "/api/auth/password", asked), 403) == "wrong-password"
    change(api, AccountRow, password_hash=api.blocking_portal.call(hashed, PASSWORD))
    monkeypatch.setattr(passwords, "verify", verify_early)
    assert problem(ada.call("DELETE", "/api/auth/account", {"password": PASSWORD}), 403) == "wrong-password"
    assert count(api, AccountRow) == 1


def test_logging_in_again_makes_a_new_session_and_ends_the_old(api: Api) -> None:
    ada = register(api, "ada@example.org")
    before = dict(ada.cookies)
    assert ada.call("POST", "/api/auth/login", {"email": "ada@example.org", "password": PASSWORD}).status_code == 200
    assert ada.cookies["studio_session"] != before["studio_session"]
    stale = Browser(api)
    stale.cookies = before
    assert stale.call("GET", "/api/auth/me").json()["user"] is None
    assert ada.call("POST", "/api/auth/logout").status_code == 204
    assert "studio_session" not in ada.cookies
    assert count(api, LoginRow) == 0
    assert Browser(api).call("POST", "/api/auth/logout").status_code == 204  # logout works without a session


def test_a_session_ends_with_its_time(api: Api) -> None:
    ada = register(api, "ada@example.org")
    change(api, LoginRow, expires_at_s=1.0)
    assert ada.call("GET", "/api/auth/me").json()["user"] is None
    assert problem(ada.call("GET", "/api/keys"), 401) == "unauthorized"


def test_what_a_browser_made_before_goes_to_its_account(api: Api) -> None:
    browser, neighbor = Browser(api), Browser(api)
    browser.cookies["anon"], neighbor.cookies["anon"] = "a" * 32, "b" * 32
    mine, theirs = make(browser), make(neighbor)
    assert Browser(api).call("GET", f"/api/status/{mine}").status_code == 200  # every caller that knows the id
    for step in ("register", "login"):
        assert browser.call("POST", f"/api/auth/{step}", {"email": "a@example.org", "password": PASSWORD}).is_success
    assert problem(Browser(api).call("GET", f"/api/status/{mine}"), 404) == "not-found"
    assert Browser(api).call("GET", f"/api/status/{theirs}").status_code == 200
    assert [item["job_id"] for item in browser.call("GET", "/api/history").json()["items"]] == [mine]


def test_calls_of_the_api_set_no_cookie(api: Api) -> None:
    for path in ("/api/options", "/api/loras", "/api/history", "/healthz"):
        assert "set-cookie" not in api.get(path).headers
    assert "set-cookie" not in api.post("/api/generate", json=QUICK).headers


def test_the_csrf_header_is_asked_of_sessions_only(shared: Api, ada: Browser) -> None:
    key = new_key(ada)["key"]
    for shown in ("", "wrong"):
        answer = ada.call("POST", "/api/generate", QUICK, headers={"x-csrftoken": shown})
        assert problem(answer, 403) == "csrf"
    assert ada.call("GET", "/api/history", headers={"x-csrftoken": ""}).status_code == 200
    assert shared.post("/api/generate", json=QUICK).status_code == 202
    assert shared.post("/api/generate", json=QUICK, headers=bearer(key)).status_code == 202
    without = Browser(shared)
    without.cookies = {"studio_session": ada.cookies["studio_session"]}
    assert problem(without.call("POST", "/api/keys", {"name": "x"}, headers={"x-csrftoken": ""}), 403) == "csrf"


def test_me_sets_the_csrf_cookie_once(shared: Api) -> None:
    browser = Browser(shared)
    shown = browser.call("GET", "/api/auth/me").headers["set-cookie"]
    assert re.fullmatch(r"csrftoken=[\w-]{32}; Max-Age=\d+; Path=/; SameSite=lax", shown)
    assert "set-cookie" not in browser.call("GET", "/api/auth/me").headers


def test_cookies_are_for_this_site_and_secure_under_https(shared: Api, ada: Browser, folder: Path) -> None:
    answer = login(shared, "ada@example.org", PASSWORD)[1]
    session, csrf = answer.headers.get_list("set-cookie")
    assert "HttpOnly" in session and "SameSite=lax" in session and "Secure" not in session
    assert "HttpOnly" not in csrf
    secure = TestClient(shared.app, base_url="https://studio.test")
    secure.blocking_portal = shared.blocking_portal
    shown = secure.post("/api/auth/login", json={"email": "ada@example.org", "password": PASSWORD})
    assert all("Secure" in cookie for cookie in shown.headers.get_list("set-cookie"))


def test_pictures_are_found_by_address_only(shared: Api, ada: Browser, job_of_ada: str) -> None:
    (output,) = ada.call("GET", f"/api/result/{job_of_ada}").json()["outputs"]
    assert job_of_ada in output["url"]  # 128 random bits
    assert shared.get(output["url"]).status_code == 200
    folders = ["", "generations", f"generations/{job_of_ada}", f"generations/{job_of_ada}/.hidden.jpg"]
    for path in (*folders, "../studio.db", "generations/../../studio.db", "%2e%2e/server.lock"):
        assert shared.get(f"/files/{path}").status_code == 404
    kept = ada.call("GET", f"/api/images/{job_of_ada}-1/download").headers["cache-control"]
    assert kept.startswith("private")


def register_again(api: Api, email: str) -> Any:
    return Browser(api).call("POST", "/api/auth/register", {"email": email, "password": "not the first password"})


def test_registering_reveals_no_account_and_changes_none(api: Api) -> None:
    """Same status, same headers, same body, no cookie; and about the same time, for the password is hashed."""
    register(api, "ada@example.org")
    taken, free = register_again(api, " ADA@Example.org"), register_again(api, "eve@example.org")
    assert (taken.status_code, taken.json()) == (202, {"email": "ada@example.org"})
    assert (free.status_code, free.json()) == (202, {"email": "eve@example.org"})
    names = [{name for name in answer.headers if name != "x-request-id"} for answer in (taken, free)]
    assert names[0] == names[1] and "set-cookie" not in names[0]
    assert login(api, "ada@example.org", PASSWORD)[1].status_code == 200
    assert problem(login(api, "ada@example.org", "not the first password")[1], 401) == "wrong-login"
    assert (count(api, AccountRow), count(api, RegistrationRow)) == (2, 3)


def test_one_address_makes_five_accounts_a_day(tmp_path: Path) -> None:
    settings = studio_settings(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}")
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
        people = [register(api, f"{n}@example.org") for n in range(5)]
        assert people[0].call("DELETE", "/api/auth/account", {"password": PASSWORD}).status_code == 204
        sixth, forged = {"email": "6@example.org", "password": PASSWORD}, {"X-Forwarded-For": "198.51.100.7"}
        answer = Browser(api).call("POST", "/api/auth/register", sixth, headers=forged)
        assert problem(answer, 429) == "too-many-requests"
        assert 86_000 < int(answer.headers["retry-after"]) <= 86_400
        change(api, RegistrationRow, created_at_s=1.0)
        for _ in range(5):  # registrations that make no account count, too
            assert register_again(api, "1@example.org").status_code == 202
        assert problem(register_again(api, "1@example.org"), 429) == "too-many-requests"
        assert count(api, AccountRow) == 4


def test_registration_by_invitation_and_none_at_all(tmp_path: Path) -> None:
    open_settings = studio_settings(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}")
    wish = {"email": "ada@example.org", "password": PASSWORD}
    with client(create_app(replace(open_settings, registration="invite"), make_runner=lambda *_: PaintRunner())) as api:
        code = api.blocking_portal.call(Administration(api.app.state.lifespan.container.database).invitation, 60.0)
        for invite in ({}, {"invite": "made up"}):
            refused = Browser(api).call("POST", "/api/auth/register", {**wish, **invite})
            assert problem(refused, 403) == "registration-refused"
        assert Browser(api).call("POST", "/api/auth/register", {**wish, "invite": code}).status_code == 202
        again = Browser(api).call(
            "POST", "/api/auth/register", {"email": "b@x.org", "password": PASSWORD, "invite": code}
        )
        assert problem(again, 403) == "registration-refused"
        assert count(api, OneTimeCodeRow) == 0
    closed = replace(open_settings, registration="closed", anonymous=False)
    with client(create_app(closed, make_runner=lambda *_: PaintRunner())) as api:
        answer = Browser(api).call("POST", "/api/auth/register", {**wish, "email": "b@example.org"})
        assert problem(answer, 403) == "registration-refused"
        assert problem(api.post("/api/generate", json=QUICK), 401) == "unauthorized"
        assert problem(api.get("/api/history"), 401) == "unauthorized"
        assert api.get("/api/options").status_code == 200
        browser, answer = login(api, "ada@example.org", PASSWORD)
        assert answer.status_code == 200
        make(browser)


def test_a_reset_link_works_once_and_ends_every_session(shared: Api) -> None:
    browser = register(shared, "forgetful@example.org")
    administration = Administration(shared.app.state.lifespan.container.database)
    old, code = (shared.blocking_portal.call(administration.reset_code, "Forgetful@example.org", 60.0) for _ in "ab")
    assert shared.blocking_portal.call(administration.reset_code, "nobody@example.org", 60.0) is None
    new = "not to be forgotten"
    for unusable in (old, "made up"):
        body = {"token": unusable, "new_password": new}
        assert problem(Browser(shared).call("POST", "/api/auth/reset", body), 410) == "code-unusable"
    body = {"token": code, "new_password": new}
    assert Browser(shared).call("POST", "/api/auth/reset", body).status_code == 204
    assert problem(Browser(shared).call("POST", "/api/auth/reset", body), 410) == "code-unusable"
    assert browser.call("GET", "/api/auth/me").json()["user"] is None
    assert login(shared, "forgetful@example.org", new)[1].status_code == 200


def test_an_operator_hands_out_a_reset_link_and_a_key_does_not(shared: Api) -> None:
    operator = register(shared, "chief@example.org", is_operator=True)
    forgetful = register(shared, "forgets@example.org")
    user_id = forgetful.call("GET", "/api/auth/me").json()["user"]["id"]
    path = f"/api/operator/users/{user_id}/reset-link"
    key = bearer(new_key(operator, scopes=["operator"])["key"])
    assert problem(shared.post(path, headers=key), 403) == "scope-lacking"
    assert problem(operator.call("POST", f"/api/operator/users/{'0' * 32}/reset-link"), 404) == "not-found"
    answer = operator.call("POST", path)
    assert (answer.status_code, answer.json()["expires_in_s"]) == (201, 86_400)
    assert answer.headers["cache-control"] == "no-store"
    address, _, token = answer.json()["url"].partition("?token=")
    assert address == "http://studio.test:8000/reset/"
    body = {"token": token, "new_password": "not to be forgotten"}
    assert Browser(shared).call("POST", "/api/auth/reset", body).status_code == 204
    assert forgetful.call("GET", "/api/auth/me").json()["user"] is None
    assert login(shared, "forgets@example.org", body["new_password"])[1].status_code == 200


def test_the_page_gives_a_browser_a_cookie_once_and_its_files_none(tmp_path: Path) -> None:
    (tmp_path / "page" / "_next").mkdir(parents=True)
    (tmp_path / "page" / "index.html").write_text("<!doctype html><title>x</title>")
    write_script_hashes(tmp_path / "page")
    (tmp_path / "page" / "_next" / "app.js").write_text("1")
    settings = studio_settings(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}")
    with client(create_app(replace(settings, page_dir=tmp_path / "page"), make_runner=lambda *_: PaintRunner())) as api:
        browser = Browser(api)
        first = browser.call("GET", "/")
        assert re.fullmatch(r"anon=[\w-]{32}; HttpOnly; Max-Age=\d+; Path=/; SameSite=lax", first.headers["set-cookie"])
        assert first.headers["cache-control"] == "private, no-cache"  # no proxy gives one browser's cookie to another
        assert "set-cookie" not in browser.call("GET", "/").headers
        assert "set-cookie" not in Browser(api).call("GET", "/_next/app.js").headers
        job_id = make(browser)
        assert [item["job_id"] for item in browser.call("GET", "/api/history").json()["items"]] == [job_id]


def test_the_operator_s_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    settings = studio_settings(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}")

    def run(typed: str, *arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = run_command(arguments, settings)
        shown = capsys.readouterr()
        return code, shown.out + shown.err

    boss = ("create-operator", "--email", "boss@example.org")
    assert run("Password2026!\n", *boss)[1].startswith("this password is easy to guess")
    assert run("short\n", *boss) == (1, "a password has 10 to 200 characters; nothing was changed\n")
    assert run(f"{PASSWORD}\n", *boss)[0] == 0
    assert "its password is unchanged" in run("", *boss)[1]
    assert run("", "reset-link", "--email", "nobody@example.org")[0] == 1
    code, link = run("", "reset-link", "--email", "boss@example.org")
    assert (code, link.startswith("http://127.0.0.1:8000/reset/?token=")) == (0, True)
    assert run("", "create-invite")[0] == 0
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
        browser, answer = login(api, "boss@example.org", PASSWORD)
        assert answer.json()["is_operator"]
        assert browser.call("POST", "/api/loras/reload").status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("register", {"email": "ada", "password": PASSWORD}, "email"),
        ("register", {"email": "ada@example.org", "password": "short"}, "password"),
        ("register", {"email": "a\x00@example.org", "password": PASSWORD}, "email"),
        ("register", {"email": "a\u200bda@example.org", "password": PASSWORD}, "email"),
        ("register", {"email": "\u0130" * 240 + "@bbbbb.org", "password": PASSWORD}, "email"),
        ("register", {"email": "ada.lovelace@example.org", "password": "AdaLovelace1"}, "password"),
        ("reset", {"token": "x", "new_password": "Password2026!"}, "new_password"),
        ("login", {"email": "ada@example.org"}, "password"),
        ("reset", {"token": 5, "new_password": PASSWORD}, "token"),
    ],
)
def test_a_bad_body_names_its_field_and_repeats_no_secret(shared: Api, path: str, body: Any, field: str) -> None:
    answer = Browser(shared).call("POST", f"/api/auth/{path}", body)
    assert problem(answer, 400) == "invalid-request"
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert "short" not in answer.text
