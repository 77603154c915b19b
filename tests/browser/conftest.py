"""Fixtures: real Chromium, and real servers with the built page.

Every page made here is watched: a request to another host, a violation of the Content Security Policy or an uncaught
error fails the test, whatever it tests.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.app_servers import app_server as app_server  # a fixture of all files here
from tests.browser.create_page import CreatePage
from tests.browser.users import User, painting_server
from tests.e2e.conftest import NewServer, demo_server
from tests.support.servers.server_process import ROOT, ServerProcess

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BUILD_S = 900

NewVisitor = Callable[..., CreatePage]
NewUser = Callable[[ServerProcess], User]


@pytest.fixture(scope="session")
def built_page() -> Path:
    """The page as visitors get it, built where the sources are newer."""
    subprocess.run([sys.executable, "scripts/build_page.py"], cwd=ROOT, check=True, timeout=BUILD_S)
    return ROOT / "frontend" / "out"


@pytest.fixture(scope="session")
def axe() -> str:
    """Its script."""
    return (ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One a file: while Playwright runs, so does its event loop, and no other test of this thread may start one."""
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        pytest.skip("needs Chromium: sudo apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def studio(built_page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A running server of the demo model, shared by all tests that do it no harm."""
    with demo_server(tmp_path_factory.mktemp("browser") / "server") as server:
        server.start()
        yield server


@pytest.fixture
def new_painter(built_page: Path, tmp_path: Path) -> NewServer:
    """Makes servers, not started, that paint; a step takes `step_s`."""
    return lambda name, step_s=0.1, **settings: painting_server(tmp_path / name, PAINT_STEP_S=str(step_s), **settings)


@pytest.fixture(scope="module")
def painted(built_page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A running server that paints, shared by the tests of a file."""
    with painting_server(tmp_path_factory.mktemp("painted")) as server:
        server.start()
        yield server


class Watch:
    """What a context's pages did that no page may do."""

    def __init__(self, context: BrowserContext, hosts: Collection[str]) -> None:
        self._seen: list[str] = []
        self._forgiven: list[str] = []
        self._hosts = hosts
        context.on("request", lambda request: self._on_request(request.url))
        context.on("console", lambda message: self._on_console(message.text))
        context.on("weberror", lambda error: self._seen.append(f"uncaught: {error.error}"))

    @property
    def wrong(self) -> list[str]:
        return [each for each in self._seen if not any(part in each for part in self._forgiven)]

    def forgive(self, part: str) -> None:
        self._forgiven.append(part)

    def _on_request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc not in self._hosts:
            self._seen.append(f"request to another host: {url}")

    def _on_console(self, text: str) -> None:
        if "Content Security Policy" in text or "hydrat" in text.lower():
            self._seen.append(text)


@pytest.fixture
def new_visitor(chromium: Browser, built_page: Path) -> Iterator[NewVisitor]:
    """Makes visitors, each with a browser profile of its own, who open the page with `query` in its address. `script`
    runs before the page's scripts; requests may go to `hosts` besides the server; `options` are those of a Playwright
    context."""
    contexts: list[tuple[BrowserContext, Watch]] = []

    def visit(
        server: ServerProcess, query: str = "", script: str = "", hosts: Collection[str] = (), **options: Any
    ) -> CreatePage:
        context = chromium.new_context(base_url=server.url, **options)
        context.add_init_script(script)
        watch = Watch(context, (urlsplit(server.url).netloc, *hosts))
        contexts.append((context, watch))
        context.set_default_timeout(30_000)
        page: Page = context.new_page()
        page.goto("/" + query)
        return CreatePage(page, watch.forgive)

    yield visit
    wrong = [each for _, watch in contexts for each in watch.wrong]
    for context, _ in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def new_user() -> Iterator[NewUser]:
    """Makes users with accounts on a server."""
    users: list[User] = []

    def arrive(server: ServerProcess) -> User:
        users.append(User(server))
        return users[-1]

    yield arrive
    for user in users:
        user.http.close()


@pytest.fixture
def visitor(new_visitor: NewVisitor, studio: ServerProcess) -> CreatePage:
    """On the create page of the shared server."""
    return new_visitor(studio)
