"""The Content Security Policy and the size of the first load. (The fixture `new_visitor` watches every test for
requests to other hosts.)"""

from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.support.servers.server_process import ServerProcess

MAX_FIRST_LOAD_BYTES = 200_000


def test_no_inline_script_runs_but_the_page_s_own(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    policy = studio.http.get("/").headers["content-security-policy"]
    scripts = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
    assert "unsafe" not in scripts
    assert "*" not in scripts
    visitor = new_visitor(studio)
    visitor.page.evaluate("document.body.append(Object.assign(document.createElement('b'), {id: 'canary'}))")
    refused = visitor.page.evaluate(
        """() => new Promise((done) => {
            document.addEventListener("securitypolicyviolation", (event) => done(event.violatedDirective));
            const script = document.createElement("script");
            script.textContent = "document.getElementById('canary').remove()";
            document.body.append(script);
        })"""
    )
    assert refused.startswith("script-src")
    expect(visitor.page.locator("#canary")).to_be_attached()
    visitor.forgive("Content Security Policy")


def test_the_first_load_is_light(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    """Everything that the page fetches as a script before anybody touches it, as it travels."""
    visitor = new_visitor(studio)
    expect(visitor.page.get_by_role("button", name="Shape:")).to_be_visible()
    visitor.page.wait_for_load_state("networkidle")
    sizes = visitor.page.evaluate(
        """performance.getEntriesByType("resource").filter((entry) => entry.name.endsWith(".js"))
            .map((entry) => [entry.encodedBodySize, entry.decodedBodySize])"""
    )
    assert sizes
    assert all(encoded < decoded for encoded, decoded in sizes if decoded > 2_000)
    assert sum(encoded for encoded, _ in sizes) <= MAX_FIRST_LOAD_BYTES
