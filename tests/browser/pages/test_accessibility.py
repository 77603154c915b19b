"""Accessibility of the create page: axe, screen readers, keyboard, phone, light and dark."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.create_page import PAINTED, SMALL
from tests.browser.keyboard import tab_to
from tests.support.servers.server_process import ServerProcess


def test_axe_finds_nothing_serious(new_visitor: NewVisitor, studio: ServerProcess, axe: str) -> None:
    visitor = new_visitor(studio, SMALL, reduced_motion="reduce")
    page = visitor.page
    expect(page.get_by_role("button", name="Shape:")).to_be_visible()
    assert visitor.violations(axe) == []  # nothing made yet
    visitor.generate.click()
    expect(visitor.error).to_be_visible()
    visitor.prompt.fill("red dress, zebra")
    assert visitor.violations(axe) == []  # an error, an unknown word
    for name in ("LoRA:", "Style:", "Shape:", "Pictures:", "Quality:", "Negative prompt:", "Advanced"):
        page.get_by_role("button", name=name).first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert visitor.violations(axe) == [], name
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    visitor.generate.click()
    expect(visitor.tiles).to_have_count(4)
    assert visitor.violations(axe) == []  # being made
    visitor.wait_for_pictures(4)
    assert visitor.violations(axe) == []  # done
    visitor.picture(1).get_by_role("button").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert visitor.violations(axe) == []  # lightbox


def test_the_whole_flow_by_keyboard_alone(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    visitor = new_visitor(studio, SMALL)
    page = visitor.page
    keys = page.keyboard
    expect(visitor.prompt).to_be_focused()
    expect(page.get_by_role("button", name="Shape:")).to_be_visible()
    keys.type("red dress, beach sunset")
    tab_to(page, "button", "Pictures:")
    keys.press("Enter")
    tab_to(page, "radio", "4")
    keys.press("ArrowLeft")
    keys.press("Escape")
    expect(page.get_by_role("button", name="Pictures: 3")).to_be_focused()
    tab_to(page, "button", "Generate")
    keys.press("Enter")
    visitor.wait_for_pictures(3)
    tab_to(page, "link", "Download", exact=True)
    with page.expect_download():
        keys.press("Enter")
    keys.press("Shift+Tab")  # Compare
    keys.press("Shift+Tab")  # the picture itself
    keys.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    keys.press("ArrowRight")
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    # two pictures compared, and the focus comes back
    tab_to(page, "button", "Compare")
    keys.press("Enter")
    keys.press("Tab")  # Download
    keys.press("Tab")  # Favorite
    keys.press("Tab")  # More
    keys.press("Tab")  # the next picture
    keys.press("Enter")
    expect(page.get_by_role("dialog", name="Compare two pictures")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(visitor.picture(2).locator("button[data-picture]")).to_be_focused()


def test_a_phone_never_scrolls_sideways(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    visitor = new_visitor(
        studio, SMALL, viewport={"width": 375, "height": 740}, has_touch=True, is_mobile=True, device_scale_factor=2
    )
    page = visitor.page
    settings = page.get_by_role("button", name=re.compile("^Settings"))
    expect(settings).to_be_visible()
    assert not visitor.scrolls_sideways()
    settings.click()
    sheet = page.get_by_role("dialog", name="Settings")
    for group in ("LoRA", "Shape", "Pictures", "Quality", "Style", "Seed"):  # every setting is within reach
        expect(sheet.get_by_role("group", name=group, exact=True)).to_be_attached()
    assert not visitor.scrolls_sideways()
    page.keyboard.press("Escape")
    visitor.ask("red dress, beach sunset")
    visitor.wait_for_pictures(4)
    assert not visitor.scrolls_sideways()
    expect(visitor.downloads.first).to_be_visible()
    visitor.picture(1).get_by_role("button").first.click()
    panel = page.get_by_role("complementary", name="About this picture")
    expect(panel.get_by_role("button", name="Favorite")).to_be_visible()
    box = panel.bounding_box()
    assert box is not None
    assert box["height"] <= 0.22 * 740  # one row of actions; the picture has the rest
    assert not visitor.scrolls_sideways()


def test_progress_is_said_aloud(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    visitor = new_visitor(studio, SMALL + "&n=1")
    visitor.ask("red dress, beach sunset")
    visitor.wait_for_pictures(1)
    expect(visitor.page.locator("[aria-live=polite], [role=status]").filter(has_text="1 of 1").first).to_be_attached()


@pytest.mark.parametrize("width_px", [320, 375, 640, 1024, 1240])
def test_a_window_with_a_mouse_never_scrolls_sideways_after_a_result(
    new_visitor: NewVisitor, painted: ServerProcess, width_px: int
) -> None:
    visitor = new_visitor(painted, PAINTED, viewport={"width": width_px, "height": 800})
    page = visitor.page
    visitor.ask("red dress, beach sunset")
    visitor.wait_for_pictures(4)
    remove = page.get_by_role("button", name="Remove from this list")
    assert page.evaluate("window.scrollTo(100, 0), window.scrollX") == 0
    remove.hover()  # its label shows
    page.wait_for_timeout(600)
    assert page.evaluate("window.scrollTo(100, 0), window.scrollX") == 0
    assert not visitor.scrolls_sideways()
    account = page.get_by_role("button", name="Account menu").bounding_box()
    assert account is not None
    assert account["x"] + account["width"] <= width_px


def test_the_first_tab_leads_past_the_header(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    page = new_visitor(painted, "history/").page
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**#main")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet.get_by_role("region", name="Opened picture")).to_contain_text("favorite")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
