"""The page of batches: lines and files are checked, made, watched, downloaded, cancelled; by keyboard, on a phone."""

import re
import zipfile

from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.keyboard import tab_to
from tests.support.servers.server_process import ServerProcess

TABLE = "prompt,num_images,steps\nred dress,1,2\nblue dress,1,0\ngreen dress,9,2\n"
JOBS_MS = 30_000


def test_lines_are_checked_made_and_downloaded(new_visitor: NewVisitor, painted: ServerProcess, axe: str) -> None:
    visitor = new_visitor(painted, reduced_motion="reduce")
    page = visitor.page
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="Account menu").click()
    page.get_by_role("link", name="Batches").click()
    form = page.get_by_role("form", name="New batch")
    page.get_by_label("Prompts, one a line").fill("red dress, beach\n\n<lora:missing:1> blue\ngreen dress")
    tab_to(page, "button", "Check", exact=True)
    page.keyboard.press("Enter")
    expect(form).to_contain_text("1 line is wrong and is left out")
    expect(page.get_by_role("row", name=re.compile("no LoRA is called 'missing'"))).to_have_count(1)
    assert visitor.violations(axe) == []
    page.get_by_role("radio", name="All (3)").check()
    expect(page.get_by_role("row")).to_have_count(1 + 3)
    form.get_by_role("button", name="Make 2 pictures").click()
    expect(page.get_by_role("img")).to_have_count(2, timeout=JOBS_MS)
    expect(page.get_by_role("img", name="Line 3: green dress")).to_be_visible()
    expect(page.get_by_role("status").first).to_contain_text("2 of 2 pictures")
    assert visitor.violations(axe) == []
    with page.expect_download() as archive:
        page.get_by_role("link", name="Download all").click()
    with zipfile.ZipFile(archive.value.path()) as files:
        assert [name[:6] for name in files.namelist()] == ["00001-", "00003-"]
    page.set_viewport_size({"width": 375, "height": 740})
    assert not visitor.scrolls_sideways()
    page.get_by_role("button", name="New batch").click()
    expect(page.get_by_role("link", name=re.compile("batch completed"))).to_be_visible()
    assert visitor.violations(axe) == []


def test_a_file_is_checked_when_it_is_chosen_and_a_batch_is_cancelled(
    new_visitor: NewVisitor, painted: ServerProcess, axe: str
) -> None:
    visitor = new_visitor(painted, reduced_motion="reduce")
    page = visitor.page
    page.set_viewport_size({"width": 375, "height": 740})
    page.goto("/batches/")
    page.get_by_label("File of prompts").set_input_files(
        {"name": "summer.csv", "mimeType": "application/vnd.ms-excel", "buffer": TABLE.encode()}
    )
    form = page.get_by_role("form", name="New batch")
    expect(form).to_contain_text("2 lines are wrong and are left out")
    wrong = page.get_by_role("row", name=re.compile("cannot be used"))
    expect(wrong).to_have_count(2)
    expect(wrong.first).to_contain_text("Steps: 0 cannot be used. Allowed: a whole number from 1 to 150 or null.")
    assert not visitor.scrolls_sideways()
    assert visitor.violations(axe) == []
    page.get_by_role("button", name="Remove the file").click()
    page.get_by_label("File of prompts").set_input_files(
        {"name": "many.txt", "mimeType": "text/plain", "buffer": b"a boat\n" * 400}
    )
    expect(page.get_by_label("Prompts, one a line")).to_have_value("a boat\n" * 400)
    form.get_by_role("button", name="Check").click()
    expect(page.get_by_text("And 200 more.")).to_be_visible()
    form.get_by_role("button", name="Make 400 pictures").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Later lines").click()
    expect(page.get_by_role("listitem").first).to_contain_text("101 a boat")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status").first).to_contain_text("cancelled")
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    assert visitor.violations(axe) == []
