"""The create page while its lazily loaded code, or the server, is unreachable."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import NewVisitor
from tests.browser.create_page import SMALL
from tests.support.servers.server_process import ServerProcess

PROMPT = "red dress, beach sunset"
API = "**/api/**"
PARTS = "**/_next/static/**"


def lose(page: Page, addresses: str) -> None:
    page.route(addresses, lambda route: route.abort())


def test_a_part_that_cannot_be_fetched_costs_only_itself(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    visitor = new_visitor(studio, SMALL)
    chip = visitor.page.get_by_role("button", name="Shape:")
    expect(chip).to_be_visible()
    visitor.page.wait_for_load_state("networkidle")
    lose(visitor.page, PARTS)
    visitor.prompt.fill(PROMPT)
    chip.click()
    expect(visitor.page.get_by_text("could not be loaded. Reload the page.").first).to_be_visible()
    expect(chip).to_have_attribute("aria-expanded", "false")
    visitor.generate.click()
    visitor.wait_for_pictures(4)
    visitor.page.get_by_role("list", name="Results").get_by_role("button", name=PROMPT).first.click()
    expect(visitor.prompt).to_have_value(PROMPT)
    expect(visitor.generate).to_be_visible()


def test_without_the_server_from_the_start(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    visitor = new_visitor(studio)
    lose(visitor.page, API)
    visitor.page.goto("/" + SMALL)
    expect(visitor.page.get_by_role("status").filter(has_text="Can't reach the server")).to_be_visible()
    visitor.ask(PROMPT)
    expect(visitor.error).to_contain_text("Can't reach the server")
    expect(visitor.prompt).to_have_value(PROMPT)
    visitor.page.unroute(API)
    expect(visitor.page.get_by_role("button", name="Shape:")).to_be_visible()
    expect(visitor.page.get_by_role("status").filter(has_text="Can't reach the server")).to_have_count(0)


def test_a_refused_variation_is_what_is_tried_again(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    visitor = new_visitor(studio, SMALL)
    visitor.ask(PROMPT)
    visitor.wait_for_pictures(4)
    lose(visitor.page, "**/api/generate")
    visitor.page.get_by_role("button", name="New seeds").click()
    expect(visitor.error).to_contain_text("Can't reach the server")
    visitor.prompt.fill("quite another prompt")
    visitor.page.unroute("**/api/generate")
    with visitor.page.expect_request("**/api/generate") as asked:
        visitor.error.get_by_role("button", name="Try again").click()
    assert f'"prompt":"{PROMPT}"' in (asked.value.post_data or "")
