"""Windows that were opened before the page was switched: what they still fetch by their own build's names."""

import os
from pathlib import Path

from tests.support.servers.page_app import HTML, Api, write_page

OLD = "/_next/static/chunks/old.js"


def build(checkout: Path, name: str) -> Path:
    """A page with a file that has its name, and one that all builds have; switched to as scripts/build_page.py does."""
    folder = write_page(checkout / "frontend" / ".build" / f"page-{name}", name)
    (folder / "_next" / "static" / "chunks").mkdir()
    (folder / "_next" / "static" / "chunks" / f"{name}.js").write_text(f"part of {name}", encoding="utf-8")
    (folder / "_next" / "static" / "shared.js").write_text(f"shared by {name}", encoding="utf-8")
    (folder / f"{name}.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    link = checkout / "next"
    link.symlink_to(folder)
    os.replace(link, checkout / "server" / "page")
    return folder


def test_parts_of_the_build_before_are_still_there(api: Api, checkout: Path) -> None:
    build(checkout, "old")
    assert "old" in api.get("/").text
    build(checkout, "new")
    answer = api.get(OLD)
    assert (answer.status_code, answer.text) == (200, "part of old")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert api.get("/_next/static/chunks/new.js").text == "part of new"
    assert api.get("/_next/static/shared.js").text == "shared by new"


def test_a_server_that_was_restarted_has_them_too(api: Api, checkout: Path) -> None:
    build(checkout, "old")
    build(checkout, "new")
    assert api.get(OLD).text == "part of old"


def test_nothing_else_of_the_build_before_is_served(api: Api, checkout: Path) -> None:
    build(checkout, "old")
    build(checkout, "new")
    assert api.get("/new.svg").status_code == 200
    assert api.get("/old.svg", headers=HTML).status_code == 404


def test_only_the_last_build_before_is_served(api: Api, checkout: Path) -> None:
    for at, name in enumerate(("oldest", "old", "new")):
        os.utime(build(checkout, name), (at, at))
    assert api.get(OLD).status_code == 200
    assert api.get("/_next/static/chunks/oldest.js").status_code == 404


def test_files_beside_an_unpacked_page_are_not_served(api: Api, checkout: Path) -> None:
    write_page(checkout / "server" / "page")
    other = write_page(checkout / "server" / "page-old")
    (other / "_next" / "static" / "old.js").write_text("old", encoding="utf-8")
    assert api.get("/_next/static/old.js").status_code == 404
