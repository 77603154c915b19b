"""Bad requests: each is answered by a problem document that says what is allowed, and the next good one works."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.app import create_app
from tests.fixtures.studio_app import (
    PROMPT,
    QUICK,
    client,
    studio_settings,
)
from tests.support.fake_runner import PaintRunner

Api = TestClient[Litestar]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One server for all: it must go on after each bad request. SQLite, for what is refused reaches no database."""
    folder = tmp_path_factory.mktemp("studio")
    settings = studio_settings(folder, f"sqlite+aiosqlite:///{folder / 'studio.db'}")
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as running:
        yield running


BAD_BODIES: dict[str, bytes] = {
    "empty prompt": b'{"prompt": ""}',
    "long prompt": json.dumps({"prompt": "x" * 10_000}).encode(),
    "no images": b'{"prompt": "a", "num_images": 0}',
    "99 images": b'{"prompt": "a", "num_images": 99}',
    "13 x 13": b'{"prompt": "a", "width": 13, "height": 13}',
    "100000 x 8": b'{"prompt": "a", "width": 100000, "height": 8}',
    "unknown model": b'{"prompt": "a", "model_name": "ruby"}',
    "unknown version": b'{"prompt": "a", "model_name": "jade-v3"}',
    "unknown further LoRA": b'{"prompt": "a", "loras": [{"name": "ruby"}]}',
    "path as a model": b'{"prompt": "a", "model_name": "../../etc/passwd"}',
    "unknown sampler": b'{"prompt": "a", "sampler": "ddpm"}',
    "negative steps": b'{"prompt": "a", "steps": -5}',
    "too many LCM steps": b'{"prompt": "a", "steps": 60, "sampler": "lcm"}',
    "NaN": b'{"prompt": "a", "guidance_scale": NaN}',
    "Infinity": b'{"prompt": "a", "guidance_scale": Infinity}',
    "not JSON": b"{'prompt': 'a'}",
    "cut off": b'{"prompt": "a"',
    "nothing": b"",
    "a list": b'["a"]',
    "unknown field": b'{"prompt": "a", "colour": "red"}',
    "number as prompt": b'{"prompt": 5}',
    "text as number": b'{"prompt": "a", "num_images": "4"}',
    "fraction": b'{"prompt": "a", "num_images": 2.5}',
    "unknown style": b'{"prompt": "a", "style": "oil"}',
    "number as style": b'{"prompt": "a", "style": 1}',
    "weight too large": b'{"prompt": "a", "model_weight": 20.5}',
    "weight without a LoRA": b'{"prompt": "a", "model_name": "base", "model_weight": 0.5}',
    "not UTF-8": b'{"prompt": "\xff\xfe"}',
    "U+0000": b'{"prompt": "a\\u0000"}',
    "nested deep": b"[" * 200_000,
}


def problem(answer: Any, status: int) -> dict[str, Any]:
    """The answer's problem document, checked for what every one must have."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert document["type"].startswith("urn:lora-studio:problem:")
    assert document["title"]
    assert document["detail"]
    assert "Traceback" not in answer.text
    return document


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_bad_body_is_a_400_and_the_next_good_request_works(api: Api, body: bytes) -> None:
    document = problem(api.post("/api/generate", content=body, headers={"Content-Type": "application/json"}), 400)
    assert document["type"] == "urn:lora-studio:problem:invalid-request"
    assert "allowed" in document["detail"]
    good = api.post("/api/generate", json=QUICK, headers={"Prefer": "wait=30"})
    assert (good.status_code, good.json()["status"]) == (200, "completed")


@pytest.mark.parametrize(
    ("fields", "field", "allowed"),
    [
        ({"model_name": "ruby"}, "model_name", "amber"),
        ({"loras": [{"name": "amber"}, {"name": "ruby"}]}, "loras[1].name", "jade-v2"),
        ({"width": 136}, "width", "a multiple of 8 from 32 to 128"),
        ({"width": 128, "height": 128}, "width", "9,216"),
        ({"sampler": "ddpm"}, "sampler", "dpmpp_2m_karras"),
        ({"style": "oil"}, "style", "one of photographic, cinematic, "),
        ({"model_weight": 0.5, "model_name": None}, "model_weight", "a model_name that names a LoRA"),
        ({"steps": 60, "sampler": "lcm"}, "steps", "from 1 to 50"),
    ],
)
def test_what_only_this_server_knows_is_told(api: Api, fields: dict[str, Any], field: str, allowed: str) -> None:
    document = problem(api.post("/api/generate", json={**PROMPT, **fields}), 400)
    (error,) = document["errors"]
    assert error["field"] == field
    assert allowed in error["allowed"]


def test_a_refused_job_is_not_stored(api: Api) -> None:
    problem(api.post("/api/generate", json={**PROMPT, "model_name": "ruby"}), 400)
    accepted = api.post("/api/generate", json=QUICK)
    assert api.get(f"/api/status/{accepted.json()['job_id']}").json()["queue_position"] <= 1


def test_a_body_of_50_mb_is_refused(api: Api) -> None:
    body = b'{"prompt": "' + b"x" * 50_000_000 + b'"}'
    assert "1,000,000" in problem(api.post("/api/generate", content=body), 413)["detail"]
    assert api.post("/api/generate", json=QUICK).status_code == 202


def test_a_body_that_is_no_json_by_its_own_word_is_refused(api: Api) -> None:
    assert "multipart/form-data" in problem(api.post("/api/generate", files={"prompt": b"a"}), 415)["detail"]
    packed = api.post("/api/generate", content=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert "gzip" in problem(packed, 415)["detail"]


@pytest.mark.parametrize("media_type", [None, "text/plain;charset=UTF-8", "application/x-www-form-urlencoded"])
def test_json_is_read_whatever_a_careless_client_calls_it(api: Api, media_type: str | None) -> None:
    headers = {"Content-Type": media_type} if media_type else {}
    assert api.post("/api/generate", content=json.dumps(QUICK).encode(), headers=headers).status_code == 202


@pytest.mark.parametrize("path", ["/nope", "/api", "/api/nope", "/api/status", "/docs/nope.js", "/files/nope"])
def test_an_unknown_address_is_a_404(api: Api, path: str) -> None:
    problem(api.get(path), 404)


@pytest.mark.parametrize("call", ["/api/status/{}", "/api/result/{}", "/api/jobs/{}/events", "/api/jobs/{}/zip"])
@pytest.mark.parametrize("job_id", ["0" * 32, "nope", "%00", "..%2f..", "Ä" * 400])
def test_an_unknown_job_is_a_404(api: Api, call: str, job_id: str) -> None:
    problem(api.get(call.format(job_id)), 404)


@pytest.mark.parametrize("job_id", ["0" * 32, "nope"])
def test_an_unknown_job_cannot_be_cancelled(api: Api, job_id: str) -> None:
    assert job_id in problem(api.delete(f"/api/jobs/{job_id}"), 404)["detail"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/generate"), ("POST", "/api/options"), ("PUT", "/docs")])
def test_a_method_that_an_address_does_not_take_is_a_405(api: Api, method: str, path: str) -> None:
    answer = api.request(method, path)
    assert method in problem(answer, 405)["detail"]
    assert answer.headers["allow"]


@pytest.mark.parametrize("wait", ["61", "-1", "soon", "1e3", ""])
def test_a_bad_wait_is_a_400_that_names_it(api: Api, wait: str) -> None:
    job_id = api.post("/api/generate", json=QUICK).json()["job_id"]
    (error,) = problem(api.get(f"/api/status/{job_id}?wait={wait}"), 400)["errors"]
    assert error["field"] == "wait"
    assert "60" in error["allowed"]


@pytest.mark.parametrize("last", ["soon", "-1", "1.5", "9" * 40])
def test_a_bad_last_event_id_is_a_400_that_names_it(api: Api, last: str) -> None:
    job_id = api.post("/api/generate", json=QUICK).json()["job_id"]
    (error,) = problem(api.get(f"/api/jobs/{job_id}/events", headers={"Last-Event-ID": last}), 400)["errors"]
    assert error["field"] == "Last-Event-ID"


def test_a_failure_of_ours_is_told_without_its_insides(
    api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode() -> None:
        raise RuntimeError("a secret of the database")

    monkeypatch.setattr(api.app.state.lifespan.container.shared.registry, "list", explode)
    assert "secret" not in json.dumps(problem(api.get("/api/loras"), 500))
    assert "a secret of the database" in caplog.text
