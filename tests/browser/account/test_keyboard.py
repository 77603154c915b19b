"""An account from registration to deletion, by keyboard alone."""

import httpx
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.keyboard import press, tab_until, write_into
from tests.browser.users import PASSWORD, new_email
from tests.support.servers.server_process import ServerProcess

NEW_PASSWORD = "another horse, same battery"


def test_an_account_from_its_first_day_to_its_last(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    email = new_email()
    page = new_visitor(painted, "register/?next=/account/").page
    write_into(page, "E-mail", email)
    write_into(page, "Password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(painted.url + "/account/")
    press(page, "Account menu")
    press(page, "Log out")
    page.wait_for_url(painted.url + "/")
    assert page.request.get("/api/auth/me").json()["user"] is None
    page.goto("/login/?next=/account/")
    write_into(page, "E-mail", email)
    write_into(page, "Password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(painted.url + "/account/")
    write_into(page, "Current password", PASSWORD)
    write_into(page, "New password", NEW_PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Password changed")).to_be_visible()
    press(page, "Delete the account…")
    tab_until(page, page.get_by_role("dialog").get_by_label("Password"))
    page.keyboard.type(NEW_PASSWORD)
    press(page, "Delete for good")
    page.wait_for_url(painted.url + "/")
    answer = httpx.post(f"{painted.url}/api/auth/login", json={"email": email, "password": NEW_PASSWORD})
    assert answer.status_code == 401
