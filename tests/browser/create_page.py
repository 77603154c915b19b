"""Page object of the create page. It finds elements by their accessible names, as visitors and screen readers do."""

from collections.abc import Callable
from typing import Any, Literal

from playwright.sync_api import Locator, Page, expect

SMALL = "?size=128x128&model=none&steps=6"
"""Settings in the address with which a picture takes a fraction of a second."""
PAINTED = "?size=64x64&model=none&steps=6"
"""The same for a server that paints."""
NOTES = "lora-studio:list"
"""Key of the browser's notes about the list of jobs, in localStorage."""
JOB_MS = 90_000

SETTLED = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const under_way = () => document.getAnimations().some(
    (each) => each.playState === "running" && Number.isFinite(each.effect.getComputedTiming().endTime));
  do await frame(); while (under_way());
}"""
FIND = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) => (
    { id, nodes: nodes.map(({ html, failureSummary }) => `${html.slice(0, 300)}\n${failureSummary}`) }));
}"""


class CreatePage:
    """`forgive` takes part of a message that the watch of every page (conftest.py) ignores in this test."""

    def __init__(self, page: Page, forgive: Callable[[str], None]) -> None:
        self.page = page
        self.forgive = forgive
        self.prompt = page.get_by_role("textbox", name="Prompt", exact=True)
        self.generate = page.get_by_role("button", name="Generate")
        self.cancel = page.get_by_role("button", name="Cancel").first
        self.results = page.get_by_role("list", name="Results")
        self.tiles = self.results.get_by_role("listitem")
        self.downloads = self.results.get_by_role("link", name="Download")
        self.error = page.get_by_role("form").get_by_role("alert")

    def ask(self, prompt: str) -> None:
        self.prompt.fill(prompt)
        self.generate.click()

    def wait_for_pictures(self, count: int) -> None:
        """Wait until `count` pictures of the newest job can be downloaded."""
        expect(self.downloads).to_have_count(count, timeout=JOB_MS)

    def picture(self, number: int) -> Locator:
        """From 1."""
        return self.tiles.nth(number - 1)

    def recent_job(self) -> str:
        """The id of the newest job: of the jobs that the history has not listed as ended yet, else of the history."""
        noted: dict[str, float] = self.page.evaluate(
            f"JSON.parse(localStorage.getItem('{NOTES}') ?? '{{}}').unlisted ?? {{}}"
        )
        if noted:
            return max(noted, key=noted.__getitem__)
        return self.page.request.get("/api/history").json()["items"][0]["job_id"]

    def violations(self, axe: str) -> list[dict[str, Any]]:
        """The serious and critical violations that axe finds, dark and light; the page stays light. `axe` is its
        script."""
        self.page.evaluate(axe)
        violations: list[dict[str, Any]] = []
        for theme in ("dark", "light"):
            self.set_theme(theme)
            violations += [{"theme": theme, **each} for each in self.page.evaluate(FIND)]
        return violations

    def set_theme(self, theme: Literal["light", "dark"]) -> None:
        """Returns once the page shows the theme and no color is changing."""
        self.page.emulate_media(color_scheme=theme)
        self.page.locator(f"html.{theme}").wait_for(state="attached")
        self.page.evaluate(SETTLED)

    def scrolls_sideways(self) -> bool:
        return self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
