"""Routers: each API has its own error format, all identify callers the same way, and the order of checks holds."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar, Request, Response, Router, get, post
from litestar.testing import TestClient

from server.api.auth.authentication import Identification
from server.api.auth.guards import needs, operator
from server.api.auth.origins import OriginCheck
from server.app import create_app
from server.errors import StudioError
from server.queue.errors import QueueFull
from tests.fixtures.studio_app import client, studio_settings
from tests.support.fake_runner import PaintRunner

Api = TestClient[Litestar]

BAD_KEY = {"Authorization": "Bearer ls_made_up"}
FOREIGN = {"Origin": "https://elsewhere.example"}


@post("/v1/images", guards=[needs("generate")])
async def images() -> None:
    raise QueueFull(20, 7)


@get("/v1/me", sync_to_thread=False)
def me(request: Request[Any, Any, Any]) -> str:
    return request.user.owner


@get("/v1/queue", guards=[operator], sync_to_thread=False)
def queue() -> str:
    return "the queue"


def another_format(_: Request[Any, Any, Any], error: StudioError) -> Response[Any]:
    content = {"error": {"code": error.kind.name, "message": error.detail}}
    return Response(content, status_code=error.kind.status, headers=error.headers)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The studio with a router of another API next to the native one."""
    folder = tmp_path_factory.mktemp("studio")
    settings = studio_settings(folder, f"sqlite+aiosqlite:///{folder / 'studio.db'}")
    app = create_app(settings, make_runner=lambda *_: PaintRunner())
    half = app.state.lifespan.container.api
    identification = Identification(half.accounts, half.keys, half.key_throttle, settings.anonymous)
    app.register(
        Router(
            path="/",
            route_handlers=[images, me, queue],
            middleware=[OriginCheck(settings.public_url, settings.cors_origins), identification],
            exception_handlers={StudioError: another_format},
        )
    )
    with client(app) as running:
        yield running


def kind(answer: Any) -> str:
    return answer.json()["type"].rpartition(":")[2]


def test_a_router_renders_errors_in_its_own_format(api: Api) -> None:
    full = api.post("/v1/images")
    assert full.json() == {"error": {"code": "queue-full", "message": "20 jobs wait already; try again in 7 s"}}
    assert (full.status_code, full.headers["retry-after"]) == (503, "7")
    refused = api.post("/v1/images", headers=BAD_KEY)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthorized")
    assert api.get("/v1/queue").json()["error"]["code"] == "operators-only"
    assert kind(api.get("/v1/nothing")) == "not-found"  # no router has this address: the app-wide format


def test_callers_are_identified_on_every_router_and_nowhere_else(api: Api) -> None:
    assert api.get("/v1/me").text == "ip:testclient"
    assert api.get("/v1/me", headers=BAD_KEY).status_code == 401
    assert api.get("/healthz", headers=BAD_KEY).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers", "status", "expected"),
    [
        ("/api/generate", FOREIGN | BAD_KEY, 403, "foreign-origin"),
        ("/api/generate", BAD_KEY, 401, "unauthorized"),
        ("/api/loras/reload", {}, 403, "operators-only"),
        ("/api/keys", {}, 401, "unauthorized"),
        ("/api/generate", {}, 400, "invalid-request"),
    ],
    ids=["origin", "identification", "guard of an operator", "guard of a user", "body"],
)
def test_the_first_check_that_fails_answers(
    api: Api, path: str, headers: dict[str, str], status: int, expected: str
) -> None:
    answer = api.post(path, content=b"no JSON", headers=headers)
    assert (answer.status_code, kind(answer)) == (status, expected)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [("/api/generate", BAD_KEY, 401), ("/api/generate", FOREIGN, 403), ("/api/loras/jade-v3", {}, 403)],
)
def test_a_refused_body_is_read_to_its_end_before_the_answer(
    api: Api, path: str, headers: dict[str, str], status: int
) -> None:
    chunks, order = [b"x" * 1000] * 5, list[str]()
    method = "PUT" if "loras" in path else "POST"

    async def receive() -> Any:
        order.append("read")
        return {"type": "http.request", "body": chunks.pop(), "more_body": bool(chunks)}

    async def send(message: Any) -> None:
        order.append(str(message.get("status", "body")))

    fields = [(b"host", b"studio.test"), *((name.lower().encode(), value.encode()) for name, value in headers.items())]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"headers": fields, "client": ("192.0.2.7", 1), "scheme": "http", "http_version": "1.1", "state": {}}
    api.blocking_portal.call(api.app, scope, receive, send)
    assert order == [*["read"] * 5, str(status), "body"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/nope", 404), ("POST", "/nope", 405), ("POST", "/api/generate", 401), ("GET", "/api/loras", 500)],
)
def test_every_error_is_a_problem_document_with_its_request_id_and_is_kept_private(
    api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, method: str, path: str, status: int
) -> None:
    def explode() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(api.app.state.lifespan.container.shared.registry, "list", explode)
    with caplog.at_level(logging.INFO):
        headers = {"X-Request-ID": f"id-{status}"} | (BAD_KEY if status == 401 else {})
        answer = api.request(method, path, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.headers["x-request-id"] == f"id-{status}"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert [getattr(record, "status", None) for record in caplog.records if record.message == "request"] == [status]
    assert ("a bug" in caplog.text) == (status == 500)
