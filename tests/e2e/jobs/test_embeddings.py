"""Embeddings on a real server with the demo model: an accepted job keeps its bytes through a crash and a reload."""

from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from tests.e2e.conftest import demo_server
from tests.support.demo_model import share_within_one_level
from tests.support.embeddings import embedding_bytes

ASKED = {
    "prompt": "(neghand:1.1), woman, beach",
    "model_name": None,
    "steps": 6,
    "seed": 5,
    "format": "png",
    "width": 128,
    "height": 128,
    "num_images": 1,
}


def image(http: httpx.Client, job_id: str, index: int = 0) -> np.ndarray:
    while http.get(f"/api/status/{job_id}", params={"wait": 60}).json()["status"] in ("queued", "processing"):
        pass
    result: dict[str, Any] = http.get(f"/api/result/{job_id}").json()
    return np.asarray(Image.open(BytesIO(http.get(result["outputs"][index]["url"]).content)).convert("RGB"))


def accepted(http: httpx.Client, **changes: object) -> str:
    answer = http.post("/api/generate", json={**ASKED, **changes})
    assert answer.status_code == 202, answer.text
    return answer.json()["job_id"]


def test_a_crash_and_a_changed_file_change_no_accepted_image(tmp_path: Path) -> None:
    file = tmp_path / "embeddings" / "neghand.safetensors"
    file.parent.mkdir()
    file.write_bytes(embedding_bytes(5))
    with demo_server(tmp_path / "server", STUDIO_EMBEDDING_DIR=str(file.parent), STUDIO_MAX_ROWS="2") as server:
        server.start()
        first = image(server.http, accepted(server.http))
        job_id = accepted(server.http, num_images=3)
        server.kill()
        file.write_bytes(embedding_bytes(2, seed=7))
        server.start()
        assert share_within_one_level(image(server.http, job_id), first) >= 0.999
        changed = image(server.http, accepted(server.http))
        plain = image(server.http, accepted(server.http, prompt_syntax="plain"))
        again = server.http.post(f"/api/jobs/{job_id}/again", json={"seed": "same"})
    assert share_within_one_level(changed, first) < 0.9
    assert share_within_one_level(plain, first) < 0.9 and share_within_one_level(plain, changed) < 0.9
    assert again.status_code == 409 and "the embedding neghand" in again.json()["detail"]
