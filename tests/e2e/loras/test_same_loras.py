"""The promise over HTTP with LoRAs: of eight parallel requests, each with a LoRA set of its own, the server stores what
stock diffusers (`load_lora_weights`, `set_adapters`) makes for that seed."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families
from safetensors.torch import load, save

from pipelines.denoise.sampler_factory import make_sampler
from pipelines.denoise.samplers import SAMPLERS
from pipelines.model.load import load_model
from pipelines.spec import LoraRef
from tests.e2e.conftest import demo_server
from tests.support.demo_model import (
    NEGATIVE_PROMPT,
    STOCK_ETA,
    demo_folder,
    share_within_one_level,
    write_lora,
)
from tests.support.http_jobs import ended, pictures, submit
from tests.support.loras.files import keep, kohya_copy, stock_loras
from tests.support.servers.server_process import ROOT, ServerProcess

ENOUGH = 0.999
SETS: dict[str, dict[str, float]] = {
    "none": {},
    "jade": {"jade": 1.0},
    "jade_0.4": {"jade": 0.4},
    "amber": {"amber": 0.9},
    "jade_and_amber": {"jade": 0.8, "amber": -0.5},
    "kohya_with_alpha": {"jadekohya": 1.0},
    "kohya_and_jade": {"amberkohya": 0.7, "jade": 0.5},
    "text_encoders": {"texts": 0.9},
}


@dataclass
class Files:
    """Eight LoRA sets' files, by name for the server, by hash for stock."""

    named: Path
    hashed: Path
    refs: dict[str, LoraRef]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    named, hashed = tmp_path_factory.mktemp("named"), tmp_path_factory.mktemp("hashed")
    jade, amber = ((ROOT / "loras" / f"{name}-v1.safetensors").read_bytes() for name in ("jade", "amber"))
    texts = write_lora(load_model(demo_folder(), "cpu", "float32"), hashed, seed=1, strength=0.05)
    contents = {
        "jade": jade,
        "amber": amber,
        "jadekohya": made_for_the_demo(kohya_copy(jade, 6.0)),
        "amberkohya": made_for_the_demo(kohya_copy(amber)),
        "texts": made_for_the_demo((hashed / f"{texts.sha256}.safetensors").read_bytes()),
    }
    for name, data in contents.items():
        (named / f"{name}-v1.safetensors").write_bytes(data)
    return Files(named, hashed, {name: keep(hashed, data, name, 1.0) for name, data in contents.items()})


def made_for_the_demo(data: bytes) -> bytes:
    return save(load(data), {"studio.base_model": "lora-studio-demo"})


def request_of(index: int, loras: dict[str, float]) -> dict[str, Any]:
    """With steps, guidance, a sampler and a seed of its own."""
    chosen = [{"name": name, "weight": weight} for name, weight in loras.items()]
    return {
        "prompt": f"jade woman, {('red', 'blue')[index % 2]} dress, beach",
        "model_name": "base",
        "loras": chosen,
        "steps": 8 + index % 4,
        "guidance_scale": (7.0, 1.0, 4.5)[index % 3],
        "seed": 900 + index,
        "sampler": list(SAMPLERS)[index],
        "width": 128,
        "height": 128,
        "num_images": 1,
        "format": "png",
    }


def stock_images(files: Files, settings_of: dict[str, dict[str, Any]]) -> dict[str, np.ndarray]:
    """Made one by one from each job's metadata; the same without LoRAs under `name + " without"`."""
    from diffusers import StableDiffusionXLPipeline

    pipeline: Any = StableDiffusionXLPipeline.from_pretrained(demo_folder(), dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    base_config = dict(pipeline.scheduler.config)
    made: dict[str, np.ndarray] = {}
    with stock_loras(pipeline, files.hashed) as with_loras:
        for name, loras in SETS.items():
            refs = [LoraRef(lora, None, files.refs[lora].sha256, weight) for lora, weight in loras.items()]
            for key, used in ((name, refs), (f"{name} without", [])):
                with_loras.use(used)
                pipeline.scheduler = make_sampler(settings_of[name]["sampler"], base_config)
                picture = pipeline(
                    settings_of[name]["final_prompt"],
                    negative_prompt=NEGATIVE_PROMPT,
                    eta=STOCK_ETA.get(settings_of[name]["sampler"], 0.0),
                    num_inference_steps=settings_of[name]["steps"],
                    guidance_scale=settings_of[name]["guidance_scale"],
                    width=128,
                    height=128,
                    generator=torch.Generator("cpu").manual_seed(settings_of[name]["seed"]),
                ).images[0]
                made[key] = np.asarray(picture)
    return made


def shared_forwards(server: ServerProcess) -> float:
    """Pictures per forward, on average."""
    families = text_string_to_metric_families(server.http.get("/metrics").text)
    (pictures_per_step,) = (family for family in families if family.name == "studio_step_pictures")
    values = {sample.name: sample.value for sample in pictures_per_step.samples}
    return values["studio_step_pictures_sum"] / values["studio_step_pictures_count"]


def test_eight_lora_sets_at_once_are_stocks_pictures(files: Files, tmp_path: Path) -> None:
    with demo_server(tmp_path / "server", STUDIO_LORA_DIR=str(files.named)) as server:
        server.start()
        with ThreadPoolExecutor(len(SETS)) as at_once:  # or, on a busy machine, each is made before the next is sent
            sent = {
                name: at_once.submit(submit, server, **request_of(n, loras))
                for n, (name, loras) in enumerate(SETS.items())
            }
        jobs = {name: future.result() for name, future in sent.items()}
        ours: dict[str, np.ndarray] = {}
        settings_of: dict[str, dict[str, Any]] = {}
        for name, job_id in jobs.items():
            assert ended(server, job_id)["status"] == "completed"
            (data,) = pictures(server, job_id)
            ours[name] = np.asarray(Image.open(BytesIO(data)).convert("RGB"))
            settings_of[name] = server.http.get(f"/api/result/{job_id}").json()["metadata"]
        assert shared_forwards(server) > 2
    stock = stock_images(files, settings_of)
    shares = {name: share_within_one_level(ours[name], stock[name]) for name in SETS}
    assert min(shares.values()) >= ENOUGH, shares
    print(shares)
    for name, loras in SETS.items():  # each LoRA does something
        assert not loras or share_within_one_level(stock[name], stock[f"{name} without"]) < 0.95, name
