"""Embeddings through the API: listed, pinned, named in metadata and files, read again, gone."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from PIL import Image

from server.app import create_app
from server.config.settings import Settings
from tests.fixtures.studio_app import QUICK, client
from tests.support.accounts import Browser
from tests.support.embeddings import embedding_bytes
from tests.support.fake_runner import PaintRunner

Api = TestClient[Litestar]
KEY = "operator-key-of-16"
AS_OPERATOR = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database is enough here."""
    return f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('db') / 'studio.db'}"


@pytest.fixture
def shelf(settings: Settings) -> Path:
    folder = settings.data_dir.parent / "embeddings"
    folder.mkdir()
    (folder / "neg-hand.safetensors").write_bytes(embedding_bytes(5))
    (folder / "cat.safetensors").write_bytes(embedding_bytes(1, 1))
    return folder


@pytest.fixture
def api(settings: Settings, shelf: Path, runner: PaintRunner) -> Iterator[Api]:
    app = create_app(replace(settings, embedding_dir=shelf, admin_key=KEY), make_runner=lambda *_: runner)
    with client(app) as running:
        yield running


def made(api: Api, path: str = "/api/generate", **body: object) -> dict[str, Any]:
    answer = api.post(path, json=body, headers={"Prefer": "wait=20"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def asked(**changes: object) -> dict[str, Any]:
    return {**QUICK, "model_name": None, "negative_prompt": "", "format": "png", **changes}


def reload(api: Api) -> dict[str, str]:
    answer = api.post("/api/loras/reload", headers=AS_OPERATOR)
    assert answer.status_code == 200, answer.text
    return {each["file"]: each["reason"] for each in answer.json()["rejected"]}


def used(job: dict[str, Any]) -> list[str]:
    return [each["name"] for each in job["metadata"].get("embeddings", [])]


def test_they_are_listed_with_how_a_prompt_names_them(api: Api) -> None:
    listed = api.get("/api/embeddings").json()["embeddings"]
    assert [(each["name"], each["written"], each["num_vectors"]) for each in listed] == [
        ("cat", "embedding:cat", 1),
        ("neg-hand", "neg-hand", 5),
    ]
    assert all(len(each["sha256"]) == 64 for each in listed)


def test_what_the_prompts_name_is_pinned_and_in_the_file(api: Api) -> None:
    job = made(api, **asked(prompt="a cat, (Embedding:CAT:1.2)", negative_prompt="[neg-hand:blurry:1]"))
    assert used(job) == ["cat", "neg-hand"]
    hashes = {each["name"]: each["sha256"] for each in api.get("/api/embeddings").json()["embeddings"]}
    image = Image.open(BytesIO(api.get(job["outputs"][0]["url"]).content))
    wanted = ", ".join(f"{name}: {sha256[:12]}" for name, sha256 in hashes.items())
    assert f'TI hashes: "{wanted}"' in image.info["parameters"]
    assert "embedding" not in " ".join(job["warnings"])
    assert used(made(api, **asked(prompt="a cat, neg-hands"))) == []
    assert used(made(api, **asked(prompt="neg-hand", prompt_syntax="plain"))) == []
    assert "embeddings" not in made(api, **asked())["metadata"]


def test_the_history_finds_what_was_made_with_one(api: Api) -> None:
    visitor = Browser(api)
    visitor.cookies["anon"] = "a" * 32
    for prompt in ("embedding:cat", "a cat"):
        answer = visitor.call("POST", "/api/generate", asked(prompt=prompt), {"Prefer": "wait=20"})
        assert answer.status_code == 200, answer.text
    found = visitor.call("GET", "/api/history?lora=embedding:cat").json()["items"]
    assert [each["metadata"]["prompt"] for each in found] == ["embedding:cat"]


def test_a_name_that_is_not_there_is_text_with_a_warning(api: Api) -> None:
    answer = api.post("/api/generate", json=asked(prompt="embedding:nothing, red dress"))
    named = [each for each in answer.json()["warnings"] if "an embedding" in each]
    assert named == ["prompt: an embedding that is not in the folder of this server is read as text: embedding:nothing"]


def test_again_makes_the_same_and_says_what_is_gone(api: Api, shelf: Path) -> None:
    job = made(api, **asked(prompt="neg-hand dress"))
    again = made(api, f"/api/jobs/{job['job_id']}/again", seed="same")
    assert again["metadata"]["embeddings"] == job["metadata"]["embeddings"]
    (shelf / "neg-hand.safetensors").write_bytes(embedding_bytes(3, 7))
    reload(api)
    sha256 = job["metadata"]["embeddings"][0]["sha256"]
    for path, body in ((f"/api/jobs/{job['job_id']}/again", {"seed": "same"}), *varies(job)):
        answer = api.post(path, json=body)
        assert answer.status_code == 409, answer.text
        assert f"the embedding neg-hand with the SHA-256 {sha256} is no longer here" in answer.json()["detail"]
    assert made(api, **asked(prompt="neg-hand dress"))["metadata"]["embeddings"][0]["num_vectors"] == 3


def varies(job: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    path = f"/api/images/{job['outputs'][0]['id']}/vary"
    return [(path, {"num_images": 1}), (path, {"num_images": 1, "prompt": "neg-hand, sea"})]


def test_a_vary_with_its_own_prompt_reads_it_as_any_other(api: Api) -> None:
    job = made(api, **asked(prompt="neg-hand dress", seed=5))
    path = f"/api/images/{job['outputs'][0]['id']}/vary"
    varied = made(api, path, num_images=8, prompt="{red|blue} sea, embedding:cat")
    words = [each["final_prompt"] for each in varied["outputs"]]
    assert set(words) == {"red sea, embedding:cat", "blue sea, embedding:cat"}
    assert used(varied) == ["cat"]
    assert used(made(api, path, num_images=1)) == ["neg-hand"]
    refused = api.post(path, json={"num_images": 1, "prompt": "sea <lora:jade:1>"})
    assert refused.status_code == 400 and refused.json()["errors"][0]["field"] == "prompt"


def test_a_reload_reads_the_folder_and_names_broken_files(api: Api, shelf: Path, settings: Settings) -> None:
    (shelf / "cat.safetensors").unlink()
    (shelf / "broken.safetensors").write_bytes(b"broken")
    (settings.lora_dir / "wrong-place.safetensors").write_bytes(embedding_bytes(1, 3))
    rejected = reload(api)
    assert "bytes long" in rejected["embeddings/broken.safetensors"]
    expected = "it is a textual inversion (its place is the folder STUDIO_EMBEDDING_DIR), not a LoRA"
    assert rejected["wrong-place.safetensors"] == expected
    assert [each["name"] for each in api.get("/api/embeddings").json()["embeddings"]] == ["neg-hand"]


def test_copies_stay_while_the_folder_has_the_file(api: Api, shelf: Path, settings: Settings) -> None:
    def copies() -> set[str]:
        return {path.stem for path in (settings.data_dir / "loras").iterdir()}

    offered = {each["name"]: each["sha256"] for each in api.get("/api/embeddings").json()["embeddings"]}
    assert set(offered.values()) <= copies()
    (shelf / "cat.safetensors").unlink()
    reload(api)
    assert offered["neg-hand"] in copies() and offered["cat"] not in copies()


def test_an_unfinished_job_keeps_the_bytes_it_was_accepted_with(
    api: Api, shelf: Path, settings: Settings, runner: PaintRunner
) -> None:
    runner.open_gate.clear()
    job_id = api.post("/api/generate", json=asked(prompt="neg-hand dress")).json()["job_id"]
    (shelf / "neg-hand.safetensors").write_bytes(embedding_bytes(2, 9))
    reload(api)
    runner.open_gate.set()
    job = api.get(f"/api/status/{job_id}", params={"wait": 20}).json()
    assert job["status"] == "completed"
    pinned = api.get(f"/api/result/{job_id}").json()["metadata"]["embeddings"][0]
    assert pinned["num_vectors"] == 5 and (settings.data_dir / "loras" / f"{pinned['sha256']}.safetensors").exists()


def test_each_line_of_a_batch_has_its_own(api: Api) -> None:
    answer = api.post("/api/batches", json=[asked(prompt="neg-hand"), asked(prompt="embedding:cat")])
    assert answer.status_code in (201, 202), answer.text
    batch_id = answer.json()["batch_id"]
    for _ in range(200):
        state = api.get(f"/api/batches/{batch_id}").json()
        if state["status"] != "running":
            break
        api.get("/api/health")
    assert state["counts"]["completed"] == 2, state
