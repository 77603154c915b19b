"""A server that requires accounts: registration by invitation, a new password by the operator's link."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.users import PASSWORD, new_email, painting_server, register
from tests.support.servers.server_process import ServerProcess

SMALL = "?size=64x64&model=none&steps=2&n=2"
NEW_PASSWORD = "another horse, same battery"


@pytest.fixture(scope="module")
def closed(built_page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server without anonymous access and with registration by invitation, shared by the tests of this file."""
    settings = {"STUDIO_REGISTRATION": "invite", "STUDIO_ANONYMOUS": "off"}
    with painting_server(tmp_path_factory.mktemp("entrance"), **settings) as server:
        server.start()
        yield server


def run_command(server: ServerProcess, *arguments: str) -> str:
    """Run a command of `python -m server` and return the first word of its output."""
    command = [sys.executable, "-m", "server", *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=server.folder, env=server.environment, timeout=60
    )
    return done.stdout.split()[0]


def new_member(server: ServerProcess) -> str:
    """The e-mail of a new account."""
    email = new_email()
    body = {"email": email, "password": PASSWORD, "invite": run_command(server, "create-invite")}
    assert httpx.post(f"{server.url}/api/auth/register", json=body).status_code == 202
    return email


def test_an_invitation_lets_one_person_in(new_visitor: NewVisitor, closed: ServerProcess, axe: str) -> None:
    code = run_command(closed, "create-invite", "--days", "1")
    stranger = new_visitor(closed, "register/", reduced_motion="reduce")
    expect(stranger.page.get_by_label("Invitation")).to_be_empty()
    stranger.page.get_by_label("Invitation").fill("no such code")
    register(stranger.page, new_email())
    refusal = stranger.page.get_by_role("form").get_by_role("alert")
    expect(refusal).to_contain_text("invitation")
    assert stranger.violations(axe) == []

    link = f"register/?{urlencode({'invite': code, 'next': '/account/'})}"
    page = new_visitor(closed, link).page
    expect(page.get_by_label("Invitation")).to_have_value(code)
    email = new_email()
    register(page, email)
    page.wait_for_url(closed.url + "/account/")
    assert page.request.get("/api/auth/me").json()["user"]["email"] == email

    stranger.page.goto("/" + link)  # an invitation works once
    register(stranger.page, new_email())
    expect(refusal).to_contain_text("invitation")
    assert stranger.page.request.get("/api/auth/me").json()["user"] is None


def test_the_operator_s_link_sets_a_new_password_once(new_visitor: NewVisitor, closed: ServerProcess, axe: str) -> None:
    email = new_member(closed)
    earlier = new_visitor(closed).page
    assert earlier.request.post("/api/auth/login", data={"email": email, "password": PASSWORD}).status == 200
    link = run_command(closed, "reset-link", "--email", email)
    visitor = new_visitor(closed, link.removeprefix(closed.url + "/"), reduced_motion="reduce")
    page = visitor.page
    assert page.url == link
    page.get_by_role("textbox", name="New password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("heading", name="Password changed")).to_be_visible()
    assert visitor.violations(axe) == []
    assert earlier.request.get("/api/auth/me").json()["user"] is None
    page.get_by_role("main").get_by_role("link", name="Log in").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("form").get_by_role("alert")).to_contain_text("wrong")
    page.get_by_label("Password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(closed.url + "/")

    page.goto(link)
    page.get_by_role("textbox", name="New password").fill("a third horse, no battery")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("form").get_by_role("alert")).to_be_visible()
    login = {"email": email, "password": NEW_PASSWORD}
    assert httpx.post(f"{closed.url}/api/auth/login", json=login).status_code == 200


def test_without_an_account_the_page_says_to_log_in(new_visitor: NewVisitor, closed: ServerProcess, axe: str) -> None:
    email = new_member(closed)
    visitor = new_visitor(closed, "history/", reduced_motion="reduce")
    page = visitor.page
    expect(page.get_by_text("keeps one for accounts only")).to_be_visible()
    page.goto("/" + SMALL)
    expect(page.get_by_role("button", name="Shape:")).to_be_visible()
    visitor.ask("red dress, beach")
    expect(visitor.error).to_contain_text("requires an account")
    expect(visitor.tiles).to_have_count(0)
    assert visitor.violations(axe) == []
    visitor.error.get_by_role("link", name="Log in").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(visitor.prompt).to_have_value("red dress, beach")  # back on the page they came from
    visitor.generate.click()
    visitor.wait_for_pictures(2)
