"""Pictures made from a picture: varied, extended, upscaled, started from; and a second pass."""

import json
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewVisitor
from tests.browser.file_drop import drop
from tests.browser.history_page import tile
from tests.browser.picture_actions import (
    DESKTOP,
    ONE,
    PHONE,
    choose,
    is_job,
    make_one,
    open_first,
    pixels,
    result_of,
)
from tests.support.servers.server_process import ServerProcess

SCREENS = pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
TIMES = "\N{MULTIPLICATION SIGN}"
RIGHT = (1000, 400)
"""In the half of a desktop's window that starts from a dropped picture."""


def photo(width: int = 96, height: int = 64) -> bytes:
    buffer = BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


def start_address(page: Page) -> str | None:
    return page.evaluate("new URLSearchParams(location.search).get('start')")


@SCREENS
def test_a_picture_is_varied(new_visitor: NewVisitor, painted: ServerProcess, screen: dict[str, Any]) -> None:
    visitor = new_visitor(painted, ONE, **screen)
    page = visitor.page
    for action, strength in (("Vary subtly", 0.35), ("Vary strongly", 0.7)):
        before = make_one(visitor)
        with page.expect_request(is_job) as waiting:
            choose(visitor, action)
        assert waiting.value.url.endswith(f"/api/images/{before['id']}/vary")
        assert json.loads(waiting.value.post_data or "") == {"strength": strength, "num_images": 4}
        expect(visitor.tiles).to_have_count(4)
        visitor.wait_for_pictures(4)
        result = result_of(visitor)
        assert [each["from_image"] for each in result["outputs"]] == [before["id"]] * 4
        assert result["metadata"]["prompt"] == "red dress"
    assert not visitor.scrolls_sideways()


@SCREENS
def test_a_picture_is_extended(
    new_visitor: NewVisitor, painted: ServerProcess, axe: str, screen: dict[str, Any]
) -> None:
    visitor = new_visitor(painted, ONE, reduced_motion="reduce", **screen)
    page = visitor.page
    before = make_one(visitor)
    choose(visitor, "Extend")
    dialog = page.get_by_role("dialog", name="Extend")
    frame = dialog.locator("[data-extension]")
    expect(dialog.get_by_text(f"64 {TIMES} 64 becomes 96 {TIMES} 96 pixels.")).to_be_visible()
    dialog.get_by_role("button", name="Wider").click()
    expect(dialog.get_by_text(f"64 {TIMES} 64 becomes 96 {TIMES} 64 pixels.")).to_be_visible()
    right = dialog.get_by_role("spinbutton", name="Right")
    right.fill("0")
    box = frame.bounding_box()
    assert box is not None
    assert box["width"] / box["height"] == pytest.approx(80 / 64, rel=0.03)
    dialog.get_by_role("spinbutton", name="Left").fill("2000")
    expect(dialog.get_by_text("Each side")).to_be_visible()
    expect(dialog.get_by_role("button", name="Extend", exact=True)).to_be_disabled()
    dialog.get_by_role("spinbutton", name="Left").fill("16")
    assert not visitor.scrolls_sideways()
    assert visitor.violations(axe) == []
    with page.expect_request(is_job) as waiting:
        dialog.get_by_role("button", name="Extend", exact=True).click()
    asked = json.loads(waiting.value.post_data or "")
    assert asked == {"left": 16, "right": 0, "top": 0, "bottom": 0, "num_images": 4}
    expect(dialog).to_have_count(0)
    visitor.wait_for_pictures(4)
    after = result_of(visitor)["outputs"][0]
    assert (after["width"], after["height"], after["from_image"]) == (80, 64, before["id"])
    old, new = pixels(page, before["url"]), pixels(page, after["url"])
    assert np.array_equal(old[:, 56:], new[:, 72:]), "what is far from the seam has changed"
    place = visitor.picture(1).bounding_box()
    assert place is not None
    assert place["width"] / place["height"] == pytest.approx(80 / 64, rel=0.03)


@SCREENS
def test_a_picture_is_upscaled(new_visitor: NewVisitor, painted: ServerProcess, screen: dict[str, Any]) -> None:
    visitor = new_visitor(
        painted, ONE.replace("steps=6", "steps=10"), **screen
    )  # the default strength takes one of ten
    page = visitor.page
    made = visitor.results.get_by_role("img", name="red dress").first
    before = make_one(visitor)
    with page.expect_request(is_job) as waiting:
        choose(visitor, f"Upscale 2{TIMES}")
    assert json.loads(waiting.value.post_data or "") == {"scale": 2}
    expect(visitor.tiles).to_have_count(1)
    expect(made).to_have_attribute("width", "128")
    after = result_of(visitor)["outputs"][0]
    assert (after["width"], after["height"], after["from_image"]) == (128, 128, before["id"])

    # by another scale, from the picture itself
    box = open_first(visitor)
    box.get_by_role("button", name="Made from").click()
    expect(box.get_by_role("button", name="Made from")).to_have_count(0)
    box.get_by_role("button", name="Upscale by").click()
    form = box.get_by_role("form", name="Upscale")
    expect(form.get_by_role("option", name=f"2{TIMES}")).to_have_text(f"2{TIMES} (128 {TIMES} 128)")
    form.get_by_role("combobox", name="Scale").select_option("1.5")
    with page.expect_request(is_job) as waiting:
        form.get_by_role("button", name="Upscale").click()
    assert before["id"] in waiting.value.url
    assert json.loads(waiting.value.post_data or "") == {"scale": 1.5}
    expect(made).to_have_attribute("width", "96")


@SCREENS
def test_new_pictures_start_from_one(
    new_visitor: NewVisitor, painted: ServerProcess, axe: str, screen: dict[str, Any]
) -> None:
    visitor = new_visitor(painted, ONE, reduced_motion="reduce", **screen)
    page = visitor.page
    before = make_one(visitor)
    choose(visitor, "Use as start")
    chip = page.get_by_role("region", name="Start picture")
    expect(chip).to_be_visible()
    chip.get_by_role("spinbutton", name="Strength").fill("0.35")
    page.wait_for_url(f"**start={before['id']}:0.35*")
    shape = page.get_by_role("button", name="Shape: Same as start", include_hidden=True)  # on a phone, in the settings
    expect(shape).to_be_attached()
    assert not visitor.scrolls_sideways()
    assert visitor.violations(axe) == []

    page.reload()
    expect(chip.get_by_role("spinbutton", name="Strength")).to_have_value("0.35")
    expect(chip.locator("img")).to_have_js_property("naturalWidth", 64)
    visitor.prompt.fill("blue dress")
    with page.expect_request(is_job) as waiting:
        visitor.generate.click()
    asked = json.loads(waiting.value.post_data or "")
    assert asked["init"] == {"from_image": before["id"], "strength": 0.35}
    assert not {"width", "height"} & asked.keys()
    page.get_by_role("group", name="Earlier pictures").wait_for()
    visitor.wait_for_pictures(1)
    assert result_of(visitor)["outputs"][0]["from_image"] == before["id"]

    page.get_by_role("button", name="Remove the start picture").click()
    expect(chip).to_have_count(0)
    page.wait_for_url(lambda url: "start=" not in url)


def test_a_picture_of_the_history_is_started_from(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, ONE + "&seed=7", **DESKTOP)
    page = visitor.page
    before = make_one(visitor, "red dress, beach")
    page.goto("/history/")
    tile(page, "red dress, beach").hover()
    tile(page, "red dress, beach").get_by_role("button", name="More").click()
    page.get_by_role("button", name="Use as start").click()
    expect(page.get_by_role("region", name="Start picture")).to_be_visible()
    expect(visitor.prompt).to_have_value("red dress, beach")
    page.wait_for_url("**start=**")
    assert start_address(page) == f"{before['id']}:0.6"
    assert "seed=" not in page.url

    # what is made in the history appears on the create page
    page.goto("/history/")
    page.locator("[data-picture]").first.click()
    page.get_by_role("button", name="Vary subtly").click()
    page.wait_for_url("**/")
    visitor.wait_for_pictures(4)


def test_any_picture_is_started_from(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, ONE, **DESKTOP)
    page = visitor.page
    expect(page.get_by_role("button", name="Shape:")).to_be_visible()
    visitor.prompt.fill("red dress")
    chip = page.get_by_role("region", name="Start picture")
    drop(page, "holiday.jpg", "image/jpeg", photo(), at=RIGHT)
    expect(chip).to_be_visible()
    expect(visitor.prompt).to_have_value("red dress")
    page.wait_for_url("**start=**")
    first = start_address(page)
    expect(page.get_by_role("button", name="Shape: Same as start")).to_be_visible()
    visitor.generate.click()
    visitor.wait_for_pictures(1)
    result = result_of(visitor)
    assert f"{result['metadata']['init']['asset_id']}:0.6" == first
    assert (result["outputs"][0]["width"], result["outputs"][0]["height"]) == (96, 64)
    assert result["outputs"][0]["from_image"] is None

    # dropped on the other half, a picture without settings is offered as a start
    drop(page, "other.jpg", "image/jpeg", photo(64, 96))
    notice = page.locator("[data-sonner-toast]").filter(has_text="no settings")
    notice.get_by_role("button", name="Use as start").click()
    page.wait_for_url(lambda url: f"start={first}" not in url)

    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Start from a picture").click()
    chooser.value.set_files({"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    page.wait_for_url(f"**start={first}*")


def test_a_refused_start_says_why_and_changes_nothing(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, ONE, **DESKTOP)
    page = visitor.page
    expect(page.get_by_role("button", name="Shape:")).to_be_visible()
    visitor.prompt.fill("red dress")
    drop(page, "broken.jpg", "image/jpeg", photo()[:300], at=RIGHT)
    notice = page.locator("[data-sonner-toast]").first
    expect(notice).to_be_visible()
    assert len(notice.inner_text()) > 20
    expect(page.get_by_role("region", name="Start picture")).to_have_count(0)

    # one that is gone: deleted, expired, or of another account
    page.goto(f"/{ONE}&prompt=red+dress&start={'0a' * 16}-1:0.5")
    chip = page.get_by_role("region", name="Start picture")
    expect(chip.get_by_role("status")).to_contain_text("not there any more")
    visitor.generate.click()
    expect(visitor.error).to_contain_text("Start picture")
    page.get_by_role("button", name="Remove the start picture").click()
    visitor.generate.click()
    visitor.wait_for_pictures(1)


def test_a_second_pass_and_its_way_back(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, ONE, **DESKTOP)
    page = visitor.page
    expect(page.get_by_role("button", name="Shape:")).to_be_visible()
    page.get_by_role("button", name="Advanced").click()
    page.get_by_role("switch", name="Second pass").check()
    expect(page.get_by_text(f"The result has 128 {TIMES} 128 pixels.")).to_be_visible()
    page.get_by_label("Upscaler").select_option("latent")
    page.get_by_role("spinbutton", name="Second pass strength").fill("0.4")
    page.keyboard.press("Escape")
    page.wait_for_url("**hires=2:0.4::latent*")
    page.reload()
    visitor.prompt.fill("red dress")
    with page.expect_request(is_job) as waiting:
        visitor.generate.click()
    asked = json.loads(waiting.value.post_data or "")
    assert asked["hires"] == {"scale": 2, "strength": 0.4, "upscaler": "latent"}
    visitor.wait_for_pictures(1)
    after = result_of(visitor)["outputs"][0]
    assert (after["width"], after["height"]) == (128, 128)

    page.goto("/")
    box = open_first(visitor)
    expect(box.get_by_text(f"2 {TIMES}, latent, strength 0.4")).to_be_visible()
    box.get_by_role("button", name="Reuse everything").click()
    page.wait_for_url("**hires=2:0.4::latent*")
    page.goto("/")
    expect(page.get_by_role("button", name="Shape:")).to_be_visible()
    drop(page, "mine.png", "image/png", page.request.get(after["url"]).body())
    page.wait_for_url("**hires=2:0.4::latent*")

    # next to a start picture there is none
    drop(page, "holiday.jpg", "image/jpeg", photo(), at=RIGHT)
    expect(page.get_by_role("region", name="Start picture")).to_be_visible()
    page.wait_for_url(lambda url: "hires" not in url)
    page.get_by_role("button", name="Advanced").click()
    expect(page.get_by_text("there is no second pass")).to_be_visible()
