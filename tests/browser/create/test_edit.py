"""The editor: a part of a picture is painted over and made anew, by mouse, touch and keyboard."""

import json
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.keyboard import tab_to, tab_until
from tests.browser.picture_actions import (
    DESKTOP,
    ONE,
    PHONE,
    is_job,
    make_one,
    open_editor,
    open_first,
    paint,
    pixels,
    result_of,
    selected_percent,
    touch,
)
from tests.support.servers.server_process import ServerProcess

TIMES = "\N{MULTIPLICATION SIGN}"

SCREENS = pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])


@SCREENS
def test_a_painted_part_is_made_anew_and_the_rest_stays(
    new_visitor: NewVisitor, painted: ServerProcess, screen: dict[str, Any]
) -> None:
    visitor = new_visitor(painted, ONE, **screen)
    page = visitor.page
    before = make_one(visitor)
    open_editor(visitor)
    assert selected_percent(page) == 0
    panel = page.get_by_role("form", name="The painted part")
    panel.get_by_role("button", name="Generate").click()
    expect(panel.get_by_role("alert")).to_contain_text("Paint over")

    paint(page, (0.25, 0.25), (0.75, 0.25))
    assert 5 <= selected_percent(page) <= 15
    panel.get_by_role("textbox", name="Prompt").fill("blue dress")
    pictures = panel.get_by_role("spinbutton", name="Pictures")
    pictures.fill("2")
    with page.expect_request(is_job) as waiting:
        panel.get_by_role("button", name="Generate").click()
    asked = json.loads(waiting.value.post_data or "")
    assert (asked["prompt"], asked["num_images"], asked["steps"]) == ("blue dress", 2, 6)
    assert asked["init"] == {"from_image": before["id"], "strength": 0.75}
    assert not {"seed", "width", "height"} & asked.keys()

    mask = pixels(page, f"/api/assets/{asked['mask']['asset_id']}")
    assert mask.shape == (64, 64, 3)
    assert (mask[16, 20:44] == 255).all()
    assert (mask[40:] == 0).all()

    visitor.wait_for_pictures(2)
    after = result_of(visitor)["outputs"][0]
    assert after["from_image"] == before["id"]
    old, new = pixels(page, before["url"]), pixels(page, after["url"])
    assert np.array_equal(old[40:], new[40:]), "what is far from the mask has changed"
    assert not np.array_equal(old[:32], new[:32])
    assert not visitor.scrolls_sideways()


@SCREENS
def test_a_result_leads_to_the_picture_before(
    new_visitor: NewVisitor, painted: ServerProcess, screen: dict[str, Any]
) -> None:
    visitor = new_visitor(painted, ONE, **screen)
    page = visitor.page
    before = make_one(visitor)
    page.get_by_role("button", name="Remove from this list").click()
    asked = {"prompt": "blue dress", "num_images": 1, "steps": 4, "init": {"from_image": before["id"]}}
    csrf = next(each.get("value", "") for each in page.context.cookies() if each.get("name") == "csrftoken")
    answer = page.request.post("/api/generate", data=asked, headers={"x-csrftoken": csrf, "Prefer": "wait=30"})
    assert answer.status == 200, answer.text()
    page.goto("/")
    box = open_first(visitor)
    box.get_by_role("button", name="Before and after").click()
    compared = page.get_by_role("dialog", name="Before and after")
    expect(compared.get_by_role("img")).to_have_count(2)
    divider = compared.get_by_role("slider", name="Divider")
    divider.press("End")
    expect(divider).to_have_attribute("aria-valuenow", "100")
    assert not visitor.scrolls_sideways()
    page.keyboard.press("Escape")
    expect(compared).to_have_count(0)

    # its job is not on the list any more, and it opens all the same
    open_first(visitor).get_by_role("button", name="Made from").click()
    expect(box.get_by_text("red dress", exact=True)).to_be_visible()
    expect(box.get_by_role("button", name="Made from")).to_have_count(0)


def test_tools_change_the_mask_and_take_back_what_they_did(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, ONE, **DESKTOP)
    page = visitor.page
    make_one(visitor)
    open_editor(visitor)
    keys = page.keyboard
    size = page.get_by_role("slider", name="Brush size")
    first = int(size.get_attribute("aria-valuenow") or "")
    keys.press("]")
    assert int(size.get_attribute("aria-valuenow") or "") > first
    keys.press("[")
    expect(size).to_have_attribute("aria-valuenow", str(first))

    paint(page, (0.5, 0.5), (0.9, 0.5))
    once = selected_percent(page)
    keys.press("e")
    expect(page.get_by_role("button", name="Eraser")).to_have_attribute("aria-pressed", "true")
    paint(page, (0.5, 0.5), (0.7, 0.5))
    assert 0 < selected_percent(page) < once
    keys.press("Control+z")
    assert selected_percent(page) == once
    keys.press("Control+Shift+z")
    assert selected_percent(page) < once
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Invert").click()
    assert selected_percent(page) == 100 - once
    page.get_by_role("button", name="Clear").click()
    assert selected_percent(page) == 0
    keys.press("Control+z")
    assert selected_percent(page) == 100 - once

    # the wheel zooms, and a drag with the space bar held moves the picture instead of painting
    page.get_by_role("application").hover()
    page.mouse.wheel(0, -400)
    expect(page.get_by_role("button", name=f"2 {TIMES}")).to_be_visible()
    layer = page.locator("[data-frame] > div").first
    place = layer.bounding_box()
    keys.down(" ")
    paint(page, (0.5, 0.5), (0.6, 0.6))
    keys.up(" ")
    assert layer.bounding_box() != place
    assert selected_percent(page) == 100 - once

    # closed and opened again, nothing is lost
    keys.press("Escape")
    expect(page.get_by_role("application")).to_have_count(0)
    expect(visitor.picture(1).locator("button[data-picture]")).to_be_focused()
    open_editor(visitor)
    assert selected_percent(page) == 100 - once


def test_two_fingers_zoom_and_paint_nothing(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, ONE, **PHONE)
    page = visitor.page
    make_one(visitor)
    canvas = open_editor(visitor)
    box = canvas.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch(
        page,
        [(x - 20, y)],
        [(x - 24, y)],
        [(x - 24, y), (x + 24, y)],
        [(x - 48, y), (x + 24, y)],
        [(x - 48, y), (x + 96, y)],
    )
    assert selected_percent(page) == 0
    zoom = page.get_by_role("button", name=TIMES)
    assert float(zoom.inner_text().split()[0]) >= 2.5
    paint(page, (0.4, 0.5), (0.6, 0.5))
    assert 0 < selected_percent(page) <= 3, "the brush is smaller on a picture that is shown larger"
    assert page.evaluate("window.scrollX") == 0


def test_a_pen_paints_by_its_pressure(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, ONE, **DESKTOP)
    page = visitor.page
    make_one(visitor)
    box = open_editor(visitor).locator("[data-frame]").bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    shares: list[int] = []
    for force in (0.1, 1.0):
        pen = {"pointerType": "pen", "button": "left", "buttons": 1, "clickCount": 1, "force": force}
        for kind, x in (("mousePressed", 0.2), ("mouseMoved", 0.8), ("mouseReleased", 0.8)):
            place = {"x": box["x"] + x * box["width"], "y": box["y"] + 0.5 * box["height"]}
            session.send("Input.dispatchMouseEvent", {**pen, **place, "type": kind})
        shares.append(selected_percent(page))
        page.keyboard.press("Control+z")
    light, full = shares
    assert 0 < 2 * light < full


def test_everything_by_keyboard_alone(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, ONE, **DESKTOP)
    page = visitor.page
    keys = page.keyboard
    before = make_one(visitor)
    tab_to(page, "button", "More")
    keys.press("Enter")
    tab_to(page, "button", "Edit")
    keys.press("Enter")
    canvas = page.get_by_role("application", name="Canvas")
    expect(canvas).to_be_focused()
    keys.press("Enter")
    dot = selected_percent(page)
    assert dot >= 1
    keys.press("Shift+ArrowRight")
    expect(canvas.get_by_text("from the left")).to_contain_text("75 %")  # of 50 %, by two brushes of 12 % each
    keys.press(" ")
    assert selected_percent(page) in (2 * dot, 2 * dot + 1)
    keys.down(" ")
    for _ in range(4):
        keys.press("ArrowDown")
    keys.up(" ")
    assert selected_percent(page) > 3 * dot
    line = selected_percent(page)
    for name in ("Brush", "Eraser", "Undo"):
        tab_to(page, "button", name, exact=True)
    keys.press("Enter")
    assert selected_percent(page) < line
    keys.press("Control+y")
    assert selected_percent(page) == line
    tab_until(page, page.get_by_role("switch", name="Only the painted area"))
    keys.press(" ")
    tab_until(page, page.get_by_role("form", name="The painted part").get_by_role("button", name="Generate"))
    with page.expect_request(is_job) as waiting:
        keys.press("Enter")
    asked = json.loads(waiting.value.post_data or "")
    assert (asked["init"]["from_image"], asked["mask"]["padding"]) == (before["id"], 32)
    visitor.wait_for_pictures(4)


@SCREENS
def test_axe_finds_nothing_serious(
    new_visitor: NewVisitor, painted: ServerProcess, axe: str, screen: dict[str, Any]
) -> None:
    visitor = new_visitor(painted, ONE, reduced_motion="reduce", **screen)
    page = visitor.page
    make_one(visitor)
    open_first(visitor)
    assert visitor.violations(axe) == []
    page.keyboard.press("Escape")
    open_editor(visitor)
    paint(page, (0.3, 0.3), (0.6, 0.3))
    assert visitor.violations(axe) == []
    if screen is PHONE:
        controls = page.get_by_role("dialog").locator("button, textarea, label:has(input), input[type=number]")
        for control in controls.all():
            box = control.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 44, control.evaluate(
                "element => element.outerHTML.slice(0, 200)"
            )
