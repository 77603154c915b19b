"""Takes the screenshots of docs/images/ again, from a running server with the demo model and the built page:

    .venv/bin/python scripts/page/screenshots.py http://127.0.0.1:8000 [create] [languages] [edit] ...

Those of the operator's page need an operator's account, by OPERATOR_EMAIL and OPERATOR_PASSWORD, and
STUDIO_GALLERY=on. Those of an account make one; with STUDIO_DATA_DIR, the server's, what it makes is dated over the
last weeks in its SQLite database.
Needs Chromium (Debian, Ubuntu: sudo apt-get install chromium)."""

import io
import os
import re
import shutil
import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
DESKTOP: dict[str, Any] = {"viewport": {"width": 1360, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 375, "height": 812},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
PROMPT = "jade woman, red dress, beach sunset"
QUALITY = 88  # of the WebP files
SETTLED_MS = 900


def keep(page: Page, name: str) -> None:
    """Write `{name}.webp` into docs/images/; `name` includes the folder, `create/empty` for example."""
    page.wait_for_timeout(SETTLED_MS)
    file = FOLDER / f"{name}.webp"
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(file, quality=QUALITY)
    print(f"docs/images/{name}.webp")


def opened(browser: Browser, address: str, options: Mapping[str, Any]) -> Page:
    page = browser.new_context(base_url=address, **options).new_page()
    page.goto("/?seed=100")
    shape, settings = (page.get_by_role("button", name=name) for name in ("Shape:", "Settings"))
    shape.or_(settings).filter(visible=True).first.wait_for()  # on a phone, all settings are behind one button
    return page


def generate(page: Page, prompt: str) -> None:
    page.get_by_role("textbox", name="Prompt", exact=True).fill(prompt)
    page.get_by_role("button", name="Generate").click()


def wait_for_images(page: Page) -> None:
    page.get_by_role("list", name="Results").get_by_role("link", name="Download").nth(3).wait_for(timeout=120_000)


def desktop(browser: Browser, address: str) -> None:
    page = opened(browser, address, DESKTOP)
    keep(page, "create/empty")
    for earlier, shape in (("cat in the snow, night", "Portrait"), ("balloon, mountains, morning", "Landscape")):
        page.get_by_role("button", name="Shape:").click()
        page.get_by_role("radio", name=shape).check()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="LoRA:").click()
        page.get_by_role("radio", name="None").check()
        page.keyboard.press("Escape")
        generate(page, earlier)
        page.get_by_role("button", name="Cancel").first.wait_for()
        wait_for_images(page)
    page.goto("/?seed=100")
    page.get_by_role("button", name="Shape:").wait_for()
    generate(page, PROMPT)
    page.locator("[aria-label=Results] img").nth(3).wait_for()
    keep(page, "create/running")
    wait_for_images(page)
    keep(page, "create/done")
    page.get_by_role("list", name="Results").get_by_role("listitem").first.get_by_role("button").first.click()
    page.get_by_role("dialog").wait_for()
    keep(page, "create/lightbox")


def dark_and_phone(browser: Browser, address: str) -> None:
    page = opened(browser, address, {**DESKTOP, "color_scheme": "dark"})
    generate(page, PROMPT)
    wait_for_images(page)
    keep(page, "create/dark")
    page = opened(browser, address, PHONE)
    generate(page, PROMPT)
    wait_for_images(page)
    keep(page, "create/phone")


def create(browser: Browser, address: str) -> None:
    desktop(browser, address)
    dark_and_phone(browser, address)


def languages(browser: Browser, address: str) -> None:
    """The create page with results, in German and in Chinese."""
    for name, locale, button in (("german", "de", "Generieren"), ("chinese", "zh-CN", "生成")):
        page = browser.new_context(base_url=address, locale=locale, **DESKTOP).new_page()
        page.goto("/?seed=100")
        page.get_by_role("textbox").first.fill(PROMPT)
        page.get_by_role("button", name=button, exact=True).click()
        page.locator("main section a[download]").nth(3).wait_for(timeout=120_000)
        keep(page, f"create/{name}")


def edit(browser: Browser, address: str) -> None:
    """The editor, and a picture next to the one that it was made from."""
    page = opened(browser, address, DESKTOP)
    generate(page, PROMPT)
    wait_for_images(page)
    open_first(page)
    page.get_by_role("button", name="Edit", exact=True).click()
    panel = page.get_by_role("form", name="The painted part")
    panel.get_by_role("textbox", name="Prompt").fill(PROMPT.replace("red", "blue"))
    paint_dress(page)
    keep(page, "create/edit")
    panel.get_by_role("button", name="Generate").click()
    panel.wait_for(state="detached")
    wait_for_images(page)
    open_first(page)
    page.get_by_role("button", name="Before and after").click()
    keep(page, "create/before-and-after")
    phone = browser.new_context(base_url=address, color_scheme="dark", **PHONE)
    phone.add_cookies(page.context.cookies())  # pyright: ignore[reportArgumentType]  # what one context gives, the other takes
    page = phone.new_page()
    page.goto("/")
    open_first(page)
    page.get_by_role("button", name="Edit", exact=True).click()
    keep(page, "create/edit-phone")


def open_first(page: Page) -> None:
    page.locator("button[data-picture]").first.click()
    panel = page.get_by_role("complementary", name="About this picture")
    start, more = (panel.get_by_role("button", name=name, exact=True) for name in ("Use as start", "More"))
    start.or_(more).filter(visible=True).first.wait_for()
    if more.is_visible():
        more.click()


def paint_dress(page: Page) -> None:
    box = page.locator("[role=application] [data-frame]").bounding_box()
    assert box is not None
    for y in (0.68, 0.75, 0.82, 0.89, 0.96):
        page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + y * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + 0.66 * box["width"], box["y"] + y * box["height"], steps=10)
        page.mouse.up()


def compare(browser: Browser, address: str) -> None:
    page = browser.new_context(base_url=address, **DESKTOP).new_page()
    page.goto("/compare/")
    page.get_by_role("textbox", name="Prompt 1").fill(PROMPT)
    keep(page, "compare/form")
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_role("img").nth(4).wait_for(timeout=120_000)
    keep(page, "compare/running")
    page.get_by_role("link", name="Contact sheet").wait_for(timeout=300_000)
    keep(page, "compare/done")
    finished = page.url
    page = browser.new_context(base_url=address, color_scheme="dark", **PHONE).new_page()
    page.goto(finished)
    page.get_by_role("link", name="Contact sheet").wait_for()
    keep(page, "compare/phone")


SOME_OF_8 = re.compile("[1-7] of 8")
"""Some pictures of a job are finished. The table is fetched every 2 s: it may never show one certain number."""


def operator(browser: Browser, address: str) -> None:
    email, password = os.environ["OPERATOR_EMAIL"], os.environ["OPERATOR_PASSWORD"]
    context = browser.new_context(base_url=address, **DESKTOP)
    assert context.request.post("/api/auth/login", data={"email": email, "password": password}).ok
    page = context.new_page()
    page.goto("/operator/?tab=loras")
    page.get_by_role("article").first.wait_for()
    new = {"name": "jade-v4.safetensors", "mimeType": "application/octet-stream", "buffer": bytes(842_728)}
    page.get_by_label("LoRA files to upload").set_input_files(new)  # pyright: ignore[reportArgumentType]
    keep(page, "operator/loras")
    jobs = [queued(page, {"prompt": PROMPT, "num_images": 8}) for _ in range(5)]
    page.goto("/operator/?tab=queue")
    page.get_by_role("row").filter(has_text=SOME_OF_8).first.wait_for(timeout=120_000)
    keep(page, "operator/queue")
    for job in jobs:
        page.request.delete(f"/api/jobs/{job}", headers=csrf(page))
    for tab in ("overview", "server", "users"):
        page.goto(f"/operator/?tab={tab}")
        page.get_by_role("tabpanel").get_by_role("term").or_(page.get_by_role("row")).first.wait_for()
        keep(page, f"operator/{tab}")
    gallery(page)
    page.set_viewport_size({"width": 375, "height": 812})
    page.emulate_media(color_scheme="dark")
    page.goto("/operator/?tab=loras")
    page.get_by_role("article").first.wait_for()
    keep(page, "operator/phone")


def gallery(page: Page) -> None:
    """Where STUDIO_GALLERY=on: pictures that wait, and the public page."""
    for n, prompt in enumerate((PROMPT, "balloon, mountains, morning", "cat in the snow, night")):
        job = make(page, 20 + n, prompt, "jade" if prompt == PROMPT else None, 256, 256, 4)
        for number in (1, 2, 3, 4):
            page.request.put(f"/api/images/{job}-{number}/gallery", headers=csrf(page))
            if number < 3:
                page.request.post(f"/api/operator/gallery/{job}-{number}/accept", headers=csrf(page))
    show(page, "/operator/?tab=gallery")
    keep(page, "operator/gallery")
    show(page, "/gallery/")
    keep(page, "gallery/gallery")


MADE = (
    ("jade woman, red dress, beach sunset", "jade", 256, 256, 3),
    ("balloon, mountains, morning", None, 304, 208, 2),
    ("amber woman, orange dress, desert, noon", "amber", 208, 304, 2),
    ("cat in the snow, night", None, 256, 256, 2),
    ("jade woman, white kimono, garden, dawn", "jade", 208, 304, 3),
    ("wizard in the woods, dusk", None, 256, 256, 2),
    ("robot, city, night", None, 304, 208, 2),
    ("jade woman, blue dress, mountains, morning", "jade", 256, 256, 2),
)
AGES_H = (0, 1, 3, 26, 28, 75, 78, 220)
"""Of what was made, the newest first."""


def account(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, **DESKTOP)
    page = context.new_page()
    page.goto("/register/?next=/history/")
    page.get_by_label("E-mail").fill(f"ada{int(time.time())}@example.org")
    page.get_by_label("Password", exact=True).fill("a long password of the pictures")
    page.get_by_role("button", name="Register").click()
    page.get_by_role("heading", name="Nothing here yet").wait_for()
    jobs = [make(page, n, *each) for n, each in enumerate(MADE)]
    for job in jobs[::2]:
        assert page.request.put(f"/api/images/{job}-1/favorite", headers=csrf(page)).ok
    if data_dir := os.environ.get("STUDIO_DATA_DIR"):
        antedate(Path(data_dir) / "studio.db", jobs)
    for path, name in (("/history/", "history/all"), ("/keys/", "account/keys"), ("/usage/", "account/usage")):
        show(page, path)
        if path == "/keys/":
            page.get_by_role("textbox", name="Name").fill("front end")
            page.get_by_role("button", name="Create key").click()
            page.get_by_role("heading", name="copy your key now").wait_for()
        if path == "/history/":
            page.get_by_role("article").nth(1).hover()
        keep(page, name)
    made = page.request.post("/api/collections", data={"name": "Jade in the garden"}, headers=csrf(page)).json()["id"]
    ids = [f"{job}-{n}" for job in (jobs[0], jobs[4]) for n in (1, 2)]
    page.request.post(f"/api/collections/{made}/images", data={"ids": ids}, headers=csrf(page))
    show(page, f"/history/?collection={made}")
    keep(page, "history/collection")
    show(page, "/history/")
    page.get_by_role("button", name="Open this picture").first.click()
    keep(page, "history/picture")
    phone = browser.new_context(base_url=address, color_scheme="dark", **PHONE)
    phone.add_cookies(context.cookies())  # pyright: ignore[reportArgumentType]  # what one context gives, the other takes
    page = phone.new_page()
    for path, name in (("/history/", "history/phone"), ("/usage/", "account/usage-phone")):
        show(page, path)
        keep(page, name)


def show(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_load_state("networkidle")


def make(page: Page, n: int, prompt: str, lora: str | None, width: int, height: int, count: int) -> str:
    """The id of the finished job."""
    job = {"prompt": prompt, "model_name": lora, "width": width, "height": height, "num_images": count, "seed": 100 + n}
    job_id = queued(page, job)
    status = "queued"
    while status in ("queued", "processing"):
        status = page.request.get(f"/api/status/{job_id}?wait=30", timeout=60_000).json()["status"]
    assert status == "completed", status
    return job_id


def queued(page: Page, job: Mapping[str, Any]) -> str:
    """The id of the accepted job."""
    answer = page.request.post("/api/generate", data=dict(job), headers=csrf(page))
    assert answer.status == 202, answer.text()
    return answer.json()["job_id"]


def antedate(path: Path, jobs: Sequence[str]) -> None:
    with closing(sqlite3.connect(path, timeout=30)) as database, database:
        for age_h, job in zip(AGES_H, reversed(jobs), strict=True):
            created_at_s = time.time() - 3600 * age_h - 60
            database.execute("UPDATE job SET created_at_s = ? WHERE id = ?", (created_at_s, job))
            database.execute(
                "UPDATE generation SET created_at_s = ?, day = ? WHERE job_id = ?",
                (created_at_s, int(created_at_s // 86_400), job),
            )


def csrf(page: Page) -> dict[str, str]:
    """What proves that a call with the session's cookie comes from the page."""
    return {
        "x-csrftoken": next(each.get("value", "") for each in page.context.cookies() if each.get("name") == "csrftoken")
    }


PARTS = {
    "create": create,
    "languages": languages,
    "edit": edit,
    "compare": compare,
    "operator": operator,
    "account": account,
}


def main(address: str, parts: Sequence[str]) -> None:
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        sys.exit("Chromium is missing (Debian, Ubuntu: sudo apt-get install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for part in parts or PARTS:
            PARTS[part](browser, address)
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) < 2 or not PARTS.keys() >= set(sys.argv[2:]):
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
