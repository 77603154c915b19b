"""The open picture is in the address: Back closes it, and the address opens it."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import NewVisitor
from tests.browser.create_page import PAINTED
from tests.browser.picture_actions import PHONE
from tests.support.servers.server_process import ServerProcess

MARK = "window.isSamePage = true"


def test_back_closes_the_picture_on_a_phone(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, PAINTED + "&n=2", **PHONE)
    page = visitor.page
    visitor.ask("red dress")
    visitor.wait_for_pictures(2)
    page.evaluate(MARK)
    page.wait_for_url("**prompt=red*")
    before = page.url
    visitor.picture(1).locator("button[data-picture]").tap()
    box = page.get_by_role("dialog", name="Picture")
    expect(box).to_be_visible()
    assert "picture=" in page.url
    page.go_back()
    expect(box).to_have_count(0)
    assert page.url == before
    assert page.evaluate("window.isSamePage")
    expect(visitor.prompt).to_have_value("red dress")


def test_a_picture_is_opened_by_its_address(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, PAINTED + "&n=2")
    page = visitor.page
    visitor.ask("red dress")
    visitor.wait_for_pictures(2)
    visitor.picture(1).locator("button[data-picture]").click()
    box = page.get_by_role("dialog", name="Picture")
    page.keyboard.press("ArrowRight")
    expect(box.get_by_role("img", name="Picture 2 of 2")).to_be_visible()
    address = page.url
    close(page)
    for start in (address, address.replace("/?", "/history/?")):
        page.goto(start)
        expect(box.get_by_role("img", name="Picture 2 of 2")).to_be_visible()
        close(page)
        assert "picture=" not in page.url
    page.goto("/?picture=" + "0" * 32 + "-1")  # of no job
    page.wait_for_url(lambda url: "picture=" not in url)
    expect(visitor.prompt).to_be_visible()


def close(page: Page) -> None:
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Picture")).to_have_count(0)
    page.wait_for_url(lambda url: "picture=" not in url)


def test_reuse_is_undone_and_the_seed_shows(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, PAINTED + "&n=1&seed=41")
    page = visitor.page
    visitor.ask("red dress")
    visitor.wait_for_pictures(1)
    page.get_by_role("button", name="Unlock the seed").click()
    visitor.prompt.fill("blue coat")
    visitor.picture(1).locator("button[data-picture]").click()
    page.get_by_role("dialog", name="Picture").get_by_role("button", name="Reuse everything").click()
    expect(visitor.prompt).to_have_value("red dress")
    expect(page.get_by_text("seed 41", exact=True)).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(visitor.prompt).to_have_value("blue coat")
    expect(page.get_by_role("button", name="Unlock the seed")).to_have_count(0)


def test_a_shared_picture_is_seen_without_an_account_until_it_is_revoked(
    new_visitor: NewVisitor, painted: ServerProcess
) -> None:
    visitor = new_visitor(painted, PAINTED + "&n=1")
    page = visitor.page
    visitor.ask("red dress")
    visitor.wait_for_pictures(1)
    visitor.picture(1).locator("button[data-picture]").click()
    page.get_by_role("dialog", name="Picture").get_by_role("button", name="Share").click()
    dialog = page.get_by_role("dialog", name="Share this picture")
    dialog.get_by_role("button", name="Create link").click()
    address = dialog.get_by_role("status", name="Link").inner_text()
    stranger = new_visitor(painted).page
    stranger.goto(address)
    expect(stranger.get_by_role("img", name="red dress")).to_have_js_property("naturalWidth", 64)
    stranger.get_by_role("link", name="Make your own").click()
    expect(stranger.get_by_role("textbox", name="Prompt", exact=True)).to_have_value("red dress")
    dialog.get_by_role("button", name="Stop sharing").click()
    expect(dialog.get_by_role("button", name="Create link")).to_be_visible()
    response = stranger.goto(address)
    assert response is not None
    assert response.status == 404
