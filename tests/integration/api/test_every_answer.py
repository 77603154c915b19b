"""What every address has in common: its headers, HEAD, the hosts it answers to, clients that hang up."""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from server.api.auth.origins import loopback_hosts
from server.app import create_app
from server.config.settings import Settings
from tests.fixtures.studio_app import QUICK, client, studio_settings
from tests.support.accounts import Browser
from tests.support.assets import picture, upload
from tests.support.batches import finished_batch
from tests.support.fake_runner import PaintRunner

Api = TestClient[Litestar]
OPERATOR = {"Authorization": "Bearer operator-key"}


def sqlite_settings(folder: Path) -> Settings:
    return replace(
        studio_settings(folder, f"sqlite+aiosqlite:///{folder / 'studio.db'}"),
        admin_key="operator-key",
        public_url="https://pictures.example.org",
    )


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One server for all. It answers to the names of a loopback address."""
    settings = sqlite_settings(tmp_path_factory.mktemp("studio"))
    hosts = loopback_hosts("127.0.0.1", settings.host, settings.public_url, "studio.test")
    with client(create_app(settings, make_runner=lambda *_: PaintRunner(), hosts=hosts)) as running:
        yield running


@pytest.fixture(scope="module")
def addresses(api: Api) -> dict[str, str]:
    """Of every route with GET, by its template."""
    answer = api.post("/api/generate", json=QUICK, headers={"Prefer": "wait=30"}).json()
    parts = {"job_id": answer["job_id"], "image_id": answer["outputs"][0]["id"], "key": "generations/x.jpg"}
    parts |= {
        "user_id": "0" * 32,
        "purchase_id": "0" * 32,
        "name": "jade",
        "path": "about",
        "asset_id": upload(api, picture(), OPERATOR)["asset_id"],
        "batch_id": finished_batch(Browser(api), [QUICK]),
    }
    parts["collection_id"] = api.post("/api/collections", json={"name": "Red"}, headers=OPERATOR).json()["id"]
    parts["share_id"] = api.put(f"/api/images/{parts['image_id']}/share").json()["url"].rpartition("/")[2]

    def address(template: str) -> str:
        return re.sub(r"{(\w+):\w+}", lambda match: parts[match[1]], template)

    routes = [route for route in api.app.routes if isinstance(route, HTTPRoute) and "GET" in route.methods]
    return {route.path: address(route.path) for route in routes}


def test_every_address_with_get_answers_head_with_the_same_headers_and_no_body(
    api: Api, addresses: dict[str, str]
) -> None:
    assert len(addresses) > 20
    for template, path in addresses.items():
        answers = [api.request(method, path, headers=OPERATOR) for method in ("GET", "HEAD")]
        own = {"x-request-id", "set-cookie", *(["content-length"] if path == "/metrics" else [])}
        get, head = ({name: value for name, value in each.headers.items() if name not in own} for each in answers)
        assert (answers[1].status_code, answers[1].content) == (answers[0].status_code, b""), template
        assert head == get, template
        assert head["x-content-type-options"] == "nosniff", template


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/api/generate", {}, 400),
        ("POST", "/api/generate", {"Origin": "https://evil.example"}, 403),
        ("GET", "/api/nope", {}, 404),
        ("PUT", "/api/generate", {}, 405),
        ("POST", "/api/generate", {"Content-Encoding": "gzip"}, 415),
        ("GET", "/healthz", {"Host": "evil.example"}, 421),
        ("GET", "/api/operator/queue", {"Authorization": "Bearer wrong"}, 401),
        (
            "OPTIONS",
            "/api/generate",
            {"Origin": "https://app.example.org", "Access-Control-Request-Method": "POST"},
            204,
        ),
    ],
)
def test_what_is_no_success_has_a_type_that_no_browser_guesses_at(
    api: Api, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = api.request(method, path, headers=headers)
    assert (answer.status_code, answer.headers["x-content-type-options"]) == (status, "nosniff")


def test_head_ends_a_stream_and_counts_no_download(api: Api, addresses: dict[str, str]) -> None:
    job = api.post("/api/generate", json={**QUICK, "steps": 150, "num_images": 8}).json()
    for _ in range(3):
        assert api.head(f"/api/jobs/{job['job_id']}/events").headers["content-type"].startswith("text/event-stream")
    assert api.app.state.lifespan.container.hub.num_readers == 0
    api.delete(f"/api/jobs/{job['job_id']}")
    zipped = addresses["/api/jobs/{job_id:str}/zip"]
    assert int(api.head(zipped).headers["content-length"]) == len(api.get(zipped).content)


def test_head_of_nothing_and_of_a_post_is_an_error(api: Api) -> None:
    assert api.head("/api/nope").status_code == 404
    assert api.head("/api/generate").status_code == 405


def test_an_answer_names_its_type_once(api: Api) -> None:
    assert api.get("/metrics").headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8000", 200),
        ("LOCALHOST:1", 200),
        ("127.0.0.1:9000", 200),
        ("[::1]:8000", 200),
        ("pictures.example.org", 200),
        ("evil.example", 421),
        ("evil.example:8000", 421),
        ("localhost.evil.example", 421),
        ("evil.example.:80", 421),
        ("127.0.0.1.evil.example:8000", 421),
        ("10.0.0.7:8000", 421),
        ("0.0.0.0:8000", 421),
        ("evil.example@localhost", 421),
        ("<script>", 400),
    ],
)
def test_a_loopback_server_answers_to_its_own_names_only(api: Api, host: str, status: int) -> None:
    for path in ("/healthz", "/metrics", "/api/options", "/docs"):
        answer = api.get(path, headers={"Host": host})
        assert answer.status_code == status, path
    origin = {"Host": host, "Origin": f"http://{host}"}
    answer = api.post("/api/generate", json=QUICK, headers=origin)
    assert answer.status_code == {200: 202}.get(status, status)
    if status == 421:
        assert answer.json()["type"] == "urn:lora-studio:problem:misdirected-request"
        assert "STUDIO_PUBLIC_URL" in answer.json()["detail"]


def test_only_a_loopback_server_knows_its_names() -> None:
    assert loopback_hosts("0.0.0.0", "0.0.0.0", "https://a.example") == loopback_hosts("192.0.2.7") == frozenset()
    names = loopback_hosts("::1", "::1", "https://a.example:8443/studio", None, "http://worker-1:8000")
    assert names == {"localhost", "127.0.0.1", "::1", "a.example", "worker-1"}


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/generate"), ("POST", "/api/assets"), ("PUT", "/api/loras/jade-v3")]
)
def test_a_client_that_hangs_up_is_no_error_of_the_server(
    api: Api, caplog: pytest.LogCaptureFixture, method: str, path: str
) -> None:
    messages: list[Any] = [{"type": "http.request", "body": b'{"prompt"', "more_body": True}]
    statuses: list[int] = []

    async def receive() -> Any:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        statuses.append(message.get("status", 0))

    headers = [(b"host", b"studio.test"), (b"authorization", b"Bearer operator-key"), (b"content-length", b"900")]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"headers": headers, "client": ("192.0.2.7", 1), "scheme": "http", "http_version": "1.1", "state": {}}
    with caplog.at_level(logging.INFO):
        api.blocking_portal.call(api.app, scope, receive, send)
    assert statuses[0] == 400
    assert f"{method} {path}: the client closed the connection before its request was complete" in caplog.text
    own = [record for record in caplog.records if record.name.startswith("server")]
    assert not [record for record in own if record.levelno > logging.INFO or record.exc_info]
    folder = api.app.state.lifespan.settings.lora_dir
    assert not [file for file in folder.iterdir() if file.suffix != ".safetensors"]


@pytest.mark.parametrize(
    ("coding", "status"), [("identity", 2), ("Identity", 2), (" ", 2), ("gzip", 4), ("x" * 300, 4)]
)
def test_an_upload_s_coding_has_no_case_and_may_be_empty(api: Api, coding: str, status: int) -> None:
    lora = (api.app.state.lifespan.settings.lora_dir / "jade-v1.safetensors").read_bytes()
    headers = {**OPERATOR, "Content-Encoding": coding}
    answers = [
        api.put("/api/loras/jade-v1", content=lora, headers=headers),
        api.post("/api/assets", content=picture(), headers={**headers, "Content-Type": "Image/PNG"}),
    ]
    assert [answer.status_code // 100 for answer in answers] == [status, status]
    assert status == 2 or all(answer.status_code == 415 for answer in answers)
