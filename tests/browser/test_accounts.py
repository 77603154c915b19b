"""Accounts, keys, usage, and limits that are explained."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPerson, NewVisitor
from tests.browser.create_page import CreatePage
from tests.browser.people import PASSWORD, new_email, open_menu, painting_server, register
from tests.browser.test_access import tab_to
from tests.server_process import ServerProcess

SMALL = "?size=64x64&model=none&steps=2&n=2"


@pytest.fixture(scope="module")
def strict(built_page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that takes one job an hour of who has no account; shared by the tests of this file."""
    with painting_server(tmp_path_factory.mktemp("accounts"), STUDIO_RATE_LIMIT_PER_HOUR="1") as server:
        server.start()
        yield server


def test_a_limit_tells_when_and_registering_lifts_it(new_visitor: NewVisitor, strict: ServerProcess) -> None:
    visitor = new_visitor(strict, SMALL)
    page = visitor.page
    visitor.ask("red dress")
    visitor.wait_for_pictures(2)
    visitor.ask("beach sunset")
    expect(visitor.trouble).to_contain_text("1 jobs an hour are allowed")
    expect(visitor.trouble.get_by_role("button")).to_contain_text("min")  # counts down from an hour
    expect(visitor.trouble.get_by_role("button")).to_be_disabled()
    visitor.trouble.get_by_role("link", name="Register").click()
    register(page, new_email())
    expect(visitor.prompt).to_have_value("beach sunset")  # back where they were
    visitor.generate.click()
    expect(page.get_by_role("region", name="beach sunset")).to_be_visible()
    visitor.wait_for_pictures(2)
    page.goto("/history/")
    expect(page.get_by_role("group", name="Pictures").get_by_role("article")).to_have_count(4)


def test_a_key_is_made_shown_once_used_and_revoked(
    new_visitor: NewVisitor, new_person: NewPerson, strict: ServerProcess
) -> None:
    person = new_person(strict)
    page = new_visitor(strict, "keys/", storage_state=person.state).page
    expect(page.get_by_text("You have no keys.")).to_be_visible()
    tab_to(page, "textbox", "Name")  # by keyboard alone
    page.keyboard.type("front end")
    page.keyboard.press("Enter")
    fresh = page.get_by_role("region", name="front end: copy the key now")
    key = (fresh.locator("pre").first.text_content() or "").strip()
    assert key in (fresh.locator("pre").nth(1).text_content() or "")
    bearer = {"Authorization": f"Bearer {key}"}
    assert httpx.get(f"{strict.url}/api/history", headers=bearer).json() == {"items": [], "next_cursor": None}
    page.reload()
    keys = page.get_by_role("list", name="Your keys")
    expect(keys).to_contain_text("last used just now")
    assert key not in page.content()
    page.get_by_role("button", name="Revoke front end").click()
    page.get_by_role("button", name="Revoke the key").click()
    expect(page.get_by_text("You have no keys.")).to_be_visible()
    assert httpx.get(f"{strict.url}/api/history", headers=bearer).status_code == 401


def test_an_account_from_its_first_day_to_its_last(
    new_visitor: NewVisitor, new_person: NewPerson, strict: ServerProcess
) -> None:
    person = new_person(strict)
    page = new_visitor(strict, "login/?next=/account/").page
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("form").get_by_role("alert")).to_contain_text("wrong")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/account/")
    page.get_by_label("Password now").fill(PASSWORD)
    page.get_by_label("New password").fill("another horse, same battery")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_text("The new password holds")).to_be_visible()
    assert person.http.get("/api/auth/me").json()["user"] is None  # logged out elsewhere
    open_menu(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Delete the account…").click()
    page.get_by_role("dialog").get_by_label("Password").fill("another horse, same battery")
    page.get_by_role("button", name="Delete for good").click()
    page.wait_for_url(strict.url + "/")
    body = {"email": person.email, "password": "another horse, same battery"}
    assert httpx.post(f"{strict.url}/api/auth/login", json=body).status_code == 401


def test_every_page_is_for_everyone(
    new_visitor: NewVisitor, new_person: NewPerson, strict: ServerProcess, axe: str
) -> None:
    """Screen readers, light and dark, phones: each page once for who is logged in, once for who is not."""
    person = new_person(strict)
    person.make("red dress", num_images=2)
    options = {"reduced_motion": "reduce", "color_scheme": "light"}
    for state, paths in (
        ({}, ("login/", "register/", "reset/?token=spent", "keys/", "usage/")),
        ({"storage_state": person.state}, ("account/", "keys/", "usage/")),
    ):
        visitor = new_visitor(strict, paths[0], **options, **state)
        for path in paths:
            visitor.page.goto("/" + path)
            expect_all_fine(visitor, path, axe)
    usage = visitor.page
    expect(usage.get_by_role("row").nth(1)).to_contain_text("2")
    usage.get_by_role("radio", name="Generations").check()
    expect(usage.get_by_role("heading", name="Generations by day")).to_be_visible()


def expect_all_fine(visitor: CreatePage, path: str, axe: str) -> None:
    page = visitor.page
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        assert visitor.violations(axe) == [], (path, theme)
    page.set_viewport_size({"width": 375, "height": 740})
    assert not visitor.scrolls_sideways(), path
    page.set_viewport_size({"width": 1280, "height": 720})
