"""The operator's calls: who may make them, and that the folder, the table and the answers stay in step."""

from dataclasses import replace
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.settings import Settings
from tests.databases import database_url, postgres_server
from tests.studio_app import api, app, runner, studio_settings
from tests.tiny_model import write_lora

__all__ = ["api", "app", "database_url", "postgres_server", "runner"]

Api = TestClient[Litestar]
KEY = "operator-key-of-the-tests"
OPERATOR = {"Authorization": f"Bearer {KEY}"}
CALLS = [("POST", "/api/loras/reload")]


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return replace(studio_settings(tmp_path, database_url), admin_key=KEY)


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_only_the_operator_may(api: Api, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong-key"}, {"Authorization": "Bearer"}, {"Authorization": KEY}):
        answer = api.request(method, path, headers=headers)
        assert answer.status_code == 401, headers
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["type"] == "urn:lora-studio:problem:unauthorized"


def test_without_an_operator_key_nobody_may(app: Litestar, api: Api) -> None:
    app.state.admin_key = None
    for method, path in CALLS:
        answer = api.request(method, path, headers=OPERATOR)
        assert answer.status_code == 403
        assert "set STUDIO_ADMIN_KEY" in answer.json()["detail"]


def test_a_reload_tells_what_it_changed_and_the_next_request_uses_it(api: Api, settings: Settings) -> None:
    write_lora(settings.lora_dir / "jade-v3.safetensors", value=0.9)
    write_lora(settings.lora_dir / "jade-v1.safetensors", value=0.7)
    (settings.lora_dir / "amber.safetensors").unlink()
    (settings.lora_dir / "film.safetensors").write_bytes(b"not a LoRA at all")
    (settings.lora_dir / "next.safetensors.part").write_bytes(b"")
    answer = api.post("/api/loras/reload", headers=OPERATOR)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told.pop("elapsed_ms") > 0
    assert [each["file"] for each in told.pop("rejected")] == ["film.safetensors"]
    assert [each["file"] for each in told.pop("pending")] == ["next.safetensors.part"]
    assert told == {"added": ["jade-v3"], "updated": ["jade-v1"], "removed": ["amber"], "unchanged": ["jade-v2"]}
    assert [lora["label"] for lora in api.get("/api/loras").json()["loras"]] == ["jade-v3", "jade-v2", "jade-v1"]
    job = api.post("/api/generate", json={"prompt": "red dress"}).json()["job_id"]
    assert api.get(f"/api/result/{job}").json()["metadata"]["model"] == "jade-v3"
