"""Credit on the page: buy at a fake Stripe, make pictures, run out, buy again; an operator gives some. The page of a
server that charges nothing makes no call about it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewUser, NewVisitor
from tests.browser.create_page import PAINTED, CreatePage
from tests.browser.users import PASSWORD, painting_server
from tests.support.servers.fake_stripe import KEY, WEBHOOK_SECRET, FakeStripe
from tests.support.servers.server_process import ServerProcess

OPERATOR = "operator@example.org"
CALLS = re.compile(r"/api/(billing|price)|stripe")
TWO = f"{PAINTED}&n=2"


@pytest.fixture(scope="module")
def stripe() -> Iterator[FakeStripe]:
    with FakeStripe.running() as fake:
        yield fake


@pytest.fixture(scope="module")
def shop(built_page: Path, stripe: FakeStripe, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that paints for $0.50 and sells packs of $1 and $5, with an operator."""
    settings = {
        "STUDIO_BILLING": "on",
        "STUDIO_CREDIT_PACKS_USD": "1,5=6",
        "STUDIO_STRIPE_KEY": KEY,
        "STUDIO_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STUDIO_STRIPE_URL": stripe.url,
    }
    with painting_server(tmp_path_factory.mktemp("shop"), **settings) as server:
        server.start()
        stripe.webhook_url = f"{server.url}/api/billing/stripe"
        command = [sys.executable, "-m", "server", "create-operator", "--email", OPERATOR]
        subprocess.run(command, input=PASSWORD, text=True, check=True, cwd=server.folder, env=server.environment)
        yield server


def buy(page: Page, pack: str, price: str) -> None:
    """On the page of the account."""
    page.get_by_role("button", name=pack, exact=True).click()
    page.get_by_role("button", name=f"Pay {price}").click()
    expect(page.get_by_text("your credit has arrived")).to_be_visible()


def make(visitor: CreatePage, prompt: str) -> None:
    with visitor.page.expect_response(re.compile("/api/generate$")) as answer:
        visitor.ask(prompt)
    assert answer.value.status == 202
    visitor.wait_for_pictures(2)


def test_buy_make_run_out_and_buy_again(
    new_visitor: NewVisitor, new_user: NewUser, shop: ServerProcess, stripe: FakeStripe, axe: str
) -> None:
    user = new_user(shop)
    hosts = [urlsplit(stripe.url).netloc]
    visitor = new_visitor(shop, TWO, hosts=hosts, storage_state=user.state, reduced_motion="reduce")
    page = visitor.page
    expect(visitor.generate).to_contain_text("Generate · $0.50")
    expect(visitor.generate).to_have_accessible_name("Generate · $0.50")

    visitor.ask("red dress")
    expect(visitor.error).to_contain_text("This costs $0.50, and $0.00 of your credit is left")
    assert visitor.violations(axe) == []
    visitor.error.get_by_role("link", name="Buy credit").click()
    expect(page).to_have_url(re.compile("/account/$"))
    expect(page.get_by_role("heading", name="Credit")).to_be_visible()
    assert visitor.violations(axe) == []
    buy(page, "Buy $1.00", "$1.00")
    expect(page.locator("#credit strong")).to_have_text("$1.00")
    expect(page.get_by_role("row", name="Added: bought for $1.00 Receipt")).to_contain_text("$1.00")
    assert visitor.violations(axe) == []

    page.goto(f"/{TWO}")
    make(visitor, "blue coat")
    make(visitor, "green hat")
    visitor.ask("no more of it")
    expect(visitor.error).to_contain_text("$0.00 of your credit is left")
    visitor.error.get_by_role("link", name="Buy credit").click()
    buy(page, "Buy $6.00 for $5.00", "$5.00")
    expect(page.locator("#credit strong")).to_have_text("$6.00")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as CSV").click()
    assert "bought for $5.00" in download.value.path().read_text()
    with page.context.expect_page() as receipt:
        page.get_by_role("link", name="Receipt").first.click()
    expect(receipt.value).to_have_title("Receipt")
    page.goto(f"/{TWO}")
    make(visitor, "a yellow scarf")
    assert user.http.get("/api/billing").json()["available_micro_usd"] == 5_500_000


def test_the_price_follows_the_settings_and_not_the_prompt(
    new_visitor: NewVisitor, new_user: NewUser, shop: ServerProcess
) -> None:
    visitor = new_visitor(shop, "?size=64x64&model=none&steps=60&n=8", storage_state=new_user(shop).state)
    expect(visitor.generate).to_contain_text("· $2.00")
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.prompt.press_sequentially("red dress, beach sunset")
    visitor.page.get_by_role("button", name="Pictures:").click()
    visitor.page.get_by_role("radio", name="4", exact=True).click()
    expect(visitor.generate).to_contain_text("· $1.00")
    assert sum("/api/price" in url for url in asked) == 1


def test_a_comparison_says_what_it_costs(new_visitor: NewVisitor, new_user: NewUser, shop: ServerProcess) -> None:
    page = new_visitor(shop, "compare/", storage_state=new_user(shop).state).page
    form = page.get_by_role("form", name="New comparison")
    form.get_by_role("textbox", name="Prompt 1").fill("red dress")
    button = form.get_by_role("button", name="Compare")
    expect(button).to_contain_text(re.compile(r"· \$[0-9]+\.[0-9]{2}"))
    price = button.inner_text().partition("·")[2].strip()
    button.click()
    expect(form.get_by_role("alert")).to_contain_text(f"This costs {price}, and $0.00 of your credit is left")
    expect(form.get_by_role("link", name="Buy credit")).to_be_visible()


def test_a_visitor_sees_the_price_and_is_sent_to_an_account(new_visitor: NewVisitor, shop: ServerProcess) -> None:
    visitor = new_visitor(shop, TWO)
    expect(visitor.generate).to_contain_text("· $0.50")
    visitor.ask("red dress")
    expect(visitor.error).to_contain_text("Pictures cost credit here")
    expect(visitor.error.get_by_role("link", name="Sign up")).to_be_visible()
    expect(visitor.error.get_by_role("link", name="Buy credit")).to_have_count(0)


def test_an_operator_gives_credit(new_visitor: NewVisitor, new_user: NewUser, shop: ServerProcess, axe: str) -> None:
    user = new_user(shop)
    visitor = new_visitor(shop, "login/", reduced_motion="reduce")
    page = visitor.page
    page.request.post("/api/auth/login", data={"email": OPERATOR, "password": PASSWORD})
    page.goto("/operator/?tab=users")
    page.get_by_role("button", name=f"Credit of {user.email}").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Dollars").fill("2.50")
    dialog.get_by_label("Reason").fill("a gift")
    assert visitor.violations(axe) == []
    dialog.get_by_role("button", name="Change it").click()
    expect(page.get_by_text(f"{user.email} has $2.50 now.")).to_be_visible()
    page.get_by_role("button", name=f"Credit of {user.email}").click()
    dialog.get_by_label("Dollars").fill("-3")
    dialog.get_by_label("Reason").fill("too much")
    dialog.get_by_role("button", name="Change it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("$2.50 is available")
    assert user.http.get("/api/billing").json()["available_micro_usd"] == 2_500_000


def test_a_server_that_charges_nothing_has_no_call_and_no_import_of_it(
    new_visitor: NewVisitor, new_user: NewUser, painted: ServerProcess
) -> None:
    user = new_user(painted)
    visitor = new_visitor(painted, TWO, storage_state=user.state)
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.page.reload()
    visitor.ask("red dress")
    visitor.wait_for_pictures(2)
    expect(visitor.generate).to_have_text("Generate")
    visitor.page.goto("/account/")
    expect(visitor.page.get_by_role("heading", name="Change password")).to_be_visible()
    expect(visitor.page.get_by_role("heading", name="Credit")).to_have_count(0)
    assert [url for url in asked if CALLS.search(url)] == []
    assert httpx.get(f"{painted.url}/api/billing").status_code == 404
    assert "stripe" not in painted.modules()
