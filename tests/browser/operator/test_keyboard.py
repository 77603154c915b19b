"""A LoRA from upload to deletion, by keyboard alone."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.app_servers import AppServer
from tests.browser.conftest import NewVisitor
from tests.browser.keyboard import press, tab_to, tab_until
from tests.support.tiny_model import write_lora


@pytest.mark.parametrize("app_server", ["sqlite and files"], indirect=True)
def test_a_lora_is_uploaded_pinned_reloaded_and_deleted(
    new_visitor: NewVisitor, app_server: AppServer, tmp_path: Path
) -> None:
    visitor = new_visitor(app_server.server)
    app_server.log_in_operator(visitor)
    page = visitor.page
    # Playwright begins to intercept file choosers asynchronously: a key pressed before that would open one
    page.on("filechooser", lambda _: None)
    page.goto("/operator/?tab=loras")
    jade = page.get_by_role("article", name="jade")
    expect(jade.get_by_role("listitem")).to_have_count(1)
    page.wait_for_load_state("networkidle")  # what is filled late takes no focus away
    file = write_lora(tmp_path / "jade-v2.safetensors", "jade woman", 0.75)
    tab_to(page, "button", "Upload", exact=True)
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(file)
    card = page.get_by_role("listitem", name=file.name)
    tab_until(page, card.get_by_role("button", name="Upload"))
    page.keyboard.press("Enter")
    expect(card.get_by_role("status")).to_contain_text("jade-v2 is live.")
    press(page, "Pin jade-v1")
    expect(jade).to_contain_text("jade → jade-v1 (pinned)")
    write_lora(app_server.loras / "fresh-v1.safetensors", value=0.6)
    press(page, "Reload the folder")
    expect(page.get_by_role("article", name="fresh")).to_be_visible()
    press(page, "Delete fresh-v1")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    tab_until(page, dialog.get_by_role("button", name="Delete"))
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()  # behind it nothing has a role
    expect(jade).to_be_visible()
    expect(page.get_by_role("article", name="fresh")).to_have_count(0)
    assert not (app_server.loras / "fresh-v1.safetensors").exists()
