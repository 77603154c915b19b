"""Use of a page by keyboard alone."""

from playwright.sync_api import Locator, Page


def tab_to(page: Page, role: str, name: str, exact: bool = False) -> None:
    """Press Tab until an element of that role and accessible name has the focus."""
    tab_until(page, page.get_by_role(role, name=name, exact=exact).first)  # pyright: ignore[reportArgumentType]


def tab_until(page: Page, wanted: Locator) -> None:
    """The same for any element: a password's field has no role."""
    for _ in range(60):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reached {wanted}")


def write_into(page: Page, label: str, text: str) -> None:
    tab_until(page, page.get_by_label(label))
    page.keyboard.type(text)


def press(page: Page, name: str) -> None:
    tab_to(page, "button", name)
    page.keyboard.press("Enter")
