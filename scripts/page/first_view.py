"""Measures what a first visitor of the create page waits for, with an empty cache, from a running server:

    .venv/bin/python scripts/page/first_view.py http://127.0.0.1:8000 [/history/ ...]

Prints for each page the medians of the loads: largest contentful paint, layout shift, bytes of JavaScript as sent.
Exits with 1 if the create page exceeds a bound. Needs Chromium (Debian, Ubuntu: sudo apt-get install chromium)."""

import shutil
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
WINDOW = {"width": 1440, "height": 900}
NUM_LOADS = 5
SETTLED_MS = 1_500
MAX_LCP_MS, MAX_SHIFT, MAX_JS_BYTES = 1_500, 0.02, 180_000

OBSERVE = """
window.seen = { lcp_ms: 0, shift: 0 };
new PerformanceObserver((list) => {
  for (const { startTime } of list.getEntries()) seen.lcp_ms = startTime;
}).observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) seen.shift += value;
}).observe({ type: "layout-shift", buffered: true });
"""
READ = """() => ({ ...seen, js_bytes: performance.getEntriesByType("resource")
  .filter(({ name }) => new URL(name).pathname.endsWith(".js"))
  .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0) })"""


@dataclass(frozen=True)
class FirstView:
    lcp_ms: float
    shift: float
    js_bytes: int

    @property
    def is_within(self) -> bool:
        return self.lcp_ms <= MAX_LCP_MS and self.shift <= MAX_SHIFT and self.js_bytes <= MAX_JS_BYTES


def load(browser: Browser, address: str) -> FirstView:
    """One visit of a new browser profile."""
    context = browser.new_context(viewport=WINDOW)  # type: ignore[arg-type]
    context.add_init_script(OBSERVE)
    page = context.new_page()
    page.goto(address, wait_until="networkidle")
    page.wait_for_timeout(SETTLED_MS)
    seen = page.evaluate(READ)
    context.close()
    return FirstView(seen["lcp_ms"], seen["shift"], seen["js_bytes"])


def measure(browser: Browser, address: str) -> FirstView:
    """The medians; the first load, which warms the server, does not count."""
    views = [load(browser, address) for _ in range(NUM_LOADS + 1)][1:]
    return FirstView(
        statistics.median(view.lcp_ms for view in views),
        statistics.median(view.shift for view in views),
        max(view.js_bytes for view in views),
    )


def main(arguments: Sequence[str]) -> int:
    if not arguments:
        print(__doc__)
        return 2
    server, pages = arguments[0].rstrip("/"), ["/", *arguments[1:]]
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    views: dict[str, FirstView] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for path in pages:
            view = views[path] = measure(browser, server + path)
            print(f"{path:12} LCP {view.lcp_ms:5.0f} ms   CLS {view.shift:.4f}   JavaScript {view.js_bytes:,} bytes")
        browser.close()
    if views["/"].is_within:
        return 0
    print(f"/ exceeds a bound: LCP {MAX_LCP_MS} ms, CLS {MAX_SHIFT}, JavaScript {MAX_JS_BYTES:,} bytes")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
