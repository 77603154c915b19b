"""The operators' LoRA calls: access, and folder, table and responses that stay consistent."""

import hashlib
import itertools
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
OPERATOR = {"Authorization": f"Bearer {KEY}"}
CALLS = [
    ("POST", "/api/loras/reload"),
    ("GET", "/api/loras/jade"),
    ("PUT", "/api/loras/jade-v3"),
    ("DELETE", "/api/loras/jade-v1"),
    ("PATCH", "/api/loras/jade"),
    ("PUT", "/api/loras/jade/default"),
    ("PUT", "/api/loras/jade/use-by-default"),
    ("DELETE", "/api/loras/jade/use-by-default"),
]


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return replace(studio_settings(tmp_path, database_url), admin_key=KEY, max_lora_mb=1)


@pytest.fixture
def operator(api: Api) -> Api:
    api.headers.update(OPERATOR)
    return api


def labels(api: Api) -> list[str]:
    return [lora["label"] for lora in api.get("/api/loras").json()["loras"]]


def lora(api: Api, label: str) -> dict[str, Any]:
    (option,) = [each for each in api.get("/api/loras").json()["loras"] if each["label"] == label]
    return option


def made_with(api: Api, **fields: Any) -> dict[str, Any]:
    """The metadata of an accepted job."""
    answer = api.post("/api/generate", json={"prompt": "red dress", **fields})
    assert answer.status_code == 202, answer.text
    return api.get(f"/api/result/{answer.json()['job_id']}").json()["metadata"]


def lora_file(tmp_path: Path, value: float) -> bytes:
    return write_lora(tmp_path / "made.safetensors", value=value).read_bytes()


def contents(folder: Path) -> dict[str, bytes]:
    """LoRA files below a folder, by path."""
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.safetensors") if path.is_file()
    }


NO_KEYS = ({}, {"Authorization": "Bearer wrong-key"}, {"Authorization": "Bearer"}, {"Authorization": KEY})


def test_only_an_operator_may_call_them(api: Api) -> None:
    for (method, path), headers in itertools.product(CALLS, NO_KEYS):
        answer = api.request(method, path, headers=headers, content=b"{}")
        assert answer.status_code == 401, (method, path, headers)
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["type"] == "urn:lora-studio:problem:unauthorized"


def test_without_an_operator_key_every_call_is_refused(app: Litestar, api: Api) -> None:
    app.state.admin_key = None
    for method, path in CALLS:
        assert api.request(method, path, headers=OPERATOR).status_code == 401  # the key opens nothing
        answer = api.request(method, path)
        assert answer.status_code == 403
        assert "set STUDIO_ADMIN_KEY" in answer.json()["detail"]


def test_a_reload_reports_its_changes_and_the_next_request_uses_them(api: Api, settings: Settings) -> None:
    write_lora(settings.lora_dir / "jade-v3.safetensors", value=0.9)
    write_lora(settings.lora_dir / "jade-v1.safetensors", value=0.7)
    (settings.lora_dir / "amber.safetensors").unlink()
    (settings.lora_dir / "film.safetensors").write_bytes(b"not a LoRA at all")
    (settings.lora_dir / "next.safetensors.part").write_bytes(b"")
    answer = api.post("/api/loras/reload", headers=OPERATOR)
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert report.pop("elapsed_ms") > 0
    assert [each["file"] for each in report.pop("rejected")] == ["film.safetensors"]
    assert [each["file"] for each in report.pop("pending")] == ["next.safetensors.part"]
    assert report == {"added": ["jade-v3"], "updated": ["jade-v1"], "removed": ["amber"], "unchanged": ["jade-v2"]}
    assert [lora["label"] for lora in api.get("/api/loras").json()["loras"]] == ["jade-v3", "jade-v2", "jade-v1"]
    job = api.post("/api/generate", json={"prompt": "red dress"}).json()["job_id"]
    assert api.get(f"/api/result/{job}").json()["metadata"]["model"] == "jade-v3"


def test_an_upload_serves_when_its_call_returns(operator: Api, settings: Settings, tmp_path: Path) -> None:
    data = lora_file(tmp_path, 0.8)
    answer = operator.put("/api/loras/jade-v3", content=data)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["label"], answer.json()["sha256"]) == ("jade-v3", hashlib.sha256(data).hexdigest())
    assert (settings.lora_dir / "jade-v3.safetensors").read_bytes() == data
    assert made_with(operator)["loras"][0]["sha256"] == hashlib.sha256(data).hexdigest()
    newer = lora_file(tmp_path, 0.6)
    assert operator.put("/api/loras/jade-v3", content=newer).json()["sha256"] == hashlib.sha256(newer).hexdigest()
    assert [path.name for path in settings.lora_dir.iterdir() if path.name.startswith(".")] == []


REFUSED = [
    ("jade-v3", b"x" * 1_000_001, "", 413, "1,000,000 bytes large (STUDIO_MAX_LORA_MB)"),
    ("jade-v3", b"not a LoRA at all", "", 422, "not safetensors"),
    ("jade-v3", b"", "", 422, "0 bytes long"),
    ("jade-v3", b"--x", "multipart/form-data; boundary=x", 415, "curl -T"),
    ("jade-v3", b"{}", "application/json", 415, "application/octet-stream"),
    ("base", None, "", 400, "no LoRA may be called base"),
    ("a" * 300, None, "", 400, "1 to 64"),
    (".jade", None, "", 400, "no dot first"),
    ("%00jade", None, "", 404, "U+0000"),
    ("jade%0a", None, "", 400, "1 to 64"),
    ("j%C3%A4de", None, "", 400, "1 to 64"),
    ("..%5cx", None, "", 400, "1 to 64"),
    ("jade v3", None, "", 400, "1 to 64"),
    ("%2e%2e", None, "", 400, "no dot first"),
    ("..%2fx", None, "", (404, 405), ""),
    ("../x", None, "", (404, 405), ""),
    ("..%2f..%2fdata%2fx", None, "", (404, 405), ""),
    ("/etc/x", None, "", (404, 405), ""),
]


def test_a_refused_upload_changes_nothing(operator: Api, tmp_path: Path) -> None:
    before, served = contents(tmp_path), operator.get("/api/loras").json()
    sound = lora_file(tmp_path.parent / "elsewhere", 0.8)
    for name, content, content_type, status, detail in REFUSED:
        data = sound if content is None else content
        answer = operator.put(f"/api/loras/{name}", content=data, headers={"Content-Type": content_type})
        assert answer.status_code in (status if isinstance(status, tuple) else (status,)), (name, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert detail in answer.json()["detail"], name
        assert contents(tmp_path) == before, name
        assert operator.get("/api/loras").json() == served, name
        assert not [path for path in (tmp_path / "loras").iterdir() if path.name.startswith(".")], name


def test_an_upload_without_a_length_is_cut_off_at_the_limit(operator: Api, settings: Settings) -> None:
    answer = operator.put("/api/loras/jade-v3", content=iter([b"x" * 600_000] * 3))
    assert answer.status_code == 413
    assert sorted(path.name for path in settings.lora_dir.iterdir()) == [
        "amber.safetensors",
        "jade-v1.safetensors",
        "jade-v2.safetensors",
    ]


def test_a_folder_that_cannot_be_written_to_is_reported(operator: Api, settings: Settings, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    settings.lora_dir.rename(elsewhere)
    settings.lora_dir.write_text("no folder")  # root could write to a read-only folder
    answer = operator.put("/api/loras/jade-v3", content=lora_file(tmp_path, 0.8))
    assert answer.status_code == 503
    assert "cannot be written to" in answer.json()["detail"]


def test_a_deleted_lora_is_gone_immediately_and_its_jobs_are_made(
    operator: Api, settings: Settings, runner: PaintRunner
) -> None:
    runner.open_gate.clear()
    job = operator.post("/api/generate", json=QUICK | {"model_name": "jade-v2"}).json()["job_id"]
    answer = operator.delete("/api/loras/jade-v2")
    assert (answer.status_code, answer.json()["removed"]) == (200, ["jade-v2"])
    assert not (settings.lora_dir / "jade-v2.safetensors").exists()
    assert made_with(operator)["model"] == "jade-v1"
    refused = operator.post("/api/generate", json=QUICK | {"model_name": "jade-v2"})
    assert refused.json()["errors"][0]["field"] == "model_name"
    runner.open_gate.set()
    assert operator.get(f"/api/status/{job}", params={"wait": 20}).json()["status"] == "completed"
    for name, status in (("jade", 404), ("jade-v2", 404), ("a" * 300, 400), ("..%2famber", 404)):
        assert operator.delete(f"/api/loras/{name}").status_code == status
    assert labels(operator) == ["amber", "jade-v1"]


def test_a_pin_decides_what_the_bare_name_means_until_it_is_removed(
    operator: Api, settings: Settings, tmp_path: Path
) -> None:
    assert lora(operator, "jade-v2")["is_default"]
    answer = operator.put("/api/loras/jade/default", json={"version": "1"})
    assert (answer.status_code, answer.json()["label"], answer.json()["is_pinned"]) == (200, "jade-v1", True)
    assert made_with(operator)["model"] == "jade-v1"
    operator.put("/api/loras/jade-v3", content=lora_file(tmp_path, 0.8))
    assert made_with(operator)["model"] == "jade-v1"  # a newer version does not change it
    assert made_with(operator, model_name="jade-v3")["model"] == "jade-v3"
    assert [each["label"] for each in operator.get("/api/loras").json()["loras"] if each["is_default"]] == [
        "amber",
        "jade-v1",
    ]
    operator.delete("/api/loras/jade-v1")
    assert made_with(operator)["model"] == "jade-v3"  # the pinned file is gone: the newest counts
    assert operator.put("/api/loras/jade/default", json={"version": None}).json()["label"] == "jade-v3"
    wrong = operator.put("/api/loras/jade/default", json={"version": "7"})
    assert (wrong.status_code, wrong.json()["errors"][0]["allowed"]) == (400, "3, 2")
    assert operator.put("/api/loras/ruby/default", json={"version": None}).status_code == 404
    assert operator.put("/api/loras/jade/default", json={}).status_code == 400
    assert operator.put("/api/loras/jade/default", content=b"version=1").status_code == 400


def test_a_pin_outlives_the_server(settings: Settings, runner: PaintRunner) -> None:
    with client(create_app(settings, make_runner=lambda *_: runner)) as api:
        assert api.put("/api/loras/jade/default", json={"version": "1"}, headers=OPERATOR).status_code == 200
    with client(create_app(settings, make_runner=lambda *_: PaintRunner())) as api:
        assert made_with(api)["model"] == "jade-v1"


def test_the_operator_chooses_the_lora_of_requests_that_name_none(settings: Settings, runner: PaintRunner) -> None:
    plain = replace(settings, default_model="base")
    with client(create_app(plain, make_runner=lambda *_: runner)) as api:
        api.headers.update(OPERATOR)
        assert made_with(api)["model"] == "base"
        for name in ("amber", "jade"):
            assert api.put(f"/api/loras/{name}/use-by-default").status_code == 204
            assert api.get("/api/options").json()["defaults"]["model_name"] == name
        assert made_with(api)["model"] == "jade-v2"
        assert made_with(api, model_name=None)["model"] == "base"
        assert api.put("/api/loras/ghost/use-by-default").status_code == 404
    with client(create_app(plain, make_runner=lambda *_: runner)) as api:  # it outlives the server
        api.headers.update(OPERATOR)
        assert made_with(api)["model"] == "jade-v2"
        assert api.delete("/api/loras/jade/use-by-default").status_code == 204
        assert made_with(api)["model"] == "base"


def test_words_and_weight_are_the_label_s_the_name_s_or_the_file_s(operator: Api) -> None:
    assert (lora(operator, "jade-v2")["trigger"], lora(operator, "jade-v2")["weight"]) == ("jade woman", None)
    assert made_with(operator)["loras"][0]["weight"] == 0.9
    operator.patch("/api/loras/jade", json={"trigger": "jd woman", "weight": 0.7})
    operator.patch("/api/loras/jade-v1", json={"weight": 1.1, "trigger": ""})
    made = made_with(operator)
    assert (made["final_prompt"], made["loras"][0]["weight"]) == ("jd woman, red dress", 0.7)
    assert made_with(operator, model_weight=0.2)["loras"][0]["weight"] == 0.2
    made = made_with(operator, model_name="jade-v1")
    assert (made["final_prompt"], made["loras"][0]["weight"]) == ("red dress", 1.1)
    made = made_with(operator, model_name="amber", loras=[{"name": "jade"}])
    assert [each["weight"] for each in made["loras"]] == [0.9, 0.7]
    operator.patch("/api/loras/jade", json={"trigger": None, "weight": None})
    assert lora(operator, "jade-v2")["trigger"] == "jade woman"
    for wrong in ({"weight": 20.5}, {"weight": "1"}, {"trigger": "a\nb"}, {"color": "red"}, {"trigger": "x" * 501}):
        assert operator.patch("/api/loras/jade", json=wrong).status_code == 400, wrong
    assert operator.patch("/api/loras/ruby", json={"weight": 1}).status_code == 404


def sampled(api: Api, **fields: Any) -> tuple[Any, ...]:
    made = made_with(api, **fields)
    return made["steps"], made["sampler"], made["guidance_scale"]


def test_a_lora_for_few_steps_says_how_it_is_sampled(operator: Api, settings: Settings) -> None:
    write_lora(settings.lora_dir / "sdxl_lightning_2step_lora.safetensors", value=0.25)
    operator.post("/api/loras/reload")
    fast = "sdxl_lightning_2step_lora"
    by_name = {"family": "lightning", "steps": 2, "sampler": "euler_trailing", "guidance_scale": 1.0}
    assert (lora(operator, fast)["few_steps"], lora(operator, fast)["weight"]) == (by_name, 1.0)
    assert lora(operator, "jade-v2")["few_steps"] is None
    assert sampled(operator, model_name=fast) == (2, "euler_trailing", 1.0)
    assert made_with(operator, model_name=fast)["loras"][0]["weight"] == 1.0
    assert sampled(operator, model_name=fast, steps=3, sampler="ddim") == (3, "ddim", 1.0)
    assert sampled(operator) == (30, "euler", 7.0)

    operator.patch(f"/api/loras/{fast}", json={"family": "none"})
    assert (lora(operator, fast)["few_steps"], lora(operator, fast)["weight"]) == (None, None)
    assert operator.get(f"/api/loras/{fast}").json()["file_few_steps"] == by_name
    operator.patch("/api/loras/jade", json={"family": "dmd2"})
    operator.patch("/api/loras/jade-v1", json={"steps": 6})
    assert sampled(operator) == (4, "lcm", 1.0)  # jade is the default
    assert sampled(operator, model_name="jade-v1") == (6, "lcm", 1.0)
    operator.patch("/api/loras/jade-v2", json={"family": "none"})
    assert sampled(operator) == (30, "euler", 7.0)  # the name means version 2
    assert operator.patch(f"/api/loras/{fast}", json={"family": None, "steps": 5}).json()["few_steps"]["steps"] == 5
    for wrong in ({"family": "slow"}, {"steps": 0}, {"steps": 17}, {"steps": 1.5}):
        assert operator.patch("/api/loras/jade", json=wrong).status_code == 400, wrong


def test_the_operator_sees_the_training_metadata_and_others_do_not(operator: Api, api: Api) -> None:
    detail = operator.get("/api/loras/jade").json()
    assert detail["lora"]["label"] == "jade-v2"
    assert detail["file_trigger"] == "jade woman"
    assert detail["metadata"]["studio.base_model"] == "lora-studio-demo"
    assert operator.get("/api/loras/jade-v1").json()["lora"]["label"] == "jade-v1"
    assert operator.get("/api/loras/ruby").status_code == 404
    assert "metadata" not in lora(api, "jade-v2")


def test_uses_are_counted_by_the_bytes_that_were_used(operator: Api, tmp_path: Path) -> None:
    for name in ("jade", "jade-v1", "jade-v2", "base"):
        made_with(operator, model_name=name, loras=[{"name": "amber"}])
    assert {label: lora(operator, label)["times_used"] for label in labels(operator)} == {
        "amber": 4,
        "jade-v2": 2,
        "jade-v1": 1,
    }
    operator.put("/api/loras/jade-v2", content=lora_file(tmp_path, 0.8))
    assert lora(operator, "jade-v2")["times_used"] == 0


def test_the_list_shows_which_loras_are_resident(api: Api) -> None:
    assert not lora(api, "amber")["resident"]
    job = api.post("/api/generate", json=QUICK | {"model_name": "amber"}).json()["job_id"]
    assert api.get(f"/api/status/{job}", params={"wait": 20}).json()["status"] == "completed"
    assert [each["label"] for each in api.get("/api/loras").json()["loras"] if each["resident"]] == ["amber"]
