"""The promise over HTTP: the picture that the server stores is stock diffusers' own, alone and in a crowd."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.denoise.sampler_factory import make_sampler
from pipelines.denoise.samplers import SAMPLERS
from server.storage.encoding import CONTENT_TYPES
from tests.e2e.conftest import NewServer
from tests.support.demo_model import (
    LOSSY_DB,
    NEGATIVE_PROMPT,
    STOCK_ETA,
    demo_folder,
    psnr_db,
    share_within_one_level,
)
from tests.support.http_jobs import ended, pictures, submit
from tests.support.servers.server_process import ServerProcess

ENOUGH = 0.999

# One request a sampler, no two alike; sent together, each has the nine others for its crowd.
REQUESTS: dict[str, dict[str, Any]] = {
    name: {
        "prompt": f"{('woman', 'man', 'child')[n % 3]}, {('red', 'blue', 'green', 'yellow')[n % 4]} coat, snow, night",
        "steps": 4 + n % 5,
        "guidance_scale": (7.0, 1.0, 4.5)[n % 3],
        "seed": 1000 * n,
        "sampler": name,
        "width": 128,
        "height": 128,
        "num_images": 1,
        "format": "png",
        "model_name": "base",
    }
    for n, name in enumerate(SAMPLERS)
}


@pytest.fixture(scope="module")
def stock() -> dict[str, np.ndarray]:
    """What StableDiffusionXLPipeline makes of each request, in float32."""
    from diffusers import StableDiffusionXLPipeline

    pipeline: Any = StableDiffusionXLPipeline.from_pretrained(demo_folder(), dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    base_config = dict(pipeline.scheduler.config)
    made: dict[str, np.ndarray] = {}
    for name, request in REQUESTS.items():
        pipeline.scheduler = make_sampler(name, base_config)
        picture = pipeline(
            request["prompt"],
            negative_prompt=NEGATIVE_PROMPT,
            eta=STOCK_ETA.get(name, 0.0),
            num_inference_steps=request["steps"],
            guidance_scale=request["guidance_scale"],
            width=request["width"],
            height=request["height"],
            generator=torch.Generator("cpu").manual_seed(request["seed"]),
        ).images[0]
        made[name] = np.asarray(picture)
    return made


def served(server: ServerProcess, job_id: str) -> np.ndarray:
    assert ended(server, job_id)["status"] == "completed"
    (data,) = pictures(server, job_id)
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_alone(demo: ServerProcess, stock: dict[str, np.ndarray], sampler: str) -> None:
    ours = served(demo, submit(demo, **REQUESTS[sampler]))
    assert share_within_one_level(ours, stock[sampler]) >= ENOUGH


def test_in_a_crowd(demo: ServerProcess, stock: dict[str, np.ndarray]) -> None:
    jobs = {name: submit(demo, **request) for name, request in REQUESTS.items()}
    shares = {name: share_within_one_level(served(demo, job_id), stock[name]) for name, job_id in jobs.items()}
    assert min(shares.values()) >= ENOUGH, shares


def alone_and_in_a_crowd(server: ServerProcess, image_format: str) -> tuple[bytes, bytes]:
    """The stored bytes of the same request, made by itself and among the requests of all samplers."""
    request = {**REQUESTS["euler_a"], "format": image_format, "guidance_scale": 6.0}
    first = submit(server, **request)
    assert ended(server, first)["status"] == "completed"
    crowd = [submit(server, **each) for each in REQUESTS.values()]
    again = submit(server, **request)
    assert {ended(server, job_id)["status"] for job_id in (*crowd, again)} == {"completed"}
    return pictures(server, first)[0], pictures(server, again)[0]


def test_with_exact_rows_the_stored_bytes_are_equal_in_every_format(new_demo_server: NewServer) -> None:
    with new_demo_server("exact", STUDIO_EXACT_ROWS="8", STUDIO_MAX_ROWS="8") as server:
        server.start()
        for image_format in CONTENT_TYPES:
            alone, crowded = alone_and_in_a_crowd(server, image_format)
            assert alone == crowded, image_format


@pytest.mark.parametrize("image_format", ["jpeg", "webp"])
def test_without_them_a_lossy_file_shows_the_same_picture(demo: ServerProcess, image_format: str) -> None:
    files = alone_and_in_a_crowd(demo, image_format)
    alone, crowded = (np.asarray(Image.open(BytesIO(data)).convert("RGB")) for data in files)
    assert psnr_db(alone, crowded) >= LOSSY_DB
