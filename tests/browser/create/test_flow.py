"""The visitor's flow on the create page: type a prompt, watch, pick, download, find it again."""

import json
import time
import zipfile
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.create_page import SMALL, CreatePage
from tests.support.http_jobs import pictures
from tests.support.picture_text import a1111_text
from tests.support.servers.server_process import ServerProcess

PROMPT = "jade woman, red dress, beach sunset"
RECORD_EVENTS = """
window.seenEvents = [];
const Native = window.EventSource;
window.EventSource = class extends Native {
  constructor(...args) {
    super(...args);
    for (const name of ["progress", "preview", "image", "completed"])
      this.addEventListener(name, () => window.seenEvents.push(name));
  }
};
"""


def test_type_watch_pick_download(new_visitor: NewVisitor, studio: ServerProcess, tmp_path: Path) -> None:
    visitor = new_visitor(studio, script=RECORD_EVENTS)
    expect(visitor.prompt).to_be_focused()
    visitor.ask(PROMPT)
    expect(visitor.tiles).to_have_count(4)
    visitor.wait_for_pictures(4)

    seen = visitor.page.evaluate("window.seenEvents")
    assert "preview" in seen[: seen.index("image")]

    with visitor.page.expect_download() as waiting:
        visitor.downloads.first.click()
    path = tmp_path / "picture.jpg"
    waiting.value.save_as(path)
    (stored, *_) = pictures(studio, visitor.recent_job())
    assert path.read_bytes() == stored
    assert waiting.value.suggested_filename.startswith("jade-woman-red-dress-beach-sunset-")
    result = studio.http.get(f"/api/result/{visitor.recent_job()}").json()
    text = a1111_text(stored)
    assert text.startswith(PROMPT)
    assert f"Seed: {result['outputs'][0]['seed']}," in text


def test_all_pictures_come_as_a_zip(new_visitor: NewVisitor, studio: ServerProcess, tmp_path: Path) -> None:
    visitor = new_visitor(studio, SMALL)
    visitor.ask("red dress, beach sunset")
    visitor.wait_for_pictures(4)
    with visitor.page.expect_download() as waiting:
        visitor.page.get_by_role("link", name="Download all").click()
    path = tmp_path / "all.zip"
    waiting.value.save_as(path)
    with zipfile.ZipFile(BytesIO(path.read_bytes())) as archive:
        assert archive.testzip() is None
        assert [archive.read(name) for name in archive.namelist()] == pictures(studio, visitor.recent_job())


def test_enter_generates_and_shift_enter_begins_a_line(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    visitor = new_visitor(studio, SMALL)
    visitor.prompt.press_sequentially("red dress,")
    visitor.prompt.press("Shift+Enter")
    visitor.prompt.press_sequentially("beach")
    expect(visitor.tiles).to_have_count(0)
    visitor.prompt.press("Enter")
    expect(visitor.tiles).to_have_count(4)
    visitor.wait_for_pictures(4)
    metadata = studio.http.get(f"/api/result/{visitor.recent_job()}").json()["metadata"]
    assert metadata["prompt"] == "red dress,\nbeach"


def test_a_held_enter_asks_once(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    visitor = new_visitor(studio, SMALL + "&n=1")
    expect(visitor.page.get_by_role("button", name="Shape:")).to_be_visible()
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url) if "/api/generate" in request.url else None)
    visitor.prompt.fill("red dress, beach sunset")
    for _ in range(6):  # a key that is down already repeats
        visitor.page.keyboard.down("Enter")
        visitor.page.wait_for_timeout(60)
    visitor.page.keyboard.up("Enter")
    visitor.wait_for_pictures(1)
    assert len(asked) == 1


def test_what_is_typed_before_the_code_arrives_stays(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    visitor = new_visitor(studio)
    visitor.page.route("**/_next/static/**/*.js", lambda route: (time.sleep(0.3), route.continue_()))
    visitor.page.goto("/" + SMALL, wait_until="commit")
    visitor.prompt.fill("red dress, beach sunset")
    expect(visitor.page.get_by_role("button", name="Shape:")).to_be_visible()
    expect(visitor.prompt).to_have_value("red dress, beach sunset")
    visitor.generate.click()
    visitor.wait_for_pictures(4)


def test_what_is_typed_while_the_code_starts_stays(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    """Between the moment React takes the page over and its effects: far apart on a slow machine, and here."""
    for wait_ms in (40, 70, 100, 160):
        script = """
        const post = MessagePort.prototype.postMessage;
        MessagePort.prototype.postMessage = function (...message) { setTimeout(() => post.apply(this, message), 120); };
        const timer = setInterval(() => {
          const box = document.querySelector("textarea");
          if (!box || !Object.keys(box).some((key) => key.startsWith("__reactFiber"))) return;
          clearInterval(timer);
          setTimeout(() => { box.focus(); document.execCommand("insertText", false, "blue coat, snow"); }, WAIT_MS);
        }, 1);
        """.replace("WAIT_MS", str(wait_ms))
        visitor = new_visitor(studio, SMALL, script=script)
        visitor.page.wait_for_url("**prompt=blue*")
        expect(visitor.prompt).to_have_value("blue coat, snow")


def test_settings_live_in_the_address(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    visitor = new_visitor(studio, SMALL)
    visitor.prompt.fill("blue coat, snow")
    visitor.page.get_by_role("button", name="Pictures:").click()
    visitor.page.get_by_role("radio", name="2", exact=True).check()
    visitor.page.keyboard.press("Escape")
    visitor.page.get_by_role("button", name="Shape:").click()
    visitor.page.get_by_role("radio", name="Portrait").check()
    visitor.page.keyboard.press("Escape")
    visitor.page.wait_for_url("**size=208x304*")

    asked = parse_qs(urlsplit(visitor.page.url).query)
    assert asked["prompt"] == ["blue coat, snow"]
    visitor.page.reload()
    expect(visitor.prompt).to_have_value("blue coat, snow")
    expect(visitor.page.get_by_role("button", name="Shape: Portrait")).to_be_visible()
    with visitor.page.expect_request("**/api/generate") as waiting:
        visitor.generate.click()
    assert json.loads(waiting.value.post_data or "") == {
        "prompt": "blue coat, snow", "model_name": None, "num_images": 2, "steps": 6, "width": 208, "height": 304,
    }  # fmt: skip
    visitor.wait_for_pictures(2)


def test_a_style_an_example_and_unknown_words(visitor: CreatePage) -> None:
    page = visitor.page
    page.get_by_role("list", name="Examples").get_by_role("button", name=PROMPT).click()
    expect(visitor.prompt).to_have_value(PROMPT)
    visitor.prompt.fill("red dress, zebra")
    expect(page.get_by_text("The demo model does not know: zebra")).to_be_visible()
    page.get_by_role("button", name="Style:").click()
    page.get_by_role("radio", name="Watercolor").check()
    page.wait_for_url("**style=watercolor*")


def test_lightbox_settings_and_variations(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    visitor = new_visitor(studio, SMALL + "&n=2&seed=41")
    page = visitor.page
    visitor.ask("red dress, beach sunset")
    visitor.wait_for_pictures(2)
    visitor.picture(1).get_by_role("button").first.click()
    box = page.get_by_role("dialog")
    expect(box).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(box.get_by_text("42", exact=True)).to_be_visible()
    box.get_by_role("button", name="Reuse everything").click()
    expect(box).to_be_hidden()
    page.wait_for_url("**seed=42*")

    visitor.picture(1).get_by_role("button").first.click()
    with page.expect_request("**/api/generate") as waiting:
        box.get_by_role("button", name="New seeds").click()
    asked = json.loads(waiting.value.post_data or "")
    assert (asked["prompt"], asked["num_images"], asked.get("seed")) == ("red dress, beach sunset", 2, None)
    visitor.wait_for_pictures(2)


def test_tiles_do_not_move_what_is_there(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    watch = """
    window.shifts = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
    """
    visitor = new_visitor(studio, SMALL, script=watch)
    visitor.ask("red dress, beach sunset")
    expect(visitor.tiles).to_have_count(4)
    visitor.page.wait_for_timeout(600)
    visitor.page.evaluate("window.shifts = 0")
    visitor.wait_for_pictures(4)
    assert visitor.page.evaluate("window.shifts") < 0.02
