"""The page in German and in Simplified Chinese: by the browser, by choice, on a phone."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewVisitor
from tests.browser.create_page import JOB_MS, PAINTED
from tests.support.servers.server_process import ServerProcess

PAGES = ("", "history/", "batches/", "compare/", "usage/", "login/", "register/", "gallery/", "nowhere/")
SHIFT = """
window.shift = 0;
window.seen = new Set();
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.shift += value;
}).observe({ type: "layout-shift", buffered: true });
const look = () => {
  const html = document.documentElement;
  const button = document.querySelector("button[type=submit]");
  const isShown = button && getComputedStyle(button).visibility === "visible";
  if (isShown) window.seen.add(button.textContent);
  if (!html.dataset.stop) requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


def shown(page: Page, language: str) -> None:
    """Returns once the page is in the language, and visible."""
    page.locator(f"html[lang={language}]:not([data-translating])").wait_for(state="attached")


def choose(page: Page, menu: str, name: str) -> None:
    page.get_by_role("button", name=menu).click()
    page.get_by_role("dialog").get_by_role("combobox").select_option(label=name)


def test_a_german_browser_gets_a_german_page_and_makes_pictures(
    new_visitor: NewVisitor, painted: ServerProcess
) -> None:
    window = {"width": 1440, "height": 900}  # as in scripts/page/first_view.py
    visitor = new_visitor(painted, PAINTED, SHIFT, locale="de-AT", viewport=window)
    page = visitor.page
    shown(page, "de")
    expect(page.get_by_role("button", name="Bilder: 4")).to_be_visible()
    assert page.evaluate("window.shift") <= 0.02
    visitor.prompt.fill("red dress, beach sunset")
    page.get_by_role("button", name="Bilder: 4").click()
    page.get_by_role("radio", name="2", exact=True).check()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Generieren").click()
    results = page.get_by_role("list", name="Ergebnisse")
    expect(results.get_by_role("link", name="Download")).to_have_count(2, timeout=JOB_MS)
    expect(results.get_by_role("img", name="Bild 1 von 2: red dress, beach sunset")).to_be_visible()
    assert page.evaluate("[...window.seen]") == ["Generieren"]  # never in English
    results.get_by_role("button", name=re.compile("^Bild 1 von 2")).click()
    expect(page.get_by_role("complementary", name="Über dieses Bild")).to_contain_text("Ohne LoRA")


def test_the_chosen_language_outlives_a_reload_and_another_page(
    new_visitor: NewVisitor, painted: ServerProcess
) -> None:
    visitor = new_visitor(painted, PAINTED)
    page = visitor.page
    visitor.prompt.fill("red dress")
    choose(page, "Account menu", "简体中文")
    shown(page, "zh-Hans")
    prompt = page.get_by_role("textbox", name="提示词", exact=True)
    expect(prompt).to_have_value("red dress")  # nothing typed is lost
    page.wait_for_url("**prompt=red+dress*")
    page.reload()
    shown(page, "zh-Hans")
    expect(prompt).to_have_value("red dress")
    page.get_by_role("link", name="历史").click()
    expect(page.get_by_role("heading", name="历史")).to_be_visible()
    expect(page).to_have_title("历史 · LoRA Studio")
    choose(page, "账户菜单", "English")
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    expect(page).to_have_title("History · LoRA Studio")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_english_stays_where_the_texts_cannot_be_loaded(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, PAINTED)
    page = visitor.page
    page.get_by_role("button", name="Account menu").click()
    language = page.get_by_role("dialog").get_by_role("combobox")
    expect(language).to_be_visible()
    page.context.route(re.compile(r"/_next/static/chunks/.*\.js"), lambda route: route.abort())
    language.select_option(label="Deutsch")
    expect(page.get_by_text("could not be loaded").first).to_be_visible()
    expect(visitor.generate).to_be_visible()


@pytest.mark.parametrize("width_px", [320, 375])
def test_no_page_scrolls_sideways_in_german(new_visitor: NewVisitor, painted: ServerProcess, width_px: int) -> None:
    size = {"width": width_px, "height": 740}
    visitor = new_visitor(painted, PAINTED, locale="de", viewport=size, has_touch=True, is_mobile=True)
    page = visitor.page
    wide: list[str] = []
    for path in PAGES:
        page.goto(f"/{path}")
        shown(page, "de")
        expect(page.get_by_role("heading").first).to_be_attached()
        page.evaluate("document.fonts.ready")
        if visitor.scrolls_sideways():
            wide.append(path)
    assert wide == []


@pytest.mark.parametrize(("locale", "language"), [("de", "de"), ("zh-CN", "zh-Hans")])
def test_axe_finds_nothing_serious(
    new_visitor: NewVisitor, painted: ServerProcess, axe: str, locale: str, language: str
) -> None:
    visitor = new_visitor(painted, PAINTED, locale=locale, reduced_motion="reduce")
    page = visitor.page
    found: list[dict[str, Any]] = []
    for path in ("", "history/", "batches/", "compare/", "login/"):
        page.goto(f"/{path}")
        shown(page, language)
        expect(page.get_by_role("main")).to_be_visible()
        found += [{"path": path, **each} for each in visitor.violations(axe)]
    page.locator("header [aria-haspopup=dialog]").last.click()
    expect(page.get_by_role("dialog").get_by_role("combobox")).to_be_visible()
    found += visitor.violations(axe)
    assert found == []
