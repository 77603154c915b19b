"""What users and operators do, without a mouse: accounts from the first day to the last, and LoRAs."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.app_servers import AppServer
from tests.browser.conftest import NewVisitor
from tests.browser.test_access import tab_to, tab_until
from tests.browser.users import PASSWORD, new_email, painting_server
from tests.support.server_process import ServerProcess
from tests.support.tiny_model import write_lora

NEW_PASSWORD = "another horse, same battery"


@pytest.fixture(scope="module")
def painted(built_page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with painting_server(tmp_path_factory.mktemp("keyboard")) as server:
        server.start()
        yield server


def write_into(page: Page, label: str, text: str) -> None:
    tab_until(page, page.get_by_label(label))
    page.keyboard.type(text)


def press(page: Page, name: str) -> None:
    tab_to(page, "button", name)
    page.keyboard.press("Enter")


def test_an_account_from_its_first_day_to_its_last(new_visitor: NewVisitor, painted: ServerProcess) -> None:
    email = new_email()
    page = new_visitor(painted, "register/?next=/account/").page
    write_into(page, "E-mail", email)
    write_into(page, "Password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(painted.url + "/account/")
    press(page, "Account menu")
    press(page, "Log out")
    page.wait_for_url(painted.url + "/")
    assert page.request.get("/api/auth/me").json()["user"] is None
    page.goto("/login/?next=/account/")
    write_into(page, "E-mail", email)
    write_into(page, "Password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(painted.url + "/account/")
    write_into(page, "Password now", PASSWORD)
    write_into(page, "New password", NEW_PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("The new password holds")).to_be_visible()
    press(page, "Delete the account…")
    tab_until(page, page.get_by_role("dialog").get_by_label("Password"))
    page.keyboard.type(NEW_PASSWORD)
    press(page, "Delete for good")
    page.wait_for_url(painted.url + "/")
    answer = httpx.post(f"{painted.url}/api/auth/login", json={"email": email, "password": NEW_PASSWORD})
    assert answer.status_code == 401


@pytest.mark.parametrize("app_server", ["sqlite and files"], indirect=True)
def test_a_lora_is_uploaded_pinned_reloaded_and_deleted(
    new_visitor: NewVisitor, app_server: AppServer, tmp_path: Path
) -> None:
    visitor = new_visitor(app_server.server)
    app_server.log_in_operator(visitor)
    page = visitor.page
    page.goto("/operator/")
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
    expect(card.get_by_role("status")).to_contain_text("jade-v2 serves now.")
    press(page, "Pin jade-v1")
    expect(jade).to_contain_text("jade means jade-v1, pinned")
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
