"""The create page as a visitor handles it: by the names that people and screen readers go by."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

SMALL = "?size=128x128&model=none&steps=6"
"""Settings in the address with which a picture takes a fraction of a second."""
JOB_MS = 90_000


class CreatePage:
    """`forgive` takes part of a message that the watch of every page (conftest.py) shall let pass in this test."""

    def __init__(self, page: Page, forgive: Callable[[str], None]) -> None:
        self.page = page
        self.forgive = forgive
        self.prompt = page.get_by_role("textbox", name="Prompt", exact=True)
        self.generate = page.get_by_role("button", name="Generate")
        self.cancel = page.get_by_role("button", name="Cancel").first
        self.results = page.get_by_role("list", name="Results")
        self.tiles = self.results.get_by_role("listitem")
        self.downloads = self.results.get_by_role("link", name="Download")
        self.trouble = page.get_by_role("form").get_by_role("alert")

    def ask(self, prompt: str) -> None:
        self.prompt.fill(prompt)
        self.generate.click()

    def wait_for_pictures(self, count: int) -> None:
        """Until `count` pictures of the newest job can be downloaded."""
        expect(self.downloads).to_have_count(count, timeout=JOB_MS)

    def picture(self, number: int) -> Locator:
        """From 1."""
        return self.tiles.nth(number - 1)

    def recent_job(self) -> str:
        """The id of the job asked for last."""
        return self.page.evaluate("JSON.parse(localStorage.getItem('lora-studio:jobs'))[0].id")

    def violations(self, axe: str) -> list[dict[str, Any]]:
        """What axe finds that is serious or critical; `axe` is its script."""
        self.page.evaluate(axe)
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            {"id": each["id"], "nodes": [node["html"][:200] for node in each["nodes"]]}
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
        ]

    def scrolls_sideways(self) -> bool:
        return self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
