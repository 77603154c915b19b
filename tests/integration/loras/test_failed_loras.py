"""A LoRA whose bytes make no image: it is no longer offered, its reason is named, and no other LoRA is affected."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server.app import create_app
from server.config.settings import Settings
from tests.fixtures.studio_app import QUICK, client, studio_settings
from tests.support.fake_runner import PaintRunner
from tests.support.tiny_model import write_lora

Api = TestClient[Litestar]
KEY = "operator-key-of-the-tests"
REASON = "it cannot be applied: RuntimeError: shapes cannot be multiplied"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return replace(studio_settings(tmp_path, database_url), admin_key=KEY)


def made(api: Api, **fields: Any) -> dict[str, Any]:
    """The state of a job that has ended."""
    answer = api.post("/api/generate", json=QUICK | fields)
    assert answer.status_code == 202, answer.text
    return api.get(f"/api/status/{answer.json()['job_id']}", params={"wait": 20}).json()


def breaks(runner: PaintRunner, settings: Settings, *labels: str) -> list[str]:
    """The hashes of the files, with which the runner makes no image from now on."""
    data = [(settings.lora_dir / f"{label}.safetensors").read_bytes() for label in labels]
    hashes = [hashlib.sha256(each).hexdigest() for each in data]
    runner.broken_loras = dict.fromkeys(hashes, REASON)
    return hashes


def offered(api: Api) -> list[str]:
    return [lora["label"] for lora in api.get("/api/loras").json()["loras"]]


def until(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end_s, "waited in vain"
        time.sleep(0.02)


def test_it_is_no_longer_offered_and_a_request_that_names_it_gets_the_reason(
    api: Api, runner: PaintRunner, settings: Settings
) -> None:
    breaks(runner, settings, "jade-v2")
    job = made(api, model_name="jade")
    assert (job["status"], job["error"]["code"]) == ("failed", "lora")
    assert offered(api) == ["amber", "jade-v1"]
    assert api.get("/api/loras").json()["rejected"] == [{"file": "jade-v2.safetensors", "reason": REASON}]
    for fields, field in (
        ({"model_name": "jade-v2"}, "model_name"),
        ({"model_name": "amber", "loras": [{"name": "jade-v2"}]}, "loras[0].name"),
        ({"prompt": "red <lora:jade-v2>"}, "prompt"),
    ):
        refused = api.post("/api/generate", json=QUICK | fields)
        assert refused.status_code == 400, refused.text
        (error,) = refused.json()["errors"]
        assert error["field"] == field
        assert REASON in error["detail"]
        assert "jade-v2" not in error["allowed"]


def test_its_neighbors_and_the_other_versions_are_made(api: Api, runner: PaintRunner, settings: Settings) -> None:
    breaks(runner, settings, "jade-v2")
    runner.open_gate.clear()
    jobs = [
        api.post("/api/generate", json=QUICK | {"model_name": name}).json()["job_id"]
        for name in ("jade-v2", "jade-v1", "amber")
    ]
    runner.open_gate.set()
    states = [api.get(f"/api/status/{job}", params={"wait": 20}).json()["status"] for job in jobs]
    assert states == ["failed", "completed", "completed"]
    assert made(api, model_name="jade")["status"] == "completed"  # the bare name means version 1 now


def test_it_is_never_the_default(api: Api, runner: PaintRunner, settings: Settings) -> None:
    breaks(runner, settings, "jade-v1", "jade-v2")
    assert api.get("/api/options").json()["defaults"]["model_name"] == "jade"
    for label in ("jade-v1", "jade-v2"):
        assert made(api, model_name=label)["status"] == "failed"
    until(lambda: api.get("/api/options").json()["defaults"]["model_name"] is None)
    assert made(api)["status"] == "completed"


def test_an_error_of_the_image_blames_no_lora(api: Api, runner: PaintRunner) -> None:
    runner.broken_seeds = frozenset({7})
    assert made(api, model_name="jade", seed=7)["status"] == "failed"
    assert offered(api) == ["amber", "jade-v2", "jade-v1"]


def test_the_bytes_stay_failed_under_any_name_and_after_a_restart(settings: Settings, runner: PaintRunner) -> None:
    breaks(runner, settings, "jade-v2")
    with client(create_app(settings, make_runner=lambda *_: runner)) as api:
        made(api, model_name="jade-v2")
    (settings.lora_dir / "jade-v2.safetensors").rename(settings.lora_dir / "ruby.safetensors")
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
        assert offered(api) == ["amber", "jade-v1"]
        assert api.get("/api/loras").json()["rejected"] == [{"file": "ruby.safetensors", "reason": REASON}]


def test_operators_see_why_and_other_bytes_serve_again(
    api: Api, runner: PaintRunner, settings: Settings, tmp_path: Path
) -> None:
    breaks(runner, settings, "jade-v2")
    made(api, model_name="jade-v2")
    api.headers["Authorization"] = f"Bearer {KEY}"
    detail = api.get("/api/loras/jade-v2").json()
    assert (detail["failure"], detail["lora"]["is_default"]) == (REASON, False)
    report = api.post("/api/loras/reload").json()
    assert report["rejected"] == [{"file": "jade-v2.safetensors", "reason": REASON}]
    assert report["unchanged"] == ["amber", "jade-v1"]
    assert api.put("/api/loras/jade/default", json={"version": "2"}).status_code == 400
    same = (settings.lora_dir / "jade-v2.safetensors").read_bytes()
    refused = api.put("/api/loras/jade-v9", content=same)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:lora-studio:problem:unusable-lora")
    assert REASON in refused.json()["detail"]
    other = write_lora(tmp_path / "other.safetensors", value=0.7).read_bytes()
    assert api.put("/api/loras/jade-v2", content=other).status_code == 200
    assert "jade-v2" in offered(api)
    assert made(api, model_name="jade-v2")["status"] == "completed"


def test_the_name_of_a_file_is_a_label(api: Api, settings: Settings, tmp_path: Path) -> None:
    api.headers["Authorization"] = f"Bearer {KEY}"
    data = write_lora(tmp_path / "other.safetensors", value=0.7).read_bytes()
    answer = api.put("/api/loras/jade-v9.safetensors", content=data)
    assert (answer.status_code, answer.json()["label"], answer.json()["file"]) == (
        200,
        "jade-v9",
        "jade-v9.safetensors",
    )
    assert api.put("/api/loras/Film (v2).SAFETENSORS", content=data).json()["label"] == "Film-v2"
    assert api.delete("/api/loras/jade-v9.safetensors").json()["removed"] == ["jade-v9"]
    people = settings.lora_dir / "People"
    people.mkdir()
    (people / "Ruby [v1].safetensors").write_bytes(data)
    assert api.post("/api/loras/reload").json()["added"] == ["Ruby-v1"]
    (ruby,) = [lora for lora in api.get("/api/loras").json()["loras"] if lora["label"] == "Ruby-v1"]
    assert (ruby["file"], ruby["title"], ruby["ignored"]) == ("People/Ruby [v1].safetensors", "Ruby [v1]", [])
    assert api.delete("/api/loras/Ruby-v1").json()["removed"] == ["Ruby-v1"]
    assert list(people.iterdir()) == []
