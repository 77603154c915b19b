"""The compare page: a comparison fills while it is made, zooms all pictures together, survives a reload."""

import io
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewVisitor
from tests.browser.create_page import JOB_MS
from tests.browser.keyboard import tab_to
from tests.e2e.conftest import PAINTING
from tests.support.servers.server_process import ServerProcess
from tests.support.tiny_model import write_lora, write_tiny_model

VARIANTS = ["No LoRA", "jade-v1", "jade-v2"]


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that paints, with two versions of a LoRA."""
    folder = tmp_path_factory.mktemp("compare")
    for version in (1, 2):
        write_lora(folder / "loras" / f"jade-v{version}.safetensors", "jade woman", version / 4)
    model = write_tiny_model(folder / "model")
    settings = {"STUDIO_BASE_MODEL": str(model), "STUDIO_LORA_DIR": str(folder / "loras")}
    with ServerProcess(folder, settings, module=PAINTING, is_watched=True) as server:
        server.start()
        yield server


def transforms(page: Page) -> list[str]:
    return page.get_by_role("img").evaluate_all("(images) => images.map((each) => getComputedStyle(each).transform)")


def test_versions_are_compared_by_keyboard_and_read_again(
    new_visitor: NewVisitor, painted: ServerProcess, axe: str
) -> None:
    visitor = new_visitor(painted, reduced_motion="reduce")
    page = visitor.page
    page.goto("/compare/")
    form = page.get_by_role("form", name="New comparison")
    page.get_by_role("textbox", name="Prompt 1").fill("red dress, beach sunset")
    assert [form.get_by_label(f"LoRA of variant {n}").locator("option:checked").inner_text() for n in (1, 2, 3)] == (
        VARIANTS
    )
    seeds = form.get_by_role("textbox", name="Seeds")
    seeds.fill(" ".join(map(str, range(22))))
    expect(form).to_contain_text("That is 66 pictures, and a comparison holds 64")
    assert visitor.violations(axe) == []
    seeds.fill("7, 8")
    expect(form).to_contain_text("3 variants: 6 pictures")
    tab_to(page, "button", "Compare", exact=True)
    page.keyboard.press("Enter")

    table = page.get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_text(["Seed", "No LoRA", "jade-v1 · 0.9", "jade-v2 · 0.9"])
    expect(table.get_by_role("rowheader")).to_have_text(["Seed 7", "Seed 8"])
    expect(page.get_by_role("img")).to_have_count(6, timeout=JOB_MS)
    (job,) = parse_qs(urlsplit(page.url).query)["job"]
    seeds_by_index = [each["seed"] for each in painted.http.get(f"/api/result/{job}").json()["outputs"]]
    assert seeds_by_index == [7, 7, 7, 8, 8, 8]
    with page.expect_download() as sheet:
        page.get_by_role("link", name="Contact sheet").click()
    assert Image.open(io.BytesIO(sheet.value.path().read_bytes())).width > 3 * 64

    page.reload()
    expect(page.get_by_role("img", name="jade-v2 · 0.9, seed 8")).to_be_visible()
    page.get_by_role("button", name="Zoom in").click()
    (zoomed,) = set(transforms(page))
    assert zoomed.startswith("matrix(1.5, 0, 0, 1.5")
    tab_to(page, "region", "red dress, beach sunset: plus, minus")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("img").first).not_to_have_css("transform", zoomed)
    assert len(set(transforms(page))) == 1
    page.keyboard.press("0")
    expect(page.get_by_role("img").first).to_have_css("transform", "matrix(1, 0, 0, 1, 0, 0)")
    assert len(set(transforms(page))) == 1
    page.get_by_role("button", name="Favorite jade-v2 · 0.9, seed 8").click(force=True)
    best = table.get_by_role("columnheader", name="jade-v2")
    expect(best).to_contain_text("1 favorites, the most")
    assert visitor.violations(axe) == []
    page.set_viewport_size({"width": 1280, "height": 400})
    page.get_by_role("img").last.scroll_into_view_if_needed()
    expect(best).to_be_in_viewport(ratio=1)  # heads stay in sight
    page.set_viewport_size({"width": 375, "height": 740})
    assert not visitor.scrolls_sideways()
    assert visitor.violations(axe) == []  # a table scrolls inside its own box

    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.get_by_role("textbox", name="Prompt 1")).to_have_value("red dress, beach sunset")
    expect(form).to_contain_text("6 pictures")
    assert not visitor.scrolls_sideways()


def test_what_is_no_comparison_says_so(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    job = painted.http.post("/api/generate", json={"prompt": "red dress", "num_images": 1, "steps": 2}).json()
    page = new_visitor(painted).page
    for job_id, why in ((job["job_id"], "This job isn't a comparison."), ("0" * 32, "no such comparison")):
        page.goto(f"/compare/?job={job_id}")
        expect(page.get_by_role("main").get_by_role("alert")).to_contain_text(why)
    page.get_by_role("button", name="New comparison").click()
    expect(page.get_by_role("textbox", name="Prompt 1")).to_be_visible()
