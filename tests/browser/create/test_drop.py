"""Dropping one of our pictures on the page brings its settings back, and with them the same picture."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.create_page import CreatePage
from tests.browser.file_drop import drop
from tests.support.demo_model import LOSSY_DB, psnr_db, share_within_one_level
from tests.support.http_jobs import ended, pictures
from tests.support.servers.server_process import ServerProcess

WORDS = "jade woman, red dress, beach sunset"
ASKED = {
    "prompt": f"{WORDS} <lora:amber:0.1>",
    "model_name": "jade-v1",
    "model_weight": 0.7,
    "loras": [{"name": "amber", "weight": 0.1}],
    "num_images": 2,
    "seed": 77,
    "width": 208,
    "height": 304,
    "steps": 8,
    "guidance_scale": 5.5,
    "sampler": "dpmpp_2m_karras",
    "negative_prompt": "snow",
}


NOTE_COLORS = """(notice) => {
  const colors = () => { const style = getComputedStyle(notice); return `${style.color} ${style.backgroundColor}`; };
  const light = colors();
  window.seenColors = new Promise((done) => new MutationObserver(() => {
    const at_once = colors();
    setTimeout(() => done([at_once, colors(), light]), 500);
  }).observe(document.documentElement, { attributeFilter: ["class"] }));
}"""


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize("image_format", ["jpeg", "png", "webp"])
def test_a_dropped_picture_fills_the_form_and_can_be_made_again(
    new_visitor: NewVisitor, studio: ServerProcess, image_format: str
) -> None:
    job = studio.http.post("/api/generate", json={**ASKED, "format": image_format}).json()["job_id"]
    ended(studio, job)
    second = pictures(studio, job)[1]  # of seed 78

    visitor = new_visitor(studio)
    page = visitor.page
    expect(page.get_by_role("button", name="Shape:")).to_be_visible()
    drop(page, f"mine.{image_format}", f"image/{image_format}", second)
    expect(visitor.prompt).to_have_value(WORDS)
    expect(page.get_by_role("button", name="LoRA: jade-v1 · 0.7")).to_be_visible()
    further = page.get_by_role("list", name="Further LoRAs").get_by_role("listitem")
    expect(further).to_have_text("amber-v1 · 0.2")  # a LoRA named twice counts with both weights
    page.wait_for_url("**seed=78*")
    page.wait_for_url("**size=208x304*")

    page.get_by_role("button", name="Advanced").click()
    page.get_by_role("radio", name=image_format.upper()).check()
    page.keyboard.press("Escape")
    visitor.generate.click()
    visitor.wait_for_pictures(1)
    (again,) = pictures(studio, visitor.recent_job())
    if image_format == "png":
        assert share_within_one_level(pixels(again), pixels(second)) >= 0.999
    else:  # the row counts of the two jobs differ: lossy files make more of what rounds differently
        assert psnr_db(pixels(again), pixels(second)) >= LOSSY_DB


def test_further_loras_of_the_base_model_stay_further_ones(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    asked = {**ASKED, "prompt": "red dress", "model_name": None, "num_images": 1, "format": "png"}
    asked.pop("model_weight")
    job = studio.http.post("/api/generate", json={**asked, "loras": [{"name": "jade", "weight": 0.6}]}).json()["job_id"]
    ended(studio, job)
    (first,) = pictures(studio, job)

    visitor = new_visitor(studio)
    expect(visitor.page.get_by_role("button", name="LoRA:")).to_be_visible()
    drop(visitor.page, "mine.png", "image/png", first)
    expect(visitor.prompt).to_have_value("red dress")
    expect(visitor.page.get_by_role("button", name="LoRA: None")).to_be_visible()
    expect(visitor.page.get_by_role("list", name="Further LoRAs").get_by_role("listitem")).to_have_text("jade-v1 · 0.6")
    visitor.generate.click()
    visitor.wait_for_pictures(1)
    metadata = studio.http.get(f"/api/result/{visitor.recent_job()}").json()["metadata"]
    assert (metadata["model"], metadata["final_prompt"]) == ("base", "red dress")


def test_text_copied_along_with_a_picture_of_it_is_pasted_as_text(visitor: CreatePage) -> None:
    expect(visitor.page.get_by_role("button", name="Shape:")).to_be_visible()
    paste = """([types]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File(["no picture"], "cell.png", { type: "image/png" }));
        for (const type of types) transfer.setData(type, "red dress");
        const event = new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true });
        document.querySelector("main").dispatchEvent(event);
    }"""
    notices = visitor.page.locator("[data-sonner-toast]")
    visitor.page.evaluate(paste, [["text/plain"]])
    visitor.page.wait_for_timeout(500)
    expect(notices).to_have_count(0)
    visitor.page.evaluate(paste, [[]])
    expect(notices).to_have_count(1)


def test_a_foreign_picture_says_so_and_changes_nothing(visitor: CreatePage) -> None:
    buffer = BytesIO()
    Image.new("RGB", (32, 32), "teal").save(buffer, "PNG")
    expect(visitor.page.get_by_role("button", name="Shape:")).to_be_visible()
    visitor.prompt.fill("red dress")
    drop(visitor.page, "holiday.png", "image/png", buffer.getvalue())
    expect(visitor.page.get_by_text("settings", exact=False).last).to_be_visible()
    notice = visitor.page.locator("[data-sonner-toast]")
    expect(notice).to_be_visible()
    expect(visitor.prompt).to_have_value("red dress")
    notice.evaluate(NOTE_COLORS)
    visitor.set_theme("dark")
    seen = visitor.page.evaluate("window.seenColors")
    assert seen[0] == seen[1] != seen[2], "the notice is not in the page's theme at once"


def test_a_file_chooser_does_what_dropping_does(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    job = studio.http.post("/api/generate", json={**ASKED, "num_images": 1}).json()["job_id"]
    ended(studio, job)
    visitor = new_visitor(studio)
    expect(visitor.page.get_by_role("button", name="Shape:")).to_be_visible()
    with visitor.page.expect_file_chooser() as chooser:
        visitor.page.get_by_role("button", name="Load settings from a picture").click()
    (data,) = pictures(studio, job)
    chooser.value.set_files({"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": data})
    expect(visitor.prompt).to_have_value(WORDS)
