"""scripts/build_page.py as a process, over a small frontend that needs no packages: what it leaves behind when it
succeeds, fails, is ended, or runs twice."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).parents[3]
WAIT_S = 60.0

MAKE_PAGE = """
import { mkdirSync, writeFileSync, appendFileSync } from "node:fs";
appendFileSync("../runs", "run\\n");
mkdirSync("out");
writeFileSync("out/index.html", "<h1>made</h1>");
"""
FAIL = "console.log('\\x1b[31mType error:\\x1b[0m <b> is not c'); process.exit(1);"
STAY = """
import { writeFileSync } from "node:fs";
writeFileSync("../stays", String(process.pid));
setInterval(() => {}, 50);
"""


class Checkout:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.frontend = root / "frontend"
        self.frontend.mkdir()
        (root / "server").mkdir()
        (root / "scripts").mkdir()
        for name in ("npm.py", "build_page.py"):
            shutil.copy(ROOT / "scripts" / name, root / "scripts" / name)
        package = {"name": "small", "version": "1.0.0", "type": "module"}
        (self.frontend / "package.json").write_text(json.dumps({**package, "scripts": {"build": "node build.js"}}))
        lock = {**package, "lockfileVersion": 3, "requires": True, "packages": {"": {"name": "small"}}}
        (self.frontend / "package-lock.json").write_text(json.dumps(lock))

    def write(self, script: str) -> None:
        (self.frontend / "build.js").write_text(script, encoding="utf-8")

    def start(self, *arguments: str, python: str = sys.executable, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [python, str(self.root / "scripts" / "build_page.py"), *arguments],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def build(self, *arguments: str, **options: str) -> tuple[int, str]:
        process = self.start(*arguments, **options)
        output, _ = process.communicate(timeout=WAIT_S)
        return process.returncode, output

    def state(self) -> dict[str, Any]:
        return json.loads((self.frontend / ".build" / "state.json").read_text(encoding="utf-8"))

    def page(self) -> str:
        return (self.root / "server" / "page" / "index.html").read_text(encoding="utf-8")

    def num_runs(self) -> int:
        return len((self.root / "runs").read_text().splitlines())

    def wait_for(self, name: str) -> str:
        deadline = time.monotonic() + WAIT_S
        while not (self.root / name).is_file() or not (self.root / name).read_text():
            assert time.monotonic() < deadline, f"no {name}"
            time.sleep(0.05)
        return (self.root / name).read_text()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def is_alive(process_id: int) -> bool:
    """A zombie process counts as ended."""
    try:
        return psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_page_is_built_once(checkout: Checkout) -> None:
    checkout.write(MAKE_PAGE)
    code, output = checkout.build()
    assert code == 0, output
    assert checkout.page() == "<h1>made</h1>"
    assert checkout.state()["state"] == "built"
    assert checkout.build() == (0, "")
    assert checkout.num_runs() == 1
    checkout.write(MAKE_PAGE.replace("made", "made anew"))
    assert checkout.build()[0] == 0
    assert checkout.page() == "<h1>made anew</h1>"


def test_sources_that_were_built_before_are_not_built_again(checkout: Checkout) -> None:
    for words in ("first", "second", "first"):
        checkout.write(MAKE_PAGE.replace("made", words))
        assert checkout.build()[0] == 0
        assert checkout.page() == f"<h1>{words}</h1>"
    assert checkout.num_runs() == 2


def test_a_failed_build_says_why_and_keeps_the_page(checkout: Checkout) -> None:
    checkout.write(MAKE_PAGE)
    checkout.build()
    checkout.write(FAIL)
    code, output = checkout.build()
    assert code == 1
    assert "Type error: <b> is not c" in output
    assert "try again" in output
    assert checkout.page() == "<h1>made</h1>"
    state = checkout.state()
    assert (state["state"], state["log"].splitlines()[-1]) == ("failed", "Type error: <b> is not c")
    assert checkout.build()[0] == 1, "it is tried again at the next start"


def test_a_build_that_writes_no_page_has_failed(checkout: Checkout) -> None:
    checkout.write("")
    assert checkout.build()[0] == 1
    assert "index.html" in checkout.state()["reason"]


def test_packages_that_cannot_be_had_are_told_in_plain_words(checkout: Checkout) -> None:
    checkout.write(MAKE_PAGE)
    package = json.loads((checkout.frontend / "package.json").read_text())
    package["dependencies"] = {"gone": "file:./gone.tgz"}
    (checkout.frontend / "package.json").write_text(json.dumps(package))
    shutil.rmtree(checkout.frontend / "node_modules", ignore_errors=True)
    code, output = checkout.build()
    assert code == 1
    assert "npm could not install the page's packages. Is the network up" in output


def test_two_builds_at_once_are_one(checkout: Checkout) -> None:
    checkout.write(MAKE_PAGE)
    both = [checkout.start(), checkout.start()]
    output = [process.communicate(timeout=WAIT_S)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], output
    assert checkout.num_runs() == 1


def test_a_build_ends_with_the_process_it_belongs_to(checkout: Checkout) -> None:
    checkout.write(STAY)
    owner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    process = checkout.start("--ends-with", str(owner.pid))
    worker = int(checkout.wait_for("stays"))
    assert is_alive(worker)
    owner.kill()
    owner.wait()
    assert process.wait(WAIT_S) == 1
    process.communicate()
    assert not is_alive(worker)


def test_a_build_that_is_ended_leaves_nothing_running(checkout: Checkout) -> None:
    checkout.write(STAY)
    process = checkout.start()
    worker = int(checkout.wait_for("stays"))
    process.terminate()
    assert process.wait(WAIT_S) == 128 + 15
    process.communicate()
    assert not is_alive(worker)


def test_without_node_and_outside_a_virtual_environment_it_says_what_to_install(checkout: Checkout) -> None:
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    checkout.write(MAKE_PAGE)
    code, output = checkout.build(python=str(base), PATH="/nowhere", PYTHONPATH="")
    assert code == 1
    assert "20.9 or newer" in output
    assert ".venv/bin/python" in output
