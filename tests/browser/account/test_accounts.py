"""Accounts, API keys, usage and limits."""

import httpx
from playwright.sync_api import expect

from tests.browser.conftest import NewUser, NewVisitor
from tests.browser.create_page import CreatePage
from tests.browser.users import PASSWORD, open_menu
from tests.support.servers.server_process import ServerProcess


def test_an_account_from_its_first_day_to_its_last(
    new_visitor: NewVisitor, new_user: NewUser, painted: ServerProcess, axe: str
) -> None:
    user = new_user(painted)
    visitor = new_visitor(painted, "login/?next=/account/", reduced_motion="reduce")
    page = visitor.page
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("form").get_by_role("alert")).to_contain_text("wrong")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(painted.url + "/account/")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password").fill("another horse, same battery")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Password changed")).to_be_visible()
    assert user.http.get("/api/auth/me").json()["user"] is None  # the other session is logged out
    open_menu(page)
    assert visitor.violations(axe) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Delete the account…").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert visitor.violations(axe) == []
    page.get_by_role("dialog").get_by_label("Password").fill("another horse, same battery")
    page.get_by_role("button", name="Delete for good").click()
    page.wait_for_url(painted.url + "/")
    body = {"email": user.email, "password": "another horse, same battery"}
    assert httpx.post(f"{painted.url}/api/auth/login", json=body).status_code == 401


def test_a_registered_e_mail_is_not_registered_again(
    new_visitor: NewVisitor, new_user: NewUser, painted: ServerProcess
) -> None:
    user = new_user(painted)
    page = new_visitor(painted, "register/?next=/account/", reduced_motion="reduce").page
    alert = page.get_by_role("form").get_by_role("alert")
    for password, words in (
        ("password2026", "fix the fields above"),
        ("another horse, same battery", "has an account already"),
    ):
        page.get_by_label("E-mail").fill(user.email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Register").click()
        expect(alert).to_contain_text(words)
    page.get_by_label("Password").fill(PASSWORD)  # the right one logs in
    page.get_by_role("button", name="Register").click()
    page.wait_for_url(painted.url + "/account/")


def test_every_page_is_for_everyone(
    new_visitor: NewVisitor, new_user: NewUser, painted: ServerProcess, axe: str
) -> None:
    """Screen readers, light and dark, phones: each page once for who is logged in, once for who is not."""
    user = new_user(painted)
    user.make("red dress", num_images=2)
    options = {"reduced_motion": "reduce", "color_scheme": "light"}
    for state, paths in (
        ({}, ("login/", "register/", "reset/?token=spent", "keys/", "usage/")),
        ({"storage_state": user.state}, ("account/", "keys/", "usage/")),
    ):
        visitor = new_visitor(painted, paths[0], **options, **state)
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
    assert visitor.violations(axe) == [], path
    page.set_viewport_size({"width": 375, "height": 740})
    assert not visitor.scrolls_sideways(), path
    page.set_viewport_size({"width": 1280, "height": 720})
