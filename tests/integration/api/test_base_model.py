"""What callers see of the base model: while it is being read, and where the operator's default LoRA does not fit it."""

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from server import base_model
from server.app import create_app
from server.config.settings import Settings
from tests.fixtures.studio_app import PROMPT, QUICK, client
from tests.support.fake_runner import PaintRunner
from tests.support.tiny_model import write_lora, write_tiny_model

Api = TestClient[Litestar]


def serving(settings: Settings) -> Api:
    return client(create_app(settings, make_runner=lambda *_: PaintRunner()))


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A model that takes until the event is set to be hashed."""
    done = threading.Event()
    hash_base_model = base_model.hash_base_model

    def slowly(*arguments: object) -> str:
        done.wait(30)
        return hash_base_model(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(base_model, "hash_base_model", slowly)
    monkeypatch.setattr(base_model, "QUICKLY_READ_BYTES", 0)
    yield done
    done.set()


def test_while_a_new_model_is_read_the_server_lives_and_takes_no_job(
    settings: Settings, reading: threading.Event
) -> None:
    with serving(settings) as api:
        assert api.get("/healthz").status_code == 200
        assert api.get("/readyz").status_code == 503
        refused = api.post("/api/generate", json=QUICK)
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:lora-studio:problem:not-ready")
        assert "being read" in refused.json()["detail"]
        assert refused.headers["retry-after"]
        assert api.get("/api/options").json()["base_model_sha256"] is None
        reading.set()
        while api.get("/readyz").status_code != 200:
            pass
        done = api.post("/api/generate", json=QUICK, headers={"Prefer": "wait=30"}).json()
        sha256 = api.get("/api/options").json()["base_model_sha256"]
        assert done["metadata"]["base_model"]["sha256"] == sha256
        assert len(sha256) == 64
    with serving(settings) as again:  # its hash is known: the first request finds it
        assert again.post("/api/generate", json=QUICK).status_code == 202


def real_model(settings: Settings, folder: Path) -> Settings:
    """An SDXL model with LoRAs made for the demo model."""
    return replace(settings, base_model=write_tiny_model(folder / "real", known_words=None))


def test_demo_loras_beside_a_real_model_leave_the_plain_call_working(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with serving(real_model(settings, tmp_path)) as api:
        assert api.get("/api/options").json()["defaults"]["model_name"] is None
        done = api.post("/api/generate", json=PROMPT | {"num_images": 1, "steps": 1}, headers={"Prefer": "wait=30"})
        assert (done.json()["status"], done.json()["metadata"]["model"]) == ("completed", "base")
        named = api.post("/api/generate", json=QUICK | {"model_name": "jade"})
        assert (named.status_code, named.json()["errors"][0]["allowed"]) == (400, "base")
        assert api.get("/api/loras").json()["loras"] == []
    records = [record for record in caplog.records if "jade-v1" in record.getMessage()]
    assert [record.levelname for record in records] == ["INFO"]
    assert "is left out: it is made for the demo model; the base model here is an SDXL model" in records[0].getMessage()
    assert "STUDIO_DEFAULT_MODEL: no LoRA jade fits real; the default is none" in caplog.text


def test_a_lora_that_the_operator_did_not_choose_is_in_no_picture(settings: Settings, tmp_path: Path) -> None:
    for name in ("zinc-v1", "mint-v1", "mint-v2"):
        file = write_lora(settings.lora_dir / f"{name}.safetensors", value=0.1 * len(name))
        header_bytes = int.from_bytes(file.read_bytes()[:8], "little")
        header = json.loads(file.read_bytes()[8 : 8 + header_bytes])
        header["__metadata__"] = {"modelspec.title": name}
        text = json.dumps(header).encode()
        file.write_bytes(len(text).to_bytes(8, "little") + text + file.read_bytes()[8 + header_bytes :])
    real = real_model(settings, tmp_path)
    with serving(real) as api:
        assert api.get("/api/options").json()["defaults"]["model_name"] is None
        job = api.post("/api/generate", json=QUICK, headers={"Prefer": "wait=30"}).json()
        assert (job["metadata"]["model"], job["metadata"]["loras"]) == ("base", [])
    with serving(replace(real, default_model="mint")) as api:
        assert api.get("/api/options").json()["defaults"]["model_name"] == "mint"
        job = api.post("/api/generate", json=QUICK, headers={"Prefer": "wait=30"}).json()
        assert job["metadata"]["model"] == "mint-v2"


@pytest.mark.parametrize("wanted", ["jade", "jade-v1", "base"])
def test_a_default_that_fits_stays(settings: Settings, wanted: str) -> None:
    with serving(replace(settings, default_model=wanted)) as api:
        assert (api.get("/api/options").json()["defaults"]["model_name"] or "base") == wanted
