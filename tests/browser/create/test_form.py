"""The form keeps to values that the server accepts, with any link and any typed text."""

from playwright.sync_api import expect

from tests.browser.conftest import NewVisitor
from tests.browser.create_page import CreatePage
from tests.support.servers.server_process import ServerProcess


def test_names_that_are_not_here_say_so_and_can_be_replaced(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    page = new_visitor(studio, "?model=ghost&style=haunted&sampler=spooky").page
    for chip, name, none in (("LoRA", "ghost", "None"), ("Style", "haunted", "None")):
        page.get_by_role("button", name=f"{chip}: {name} (not installed)").click()
        panel = page.get_by_role("dialog", name=chip)
        expect(panel.get_by_role("radio").first).to_be_visible()
        expect(panel.get_by_role("radio", checked=True)).to_have_count(0)
        panel.get_by_role("radio", name="None").check()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name=f"{chip}: {none}")).to_be_visible()
    page.wait_for_url(lambda url: "model=none" in url and "haunted" not in url)

    page.get_by_role("button", name="Advanced").click()
    sampler = page.get_by_label("Sampler")
    expect(sampler).to_have_value("spooky")
    expect(sampler.locator("option:disabled")).to_have_text("spooky (not installed)")
    sampler.select_option("euler_a")
    expect(sampler.locator("option:disabled")).to_have_count(0)
    page.wait_for_url("**sampler=euler_a*")


def test_a_number_between_two_steps_is_rounded_when_the_field_is_left(visitor: CreatePage) -> None:
    page = visitor.page
    page.get_by_role("button", name="Shape:").click()
    width = page.get_by_role("spinbutton", name="Width")
    width.fill("135")
    page.wait_for_timeout(600)  # the address follows the form after 250 ms
    assert "size=" not in page.url
    width.blur()
    expect(width).to_have_value("136")
    page.wait_for_url("**size=136x*")
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Advanced").click()
    steps = page.get_by_role("spinbutton", name="Steps")
    steps.fill("7.6")
    steps.blur()
    expect(steps).to_have_value("8")
    page.wait_for_url("**steps=8*")


def test_two_loras_of_one_name_are_one(new_visitor: NewVisitor, studio: ServerProcess) -> None:
    page = new_visitor(studio, "?lora=jade:0.5&lora=amber:0.2&lora=jade:0.7").page
    further = page.get_by_role("list", name="Further LoRAs").get_by_role("listitem")
    expect(further).to_have_text(["jade · 0.7", "amber · 0.2"])
    page.get_by_role("button", name="Remove jade").click()
    expect(further).to_have_text(["amber · 0.2"])


def test_a_negative_prompt_cannot_be_longer_than_the_server_takes(visitor: CreatePage, studio: ServerProcess) -> None:
    most = studio.http.get("/api/options").json()["bounds"]["max_prompt_characters"]
    visitor.page.get_by_role("button", name="Negative prompt:").click()
    box = visitor.page.get_by_role("textbox", name="Negative prompt")
    expect(box).to_have_attribute("maxlength", str(most))
