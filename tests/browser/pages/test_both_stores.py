"""The same flows with the data in SQLite and files, and in PostgreSQL and a bucket: limits, API keys by curl, a job
from request to deletion, LoRA versions."""

import json
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from tests.browser.app_servers import AppServer
from tests.browser.conftest import NewUser, NewVisitor
from tests.browser.create_page import NOTES, CreatePage
from tests.browser.file_drop import drop
from tests.browser.history_page import tile, tiles
from tests.browser.keyboard import tab_to
from tests.browser.users import new_email, open_menu, register
from tests.support.servers.server_process import ROOT
from tests.support.tiny_model import write_lora

SMALL = "?size=64x64&model=none&steps=2&n=2"
ANY_FILE = "application/octet-stream"
REMOVED_S = 30


def test_a_limit_tells_when_and_registering_lifts_it(new_visitor: NewVisitor, app_server: AppServer) -> None:
    visitor = new_visitor(app_server.server, SMALL, hosts=app_server.hosts)
    page = visitor.page
    visitor.ask("red dress")
    visitor.wait_for_pictures(2)
    visitor.ask("beach sunset")
    expect(visitor.error).to_contain_text("1 jobs an hour are allowed")
    expect(visitor.error.get_by_role("button")).to_contain_text("min")  # counts down from an hour
    expect(visitor.error.get_by_role("button")).to_be_disabled()
    visitor.error.get_by_role("link", name="Sign up").click()
    register(page, new_email())
    expect(visitor.prompt).to_have_value("beach sunset")  # back on the page they came from
    visitor.generate.click()
    expect(page.get_by_role("region", name="beach sunset")).to_be_visible()
    visitor.wait_for_pictures(2)
    page.goto("/history/")
    expect(tiles(page)).to_have_count(4)


def test_a_key_is_made_shown_once_used_by_curl_and_revoked(
    new_visitor: NewVisitor, new_user: NewUser, app_server: AppServer, axe: str
) -> None:
    user = new_user(app_server.server)
    visitor = new_visitor(app_server.server, "keys/", storage_state=user.state, reduced_motion="reduce")
    page = visitor.page
    expect(page.get_by_text("You have no keys.")).to_be_visible()
    tab_to(page, "textbox", "Name")  # by keyboard alone
    page.keyboard.type("front end")
    page.keyboard.press("Enter")
    fresh = page.get_by_role("region", name="front end: copy your key now")
    key = (fresh.locator("pre").first.text_content() or "").strip()
    command = (fresh.locator("pre").nth(1).text_content() or "").strip()
    assert key in command
    assert visitor.violations(axe) == []
    status, job = run_curl(command)
    assert status == 202
    theirs = user.http.get("/api/history").json()["items"]
    assert [each["job_id"] for each in theirs] == [job["job_id"]]
    page.reload()
    keys = page.get_by_role("list", name="Your keys")
    expect(keys).to_contain_text("last used just now")
    assert key not in page.content()
    page.get_by_role("button", name="Revoke front end").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert visitor.violations(axe) == []
    page.get_by_role("button", name="Revoke the key").click()
    expect(page.get_by_text("You have no keys.")).to_be_visible()
    status, refusal = run_curl(command)
    assert (status, refusal["status"]) == (401, 401)
    assert user.http.get("/api/history").json()["items"][0]["job_id"] == job["job_id"]


def run_curl(command: str) -> tuple[int, dict[str, object]]:
    """Run a command copied from the page; return the status and the body of the response."""
    shell = ["bash", "-euc", f"{command} --silent --show-error --write-out '\\n%{{http_code}}'"]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    body, status = done.stdout.rsplit("\n", 1)
    return int(status), json.loads(body)


def test_made_found_kept_deleted_and_out_of_reach(new_visitor: NewVisitor, app_server: AppServer) -> None:
    visitor = new_visitor(app_server.server, "register/", hosts=app_server.hosts)
    page = visitor.page
    register(page, new_email())
    page.wait_for_url(app_server.server.url + "/")
    for query, prompt in ((SMALL, "red dress, beach"), (SMALL.replace("none", "jade-v1"), "woman, sunset")):
        page.goto("/" + query)
        visitor.ask(prompt)
        expect(page.get_by_role("region", name=prompt)).to_be_visible()
        visitor.wait_for_pictures(2)

    page.get_by_role("link", name="History").click()
    expect(tiles(page)).to_have_count(4)
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    tile(page, "red dress").get_by_role("button", name="Favorite").click()
    page.get_by_role("button", name="Favorites").click()
    expect(tiles(page)).to_have_count(1)
    page.reload()  # the filter is in the address, the favorite on the server
    expect(tiles(page)).to_have_count(1)
    page.get_by_role("button", name="Favorites").click()

    page.get_by_role("searchbox").fill("beach dress")
    expect(tiles(page)).to_have_count(2)
    page.get_by_role("searchbox").fill("zebra")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    page.get_by_role("button", name="Show everything").click()
    page.get_by_role("button", name="LoRA:").click()
    page.get_by_role("radio", name="jade").check()
    page.keyboard.press("Escape")
    expect(tiles(page)).to_have_count(2)

    job = visitor.recent_job()
    gone = delete_one(page, "woman, sunset")
    stored = addresses(page, job)
    assert {httpx.get(url).status_code for each in stored.values() for url in each} == {200}
    page.goto("/")  # leaves the page before the undo period ends
    wait_until_gone(stored[gone])
    (left,) = addresses(page, job)
    assert left != gone

    open_menu(page)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("Try one of these.")).to_be_visible()
    assert page.evaluate(f"JSON.parse(localStorage.getItem('{NOTES}')).unlisted") == {}
    for path in calls_about(job, stored):
        assert page.request.get(path).status == 404, path
    page.goto("/history/")
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()


def delete_one(page: Page, prompt: str) -> str:
    """Deletes one of the two pictures of `prompt`, takes that back and deletes it for good; its id."""
    gone = tile(page, prompt).get_attribute("data-tile") or ""
    for is_meant in (False, True):
        page.locator(f"[data-tile='{gone}']").get_by_role("button", name="More").click()
        page.get_by_role("button", name="Delete").click()
        expect(tiles(page)).to_have_count(1)
        if not is_meant:
            page.get_by_role("button", name="Undo").click()
            expect(tiles(page)).to_have_count(2)
    return gone


def addresses(page: Page, job: str) -> dict[str, list[str]]:
    """Picture's id → where it and its thumbnail are stored."""
    outputs = page.request.get(f"/api/result/{job}").json()["outputs"]
    return {each["id"]: [each["url"], each["thumbnail_url"]] for each in outputs}


def wait_until_gone(stored: Iterable[str]) -> None:
    deadline = time.monotonic() + REMOVED_S
    while left := [url for url in stored if httpx.get(url).status_code != 404]:
        assert time.monotonic() < deadline, f"a deleted picture can be read still: {left}"
        time.sleep(0.1)


def calls_about(job: str, pictures: Iterable[str]) -> list[str]:
    """Every reading call of the API about a job or a picture."""
    paths = json.loads((ROOT / "frontend" / "openapi.json").read_text())["paths"]
    calls = [
        path for path, methods in paths.items() if "get" in methods and ("{job_id}" in path or "{image_id}" in path)
    ]
    assert len(calls) >= 7
    return [path.format(job_id=job, image_id=picture) for path in calls for picture in pictures]


def test_a_new_version_is_dropped_used_and_rolled_back(
    new_visitor: NewVisitor, app_server: AppServer, tmp_path: Path, axe: str
) -> None:
    visitor = new_visitor(app_server.server, hosts=app_server.hosts, reduced_motion="reduce")
    page = visitor.page
    app_server.log_in_operator(visitor)
    page.goto("/operator/?tab=loras")
    jade = page.get_by_role("article", name="jade")
    expect(jade.get_by_role("listitem")).to_have_count(1)

    drop(page, "notes.txt", "text/plain", b"no LoRA")
    expect(page.get_by_text("LoRA files end in .safetensors: notes.txt")).to_be_visible()
    drop(page, "jade-v2.safetensors", ANY_FILE, b"broken")
    card = page.get_by_role("listitem", name="jade-v2.safetensors")
    expect(card.get_by_role("alert")).to_have_text("This is not a safetensors file.")
    assert visitor.violations(axe) == []
    card.get_by_role("button", name="Cancel").click()

    data = write_lora(tmp_path / "jade-v2.safetensors", "jade woman", 0.25).read_bytes()
    drop(page, "nightly.safetensors", ANY_FILE, data)
    card = page.get_by_role("listitem", name="nightly.safetensors")
    card.get_by_role("textbox", name="Name").fill("jade")
    card.get_by_role("textbox", name="Version").fill("1")
    expect(card.get_by_role("button", name="Replace")).to_be_visible()
    card.get_by_role("textbox", name="Version").fill("2")
    card.get_by_role("button", name="Upload").click()
    expect(card.get_by_role("status")).to_contain_text("jade-v2 is live.")
    expect(jade).to_contain_text("jade → jade-v2 (latest)")

    write_lora(app_server.loras / "ink-v1.safetensors", value=0.75)
    (app_server.loras / "torn-v1.safetensors").write_bytes(b"torn")
    page.get_by_role("button", name="Reload the folder").click()
    report = page.get_by_role("status", name="Reload")
    expect(report).to_contain_text("Addedink-v1")
    expect(report).to_contain_text("torn-v1.safetensors")
    expect(page.get_by_role("article", name="ink")).to_be_visible()

    assert made_with(visitor, "jade-v2 · 0.9") == "jade-v2"
    page.goto("/operator/?tab=loras")
    jade.get_by_role("button", name="Pin jade-v1").click()
    expect(jade).to_contain_text("jade → jade-v1 (pinned)")
    assert made_with(visitor, "jade-v1 · 0.9") == "jade-v1"


def made_with(visitor: CreatePage, chip: str) -> str:
    """The version that the page makes pictures of "jade" with now; `chip` is what it says of it before."""
    visitor.page.goto("/" + SMALL.replace("none", "jade"))
    expect(visitor.page.get_by_role("button", name=f"LoRA: {chip}")).to_be_visible()
    visitor.ask(f"red dress, {chip}")
    expect(visitor.page.get_by_role("region", name=f"red dress, {chip}")).to_be_visible()
    visitor.wait_for_pictures(2)
    return visitor.page.request.get(f"/api/result/{visitor.recent_job()}").json()["metadata"]["model"]
