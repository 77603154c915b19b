"""Takes the screenshots of docs/images/ again, from a running server with the demo model and the built page:

    .venv/bin/python scripts/screenshots.py http://127.0.0.1:8000

Needs Chromium (Debian, Ubuntu: sudo apt-get install chromium)."""

import io
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
DESKTOP = {"viewport": {"width": 1360, "height": 900}}
PHONE = {"viewport": {"width": 375, "height": 812}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
PROMPT = "jade woman, red dress, beach sunset"
QUALITY = 88  # of the WebP files
SETTLED_MS = 900


def keep(page: Page, name: str) -> None:
    page.wait_for_timeout(SETTLED_MS)
    FOLDER.mkdir(parents=True, exist_ok=True)
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(FOLDER / f"{name}.webp", quality=QUALITY)
    print(f"docs/images/{name}.webp")


def opened(browser: Browser, address: str, options: Mapping[str, Any]) -> Page:
    page = browser.new_context(base_url=address, **options).new_page()
    page.goto("/?seed=100")
    page.get_by_role("button", name="Shape:").wait_for()
    return page


def generate(page: Page, prompt: str) -> None:
    page.get_by_role("textbox", name="Prompt", exact=True).fill(prompt)
    page.get_by_role("button", name="Generate").click()


def wait_for_pictures(page: Page) -> None:
    page.get_by_role("list", name="Results").get_by_role("link", name="Download").nth(3).wait_for(timeout=120_000)


def desktop(browser: Browser, address: str) -> None:
    page = opened(browser, address, DESKTOP)
    keep(page, "create-empty")
    for earlier, shape in (("cat in the snow, night", "Portrait"), ("balloon, mountains, morning", "Landscape")):
        page.get_by_role("button", name="Shape:").click()
        page.get_by_role("radio", name=shape).check()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="LoRA:").click()
        page.get_by_role("radio", name="None").check()
        page.keyboard.press("Escape")
        generate(page, earlier)
        page.get_by_role("button", name="Cancel").first.wait_for()
        wait_for_pictures(page)
    page.goto("/?seed=100")
    page.get_by_role("button", name="Shape:").wait_for()
    generate(page, PROMPT)
    page.locator("[aria-label=Results] img").nth(3).wait_for()
    keep(page, "create-running")
    wait_for_pictures(page)
    keep(page, "create-done")
    page.get_by_role("list", name="Results").get_by_role("listitem").first.get_by_role("button").first.click()
    page.get_by_role("dialog").wait_for()
    keep(page, "lightbox")


def dark_and_phone(browser: Browser, address: str) -> None:
    page = opened(browser, address, {**DESKTOP, "color_scheme": "dark"})
    generate(page, PROMPT)
    wait_for_pictures(page)
    keep(page, "create-dark")
    page = opened(browser, address, PHONE)
    generate(page, PROMPT)
    wait_for_pictures(page)
    keep(page, "create-phone")


def main(address: str) -> None:
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        sys.exit("Chromium is missing (Debian, Ubuntu: sudo apt-get install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        desktop(browser, address)
        dark_and_phone(browser, address)
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
