"""Texts of the create page: nothing made yet, a full queue, errors."""

from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.create_page import PAINTED, CreatePage
from tests.e2e.conftest import NewServer
from tests.support.http_jobs import submit
from tests.support.servers.server_process import ServerProcess

SLOW = "?size=256x256&model=none&steps=150"


def test_nothing_made_yet(visitor: CreatePage) -> None:
    expect(visitor.page.get_by_text("Try one of these.")).to_be_visible()
    expect(visitor.page.get_by_role("list", name="Examples").get_by_role("listitem")).to_have_count(6)
    expect(visitor.page.get_by_text("Demo model:")).to_be_visible()


def test_an_empty_prompt_is_asked_for(visitor: CreatePage) -> None:
    visitor.generate.click()
    expect(visitor.error).to_contain_text("Type a prompt first")
    expect(visitor.prompt).to_be_focused()


def test_cancel(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    visitor = new_visitor(studio, SLOW)
    visitor.ask("red dress, beach sunset")
    visitor.cancel.click()
    expect(visitor.page.get_by_text("Cancelled").first).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Cancel", exact=True)).to_have_count(0)
    assert studio.http.get(f"/api/status/{visitor.recent_job()}").json()["status"] == "cancelled"


def test_a_full_queue_says_when_to_come_back(new_visitor: NewVisitor, new_painter: NewServer) -> None:
    with new_painter("server", STUDIO_MAX_QUEUE="1") as server:
        server.start()
        submit(server, steps=150, model_name="base")
        visitor = new_visitor(server, PAINTED)
        visitor.ask("red dress, beach sunset")
        expect(visitor.error).to_contain_text("The queue is full")
        expect(visitor.error.get_by_role("button")).to_be_visible()
        expect(visitor.prompt).to_have_value("red dress, beach sunset")


def test_a_server_that_is_gone(new_visitor: NewVisitor, new_painter: NewServer) -> None:
    with new_painter("server") as server:
        server.start()
        visitor = new_visitor(server, PAINTED)
        expect(visitor.page.get_by_role("button", name="Shape:")).to_be_visible()
        server.kill()
        visitor.ask("red dress, beach sunset")
        expect(visitor.error).to_contain_text("Can't reach the server")
        expect(visitor.prompt).to_have_value("red dress, beach sunset")


def test_settings_that_cannot_be_made_name_the_field(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    visitor = new_visitor(studio, "?size=512x512&model=none")
    visitor.ask("red dress, beach sunset")
    expect(visitor.error).to_contain_text("Width")
    expect(visitor.error).to_contain_text("147,456")


def test_waiting_tells_the_place_in_the_queue(new_visitor: NewVisitor, new_painter: NewServer) -> None:
    with new_painter("server") as server:
        server.start()
        ahead = [submit(server, steps=150, model_name="base", num_images=8) for _ in range(2)]
        visitor = new_visitor(server, PAINTED)
        visitor.ask("red dress, beach sunset")
        expect(visitor.tiles).to_have_count(4)
        expect(visitor.page.get_by_text("about").first).to_be_visible()
        for job in ahead:
            server.http.delete(f"/api/jobs/{job}")
        visitor.wait_for_pictures(4)
