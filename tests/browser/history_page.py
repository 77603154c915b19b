"""Parts of the history page."""

from playwright.sync_api import Locator, Page


def tiles(page: Page) -> Locator:
    return page.get_by_role("group", name="Pictures").get_by_role("article")


def tile(page: Page, prompt: str) -> Locator:
    return tiles(page).filter(has=page.get_by_role("img", name=prompt)).first
