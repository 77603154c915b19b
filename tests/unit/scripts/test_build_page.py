"""When the page is built anew, which Node will do, and how one page takes the place of another."""

import json
from pathlib import Path

import pytest

from scripts.build_page import SCRIPT_HASHES, Build, write_script_hashes
from scripts.npm import are_packages_current, is_new_enough


@pytest.fixture
def build(tmp_path: Path) -> Build:
    for name in ("frontend/src", "frontend/.build", "frontend/out", "server"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "frontend" / "package.json").write_text("{}", encoding="utf-8")
    (tmp_path / "frontend" / "src" / "page.tsx").write_text("page", encoding="utf-8")
    return Build(tmp_path)


def made(build: Build, digest: str) -> Path:
    folder = build.folder / f"page-{digest}"
    folder.mkdir()
    (folder / "index.html").write_text(digest, encoding="utf-8")
    write_script_hashes(folder)
    return folder


def test_the_digest_follows_the_sources(build: Build) -> None:
    page = build.frontend / "src" / "page.tsx"
    before = build.digest()
    page.touch()
    assert build.digest() == before
    page.write_text("other", encoding="utf-8")
    changed = build.digest()
    page.rename(page.with_name("other.tsx"))
    renamed = build.digest()
    (build.frontend / "src" / "new.ts").touch()
    assert len({before, changed, renamed, build.digest()}) == 4


@pytest.mark.parametrize(
    "name",
    ["node_modules/x.js", ".next/x", "out/x.html", ".build/log", "next-env.d.ts", "tsconfig.tsbuildinfo"],
)
def test_what_a_build_writes_is_no_source(build: Build, name: str) -> None:
    before = build.digest()
    path = build.frontend / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("made", encoding="utf-8")
    assert build.digest() == before


def test_another_address_of_the_api_is_another_page(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    before = build.digest()
    monkeypatch.setenv("NEXT_PUBLIC_API_URL", "https://api.example.org")
    assert build.digest() != before


def test_a_build_is_due_until_its_page_is_there(build: Build) -> None:
    assert build.is_due("a")
    folder = made(build, "a")
    build.switch(folder)
    assert not build.is_due("a")
    assert build.is_due("b")
    (folder / SCRIPT_HASHES).unlink()
    assert build.is_due("a"), "a page of an older revision, or half of one"


def test_the_page_before_is_kept_and_older_ones_go(build: Build) -> None:
    for digest in ("a", "b", "c"):
        build.switch(made(build, digest))
        assert (build.page / "index.html").read_text(encoding="utf-8") == digest
    assert sorted(path.name for path in build.folder.glob("page-*")) == ["page-b", "page-c"]


def test_the_hashes_are_of_the_inline_scripts_of_each_document(tmp_path: Path) -> None:
    """`printf %s 'go()' | openssl dgst -sha256 -binary | base64`; scripts with a src are not inline."""
    (tmp_path / "about").mkdir()
    scripts = '<script>go()</script><script src="/a.js"></script><script id="x">go()</script><p>text</p>'
    (tmp_path / "index.html").write_text(scripts, encoding="utf-8")
    (tmp_path / "about" / "index.html").write_text("<p>go()</p>", encoding="utf-8")
    write_script_hashes(tmp_path)
    hashes = json.loads((tmp_path / SCRIPT_HASHES).read_text(encoding="utf-8"))
    assert hashes == {"about/index.html": [], "index.html": ["sha256-5KYv+PUboo5h+0+YAtGRPbwv5d/QxzHslP4YGnUaxRw="]}


def test_a_page_that_was_unpacked_there_is_replaced(build: Build) -> None:
    build.page.mkdir()
    (build.page / "index.html").touch()
    assert build.is_due("a")
    build.switch(made(build, "a"))
    assert not build.is_due("a")


@pytest.mark.parametrize(
    ("version", "will_do"),
    [("v20.9.0", True), ("v24.19.0", True), ("v100.0.0", True), ("v20.8.1", False), ("v18.20.4", False), ("", False)],
)
def test_the_oldest_node_that_will_do(version: str, will_do: bool) -> None:
    assert is_new_enough(version) is will_do


def write_locks(frontend: Path, wanted: dict[str, object], there: dict[str, object] | None) -> None:
    root = {"": {"name": "page", "version": "1.0.0"}}
    (frontend / "package-lock.json").write_text(json.dumps({"packages": {**root, **wanted}}), encoding="utf-8")
    if there is not None:
        (frontend / "node_modules").mkdir()
        (frontend / "node_modules" / ".package-lock.json").write_text(json.dumps({"packages": there}), encoding="utf-8")


ONE = {"version": "1.0.0", "integrity": "sha512-one"}
TWO = {"version": "2.0.0", "integrity": "sha512-two"}
OPTIONAL = {"version": "1.0.0", "integrity": "sha512-mac", "optional": True}


@pytest.mark.parametrize(
    ("wanted", "there", "current"),
    [
        ({"node_modules/x": ONE}, {"node_modules/x": ONE}, True),
        ({"node_modules/x": ONE, "node_modules/x-mac": OPTIONAL}, {"node_modules/x": ONE}, True),
        ({"node_modules/x": ONE}, None, False),
        ({"node_modules/x": ONE, "node_modules/y": TWO}, {"node_modules/x": ONE}, False),
        ({"node_modules/x": ONE}, {"node_modules/x": TWO}, False),
        ({"node_modules/x": ONE}, {"node_modules/x": ONE, "node_modules/y": TWO}, False),
    ],
)
def test_packages_are_installed_when_the_lock_file_says_otherwise(
    tmp_path: Path, wanted: dict[str, object], there: dict[str, object] | None, current: bool
) -> None:
    write_locks(tmp_path, wanted, there)
    assert are_packages_current(tmp_path) is current
