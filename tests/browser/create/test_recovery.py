"""The create page recovers from a reload, a lost connection and a killed server."""

from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.e2e.conftest import NewServer

LONG = "?size=64x64&model=none&steps=60"


def test_a_reload_in_the_middle_goes_on_showing(new_visitor: NewVisitor, new_painter: NewServer) -> None:
    with new_painter("server") as server:
        server.start()
        visitor = new_visitor(server, LONG)
        visitor.ask("red dress, beach sunset")
        expect(visitor.page.get_by_role("progressbar").first).to_be_visible()
        job = visitor.recent_job()
        visitor.page.reload()
        expect(visitor.tiles).to_have_count(4)
        expect(visitor.cancel).to_be_visible()
        visitor.wait_for_pictures(4)
        assert visitor.recent_job() == job


def test_a_killed_server_that_comes_back_finishes_the_job(new_visitor: NewVisitor, new_painter: NewServer) -> None:
    with new_painter("server") as server:
        server.start()
        visitor = new_visitor(server, LONG)
        visitor.ask("red dress, beach sunset")
        expect(visitor.page.get_by_role("progressbar").first).to_be_visible()
        server.kill()
        expect(visitor.page.get_by_text("Can't reach the server").first).to_be_visible()
        server.start()
        visitor.wait_for_pictures(4)
        expect(visitor.page.get_by_text("Can't reach the server")).to_have_count(0)
        assert server.http.get(f"/api/status/{visitor.recent_job()}").json()["status"] == "completed"


def test_without_event_streams_it_asks_again_and_again(new_visitor: NewVisitor, new_painter: NewServer) -> None:
    with new_painter("server") as server:
        server.start()
        visitor = new_visitor(server, LONG)
        visitor.page.route("**/events", lambda route: route.abort())
        visitor.ask("red dress, beach sunset")
        visitor.wait_for_pictures(4)
