"""A base model by hub id: what is needed is fetched once, the server runs without a network afterwards, and what goes
wrong is reported in words."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.servers.hub_server import HubServer
from tests.support.servers.server_process import ROOT, ServerProcess

NAME = "studio/demo"
PLAIN = {"prompt": "woman, red dress", "num_images": 1, "steps": 1}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    """The demo model, with files next to it that no client should fetch."""
    model = shutil.copytree(ROOT / "pipelines" / "demo", tmp_path / "hub")
    for name in ("unet/diffusion_pytorch_model.bin", "whole.safetensors", "unet/model.onnx"):
        (model / name).write_bytes(b"\x80\x02}q\x00.")
    for name in ("unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model"):
        shutil.copy(model / f"{name}.safetensors", model / f"{name}.fp16.safetensors")
    with HubServer({NAME: model}) as server:
        yield server


def server_on(tmp_path: Path, endpoint: str, model: str = NAME, **settings: str) -> ServerProcess:
    folder = tmp_path / "server"
    folder.mkdir(exist_ok=True)
    cache = {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_TELEMETRY": "1"}
    loras = {"STUDIO_LORA_DIR": str(ROOT / "loras")}
    return ServerProcess(folder, {"STUDIO_BASE_MODEL": model, **cache, **loras, **settings}, is_watched=True)


def test_only_what_is_loaded_is_fetched_and_then_no_network_is_needed(hub: HubServer, tmp_path: Path) -> None:
    with server_on(tmp_path, hub.url) as server:
        server.start()
        weights = {name for name in hub.downloaded if "." in name and not name.endswith((".json", ".txt"))}
        assert weights == {
            "unet/diffusion_pytorch_model.fp16.safetensors",
            "vae/diffusion_pytorch_model.fp16.safetensors",
            "text_encoder/model.safetensors",
            "text_encoder_2/model.safetensors",
        }
        options = server.http.get("/api/options").json()
        assert len(options["base_model_sha256"]) == 64
        done = server.http.post("/api/generate", json=PLAIN, headers={"Prefer": "wait=60"})
        assert (done.status_code, done.json()["status"]) == (200, "completed")
        server.stop()
        server.environment["HF_ENDPOINT"] = "http://127.0.0.1:9"
        server.start()
        assert server.http.get("/api/options").json()["base_model_sha256"] == options["base_model_sha256"]


@pytest.mark.parametrize(
    ("model", "reaches", "message"),
    [
        ("studio/nothing", True, "the hub has no model studio/nothing, or it is private (set HF_TOKEN)"),
        (NAME, False, "studio/demo cannot be fetched from the hub and is not complete in the cache"),
    ],
)
def test_what_cannot_be_fetched_ends_the_start_with_one_line(
    hub: HubServer, tmp_path: Path, model: str, reaches: bool, message: str
) -> None:
    server = server_on(tmp_path, hub.url if reaches else "http://127.0.0.1:9", model)
    server.launch()
    assert server.process is not None
    assert server.process.wait(120) == 1
    lines = server.log.read_text().splitlines()
    assert [line for line in lines if '"error"' in line and message in line] == lines[-1:]
    assert "Traceback" not in server.log.read_text()


def test_the_weights_can_be_fetched_beforehand(hub: HubServer, tmp_path: Path) -> None:
    environment = os.environ | {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pipelines.model.hub", NAME, "fp16"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    folder = Path(done.stdout.strip())
    assert (folder / "unet" / "diffusion_pytorch_model.fp16.safetensors").is_file()
    assert not (folder / "unet" / "diffusion_pytorch_model.safetensors").exists()
