"""The guidance interval of a picture survives the address, the form, "use these settings" and a dropped file."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewVisitor
from tests.browser.create_page import CreatePage
from tests.browser.file_drop import drop
from tests.browser.history_page import tile
from tests.support.http_jobs import pictures
from tests.support.servers.server_process import ServerProcess

SMALL = "?size=64x64&model=none&steps=4&n=1"
INTERVAL = {"guidance_start": 0.25, "guidance_end": 0.8}


def interval_fields(page: Page) -> tuple[str, str]:
    """What the drawer shows; it is open then."""
    page.get_by_role("button", name="Advanced").click()
    ends = [page.get_by_role("spinbutton", name=f"Guidance {end}") for end in ("from", "to")]
    return ends[0].input_value(), ends[1].input_value()


def asked(visitor: CreatePage) -> dict[str, object]:
    """The request of the next click on Generate."""
    with visitor.page.expect_request("**/api/generate") as waiting:
        visitor.generate.click()
    return json.loads(waiting.value.post_data or "")


def test_the_form_takes_it_quietly_and_keeps_it_in_the_address(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, SMALL)
    page = visitor.page
    assert interval_fields(page) == ("0", "100")
    expect(page.get_by_role("button", name="Advanced 1 changed", include_hidden=True)).to_be_attached()  # steps
    page.get_by_role("spinbutton", name="Guidance from").fill("25")
    to = page.get_by_role("spinbutton", name="Guidance to")
    to.fill("10")  # before it begins
    to.blur()
    expect(to).to_have_value("25")
    to.fill("80")
    page.keyboard.press("Escape")
    page.wait_for_url("**guided=0.25:0.8*")
    expect(page.get_by_role("button", name="Advanced 2 changed")).to_be_visible()
    page.reload()
    visitor.prompt.fill("red dress")
    assert INTERVAL.items() <= asked(visitor).items()
    visitor.wait_for_pictures(1)
    metadata = painted.http.get(f"/api/result/{visitor.recent_job()}").json()["metadata"]
    assert INTERVAL.items() <= metadata.items()
    interval_fields(page)
    page.get_by_role("spinbutton", name="Guidance from").fill("0")
    page.get_by_role("spinbutton", name="Guidance to").fill("100")
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "guided" not in url)
    assert not INTERVAL.keys() & asked(visitor).keys()


def test_the_settings_of_a_picture_bring_it_back(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, SMALL + "&guided=0.25:0.8&seed=41")
    page = visitor.page
    visitor.prompt.fill("red dress")
    assert INTERVAL.items() <= asked(visitor).items()
    visitor.wait_for_pictures(1)
    (first,) = pictures(painted, visitor.recent_job())

    page.goto("/")
    visitor.picture(1).get_by_role("button").first.click()
    box = page.get_by_role("dialog")
    expect(box.get_by_text("25 to 80 %")).to_be_visible()
    box.get_by_role("button", name="Reuse everything").click()
    page.wait_for_url("**guided=0.25:0.8*")
    assert interval_fields(page) == ("25", "80")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Advanced 3 changed")).to_be_visible()  # no default of the server among them
    visitor.generate.click()
    expect(page.get_by_role("group", name="Earlier pictures")).to_be_visible()
    visitor.wait_for_pictures(1)
    assert pictures(painted, visitor.recent_job()) == [first]

    with page.expect_request("**/api/generate") as waiting:
        page.get_by_role("button", name="New seeds").click()
    variation = json.loads(waiting.value.post_data or "")
    assert INTERVAL.items() <= variation.items()
    assert "seed" not in variation
    visitor.wait_for_pictures(1)

    page.goto("/history/")
    tile(page, "red dress").get_by_role("button", name="More").click()
    page.get_by_role("link", name="Reuse everything").click()
    page.wait_for_url("**guided=*")
    assert parse_qs(urlsplit(page.url).query)["guided"] == ["0.25:0.8"]
    assert interval_fields(page) == ("25", "80")


@pytest.mark.parametrize("image_format", ["jpeg", "png", "webp"])
def test_a_dropped_picture_brings_it_back(new_visitor: NewVisitor, painted: ServerProcess, image_format: str) -> None:
    request = {"prompt": "red dress", "model_name": None, "num_images": 1, "steps": 4, "width": 64, "height": 64}
    answer = painted.http.post(
        "/api/generate", json={**request, **INTERVAL, "format": image_format}, headers={"Prefer": "wait=30"}
    )
    assert answer.status_code == 200, answer.text
    (picture,) = pictures(painted, answer.json()["job_id"])
    visitor = new_visitor(painted)
    expect(visitor.page.get_by_role("button", name="Shape:")).to_be_visible()
    drop(visitor.page, f"mine.{image_format}", f"image/{image_format}", picture)
    visitor.page.wait_for_url("**guided=0.25:0.8*")
    assert INTERVAL.items() <= asked(visitor).items()
    visitor.wait_for_pictures(1)
