"""Parts of the page that make pictures from a picture."""

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.create_page import CreatePage

PHONE: dict[str, Any] = {
    "viewport": {"width": 375, "height": 740},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
ONE = "?size=64x64&model=none&steps=6&n=1&format=png"
"""Settings in the address for one small PNG."""

Point = tuple[float, float]
"""Shares of the width and height of the picture on the canvas."""


def make_one(visitor: CreatePage, prompt: str = "red dress") -> dict[str, Any]:
    """Make one picture on the page and return what the server says about it."""
    visitor.ask(prompt)
    visitor.wait_for_pictures(1)
    return result_of(visitor)["outputs"][0]


def result_of(visitor: CreatePage) -> dict[str, Any]:
    """Of the newest job, with this browser's cookie."""
    return visitor.page.request.get(f"/api/result/{visitor.recent_job()}").json()


def pixels(page: Page, address: str) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(page.request.get(address).body())).convert("RGB")).astype(int)


def open_first(visitor: CreatePage) -> Locator:
    """Open the newest picture and return the dialog."""
    visitor.picture(1).locator("button[data-picture]").click()
    box = visitor.page.get_by_role("dialog")
    more = box.get_by_role("button", name="More", exact=True)  # on a phone
    expect(box.get_by_role("button", name="Use as start").or_(more)).to_be_visible()
    if more.is_visible():
        more.click()
    expect(box.get_by_role("button", name="Use as start")).to_be_visible()
    return box


def choose(visitor: CreatePage, action: str) -> None:
    """From the menu of the newest picture where there is a mouse, else from the opened picture."""
    if visitor.page.evaluate("matchMedia('(hover: none)').matches"):
        open_first(visitor).get_by_role("button", name=action, exact=True).tap()
        return
    visitor.picture(1).hover()
    visitor.picture(1).get_by_role("button", name="More").click()
    menu = visitor.page.get_by_role("dialog", name="What to do with this picture")
    menu.get_by_role("button", name=action, exact=True).click()


def is_job(request: Request) -> bool:
    return request.method == "POST" and "/api/" in request.url and "/api/assets" not in request.url


def open_editor(visitor: CreatePage) -> Locator:
    choose(visitor, "Edit")
    canvas = visitor.page.get_by_role("application", name="Canvas")
    expect(canvas).to_be_visible()
    expect(canvas.get_by_role("img")).to_have_js_property("complete", True)
    return canvas


def paint(page: Page, *points: Point) -> None:
    """Drag the mouse, or a finger where there is no mouse, over the canvas."""
    box = page.locator("[role=application] [data-frame]").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    if page.evaluate("matchMedia('(hover: none)').matches"):
        touch(page, *[[place] for place in places])
        return
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def touch(page: Page, *frames: list[Point]) -> None:
    """Fingers on the screen: each frame has the place of each, in pixels of the window."""
    session = page.context.new_cdp_session(page)
    fingers = 0
    for frame in frames:
        places = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(frame)]
        kind = "touchStart" if len(frame) > fingers else "touchMove"
        fingers = len(frame)
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


def selected_percent(page: Page) -> int:
    """What the editor says is painted."""
    words = page.get_by_role("status").filter(has_text="selected").inner_text()
    return 0 if words.startswith("Nothing") else int(words.split()[0])
