"""One list of jobs: the create page, the history and other windows show the same, without a reload."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewUser, NewVisitor
from tests.browser.create_page import CreatePage
from tests.browser.history_page import tile, tiles
from tests.browser.users import painting_server
from tests.support.servers.server_process import ServerProcess

SMALL = "?size=64x64&model=none&steps=2&n=2"
SLOW = "?size=64x64&model=none&steps=150&n=2"
BROKEN_SEED = 13
FAILING_SERVER = f"""
import os, sys
from server.__main__ import serve
from server.config.environment import read_settings
from tests.support.fake_runner import PaintRunner
runner = PaintRunner(0.02, frozenset({{{BROKEN_SEED}}}))
sys.exit(serve(read_settings(os.environ), lambda *_: runner))
"""
MARK = "window.isSamePage = true"


@pytest.fixture(scope="module")
def painted(built_page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that paints, and fails at one seed."""
    server = painting_server(tmp_path_factory.mktemp("one_list"))
    server.command = (sys.executable, "-c", FAILING_SERVER)
    with server:
        server.start()
        yield server


def follow(page: Page, link: str) -> None:
    """Follow a link of the header; it must not reload the page."""
    page.evaluate(MARK)
    header_link = page.get_by_role("navigation", name="Site").get_by_role("link", name=link)
    header_link.click()
    expect(header_link).to_have_attribute("aria-current", "page")
    assert page.evaluate("window.isSamePage"), "the page was loaded again"


def favorite(place: Locator) -> Locator:
    return place.get_by_role("button", name="Favorite", exact=True)


def made(visitor: CreatePage, prompt: str, count: int = 2) -> None:
    visitor.ask(prompt)
    expect(visitor.page.get_by_role("region", name=prompt)).to_be_visible()
    visitor.wait_for_pictures(count)


def test_favorites_and_deletions_agree(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, SMALL)
    page = visitor.page
    made(visitor, "red dress")
    favorite(visitor.picture(1)).click()
    expect(favorite(visitor.picture(1))).to_have_attribute("aria-pressed", "true")

    follow(page, "History")
    expect(tiles(page)).to_have_count(2)
    page.get_by_role("button", name="Favorites").click()
    expect(tiles(page)).to_have_count(1)
    page.get_by_role("button", name="Favorites").click()
    expect(tiles(page)).to_have_count(2)
    favorite(tile(page, "Picture 2 of 2")).click()
    favorite(tile(page, "Picture 1 of 2")).click()

    follow(page, "Create")
    expect(favorite(visitor.picture(1))).to_have_attribute("aria-pressed", "false")
    expect(favorite(visitor.picture(2))).to_have_attribute("aria-pressed", "true")
    visitor.picture(1).get_by_role("button").first.click()
    box = page.get_by_role("dialog")
    box.get_by_role("button", name="Delete").click()
    expect(box.get_by_role("img", name="Picture 2 of 2")).to_be_visible()  # the next picture is shown
    page.keyboard.press("Escape")
    expect(visitor.tiles).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(visitor.tiles).to_have_count(2)
    visitor.picture(1).get_by_role("button").first.click()
    box.get_by_role("button", name="Delete").click()
    page.keyboard.press("Escape")

    follow(page, "History")
    expect(tiles(page)).to_have_count(1)
    page.goto("about:blank")  # a page that is left sends its pending deletion
    wait_for_stored(page, 1)
    page.goto("/history/")
    expect(tiles(page)).to_have_count(1)
    expect(favorite(tiles(page).first)).to_have_attribute("aria-pressed", "true")


def wait_for_stored(page: Page, count: int) -> None:
    """Until the server lists `count` pictures."""
    deadline = time.monotonic() + 10
    while True:
        items = page.request.get("/api/history").json()["items"]
        if sum(len(each["images"]) for each in items) == count:
            return
        assert time.monotonic() < deadline, f"the server lists {items}"
        page.wait_for_timeout(50)


def test_a_second_window_shows_what_happens_in_the_first(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, SMALL)
    made(visitor, "red dress")
    second = visitor.page.context.new_page()
    second.goto("/history/")
    expect(tiles(second)).to_have_count(2)
    third = CreatePage(visitor.page.context.new_page(), visitor.forgive)
    third.page.goto("/")
    expect(third.tiles).to_have_count(2)

    made(visitor, "beach sunset")
    expect(tiles(second)).to_have_count(4)
    expect(third.page.get_by_role("region", name="beach sunset")).to_be_visible()
    third.wait_for_pictures(2)
    favorite(visitor.picture(1)).click()
    expect(favorite(tile(second, "beach sunset"))).to_have_attribute("aria-pressed", "true")
    expect(favorite(third.picture(1))).to_have_attribute("aria-pressed", "true")
    tile(second, "beach sunset").get_by_role("button", name="More").click()
    second.get_by_role("button", name="Delete").click()
    second.goto("about:blank")  # ends the undo period
    expect(visitor.tiles).to_have_count(1)
    expect(third.tiles).to_have_count(1)


def test_a_cancelled_job_agrees(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, SLOW)
    page = visitor.page
    visitor.ask("red dress")
    expect(visitor.cancel).to_be_visible()
    follow(page, "History")
    expect(page.get_by_text("1 job in progress.")).to_be_visible()
    page.get_by_role("link", name="View").click()
    visitor.cancel.click()
    expect(page.get_by_text("Cancelled.").first).to_be_visible()
    follow(page, "History")
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    expect(page.get_by_text("is being made")).to_have_count(0)
    follow(page, "Create")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Try one of these.")).to_be_visible()


def test_a_stream_goes_on_from_page_to_page(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, SLOW)
    page = visitor.page
    streams: list[str] = []
    page.on("request", lambda request: streams.append(request.url) if request.url.endswith("/events") else None)
    visitor.ask("red dress")
    expect(page.get_by_role("progressbar")).to_be_visible()
    for link in ("Grid", "History", "Create"):
        follow(page, link)
    expect(page.get_by_role("region", name="red dress")).to_be_visible()
    visitor.wait_for_pictures(2)
    follow(page, "History")
    expect(tiles(page)).to_have_count(2)
    assert len(streams) == 1


def test_the_way_back_leads_to_the_same_place(
    new_visitor: NewVisitor, new_user: NewUser, painted: ServerProcess
) -> None:
    user = new_user(painted)
    for number in range(30):
        user.make(f"picture {number}")
    page = new_visitor(painted, "history/", storage_state=user.state, viewport={"width": 400, "height": 600}).page
    expect(tiles(page).first).to_be_visible()
    page.evaluate("window.scrollTo(0, 600)")
    page.evaluate(MARK)
    wait_for_scroll(page, 600)
    page.get_by_role("link", name="Create", exact=True).evaluate("(link) => link.click()")
    expect(page.get_by_role("textbox", name="Prompt", exact=True)).to_be_visible()
    page.go_back()
    expect(tiles(page).first).to_be_visible()
    wait_for_scroll(page, 600)
    assert page.evaluate("window.isSamePage")


def wait_for_scroll(page: Page, top_px: int) -> None:
    deadline = time.monotonic() + 5
    while (scrolled := page.evaluate("window.scrollY")) != top_px:
        assert time.monotonic() < deadline, f"scrolled to {scrolled} px"
        page.wait_for_timeout(50)


def test_a_list_that_is_cleared_stays_cleared_here(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, SMALL)
    page = visitor.page
    for prompt in ("red dress", "beach", "sunset"):
        made(visitor, prompt)
    second = page.context.new_page()
    second.goto("/")
    expect(second.get_by_role("heading", name="Earlier")).to_be_visible()
    section = page.get_by_role("region", name="sunset")
    section.get_by_role("button", name="Remove from this list").click()
    expect(section).to_have_count(0)
    expect(page.get_by_role("region", name="beach")).to_be_visible()
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_role("button", name="Clear the list").click()
    expect(page.get_by_text("Try one of these.")).to_be_visible()
    expect(visitor.prompt).to_be_focused()
    expect(second.get_by_text("Try one of these.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Try one of these.")).to_be_visible()
    made(visitor, "snow")
    expect(page.get_by_role("heading", name="Earlier")).to_have_count(0)
    follow(page, "History")
    expect(tiles(page)).to_have_count(8)


def test_a_failure_is_not_lost_by_a_reload(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted, f"?size=64x64&model=none&steps=2&n=1&seed={BROKEN_SEED}")
    page = visitor.page
    visitor.ask("red dress")
    expect(page.get_by_text("This picture could not be made.").first).to_be_visible()
    reason = page.get_by_text("not-a-number")
    expect(reason.first).to_be_visible()
    for _ in range(2):
        page.reload()
        expect(reason.first).to_be_visible()
    follow(page, "History")
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    follow(page, "Create")
    page.get_by_role("button", name="Remove from this list").click()
    page.reload()
    expect(page.get_by_text("Try one of these.")).to_be_visible()


def test_an_account_s_jobs_come_with_it(new_visitor: NewVisitor, new_user: NewUser, painted: ServerProcess) -> None:
    """A job of an account's key or of another browser is on the list as well: there is one list."""
    user = new_user(painted)
    user.make("made by a program")
    visitor = new_visitor(painted, SMALL, storage_state=user.state)
    expect(visitor.page.get_by_role("region", name="made by a program")).to_be_visible()
    stranger = new_visitor(painted, SMALL)
    expect(stranger.page.get_by_text("Try one of these.")).to_be_visible()


def test_where_no_cookie_reaches_the_server_the_browser_knows_its_jobs(
    new_visitor: NewVisitor, painted: ServerProcess
) -> None:
    """A page hosted elsewhere: the server keeps no history of its visitors, and every job opens to its id."""
    visitor = new_visitor(painted, SMALL)
    page = visitor.page

    def without_cookies(route):  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType]
        route.continue_(headers={name: value for name, value in route.request.headers.items() if name != "cookie"})

    page.context.clear_cookies()
    page.route("**/api/**", without_cookies)  # pyright: ignore[reportUnknownArgumentType]
    for prompt in ("red dress", "beach"):
        made(visitor, prompt)
    page.reload()
    expect(page.get_by_role("region", name="beach")).to_be_visible()
    expect(page.get_by_role("group", name="Earlier pictures").get_by_role("img", name="red dress")).to_have_count(2)
    favorite(visitor.picture(1)).click()
    follow(page, "History")
    expect(tiles(page)).to_have_count(4)
