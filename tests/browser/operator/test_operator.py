"""The operator's page: the overview; LoRAs edited, pinned and deleted; the queue, the server, the users. For other
users it shows none of this and sends no operator call."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewVisitor
from tests.browser.create_page import PAINTED, CreatePage
from tests.browser.keyboard import tab_to
from tests.e2e.conftest import PAINTING
from tests.support.servers.server_process import ServerProcess
from tests.support.tiny_model import write_lora, write_tiny_model

EMAIL, PASSWORD = "ada@example.org", "a long password of the tests"
OPERATOR_CALLS = re.compile(r"/api/operator|/api/loras/.|/metrics")


@pytest.fixture(scope="module")
def loras(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the server reads."""
    folder = tmp_path_factory.mktemp("operator") / "loras"
    write_lora(folder / "jade-v1.safetensors", "jade woman")
    return folder


@pytest.fixture(scope="module")
def painted(loras: Path) -> Iterator[ServerProcess]:
    """A server that paints, with one LoRA, an operator and a public gallery."""
    folder = loras.parent / "server"
    folder.mkdir()
    settings = {
        "STUDIO_BASE_MODEL": str(write_tiny_model(loras.parent / "model")),
        "STUDIO_LORA_DIR": str(loras),
        "STUDIO_DEFAULT_MODEL": "jade",
        "STUDIO_GALLERY": "on",
    }
    with ServerProcess(folder, settings, module=PAINTING, is_watched=True) as server:
        server.start()
        command = [sys.executable, "-m", "server", "create-operator", "--email", EMAIL]
        subprocess.run(command, input=PASSWORD, text=True, check=True, cwd=folder, env=server.environment, timeout=60)
        yield server


def log_in(visitor: CreatePage) -> Page:
    """Log in as the operator, by the call that the login page makes, and open the operator's page."""
    answer = visitor.page.request.post("/api/auth/login", data={"email": EMAIL, "password": PASSWORD})
    assert answer.status == 200, answer.text()
    visitor.page.goto("/operator/?tab=loras")
    return visitor.page


def made_with(server: ServerProcess) -> str:
    """The version that a job with no LoRA of its own named is made with now."""
    answer = server.http.post("/api/generate", json={"prompt": "red dress", "num_images": 1, "steps": 2})
    return server.http.get(f"/api/result/{answer.json()['job_id']}").json()["metadata"]["model"]


def test_a_visitor_sees_none_of_it(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    visitor = new_visitor(painted)
    page = visitor.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/operator/?tab=queue")
    expect(page.get_by_role("heading", name="This page is for operators")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if OPERATOR_CALLS.search(url)] == []
    assert page.get_by_role("tab").count() == 0
    page.get_by_role("button", name="Account").click()
    expect(page.get_by_role("link", name="Log in").last).to_be_visible()
    expect(page.get_by_role("link", name="Operator")).to_have_count(0)


def test_a_version_is_edited_and_deleted(
    new_visitor: NewVisitor, painted: ServerProcess, loras: Path, axe: str
) -> None:
    write_lora(loras / "jade-v2.safetensors", "jade woman", 0.25)
    visitor = new_visitor(painted, reduced_motion="reduce")
    page = log_in(visitor)
    page.get_by_role("button", name="Reload the folder").click()
    jade = page.get_by_role("article", name="jade")
    expect(jade.get_by_role("listitem")).to_have_count(2)
    jade.get_by_role("button", name="Pin jade-v1").click()
    expect(jade).to_contain_text("jade → jade-v1 (pinned)")
    assert made_with(painted) == "jade-v1"
    jade.get_by_role("button", name="Edit jade-v1").click()
    panel = page.get_by_role("dialog", name="jade-v1")
    panel.get_by_role("radio", name="Only jade-v1").check()
    panel.get_by_role("textbox", name="Trigger words").fill("jade lady")
    panel.get_by_role("spinbutton", name="Weight").fill("0.7")
    panel.get_by_role("combobox", name="Made for few steps").select_option("Lightning")
    panel.get_by_role("spinbutton", name="Steps").fill("6")
    assert visitor.violations(axe) == []
    panel.get_by_role("button", name="Save").click()
    changed = jade.get_by_role("listitem", name="jade-v1")
    expect(changed).to_contain_text("“jade lady” · weight 0.7 · made for 6 steps")
    jade.get_by_role("button", name="Back to the latest").click()
    expect(jade).to_contain_text("jade → jade-v2 (latest)")

    jade.get_by_role("button", name="Delete jade-v2").click()
    panel = page.get_by_role("dialog", name="Delete jade-v2?")
    expect(panel).to_contain_text("jade will use jade-v1.")
    assert visitor.violations(axe) == []
    panel.get_by_role("button", name="Delete").click()
    expect(jade.get_by_role("listitem")).to_have_count(1)
    assert not (loras / "jade-v2.safetensors").exists()
    assert made_with(painted) == "jade-v1"


def test_queue_server_and_users_by_keyboard_and_on_a_phone(
    new_visitor: NewVisitor, painted: ServerProcess, axe: str
) -> None:
    registered = {"email": "bo@example.org", "password": PASSWORD}
    assert painted.http.post("/api/auth/register", json=registered).status_code == 202
    painted.http.cookies.clear()
    long_job = {"prompt": "red dress", "num_images": 8, "steps": 150}
    jobs = [painted.http.post("/api/generate", json=long_job).json()["job_id"] for _ in range(3)]
    visitor = new_visitor(painted, reduced_motion="reduce")
    page = log_in(visitor)
    tab_to(page, "tab", "LoRAs")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Queue")).to_be_focused()
    expect(page.get_by_role("row")).to_have_count(4)
    expect(page.get_by_role("table")).to_contain_text("Being made")
    assert page.url.endswith("?tab=queue")
    assert visitor.violations(axe) == []
    page.set_viewport_size({"width": 375, "height": 740})
    assert not visitor.scrolls_sideways()
    for job in jobs:
        painted.http.delete(f"/api/jobs/{job}")
    expect(page.get_by_text("Idle.")).to_be_visible()

    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("Ready to make pictures")).to_be_visible()
    worker = page.get_by_role("listitem").filter(has_text="CPU")
    expect(worker).to_contain_text("Ready")
    assert visitor.violations(axe) == []
    assert not visitor.scrolls_sideways()
    worker.get_by_role("button", name="Drain").click()
    expect(worker).to_contain_text("Drained")
    worker.get_by_role("button", name="Take jobs again").click()
    expect(worker).to_contain_text("Ready")
    page.get_by_role("tab", name="Server").focus()
    page.keyboard.press("ArrowRight")
    user = page.get_by_role("row", name="bo@example.org")
    own = page.get_by_role("row", name=EMAIL)
    expect(own.get_by_role("button", name="Reset link")).to_be_visible()
    expect(own.get_by_role("button", name="Disable")).to_have_count(0)  # an operator cannot switch off the own account
    assert visitor.violations(axe) == []
    assert not visitor.scrolls_sideways()
    user.get_by_role("button", name="Reset link").click()
    page.get_by_role("dialog").get_by_role("button", name="Create link").click()
    link = page.get_by_role("status", name="Reset link").inner_text()
    page.keyboard.press("Escape")
    forgetful = new_visitor(painted).page
    forgetful.goto(link)
    forgetful.get_by_role("textbox", name="New password").fill("another long password")
    forgetful.get_by_role("button", name="Set the password").click()
    expect(forgetful.get_by_role("heading", name="Password changed")).to_be_visible()
    tab_to(page, "button", "Disable bo@example.org")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert visitor.violations(axe) == []
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(user).to_contain_text("Disabled")
    again = {**registered, "password": "another long password"}
    assert painted.http.post("/api/auth/login", json=again).status_code == 403
    user.get_by_role("button", name="Enable").click()
    expect(user).not_to_contain_text("Disabled")
    page.get_by_role("tab", name="LoRAs").click()
    expect(page.get_by_role("article").first).to_be_visible()
    assert not visitor.scrolls_sideways()


def test_the_overview_by_keyboard_and_on_a_phone_empty_and_with_pictures(
    new_visitor: NewVisitor, painted: ServerProcess, axe: str
) -> None:
    visitor = new_visitor(painted, reduced_motion="reduce")
    page = log_in(visitor)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    tab_to(page, "tab", "LoRAs")
    page.keyboard.press("ArrowLeft")
    overview = page.get_by_role("tabpanel", name="Overview")
    expect(overview.get_by_text("Costs are unknown.")).to_contain_text("STUDIO_GPU_HOURLY_USD")
    made_with(painted)
    overview.get_by_role("radio", name="30 days").check()
    days = overview.get_by_role("table", name="By day")
    expect(days.get_by_role("row")).to_have_count(31)
    expect(overview.get_by_role("img", name="Pictures by day")).to_be_visible()
    overview.get_by_role("radio", name="Users").check()
    expect(overview.get_by_role("img", name="Users by day")).to_be_visible()
    expect(overview.get_by_role("table", name="Favorites by LoRA")).to_contain_text("jade")
    expect(overview.get_by_text("No figures of a GPU")).to_be_visible()
    assert visitor.violations(axe) == []
    page.set_viewport_size({"width": 375, "height": 740})
    assert not visitor.scrolls_sideways()
    assert visitor.violations(axe) == []
    with page.expect_download() as download:
        overview.get_by_role("link", name="Download as CSV").click()
    assert len(download.value.path().read_text().splitlines()) == 31
    assert any("/api/operator/overview?from=" in url for url in asked)
    page.route("**/api/operator/overview?*", no_pictures)
    overview.get_by_role("radio", name="Today").check()
    expect(overview.get_by_text("Nothing was made in these days.")).to_be_visible()
    assert visitor.violations(axe) == []
    assert not visitor.scrolls_sideways()


def no_pictures(route: Route) -> None:
    """What a new server answers."""
    report = route.fetch().json()
    nothing = dict.fromkeys(("generations", "pictures"), 0)
    empty = {"total": report["total"] | nothing, "failures": [], "loras": [], "versions": []}
    route.fulfill(json=report | empty)


def test_several_loras_are_picked_searched_and_weighted(
    new_visitor: NewVisitor, painted: ServerProcess, loras: Path, axe: str
) -> None:
    for n in range(1, 8):
        write_lora(loras / f"ink-v{n}.safetensors", "ink wash", n / 10)
    operator = new_visitor(painted)
    log_in(operator).get_by_role("button", name="Reload the folder").click()
    expect(operator.page.get_by_role("article", name="ink").get_by_role("listitem")).to_have_count(7)

    visitor = new_visitor(painted, "?model=jade-v1", reduced_motion="reduce")
    page = visitor.page
    page.get_by_role("button", name="LoRA: jade-v1").click()
    panel = page.get_by_role("dialog", name="LoRA")
    panel.get_by_role("searchbox", name="Search LoRAs").fill("wash ink-v3")
    listed = panel.get_by_role("group", name="LoRA", exact=True).get_by_role("radio")
    expect(listed).to_have_count(1)
    panel.get_by_role("button", name="Favorite ink-v3").click()
    panel.get_by_role("searchbox", name="Search LoRAs").fill("")
    panel.get_by_role("radio", name="Favorites").check()
    expect(listed).to_have_count(7)  # every version
    panel.get_by_role("radio", name="All", exact=True).check()
    panel.get_by_role("searchbox", name="Search LoRAs").fill("wash ink-v3")
    expect(listed).to_have_count(1)
    panel.get_by_role("button", name="Add ink-v3").click()
    panel.get_by_role("spinbutton", name="ink-v3").fill("0.4")
    panel.get_by_role("button", name="Add “ink wash” to the prompt").click()
    assert visitor.violations(axe) == []
    page.keyboard.press("Escape")
    further = page.get_by_role("list", name="Further LoRAs").get_by_role("listitem")
    expect(further).to_have_text(["ink-v3 · 0.4"])
    expect(visitor.prompt).to_have_value("ink wash")
    visitor.generate.click()
    visitor.wait_for_pictures(4)
    metadata = painted.http.get(f"/api/result/{visitor.recent_job()}").json()["metadata"]
    assert [each["name"] for each in metadata["loras"]] == ["jade-v1", "ink-v3"]
    assert metadata["loras"][1]["weight"] == 0.4
    # once chosen as the first LoRA it is not mixed in any more: both weights would count
    page.get_by_role("button", name="LoRA: jade-v1").click()
    panel.get_by_role("radio", name="ink-v3").check()
    expect(panel.get_by_role("region", name="Added")).to_have_count(0)


def test_a_picture_is_offered_accepted_seen_by_all_and_taken_back(
    new_visitor: NewVisitor, painted: ServerProcess, axe: str
) -> None:
    owner = new_visitor(painted, PAINTED + "&n=1")
    owner.ask("red dress")
    owner.wait_for_pictures(1)
    owner.picture(1).locator("button[data-picture]").click()
    owner.page.get_by_role("dialog", name="Picture").get_by_role("button", name="Share").click()
    dialog = owner.page.get_by_role("dialog", name="Share this picture")
    dialog.get_by_role("button", name="Create link").click()
    address = dialog.get_by_role("status", name="Link").inner_text()
    dialog.get_by_role("switch", name="Offer to the public gallery").click()
    expect(dialog.get_by_text("The operator decides whether it is shown.")).to_be_visible()

    stranger = new_visitor(painted, "gallery/", reduced_motion="reduce")
    expect(stranger.page.get_by_text("Nothing here yet")).to_be_visible()
    operator = new_visitor(painted, reduced_motion="reduce")
    page = log_in(operator)
    page.get_by_role("tab", name="Gallery").click()
    offer = page.get_by_role("article", name="red dress")
    expect(offer.get_by_role("img", name="red dress")).to_have_js_property("naturalWidth", 64)
    assert operator.violations(axe) == []
    offer.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("No picture waits for you.")).to_be_visible()
    page.get_by_role("radio", name="Shown").check()
    expect(offer.get_by_role("button", name="Remove")).to_be_visible()

    stranger.page.goto("/")
    stranger.page.get_by_role("link", name="Gallery").click()
    picture = stranger.page.get_by_role("img", name="red dress")
    expect(picture).to_have_js_property("naturalWidth", 64)
    assert stranger.violations(axe) == []
    for width in (320, 375, 1024):
        stranger.page.set_viewport_size({"width": width, "height": 740})
        assert not stranger.scrolls_sideways()
    picture.click()
    expect(stranger.page.get_by_role("link", name="Make your own")).to_be_visible()
    assert stranger.page.url == address

    dialog.get_by_role("button", name="Stop sharing").click()
    expect(dialog.get_by_role("button", name="Create link")).to_be_visible()
    response = stranger.page.goto(address)
    assert response is not None
    assert response.status == 404
    stranger.page.goto("/gallery/")
    expect(stranger.page.get_by_text("Nothing here yet")).to_be_visible()
