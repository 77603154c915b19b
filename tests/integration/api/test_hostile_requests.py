"""What attackers send: paths, headers, bodies, cookies and origins. None opens more than it should, none is a 500."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.app import create_app
from tests.fixtures.studio_app import QUICK, client, studio_settings
from tests.support.accounts import Browser, register
from tests.support.fake_runner import PaintRunner

Api = TestClient[Litestar]
KEY = "operator-key"
ESC = "\x1b[31m"


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""


def ask(api: Api, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
    """Send the target as it is: clients normalize paths and refuse odd headers. `_` in a name stands for `-`."""
    raw_path, _, query = target.partition("?")
    answer, messages = Answer(), [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        answer.status = message.get("status", answer.status)
        answer.headers |= {
            name.decode("latin-1"): value.decode("latin-1") for name, value in message.get("headers", ())
        }
        answer.body += message.get("body", b"")

    fields = {"host": "studio.test:8000"} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {"type": "http", "method": method, "path": unquote(raw_path), "raw_path": raw_path.encode("latin-1")}
    scope |= {"query_string": query.encode(), "scheme": "http", "http_version": "1.1", "client": ("192.0.2.7", 1)}
    scope |= {"headers": [(name.encode(), value.encode("latin-1")) for name, value in fields.items()], "state": {}}
    api.blocking_portal.call(api.app, scope, receive, send)
    return answer


def served(folder: Path, **fields: Any) -> Iterator[Api]:
    settings = studio_settings(folder, f"sqlite+aiosqlite:///{folder / 'studio.db'}")
    settings = replace(settings, admin_key=KEY, max_queue=1000, **fields)
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as running:
        yield running


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    yield from served(tmp_path_factory.mktemp("open"))


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """STUDIO_ANONYMOUS=off."""
    yield from served(tmp_path_factory.mktemp("closed"), anonymous=False)


@pytest.fixture(scope="module")
def ada(api: Api) -> Browser:
    return register(api, "ada@example.org")


AUTHORIZATIONS = {
    f"Bearer {KEY}": 200,
    f"bearer {KEY}": 200,
    f"Bearer  {KEY} ": 200,
    f"Bearer {KEY}x": 401,
    f"Bearer x{KEY}": 401,
    f"Bearer {KEY.upper()}": 401,
    f"Bearer\t{KEY}": 403,
    f"Basic {KEY}": 403,
    f"Token {KEY}": 403,
    f"Bearer{KEY}": 403,
    KEY: 403,
    "Bearer": 401,
    "Bearer ": 401,
    f"Bearer {KEY}, Bearer {KEY}": 401,
    "Bearer \xff": 401,
}


@pytest.mark.parametrize("value", AUTHORIZATIONS)
def test_only_the_whole_key_is_the_key(api: Api, closed: Api, value: str) -> None:
    status = AUTHORIZATIONS[value]
    found = ask(closed, "GET", "/api/operator/queue", authorization=value).status
    assert found == status or (found, status) == (401, 403)
    assert ask(api, "GET", "/api/history", authorization=value).status == (401 if status == 401 else 200)


@pytest.mark.parametrize(
    "target",
    [
        "//api/history",
        "/api//history",
        "/api/history/",
        "/api/history//",
        "/API/history",
        "/%61pi/history",
        "/api%2fhistory",
        "/api/%2e/history",
        "/./api/history",
        "/docs/../api/history",
        "/docs/..%2fapi/history",
        "/healthz/../api/history",
        "/healthz;/api/history",
        "/api/history;a=b",
        "/api/history%00",
        "/api\\history",
        "/api/history%20",
        "/%2561pi/history",
        "/files/../api/history",
        "/http://studio.test/api/history",
    ],
)
def test_no_spelling_of_an_address_passes_its_guard(closed: Api, target: str) -> None:
    answer = ask(closed, "GET", target)
    assert answer.status in (400, 401, 404, 405)
    assert b"items" not in answer.body


@pytest.mark.parametrize("prefix", ["/files/", "/docs/", "/_next/static/", "/"])
@pytest.mark.parametrize(
    "trick",
    [
        "../studio.db",
        "..%2fstudio.db",
        "%2e%2e/studio.db",
        "..%5cstudio.db",
        "%252e%252e%252fstudio.db",
        "....//studio.db",
        "generations/../../studio.db",
        "generations/..%00.jpg",
        "generations/%0a.jpg",
        "C:%5cwindows%5cwin.ini",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "hashes.json",
        "~root/.jpg",
    ],
)
def test_no_address_leads_out_of_its_folder(api: Api, prefix: str, trick: str) -> None:
    answer = ask(api, "GET", prefix + trick)
    assert answer.status in (400, 404), answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert "location" not in answer.headers


@pytest.mark.parametrize("target", ["//evil.example", "//evil.example/%2e%2e", "/\\evil.example", "/%5cevil.example/"])
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_no_address_redirects_to_another_site(api: Api, target: str, accept: str) -> None:
    answer = ask(api, "GET", target, accept=accept)
    location = answer.headers.get("location", "/")
    assert location.startswith("/") and not location.startswith(("//", "/\\"))


HEADERS: dict[str, list[str]] = {
    "prefer": ["wait=-1", "wait=1e9", "wait=" + "9" * 5000, "wait=\xb2", ";;;,,,", "a" * 8000],
    "idempotency-key": ["", " ", "a b", "\xff", "k" * 256, "k" * 8000, "'; drop table job; --"],
    "x-end-user": ["a", "", "user:1", "\xff"],
    "x-request-id": ["a b", "\xff", "a" * 65, ESC],
    "cookie": ["=", ";;;", "studio_session=", "studio_session=" + "a" * 4000, "csrftoken=\xff", "anon=../../x"],
    "content-type": ["/", "\xff", "application/json;" * 200, "application/json; charset=utf-16", "a" * 4000],
    "content-length": ["-1", "a", "9" * 40],
    "origin": ["null", "\xff", "http://" + "a" * 4000, "http://[::1", "http://studio.test:8000\\@evil.example"],
    "host": ["", "<script>", "a b", "\xff", "a" * 4000],  # and those of tests/integration/server
    "accept-encoding": ["gzip;q=a", "*;q=-1", "\xff", "," * 4000],
    "if-none-match": ["*", '"', "W/" * 2000],
    "range": ["bytes=-", "bytes=" + "0-0," * 2000, "bytes=1-0", "bytes=-" + "9" * 30, "\xff"],
    "last-event-id": ["-1", "\xb2", "9" * 40, "a", "\xff"],
    "x-forwarded-for": ["a" * 5000, "\xff", "::1, 127.0.0.1"],
    "x-forwarded-proto": ["https", "\xff"],
    "authorization": ["\xff", "Bearer " + "a" * 8000],
}


@pytest.mark.parametrize("name", HEADERS)
def test_no_header_is_a_500(api: Api, name: str) -> None:
    job_id = api.post("/api/generate", json=QUICK, headers={"Prefer": "wait=30"}).json()["job_id"]
    body = json.dumps(QUICK).encode()
    calls = [
        ("POST", "/api/generate", body),
        ("GET", f"/api/jobs/{job_id}/events", b""),
        ("GET", f"/files/generations/{job_id}/{job_id}-1.jpg", b""),
        ("GET", f"/api/images/{job_id}-1/download", b""),
        ("GET", "/", b""),
    ]
    for value in HEADERS[name]:
        for method, target, content in calls:
            answer = ask(api, method, target, content, **{name.replace("-", "_"): value})
            assert answer.status < 500 or target == "/", (method, target, value)
            assert "access-control-allow-credentials" not in answer.headers
    many = {f"x_{n}": "a" for n in range(5000)}
    assert ask(api, "POST", "/api/generate", body, **many).status == 202


BODIES: dict[str, bytes] = {
    "depth 900": b'{"prompt": ' + b"[" * 900 + b"]" * 900 + b"}",
    "depth 100,000": b'{"prompt": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
    "900,000 digits": b'{"prompt": "a", "seed": ' + b"9" * 900_000 + b"}",
    "negative zero": b'{"prompt": "a", "num_images": -0}',
    "1e999": b'{"prompt": "a", "guidance_scale": 1e999}',
    "-1e999": b'{"prompt": "a", "guidance_scale": -1e999}',
    "digits behind the point": b'{"prompt": "a", "guidance_scale": 31.' + b"0" * 500_000 + b"1}",
    "lone surrogate": b'{"prompt": "\\ud800", "steps": 0}',
    "surrogates as bytes": b'{"prompt": "\xed\xa0\x80"}',
    "overlong UTF-8": b'{"prompt": "\xc0\xaf"}',
    "UTF-16": '{"prompt": "a"}'.encode("utf-16"),
    "UTF-32": '{"prompt": "a"}'.encode("utf-32"),
    "80,000 keys": json.dumps({"prompt": "a", **{f"k{n}": 0 for n in range(70_000)}}).encode(),
    "a key of 900,000": json.dumps({"prompt": "a", "k" * 900_000: 0}).encode(),
    "__proto__": b'{"prompt": "a", "__proto__": {"is_operator": true}}',
    "two documents": b'{"prompt": "a"}{"prompt": "b"}',
    "comment": b'{"prompt": "a" /* b */}',
    "control characters": b'{"prompt": "a\n\x01"}',
    "boolean as number": b'{"prompt": "a", "num_images": true}',
    "list as prompt": b'{"prompt": ["a"]}',
    "100,000 LoRAs": b'{"prompt": "a", "loras": [' + b'{"name":"a"},' * 70_000 + b'{"name":"a"}]}',
    "1,000,001 bytes": b'{"prompt": "' + b"a" * 1_000_001 + b'"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_no_body_is_more_than_refused(api: Api, body: bytes) -> None:
    for target in ("/api/generate", "/api/compare", "/api/auth/login", "/api/images/zip"):
        answer = ask(api, "POST", target, body, content_type="application/json")
        assert answer.status in (400, 413), target
        assert len(answer.body) < 100_000


@pytest.mark.parametrize(
    "ids",
    [[], ["../x"], ["0" * 32], ["0" * 32 + "-1"], ["0" * 32 + "-0"], [1], [None], ["\x00"], ["a"] * 10_000, "a", {}],
)
def test_odd_lists_of_pictures_open_nothing(api: Api, ids: Any) -> None:
    for target in ("/api/images/zip", "/api/images/delete"):
        answer = ask(api, "POST", target, json.dumps({"ids": ids}).encode(), content_type="application/json")
        assert answer.status in (400, 404) or json.loads(answer.body).get("deleted") == [], (target, answer)


CSRF_TRIES: dict[str, dict[str, str]] = {
    "none": {},
    "empty": {"x_csrftoken": ""},
    "wrong": {"x_csrftoken": "a" * 32},
    "prefix": {"x_csrftoken": "{token}x"},
    "in the query": {"query": "?x-csrftoken={token}"},
    "another name": {"x_csrf_token": "{token}"},
    "foreign origin": {"x_csrftoken": "{token}", "origin": "https://evil.example"},
    "null origin": {"x_csrftoken": "{token}", "origin": "null"},
    "text/plain": {"content_type": "text/plain"},
    "form": {"content_type": "application/x-www-form-urlencoded"},
    "multipart": {"content_type": "multipart/form-data; boundary=a"},
}


@pytest.mark.parametrize("name", CSRF_TRIES)
def test_a_session_changes_nothing_without_its_token(api: Api, ada: Browser, name: str) -> None:
    token = ada.cookies["csrftoken"]
    headers = {key: value.replace("{token}", token) for key, value in CSRF_TRIES[name].items()}
    cookie = "; ".join(f"{key}={value}" for key, value in ada.cookies.items())
    query = headers.pop("query", "")
    for method, path in (("POST", "/api/generate"), ("POST", "/api/keys"), ("DELETE", "/api/auth/account")):
        answer = ask(api, method, path + query, b'{"prompt": "a"}', cookie=cookie, **headers)
        assert answer.status == 403, (name, path)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "file://",
        "http://studio.test",
        "http://studio.test:80",
        "http://studio.test:80000",
        "http://studio.test:8000.evil.example",
        "http://studio.test:8000@evil.example",
        "http://evil.example:8000",
        "http://xstudio.test:8000",
        "http://localhost:8000",
        "http://127.0.0.1:8000",
        "https://app.example.org.evil.example",
        "https://app.example.org:444",
        "HTTPS://APP.EXAMPLE.ORG.",
        "chrome-extension://abcdef",
    ],
)
def test_pages_of_other_sites_change_nothing(api: Api, origin: str) -> None:
    answer = ask(api, "POST", "/api/generate", json.dumps(QUICK).encode(), origin=origin, content_type="text/plain")
    assert (answer.status, b"foreign-origin" in answer.body) == (403, True)
    assert answer.headers.get("access-control-allow-origin") != origin


@pytest.mark.parametrize("origins", [("*",), ("https://app.example.org",)])
def test_cors_never_allows_cookies_nor_the_csrf_header(tmp_path: Path, origins: tuple[str, ...]) -> None:
    for api in served(tmp_path, cors_origins=origins):
        asked = {"access_control_request_method": "POST", "access_control_request_headers": "x-csrftoken"}
        preflight = ask(api, "OPTIONS", "/api/generate", b"", origin="https://app.example.org", **asked)
        simple = ask(api, "GET", "/api/options", origin="https://app.example.org")
        assert simple.headers["access-control-allow-origin"] in ("*", "https://app.example.org")
        for answer in (preflight, simple):
            assert "access-control-allow-credentials" not in answer.headers
            assert "x-csrftoken" not in answer.headers.get("access-control-allow-headers", "").lower()


@pytest.mark.parametrize(
    "prompt", ['"; filename="x.exe', "a\r\nSet-Cookie: a=b", "\u202egpj.exe", "../../etc/passwd", "<b>&"]
)
def test_a_prompt_is_no_header_and_no_path(api: Api, prompt: str) -> None:
    job = api.post("/api/generate", json={**QUICK, "prompt": prompt}, headers={"Prefer": "wait=30"}).json()
    image_id = job["outputs"][0]["id"]
    for target in (f"/api/images/{image_id}/download", f"/api/jobs/{job['job_id']}/zip"):
        disposition = ask(api, "GET", target).headers["content-disposition"]
        name = disposition.removeprefix('attachment; filename="').removesuffix('"')
        assert name.replace("-", "").replace(".", "").replace("_", "").isalnum() and name.isascii(), disposition


def test_nothing_that_a_caller_sends_writes_a_line_of_its_own_into_the_log(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    hostile = f"%0d%0aERROR%20forged%0a{ESC}"
    with caplog.at_level(logging.DEBUG):
        for method, target in (("GET", f"/{hostile}"), ("GET", f"/api/status/{hostile}"), ("POST", f"/api/{hostile}")):
            ask(api, method, target, x_request_id=ESC, authorization=f"Bearer {ESC}")
        ask(api, "GET", "/api/status/1", origin=ESC, cookie=f"studio_session={ESC}", prefer=ESC)
    lines = [f"{record.getMessage()} {record.__dict__.get('route', '')}" for record in caplog.records]
    assert lines and not any("\n" in line or "\r" in line or "\x1b" in line or "forged" in line for line in lines)
