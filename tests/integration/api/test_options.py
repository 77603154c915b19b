"""What can be asked for, the document that describes it, and whether the server is well."""

import json
import re
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.app import create_app
from server.config.settings import Settings
from server.generation.styles import STYLES
from server.worker.runner import Runner
from tests.fixtures.studio_app import QUICK
from tests.support.fake_runner import PaintRunner

Api = TestClient[Litestar]


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough here."""
    return f"sqlite+aiosqlite:///{tmp_path / 'studio.db'}"


def test_the_options_are_those_that_generate_goes_by(api: Api) -> None:
    options = api.get("/api/options").json()
    assert options["is_demo"] is True
    assert (options["native_width"], options["native_height"]) == (64, 64)
    assert "beach" in options["known_words"]
    assert " ".join(sampler["name"] for sampler in options["samplers"]) == (
        "euler euler_a ddim dpmpp_2m dpmpp_2m_karras dpmpp_2m_sde unipc heun lms lcm euler_trailing tcd"
    )
    assert {quality["name"]: quality["steps"] for quality in options["qualities"]} == {
        "low": 12,
        "medium": 20,
        "high": 30,
    }
    assert options["formats"] == ["jpeg", "png", "webp"]
    assert [style["name"] for style in options["styles"]] == list(STYLES)
    assert not any(style["fits"] for style in options["styles"])
    job = api.post("/api/generate", json={"prompt": "dress", **options["defaults"] | {"lora_weight": None}})
    assert job.status_code == 400  # lora_weight is that of `model_weight` and `loras`, no field of its own
    defaults = {name: value for name, value in options["defaults"].items() if name != "lora_weight"}
    assert api.post("/api/generate", json={"prompt": "dress", **defaults}).status_code == 202


def test_a_style_fits_where_the_model_knows_its_words(settings: Settings) -> None:
    (settings.base_model / "words.json").write_text('{"words": ["sketch", "pixel"]}')
    with TestClient(create_app(settings, make_runner=lambda *_: PaintRunner())) as demo:
        fits = {style["name"]: style["fits"] for style in demo.get("/api/options").json()["styles"]}
        assert {name for name, each in fits.items() if each} == {"sketch"}
    (settings.base_model / "words.json").unlink()
    with TestClient(create_app(settings, make_runner=lambda *_: PaintRunner())) as real:
        assert all(style["fits"] for style in real.get("/api/options").json()["styles"])


def test_the_bounds_are_those_that_generate_enforces(api: Api) -> None:
    bounds = api.get("/api/options").json()["bounds"]
    side = {"width": bounds["min_size"], "height": bounds["max_size"]}
    top = {"steps": bounds["max_steps"], "guidance_scale": bounds["max_guidance_scale"], "seed": bounds["max_seed"]}
    most = {"prompt": "x" * bounds["max_prompt_characters"], "num_images": bounds["max_images"], **top}
    assert api.post("/api/generate", json={**QUICK, **side}).status_code == 202
    assert api.post("/api/generate", json=most).status_code == 202
    beyond = {name: value + bounds["size_multiple"] for name, value in {**top, "width": bounds["max_size"]}.items()}
    beyond |= {
        "num_images": bounds["max_images"] + 1,
        "seed": 2**64,
    }  # larger seeds than `max_seed` count by their lower 32 bits
    for name, value in beyond.items():
        assert api.post("/api/generate", json={**QUICK, name: value}).status_code == 400


def test_the_loras_are_listed_with_what_identifies_them(api: Api) -> None:
    loras = api.get("/api/loras").json()["loras"]
    assert [lora["label"] for lora in loras] == ["amber", "jade-v2", "jade-v1"]
    jade = loras[1]
    assert (jade["name"], jade["version"], jade["trigger"], jade["rank"]) == ("jade", "2", "jade woman", 1)
    assert re.fullmatch(r"[0-9a-f]{64}", jade["sha256"])


def test_the_server_is_alive_and_then_ready(api: Api) -> None:
    assert (api.get("/healthz").status_code, api.get("/healthz").json()) == (200, {"status": "ok"})
    api.post("/api/generate", json=QUICK, headers={"Prefer": "wait=30"})
    assert (api.get("/readyz").status_code, api.get("/readyz").json()) == (200, {"status": "ready"})


def test_jobs_are_accepted_while_the_model_is_loading(settings: Settings) -> None:
    loaded = threading.Event()

    def slowly(_: Settings, __: Path) -> Runner:
        loaded.wait()
        return PaintRunner()

    with TestClient(create_app(settings, make_runner=slowly)) as api:
        not_ready = api.get("/readyz")
        assert (not_ready.status_code, not_ready.json()["detail"]) == (503, "the model is being loaded")
        assert not_ready.headers["retry-after"]
        assert api.get("/healthz").status_code == 200
        job_id = api.post("/api/generate", json=QUICK).json()["job_id"]
        assert api.get(f"/api/status/{job_id}").json()["status"] == "queued"
        loaded.set()
        assert api.get(f"/api/status/{job_id}?wait=30").json()["status"] == "completed"


def test_a_model_that_cannot_be_loaded_is_told_and_ends_the_server(settings: Settings) -> None:
    failed = threading.Event()

    def broken(_: Settings, __: Path) -> Runner:
        raise OSError("weights are missing")

    with TestClient(create_app(settings, make_runner=broken, on_failure=failed.set)) as api:
        assert failed.wait(10)
        not_ready = api.get("/readyz")
        assert not_ready.status_code == 503
        assert "weights are missing" in not_ready.json()["detail"]


def test_the_lag_of_the_event_loop_is_measured(api: Api) -> None:
    end_s = time.monotonic() + 10
    while not re.search(r"^studio_event_loop_lag_seconds_count [1-9]", api.get("/metrics").text, re.MULTILINE):
        assert time.monotonic() < end_s
        time.sleep(0.05)


def test_what_everybody_may_read_names_no_account_no_secret_no_prompt_and_no_path(api: Api, settings: Settings) -> None:
    account = {"email": "grace@example.net", "password": "nine purple tractors"}
    for step, status in (("register", 202), ("login", 200)):
        assert api.post(f"/api/auth/{step}", json=account).status_code == status
    headers = {"x-csrftoken": api.cookies["csrftoken"]}
    key = api.post("/api/keys", json={"name": "program"}, headers=headers).json()["key"]
    asked = {**QUICK, "prompt": "very private words"}
    assert (
        api.post(
            "/api/generate", json=asked, headers={"Prefer": "wait=30", "Authorization": f"Bearer {key}"}
        ).status_code
        == 200
    )
    api.get("/api/loras", headers={"Authorization": "Bearer a-guessed-key"})
    secrets = {*account.values(), key, "a-guessed-key", "private", str(settings.data_dir.parent)}
    secrets |= {api.cookies["studio_session"], settings.resolved_database_url}
    api.cookies.clear()
    for path in ("/metrics", "/healthz", "/readyz", "/openapi.json", "/docs", "/api/options", "/api/loras"):
        found = [secret for secret in secrets if secret in api.get(path).text]
        assert found == [], path


def test_the_documentation_asks_nobody_else_for_anything(api: Api) -> None:
    page = api.get("/docs")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert "/" in addresses  # the way back to the page
    for address in addresses:
        if address != "/" and not address.startswith("data:"):
            assert address.startswith("/docs/")
            assert api.get(address).status_code == 200
    assert any(address.endswith(".js") for address in addresses)
    assert "<script>" not in page.text


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def test_the_document_describes_every_call_with_examples(api: Api) -> None:
    answer = api.get("/openapi.json")
    document = json.loads(answer.content)
    assert document["openapi"].startswith("3.1")
    described = operations(document)
    assert {"POST /api/generate", "GET /api/status/{job_id}", "GET /api/result/{job_id}"} <= set(described)
    for name, operation in described.items():
        assert operation["summary"], name
        for status, response in operation["responses"].items():
            if status in ("204", "302"):  # have no body
                assert response["description"], name
                continue
            (media_type, content), *_ = response["content"].items()
            assert content["examples"], (name, status)
            assert (int(status) >= 400) == (media_type == "application/problem+json"), (name, status)


def test_the_documented_examples_are_accepted_by_the_schema(api: Api) -> None:
    document = json.loads(api.get("/openapi.json").content)
    body = document["paths"]["/api/generate"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    for example in body["examples"]:
        sized = {name: 64 if name in ("width", "height") else value for name, value in example.items()}
        sized.pop("loras", None)
        answer = api.post("/api/generate", json=sized)
        assert answer.status_code == 202
        metadata = api.get(f"/api/result/{answer.json()['job_id']}").json()["metadata"]
        interval = {name: sized[name] for name in ("guidance_start", "guidance_end") if name in sized}
        assert interval.items() <= metadata.items()
    assert interval == {"guidance_start": 0.1, "guidance_end": 0.8}  # the last example is the one in full


def test_front_ends_elsewhere_may_call_where_the_operator_allows_it(api: Api) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type, prefer"}
    answer = api.options("/api/generate", headers={"Origin": "https://app.example.org", **asked})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://app.example.org"
    allowed = answer.headers["access-control-allow-headers"].lower()
    for header in ("authorization", "idempotency-key", "last-event-id", "content-type", "prefer"):
        assert header in allowed
    simple = api.get("/api/options", headers={"Origin": "https://app.example.org"})
    exposed = simple.headers["access-control-expose-headers"].lower()
    for header in ("retry-after", "ratelimit", "location", "preference-applied"):
        assert header in exposed


@pytest.mark.parametrize("origin", ["https://evil.example.org", "https://app.example.org.evil.example", "null"])
def test_front_ends_elsewhere_may_not_call_otherwise(api: Api, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in api.options("/api/generate", headers=asked).headers
    assert "access-control-allow-origin" not in api.get("/api/options", headers={"Origin": origin}).headers


@pytest.mark.parametrize("origin", ["https://evil.example.org", "http://studio.test:9000", "null", "http://["])
def test_pages_elsewhere_cannot_make_pictures_by_a_simple_post(api: Api, origin: str) -> None:
    """A browser sends these without asking first, and hides only the answer."""
    headers = {"Origin": origin, "Content-Type": "text/plain"}
    answer = api.post("/api/generate", content=b'{"prompt": "red dress"}', headers=headers)
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:lora-studio:problem:foreign-origin"
    assert api.get("/api/options", headers=headers).status_code == 200


@pytest.mark.parametrize("origin", ["http://studio.test:8000", "https://studio.test:8000", "https://app.example.org"])
def test_our_own_pages_and_allowed_ones_can(api: Api, origin: str) -> None:
    body = {"prompt": "red dress", "width": 64, "height": 64, "steps": 1}
    assert api.post("/api/generate", json=body, headers={"Origin": origin}).status_code == 202


def test_answers_of_the_api_are_kept_by_no_cache_between(api: Api) -> None:
    for path in ("/api/options", "/api/history", "/api/status/" + 32 * "0"):
        assert api.get(path).headers["Cache-Control"] == "private, no-cache", path
    assert api.get("/api/auth/me").headers["Cache-Control"] == "no-store"
