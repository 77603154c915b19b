"""A fresh checkout on a machine without Node: the page is built with nothing but Python, while the API works."""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import httpx

from tests.e2e.conftest import NewServer
from tests.support.servers.server_process import ROOT

BUILD_S = 600.0
HTML = {"Accept": "text/html"}


def fresh_checkout(folder: Path) -> Path:
    """Of what the page is built from, with a virtual environment that has nothing in it but pip."""
    files = subprocess.run(
        ["git", "ls-files", "-z", "frontend", "scripts", "constraints.txt"], cwd=ROOT, check=True, capture_output=True
    ).stdout.decode()
    for name in filter(None, files.split("\0")):  # what git does not have, no clone has
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "server").mkdir()
    subprocess.run([sys.executable, "-m", "venv", str(folder / ".venv")], check=True)
    return folder


def path_without_node(folder: Path) -> str:
    """A shell and env is all that npm itself needs of the machine."""
    folder.mkdir()
    for name in ("sh", "env"):
        program = shutil.which(name)
        assert program is not None
        (folder / name).symlink_to(program)
    return str(folder)


class Markup(HTMLParser):
    """What a content security policy decides on."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.handlers: list[str] = []
        self.addresses: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.handlers += [name for name in values if name.startswith("on")]
        self.addresses += [values[name] for name in ("src", "href") if name in values]

    def check(self, policy: str, document: str) -> None:
        scripts = re.findall(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", document, re.DOTALL)
        hashes = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts}
        assert set(re.findall(r"'sha256-([^']+)'", policy)) == hashes
        assert len(hashes) > 0
        assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
        assert self.handlers == []
        assert [each for each in self.addresses if each.startswith(("javascript:", "http:", "https:", "//"))] == []


def check_page(http: httpx.Client, page: Path) -> None:
    """Every document under the policy it is sent with, and every file that the first one names."""
    for file in page.rglob("*.html"):
        address = "/" + str(file.relative_to(page)).removesuffix("index.html")
        answer = http.get(address, headers=HTML)
        assert answer.status_code == 200, address
        Markup(answer.text).check(answer.headers["content-security-policy"], answer.text)
    named = [each for each in Markup(http.get("/").text).addresses if each.startswith("/_next/")]
    assert any(each.endswith(".js") for each in named)
    for address in named:
        answer = http.get(address, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert len(answer.content) < 512 or answer.headers.get("content-encoding") == "gzip" or ".woff" in address


def test_the_page_is_built_without_node(tmp_path: Path, new_painting_server: NewServer) -> None:
    checkout = fresh_checkout(tmp_path / "checkout")
    environment = {**os.environ, "PATH": path_without_node(tmp_path / "bin")}
    assert shutil.which("node", path=environment["PATH"]) is None
    page = checkout / "server" / "page"
    with new_painting_server("server", STUDIO_PAGE_DIR=str(page)) as server:
        server.start()
        assert "is not built yet" in server.http.get("/").text
        build = subprocess.Popen(
            [str(checkout / ".venv" / "bin" / "python"), "scripts/build_page.py", "--ends-with", str(os.getpid())],
            cwd=checkout,
            env=environment,
        )
        deadline = time.monotonic() + BUILD_S
        seen: set[str] = set()
        while build.poll() is None and time.monotonic() < deadline:
            answer = server.http.get("/")
            seen.add(f"{answer.status_code} {'is being built' in answer.text}")
            assert server.http.get("/healthz").status_code == 200
            time.sleep(0.2)
        log = (checkout / "frontend" / ".build" / "log").read_text(encoding="utf-8")
        assert build.wait(1) == 0, log
        assert "503 True" in seen
        check_page(server.http, page)
