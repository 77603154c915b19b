"""The page as the server serves it: headers, caching, compression, what is not there."""

import base64
import hashlib
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.build_page import write_script_hashes
from server.app import create_app
from tests.fixtures.s3_server import credentials
from tests.fixtures.studio_app import client, studio_settings
from tests.support.fake_runner import PaintRunner
from tests.support.servers.page_app import APP, HTML, Api, sources, write_page


def allowed(*scripts: str) -> set[str]:
    return {"'self'"} | {
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts
    }


def test_the_page_is_at_the_root_and_always_asked_for_anew(api: Api, page: Path) -> None:
    answer = api.get("/")
    assert (answer.status_code, answer.headers["content-type"]) == (200, 'text/html; charset="utf-8"')
    assert answer.content == (page / "index.html").read_bytes()
    assert answer.headers["cache-control"] == "private, no-cache"  # it brings a cookie, the second no more
    assert api.get("/").headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]


@pytest.mark.parametrize("path", ["/", "/?prompt=red+dress"])
def test_exactly_the_page_s_own_inline_scripts_may_run(api: Api, page: Path, path: str) -> None:
    answer = api.get(path)
    inline = re.findall(r"<script(?: id=\"x\")?>(.*?)</script>", answer.text)
    assert len(inline) == 2
    assert set(sources(answer, "script-src")) == allowed(*inline)
    assert sources(answer, "default-src") == ["'none'"]
    assert sources(answer, "connect-src") == ["'self'"]
    assert sources(answer, "frame-ancestors") == ["'none'"]


def test_each_page_has_a_policy_of_its_own(api: Api, page: Path) -> None:
    assert set(sources(api.get("/about/"), "script-src")) == allowed("about()")
    assert set(sources(api.get("/nowhere", headers=HTML), "script-src")) == allowed("lost()")


@pytest.mark.parametrize(
    ("s3", "origin"),
    [
        ({"s3_endpoint_url": "http://127.0.0.1:9/path"}, "http://127.0.0.1:9"),
        ({"public_base_url": "https://cdn.example.org/studio"}, "https://cdn.example.org"),
    ],
)
def test_pictures_may_come_from_the_store_s_own_origin(
    checkout: Path, page: Path, monkeypatch: pytest.MonkeyPatch, s3: dict[str, str], origin: str
) -> None:
    for name, value in (credentials() | {"AWS_DEFAULT_REGION": "eu-central-1"}).items():
        monkeypatch.setenv(name, value)
    settings = studio_settings(checkout, f"sqlite+aiosqlite:///{checkout / 'studio.db'}")
    settings = replace(settings, page_dir=page, storage="s3", s3_bucket="pictures", **s3)
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
        answer = api.get("/")
    assert sources(answer, "img-src") == ["'self'", origin, "blob:", "data:"]
    assert sources(answer, "connect-src") == ["'self'"]


def test_pictures_may_come_from_the_public_address(checkout: Path, page: Path) -> None:
    settings = studio_settings(checkout, f"sqlite+aiosqlite:///{checkout / 'studio.db'}")
    settings = replace(settings, page_dir=page, public_url="https://pictures.example.org/studio")
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
        answer = api.get("/")
        assert sources(answer, "img-src") == ["'self'", "https://pictures.example.org", "blob:", "data:"]
        assert sources(answer, "connect-src") == ["'self'", "https://pictures.example.org"]


def test_a_folder_is_found_with_its_slash_and_without(api: Api, page: Path) -> None:
    bare = api.get("/about?x=1", follow_redirects=False)
    assert (bare.status_code, bare.headers["location"]) == (302, "about/?x=1")
    assert "<title>about</title>" in api.get("/about?x=1").text


def test_no_spelling_of_a_folder_leads_to_another_site(api: Api, page: Path) -> None:
    for path in ("/about", "//about", "/%2fabout", "/%5cabout", "//evil.example/about", "/about//"):
        answer = api.get(f"http://studio.test:8000{path}", headers=HTML, follow_redirects=False)
        assert answer.headers.get("location", "about/") == "about/", path
        assert answer.status_code == (302 if path == "/about" else 404), path


def test_hashed_files_are_kept_for_ever_and_sent_compressed(api: Api, page: Path) -> None:
    answer = api.get("/_next/static/app.js", headers={"Accept-Encoding": "gzip, br"})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == (page / "_next" / "static" / "app.js.gz").stat().st_size
    assert answer.text == APP
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "content-security-policy" not in answer.headers
    plain = api.get("/_next/static/app.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == APP
    assert api.get("/icon.svg").headers["content-type"].startswith("image/svg+xml")


@pytest.mark.parametrize("path", ["/", "/_next/static/app.js", "/icon.svg"])
def test_what_the_browser_has_is_not_sent_again(api: Api, page: Path, path: str) -> None:
    first = api.get(path)
    again = api.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert api.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_part_of_a_file_is_sent_to_who_asks_for_one(api: Api, page: Path) -> None:
    whole = (page / "icon.svg").read_bytes()
    part = api.get("/icon.svg", headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, whole[2:6])
    assert part.headers["content-range"] == f"bytes 2-5/{len(whole)}"
    assert api.get("/icon.svg", headers={"Range": f"bytes={len(whole)}-"}).status_code == 416


@pytest.mark.parametrize("path", ["/", "/icon.svg", "/nowhere"])
def test_head_tells_what_get_would_send(api: Api, page: Path, path: str) -> None:
    api.get("/")  # the first visit brings a cookie
    get = api.get(path, headers=HTML)
    head = api.head(path, headers=HTML)
    assert head.content == b""
    same = ["content-type", "content-length", "cache-control", "etag"]
    assert head.status_code == get.status_code
    assert [head.headers.get(name) for name in same] == [get.headers.get(name) for name in same]


def test_an_unknown_page_is_a_404_that_people_can_read(api: Api, page: Path) -> None:
    answer = api.get("/nowhere/at/all", headers=HTML)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "Not here" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/api/nope", "/api", "/files/nope.png", "/docs/nope.js"])
@pytest.mark.parametrize("built", [True, False])
def test_unknown_addresses_of_the_api_stay_problem_documents(api: Api, checkout: Path, path: str, built: bool) -> None:
    if built:
        write_page(checkout / "server" / "page")
    answer = api.get(path, headers=HTML)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_missing_file_is_a_problem_document_for_who_asks_for_no_page(api: Api, page: Path) -> None:
    answer = api.get("/_next/static/old.js", headers={"Accept": "*/*"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_page_takes_no_other_method(api: Api, page: Path, method: str) -> None:
    answer = api.request(method, "/")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/_next/static/../../../secret.txt",
        "/_next/static/..%5c..%5c..%5csecret.txt",
        "//x//secret.txt",
        "/%00",
        "/link.txt",
    ],
)
def test_nothing_outside_the_folder_is_served(api: Api, page: Path, path: str) -> None:
    secret = page.parent / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    (page / "link.txt").symlink_to(secret)
    answer = api.get(path)
    assert answer.status_code in (400, 404)
    assert answer.text != "secret"


def test_a_new_build_is_served_from_the_next_request_on(api: Api, checkout: Path) -> None:
    builds = checkout / "frontend" / ".build"
    link = checkout / "server" / "page"
    link.symlink_to(write_page(builds / "page-1", "first"))
    first = api.get("/")
    assert "first" in first.text
    (checkout / "next").symlink_to(write_page(builds / "page-2", "other"))
    os.replace(checkout / "next", link)
    second = api.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert second.status_code == 200
    assert "other" in second.text


def test_a_page_copied_over_the_old_one_is_served(api: Api, page: Path) -> None:
    assert "create" in api.get("/").text
    (page / "index.html").write_text("<title>quite another</title><script>other()</script>", encoding="utf-8")
    write_script_hashes(page)
    answer = api.get("/")
    assert "quite another" in answer.text
    assert set(sources(answer, "script-src")) == allowed("other()")
